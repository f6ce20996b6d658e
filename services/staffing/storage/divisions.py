"""Divisions of town level and above: the public code book, as it stood on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

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


async def find(
    session: AsyncSession, area: Area, moment: Moment, level: str | None, after: str, limit: int | None
) -> list[Division]:
    """Divisions of an area, optionally of one level, after a code, in the order of codes."""
    where: Sequence[Any] = [within(DivisionRow.code, area), DivisionRow.code > after]
    last = (
        select(DivisionRow)
        .ext(distinct_on(DivisionRow.code))
        .where(DivisionRow.start <= moment.on, *recorded_by(DivisionRow.recorded_at, moment), *where)
        .order_by(DivisionRow.code, DivisionRow.start.desc(), DivisionRow.recorded_at.desc())
        .subquery()
    )
    query = select(last.c.code, last.c.name, last.c.level, last.c.unit_type, last.c.start).where(not_(last.c.ended))
    if level is not None:
        query = query.where(last.c.level == level)
    rows = await session.execute(query.order_by(last.c.code).limit(limit))
    return [Division(*row) for row in rows]
