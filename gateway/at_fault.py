"""Which member of a command's input a refusal is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.types.base import StrawberryContainer, StrawberryList, get_object_definition

Names = Sequence[str | int]
PARTICIPANTS = ("participants", "session_id", "evidence.participants")
RENAMED: Mapping[str | int, str] = {"community": "community_code", "issue": "issue_id", "session": "session_id"}
AT_FAULT: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("community.not_found", "pack.none_for_region"), ("community_code",)),
    **dict.fromkeys(("rule.absent", "rule.draft_only"), ("process",)),
    **dict.fromkeys(
        ("rule.not_yet_in_force", "rule.start_unknown", "rule.not_yet_known", "parameter.expired"), ("at",)
    ),
    **dict.fromkeys(("issue.not_found", "issue.final", "session.no_step"), ("issue_id",)),
    **dict.fromkeys(("issue.before_last_step", "issue.too_early", "issue.in_future"), ("at", "held_at")),
    **dict.fromkeys(("issue.number_taken", "session.number_taken"), ("number",)),
    **dict.fromkeys(("session.kind_unknown", "quorum_role_missing"), PARTICIPANTS),
    **dict.fromkeys(("payroll_run.wrong_state", "payroll_run.same_person"), ("step", "month")),
    **dict.fromkeys(("issue.changed", "issue.etag_unreadable"), ("seen",)),
    **dict.fromkeys(
        ("issue.step_unknown", "issue.step_skipped", "issue.step_repeated", "issue.step_backward", "issue.step_closed"),
        ("step", "issue_id"),
    ),
    "issue.already_at_street": ("step", "issue_id"),
    "issue.wrong_actor": ("actor.kind", "actor", "proposer.kind"),
    "issue.outcome_unknown": ("outcome",),
    "issue.channel_unknown": ("evidence.channel", "channel"),
    "issue.campaign_unknown": ("campaign",),
    "issue.mechanism_unknown": ("mechanism",),
    "issue.evidence_missing": ("evidence.{missing}", "{missing}"),
    "issue.evidence_unreadable": ("evidence.{field}", "{field}"),
    "issue.merge_refused": ("evidence.merged_into",),
    "session.not_found": ("session_id",),
    "screening.both_committees": ("evidence.committees",),
    "screening.outcome_contradicts": ("outcome",),
    "screening.code_unknown": ("evidence.{field}",),
    **dict.fromkeys(
        ("screening.unanswered", "screening.text_unpublished"), ("evidence.reject_codes", "evidence.accept_codes")
    ),
    "region.not_found": ("region", "authority"),
    "payroll_run.not_found": ("payroll_run_id",),
    "idempotency.mismatch": ("idempotency_key",),
}
"""The members a refusal may be about, by its code; a part in braces is told by the refusal's details.

An input has some of them: the one that was given is meant, else the last. None for the command as a whole.
"""


@dataclass(frozen=True)
class Member:
    """A member of an input, by its names in Python from the input on, and what was given for it."""

    names: tuple[str, ...]
    value: Any

    @property
    def path(self) -> list[str]:
        """As a client of GraphQL knows it."""
        return ["input", *map(camel, self.names)]


def path_of(asked: object, code: str, details: Mapping[str, Any]) -> list[str] | None:
    """The path of the member of an input that a refusal is about; None when it is about the whole.

    A refusal of one of the input's `items` says which: its details have `item`, from 0.
    """
    found = list(candidates(asked, code, details))
    chosen = next((one for one in found if one.value is not None), found[-1] if found else None)
    return chosen.path if chosen else None


def candidates(asked: object, code: str, details: Mapping[str, Any]) -> Iterator[Member]:
    """The members of an input that a refusal may be about, those of the item at fault before those of the whole."""
    places: list[Names] = [("items", details["item"]), ()] if "item" in details else [()]
    for text in AT_FAULT.get(code, ()):
        parts = [detailed(part, details) for part in text.split(".")]
        for place in places:
            names = [*place, *parts]
            if (member := deepest(asked, names)) and len(member.names) == len(names):
                yield member


def detailed(part: str, details: Mapping[str, Any]) -> str:
    """A part of a path; of one in braces, the detail's value or its first; empty when there is none."""
    if not part.startswith("{"):
        return part
    value = details.get(part[1:-1]) or ""
    return str(value[0] if isinstance(value, list) else value)


def path_in(asked: object, names: Names) -> list[str] | None:
    """The path of the member that a service's form names, as far as the input has it; None when it has none."""
    member = deepest(asked, [RENAMED.get(one, one) for one in names])
    return member.path if member else None


def deepest(asked: object, names: Names) -> Member | None:
    """The member that names lead to, as far as there are such members; None when already the first is none."""
    kind: Any = type(asked)
    value: Any = asked
    found: list[str] = []
    for name in map(str, names):
        inner = member_of(kind, name)
        if inner is None:
            break
        kind, value = inner, given_in(value, name)
        found.append(name)
    return Member(tuple(found), value) if found else None


def member_of(kind: Any, name: str) -> Any:  # noqa: ANN401 - Strawberry's types of fields
    """The type of a member of an input, or of an item of a list by its number; None when there is no such member."""
    while isinstance(kind, StrawberryContainer) and not isinstance(kind, StrawberryList):
        kind = kind.of_type
    if isinstance(kind, StrawberryList):
        return kind.of_type if name.isdigit() else None
    definition = get_object_definition(kind)
    fields = definition.fields if definition else ()
    return next((one.type for one in fields if one.python_name == name), None)


def given_in(value: Any, name: str) -> Any:  # noqa: ANN401 - anything an input holds
    """What was given for a member, or for an item of a list by its number; None for nothing."""
    if isinstance(value, list):
        return value[int(name)] if int(name) < len(value) else None
    return getattr(value, name, None)


def camel(name: str) -> str:
    """`community_code` as GraphQL writes it: `communityCode`."""
    first, *more = name.split("_")
    return first + "".join(part.title() for part in more)
