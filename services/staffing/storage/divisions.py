"""Divisions of town level and above: the public code book, as it stood on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, not_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.runtime.paging import Slice, Window
from services.staffing.domain.moments import Area, Moment
from services.staffing.storage.moments import recorded_by, within
from services.staffing.storage.tables import DivisionRow


@dataclass(frozen=True, slots=True)
class Division:
    """One division of the code book on a day."""

    code: str
    name: str
    level: str
    unit_type: str
    start: date


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the code book: an area on a day, of one level or of all."""

    area: Area
    moment: Moment
    level: str | None = None


async def every(session: AsyncSession, part: Part) -> list[Division]:
    """All divisions of a part of the book, in the order of codes."""
    return [Division(*row) for row in await session.execute(_standing(part))]


async def find(session: AsyncSession, part: Part, window: Window, *, count: bool = False) -> Slice[Division]:
    """A page of a part of the book, in the order of codes; counted in all only when asked to."""
    inside = _standing(part, *window.inside(DivisionRow.code), backward=window.backward)
    rows = (await session.execute(inside.limit(window.limit + 1))).all()
    beyond = False
    if other_side := window.beyond(DivisionRow.code):
        beyond = (await session.execute(_standing(part, *other_side).limit(1))).first() is not None
    total = await session.scalar(select(func.count()).select_from(_standing(part).subquery())) if count else None
    return window.slice([Division(*row) for row in rows], beyond=beyond, total=total)


def _standing(part: Part, *where: ColumnElement[bool], backward: bool = False) -> Select[tuple[Any, ...]]:
    """The last step of each division by the day, unless it ended the division."""
    moment = part.moment
    last = (
        select(DivisionRow)
        .ext(distinct_on(DivisionRow.code))
        .where(within(DivisionRow.code, part.area), *where)
        .where(DivisionRow.start <= moment.on, *recorded_by(DivisionRow.recorded_at, moment))
        .order_by(DivisionRow.code, DivisionRow.start.desc(), DivisionRow.recorded_at.desc())
        .subquery()
    )
    query = select(last.c.code, last.c.name, last.c.level, last.c.unit_type, last.c.start).where(not_(last.c.ended))
    if part.level is not None:
        query = query.where(last.c.level == part.level)
    return query.order_by(last.c.code.desc() if backward else last.c.code)
