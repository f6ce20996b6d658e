"""Managements: who runs which units on a day."""

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.managements import Management
from services.staffing.domain.moments import Moment
from services.staffing.storage.moments import known
from services.staffing.storage.tables import ManagementRow


async def of_authority(session: AsyncSession, authority: str, moment: Moment) -> list[Management]:
    """The relations of an authority in force on the day, in the order of units."""
    query = (
        select(ManagementRow)
        .where(
            ManagementRow.authority == authority,
            ManagementRow.valid.contains(moment.on),
            known(ManagementRow.recorded, moment),
        )
        .order_by(ManagementRow.unit)
    )
    return [_management(row) for row in (await session.scalars(query)).all()]


def _management(row: ManagementRow) -> Management:
    start = row.valid.lower
    if start is None:  # the import refuses relations without a first day
        raise ValueError(row.id)
    return Management(row.authority, row.unit, start, row.valid.upper, row.source)


async def of_authority_raw(connection: asyncpg.Connection, authority: str, moment: Moment) -> list[Management]:
    """The same on asyncpg's own connection, for streams that live longer than a session."""
    rows = await connection.fetch(
        "SELECT authority, unit, lower(valid), upper(valid), source FROM staffing.managements "
        "WHERE authority = $1 AND valid @> $2::date "
        "AND CASE WHEN $3::timestamptz IS NULL THEN upper_inf(recorded) ELSE recorded @> $3 END ORDER BY unit",
        authority,
        moment.on,
        moment.known_at,
    )
    return [Management(*row) for row in rows]
