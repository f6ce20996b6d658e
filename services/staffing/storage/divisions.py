"""Divisions of town level and above: the public code book, as it stood on a day."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import not_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

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
    """All divisions of a part of the book in the order of codes: the last step of each, unless that ended it."""
    moment = part.moment
    last = (
        select(DivisionRow)
        .ext(distinct_on(DivisionRow.code))
        .where(within(DivisionRow.code, part.area))
        .where(DivisionRow.start <= moment.on, *recorded_by(DivisionRow.recorded_at, moment))
        .order_by(DivisionRow.code, DivisionRow.start.desc(), DivisionRow.recorded_at.desc())
        .subquery()
    )
    query = select(last.c.code, last.c.name, last.c.level, last.c.unit_type, last.c.start).where(not_(last.c.ended))
    if part.level is not None:
        query = query.where(last.c.level == part.level)
    return [Division(*row) for row in await session.execute(query.order_by(last.c.code))]
