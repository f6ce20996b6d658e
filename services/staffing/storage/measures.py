"""Measures of communities: a figure holds until the next one is stated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.communities import MEASURES, Measures
from services.staffing.domain.moments import Moment
from services.staffing.storage.moments import recorded_by
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


def _stated(row: CommunityMeasureRow) -> dict[str, Any]:
    stated: dict[str, Any] = {name: getattr(row, name) for name in MEASURES if getattr(row, name) is not None}
    return {**stated, "provenance": row.provenance, "source": row.source}
