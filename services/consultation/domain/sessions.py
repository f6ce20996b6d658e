"""Sessions: one consultation activity, its participants in their roles, several items."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.consultation.domain.procedures import Pattern, Tier
from services.kernel.errors import RuleViolation


@dataclass(frozen=True, slots=True)
class Participant:
    """A kind of participant and how many persons of it came, those offline included."""

    kind: str
    count: int = 1
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A consultation activity that was held; `items` are the issues taken in it."""

    id: UUID
    number: str
    community: str
    title: str
    held_at: datetime
    recorded_at: datetime
    tier: Tier
    participants: tuple[Participant, ...]
    minutes: str = ""
    items: tuple[UUID, ...] = ()


def check_roles(pattern: Pattern, kinds: Iterable[str]) -> None:
    """Every kind belongs to the pattern and every required role is filled.

    Otherwise RuleViolation `session.kind_unknown` or `quorum_role_missing`, naming kinds or roles, with the citation.
    """
    present = set(kinds)
    strangers = sorted(kind for kind in present if pattern.role_of(kind) is None)
    if strangers:
        raise RuleViolation(
            "session.kind_unknown",
            f"协商主体格局未列这些主体：{'、'.join(strangers)}。请改用已列的主体类别",
            f"the pattern of participants does not name: {', '.join(strangers)}; use the kinds it names",
            citations=pattern.citations,
            kinds=strangers,
        )
    missing = [role for role in pattern.roles if role.required and not role.kinds & present]
    if missing:
        raise RuleViolation(
            "quorum_role_missing",
            f"缺少必须到场的主体：{'、'.join(role.name.zh for role in missing)}。请补齐后再协商",
            f"roles that must be present are missing: {', '.join(role.name.en for role in missing)}",
            citations=pattern.citations,
            roles=[role.role for role in missing],
        )
