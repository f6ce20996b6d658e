"""Measures of communities: a figure holds until the next one is stated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.communities import MEASURES, SYNTHETIC, Measures
from services.staffing.domain.moments import Area, Moment
from services.staffing.storage.moments import recorded_by, within
from services.staffing.storage.tables import CommunityMeasureRow


async def in_force(session: AsyncSession, codes: Sequence[str], moment: Moment) -> dict[str, Measures]:
    """The figures of each community on the day: the latest stated one of each measure; absent communities left out."""
    query = (
        select(CommunityMeasureRow)
        .where(
            CommunityMeasureRow.community.in_(codes),
            CommunityMeasureRow.start <= moment.on,
            *recorded_by(CommunityMeasureRow.recorded_at, moment),
        )
        .order_by(CommunityMeasureRow.community, CommunityMeasureRow.start, CommunityMeasureRow.recorded_at)
    )
    found: dict[str, Measures] = {}
    for row in (await session.scalars(query)).all():
        found[row.community] = replace(found.get(row.community, Measures()), **_stated(row))
    return found


async def any_synthetic(session: AsyncSession, area: Area, moment: Moment) -> bool:
    """Whether a figure of the area that counts by the day was generated; stops at the first."""
    query = select(CommunityMeasureRow.community).where(
        within(CommunityMeasureRow.community, area),
        CommunityMeasureRow.start <= moment.on,
        CommunityMeasureRow.provenance == SYNTHETIC,
        *recorded_by(CommunityMeasureRow.recorded_at, moment),
    )
    return (await session.execute(query.limit(1))).first() is not None


def _stated(row: CommunityMeasureRow) -> dict[str, Any]:
    stated: dict[str, Any] = {name: getattr(row, name) for name in MEASURES if getattr(row, name) is not None}
    return {**stated, "provenance": row.provenance, "source": row.source}
