"""Sessions: rows to domain values and back; their items are the events that cite them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Label, RowMapping, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.sessions import Participant, Session
from services.consultation.storage.issues import among
from services.consultation.storage.tables import issue_events, sessions
from services.kernel.errors import NotFound


async def find(session: AsyncSession, wanted: UUID) -> Session:
    """The session with its items; NotFound `session.not_found`, also for one of another region."""
    query = select(sessions, _items()).where(sessions.c.id == wanted)
    row = (await session.execute(query)).mappings().one_or_none()
    if row is None:
        raise not_found(str(wanted))
    return _session(row)


async def find_by_number(session: AsyncSession, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Session]:
    """The sessions of these (community, number) pairs; pairs that do not exist are left out."""
    query = select(sessions, _items()).where(among(sessions.c.community, sessions.c.number, keys))
    rows = (await session.execute(query)).mappings()
    return {(row["community"], row["number"]): _session(row) for row in rows}


async def add(session: AsyncSession, held: Sequence[Session], recorded_by: str) -> None:
    """New sessions; their items come with the steps that cite them."""
    if held:
        await session.execute(insert(sessions), [_row(one, recorded_by) for one in held])


def not_found(wanted: str) -> NotFound:
    """The same words for a session that does not exist and for one of another region."""
    return NotFound(
        "session.not_found",
        f"没有此协商活动：{wanted}。请核对编号，或确认其在您的管辖范围内",
        f"there is no session {wanted}; check the id, or whether it lies in your region",
    )


def _items() -> Label[list[UUID]]:
    return (
        select(func.array_agg(aggregate_order_by(issue_events.c.issue, issue_events.c.id)))
        .where(issue_events.c.community == sessions.c.community, issue_events.c.session == sessions.c.id)
        .scalar_subquery()
        .label("items")
    )


def _session(row: RowMapping) -> Session:
    return Session(
        id=row["id"],
        number=row["number"],
        community=row["community"],
        title=row["title"],
        held_at=row["held_at"],
        recorded_at=row["recorded_at"],
        tier=row["tier"],
        participants=tuple(Participant(**one) for one in row["participants"]),
        minutes=row["minutes"],
        items=tuple(row["items"] or ()),
    )


def _row(held: Session, recorded_by: str) -> dict[str, Any]:
    return {
        "community": held.community, "id": held.id, "number": held.number, "title": held.title,
        "held_at": held.held_at, "recorded_at": held.recorded_at, "recorded_by": recorded_by, "tier": held.tier,
        "participants": [asdict(one) for one in held.participants], "minutes": held.minutes,
    }  # fmt: skip
