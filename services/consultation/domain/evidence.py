"""What a step may be accompanied by: the fields, their kinds, and their one canonical form."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.kernel.errors import Malformed

SATISFACTION = ("very_satisfied", "satisfied", "neutral", "dissatisfied")
LONGEST_TEXT = 4000
MOST_ENTRIES = 200


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TEXT:
        raise ValueError(f"1-{LONGEST_TEXT} characters")
    return value.strip()


def _day(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a day, YYYY-MM-DD")
    return date.fromisoformat(value).isoformat()


def _identifier(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("an issue's id")
    return str(UUID(value))


def _choice(value: object) -> str:
    if value not in SATISFACTION:
        raise ValueError(" | ".join(SATISFACTION))
    return str(value)


def _words(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_ENTRIES or not all(isinstance(word, str) for word in value):
        raise ValueError(f"a list of at most {MOST_ENTRIES} words")
    return sorted({word.strip() for word in value if word.strip()})


def _participants(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ENTRIES:
        raise ValueError(f"a list of 1-{MOST_ENTRIES} participants")
    return [_participant(entry) for entry in value]


def _participant(entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str) or not set(entry) <= {"kind", "count"}:
        raise ValueError("{kind, count}")
    count = entry.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError("count is a whole number of at least 1")
    return {"kind": entry["kind"], "count": count}


FIELDS: Mapping[str, Callable[[object], Any]] = {
    "channel": _text, "text": _text, "reason": _text, "place": _text, "form": _text, "chair": _text, "means": _text,
    "result": _text, "reply": _text, "instructions": _text, "department": _text, "location": _text,
    "meeting_on": _day, "satisfaction": _choice, "merged_into": _identifier,
    "committees": _words, "accept_codes": _words, "reject_codes": _words, "participants": _participants,
}  # fmt: skip


def read(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence in canonical form, empty fields dropped.

    An unknown field: Malformed `issue.evidence_unknown`; a field of the wrong kind: `issue.evidence_unreadable`.
    """
    unknown = sorted(set(evidence) - set(FIELDS))
    if unknown:
        raise Malformed(
            "issue.evidence_unknown",
            f"没有这些材料字段：{'、'.join(unknown)}。可用字段：{'、'.join(sorted(FIELDS))}",
            f"no such evidence: {', '.join(unknown)}; use one of: {', '.join(sorted(FIELDS))}",
            fields=unknown,
        )
    return {name: _field(name, value) for name, value in evidence.items() if value not in (None, "", [])}


def _field(name: str, value: object) -> object:
    try:
        return FIELDS[name](value)
    except (ValueError, TypeError) as reason:
        raise Malformed(
            "issue.evidence_unreadable",
            f"材料“{name}”无法读取：{reason}。请按说明填写",
            f"evidence {name} cannot be read: {reason}; write it as described",
            field=name,
        ) from reason
