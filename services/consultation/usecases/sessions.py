"""Recording a session and the items taken in it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.issues import Person
from services.consultation.domain.procedures import Tier
from services.consultation.domain.sessions import Participant, Session
from services.consultation.storage import issues as issues_storage
from services.consultation.storage import sessions as storage
from services.consultation.usecases import issues, procedures
from services.consultation.usecases.recording import check_not_ahead, stamp
from services.kernel.errors import Conflict, DomainError, RuleViolation
from services.runtime import outbox
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class Item:
    """An issue taken in a session."""

    issue: UUID
    actor: Person
    outcome: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody records: an activity that was held."""

    community: str
    title: str
    held_at: datetime
    tier: Tier
    participants: tuple[Participant, ...]
    minutes: str = ""
    number: str | None = None


def make(held: Held) -> Session:
    """The session with its identity; RuleViolation `issue.in_future` for one that has not been held yet."""
    made, now = stamp()
    check_not_ahead(held.held_at, now)
    return Session(
        id=made,
        number=held.number or f"{procedures.day_of(held.held_at):%Y%m%d}-{made.hex[-8:]}",
        community=held.community,
        title=held.title,
        held_at=held.held_at,
        recorded_at=now,
        tier=held.tier,
        participants=held.participants,
        minutes=held.minutes,
    )


async def record(session: AsyncSession, packs: Packs, held: Held, items: Sequence[Item], recorded_by: str) -> Session:
    """The session recorded, each item taking the step that its procedure holds in a session.

    One refused item refuses the whole, and its refusal says which: `item` of the details, from 0. Conflict
    `session.number_taken`.
    """
    made = make(held)
    if await storage.find_by_number(session, [(made.community, made.number)]):
        raise number_taken(made.number)
    await storage.add(session, [made], recorded_by)
    data = {"session": str(made.id), "community": made.community, "held_at": made.held_at.astimezone(UTC).isoformat()}
    outbox.append(session, "session.recorded", str(made.id), data, made.community)
    for at, item in enumerate(items):
        try:
            await _take(session, packs, made, item, recorded_by)
        except DomainError as refused:
            refused.details["item"] = at
            raise
    return await storage.find(session, made.id)


def number_taken(number: str) -> Conflict:
    """A session's number serves once in a community."""
    return Conflict(
        "session.number_taken",
        f"活动编号{number}在本社区已使用。请更换编号或留空自动生成",
        f"the session number {number} is taken in this community: choose another or leave it out",
        number=number,
    )


async def _take(session: AsyncSession, packs: Packs, held: Session, item: Item, recorded_by: str) -> None:
    issue = await issues_storage.find(session, item.issue)
    procedure = (await procedures.pinned(session, packs, [issue.procedure]))[issue.procedure]
    step = procedure.session_step()
    if step is None:
        raise _no_session(procedure.code)
    taken = issues.Taken(step.code, item.actor, held.held_at, item.outcome, item.evidence, held.id)
    await issues.take_step(session, packs, item.issue, taken, recorded_by)


def _no_session(code: str) -> RuleViolation:
    return RuleViolation(
        "session.no_step",
        f"程序“{code}”没有在协商活动中办理的步骤，不能列为活动事项",
        f"the procedure {code} has no step that is held in a session",
        procedure=code,
    )
