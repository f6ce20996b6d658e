"""Sessions: rows to domain values and back; their items are the events that cite them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Label, RowMapping, and_, false, func, insert, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.sessions import Participant, Session
from services.consultation.storage.issues import among
from services.consultation.storage.tables import issue_events, sessions
from services.kernel.errors import NotFound
from services.runtime.paging import Slice, Window

_PLACE = (sessions.c.held_at, sessions.c.id)  # the order of lists, descending


async def find(session: AsyncSession, wanted: UUID) -> Session:
    """The session with its items; NotFound `session.not_found`, also for one of another region."""
    found = await page(session, ids=[wanted])
    if not found:
        raise not_found(str(wanted))
    return found[0]


async def page(
    session: AsyncSession,
    *,
    ids: Sequence[UUID] = (),
    communities: Sequence[str] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 1000,
) -> list[Session]:
    """At most `limit` sessions, the latest held first."""
    query = select(sessions, _items()).order_by(sessions.c.held_at.desc(), sessions.c.id.desc()).limit(limit)
    if ids:
        query = query.where(sessions.c.id.in_(ids))
    if communities:
        query = query.where(sessions.c.community.in_(communities))
    if after:
        query = query.where(tuple_(sessions.c.held_at, sessions.c.id) < tuple_(*after))
    return [_session(row) for row in (await session.execute(query)).mappings()]


async def pages_of(session: AsyncSession, communities: Sequence[str], window: Window) -> dict[str, Slice[Session]]:
    """A page of each community's sessions, the latest held first, all counted; one statement for any number of them.

    A community's first row beyond the page's key is read too: it carries the counts where the page is empty.
    """
    order = [column.asc() if window.backward else column.desc() for column in _PLACE]
    beyond = or_(false(), *window.beyond(*_PLACE, descending=True))
    counted = (
        select(
            sessions.c.community,
            sessions.c.id,
            beyond.label("beyond"),
            func.row_number().over(partition_by=(sessions.c.community, beyond), order_by=order).label("place"),
            func.count().over(partition_by=sessions.c.community).label("total"),
            func.bool_or(beyond).over(partition_by=sessions.c.community).label("far"),
        )
        .where(sessions.c.community.in_(communities))
        .subquery()
    )
    query = (
        select(sessions, _items(), counted.c.beyond, counted.c.total, counted.c.far)
        .join(counted, and_(counted.c.community == sessions.c.community, counted.c.id == sessions.c.id))
        .where(or_(counted.c.place == 1, and_(not_(counted.c.beyond), counted.c.place <= window.limit + 1)))
        .order_by(sessions.c.community, *order)
    )
    found: dict[str, list[Session]] = {community: [] for community in communities}
    counts = dict.fromkeys(found, (0, False))
    for row in (await session.execute(query)).mappings():
        counts[row["community"]] = (row["total"], row["far"])
        if not row["beyond"]:
            found[row["community"]].append(_session(row))
    return {
        community: window.slice(held, beyond=counts[community][1], total=counts[community][0])
        for community, held in found.items()
    }


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
