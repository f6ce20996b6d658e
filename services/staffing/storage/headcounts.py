"""Headcounts: distinct persons and posts of communities on a day."""

from collections.abc import Sequence

from sqlalchemy import distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.quotas import Headcount
from services.staffing.storage.moments import known, within
from services.staffing.storage.tables import AppointmentRow, WorkerRow

COUNTED = ("full_time_community_worker", "village_cadre")


async def in_post(session: AsyncSession, area: Area | Sequence[str], moment: Moment) -> dict[str, Headcount]:
    """Persons and posts by community; a person holding two posts of one community is one person.

    Grid members and public-welfare posts are other categories and are not counted. Communities without
    anybody are left out.
    """
    place = (
        within(AppointmentRow.community, area) if isinstance(area, Area) else AppointmentRow.community.in_(list(area))
    )
    full = AppointmentRow.full_time
    query = (
        select(
            AppointmentRow.community,
            func.count(distinct(AppointmentRow.worker)),
            func.count(distinct(AppointmentRow.worker)).filter(full),
            func.count(),
            func.count().filter(full),
        )
        .join(WorkerRow, WorkerRow.id == AppointmentRow.worker)
        .where(
            place,
            AppointmentRow.valid.contains(moment.on),
            known(AppointmentRow.recorded, moment),
            known(WorkerRow.recorded, moment),
            WorkerRow.category.in_(COUNTED),
        )
        .group_by(AppointmentRow.community)
    )
    rows = await session.execute(query)
    return {code: Headcount(*counts) for code, *counts in rows}
