"""What may be read sparsely of issues; each column means what storage/issues.py says."""

from datetime import UTC, datetime
from uuid import UUID

from services.consultation.storage.issues import OPEN
from services.kernel.errors import Malformed
from services.runtime.selection import Column, Entity, Filter, Given, Join, Lookup, Order

_HISTORY = ("sequence", "step", "outcome", "actor_kind", "at", "from_state", "to_state", "tier")
_OF_COMMUNITY = "SELECT * FROM consultation.issues WHERE community = k.key AND"


def _issues(given: Given) -> str:
    """The issues of a community; of one state, or of all that are not final, each from the index that orders them.

    Only one arm runs: the other's condition on the parameter is false before its first row.
    """
    if "state" not in given:
        return "consultation.issues i"
    return (
        f"({_OF_COMMUNITY} NOT final AND :state::text = '{OPEN}' UNION ALL "
        f"{_OF_COMMUNITY} state = :state::text AND :state::text <> '{OPEN}') i"
    )


def _state(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise Malformed("issue.state_unreadable", "state 应为文本", "`state` is a text")
    return value


def _told(at: datetime) -> str:
    return at.isoformat()


def _instant(part: str) -> str:
    """The instant that a cursor holds, as it was told. ValueError for any other text."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("an instant tells its offset")
    try:
        return at.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise ValueError("no instant of UTC") from error


def _plain(*names: str) -> dict[str, Column]:
    return {name: Column(f"b.{name}") for name in names}


ISSUE = Entity(
    name="issue",
    permissions=("consultation.read",),
    columns={
        name: f"i.{name}"
        for name in (
            "id", "community", "number", "title", "text", "state", "step", "tier", "final", "channel", "process",
            "opened_at", "updated_at", "procedure", "sequence", "campaign", "mechanism",
        )
    },
    lookups={
        "id": Lookup(source="consultation.issues i", where="i.id = k.key", key="uuid"),
        "community": Lookup(
            source=_issues,
            where="i.community = k.key",
            order=(
                Order("opened_at", cast="timestamptz", show=_told, read=_instant, descending=True),
                Order("id", cast="uuid", read=lambda part: str(UUID(part)), descending=True),
            ),
        ),
    },
    joins={
        "v": Join(
            columns={name: f"array_agg(v.{name} ORDER BY v.sequence)" for name in _HISTORY},
            sql="SELECT {columns} FROM consultation.issue_events v "
            "WHERE v.community = b.community AND v.issue = b.id",
        )
    },
    fields={
        **_plain("number", "title", "text", "state", "step", "tier", "final", "channel", "process"),
        **_plain("sequence", "campaign", "mechanism"),
        "id": Column("b.id::text"),
        "communityCode": Column("b.community"),
        "openedAt": Column("b.opened_at"),
        "updatedAt": Column("b.updated_at"),
    },
    filters={
        "state": Filter(f"CASE WHEN :state::text = '{OPEN}' THEN NOT i.final ELSE i.state = :state::text END", _state)
    },
)  # fmt: skip
"""Names, the procedure and the steps, which are the pinned procedure's words, are added by the use case."""

HISTORY = tuple(f"v.{name}" for name in _HISTORY)
"""An issue's events as columns: each a list in the order of the events."""

PINNED = "SELECT p.digest, p.body::text FROM consultation.procedures p WHERE p.digest = ANY(:digests::text[])"
"""The pinned procedures of digests; nothing in them is a region's."""
