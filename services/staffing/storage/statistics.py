"""Counts of workers and certificate holders of an area on a day."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.workers import COLLEGE_OR_ABOVE, POSTS, leading_post
from services.staffing.storage.moments import known, within
from services.staffing.storage.tables import AppointmentRow, CertificateRow, EmploymentRow, WorkerRow

RANK = {"junior": 1, "intermediate": 2, "senior": 3}


@dataclass
class Staffing:
    """Workers in post, each person once, by what they are and do."""

    workers: int = 0
    full_time: int = 0
    college: int = 0
    communities: set[str] = field(default_factory=set)
    by_category: Counter[str] = field(default_factory=Counter)
    by_post: Counter[str] = field(default_factory=Counter)
    by_entry_route: Counter[str] = field(default_factory=Counter)


async def holders_by_level(session: AsyncSession, area: Area, moment: Moment) -> dict[str, int]:
    """Persons at their highest level, of everybody whose home is in the area, in service or not."""
    rank = case(RANK, value=CertificateRow.level)
    best = (
        select(CertificateRow.worker, func.max(rank).label("rank"))
        .where(
            within(CertificateRow.community, area),
            CertificateRow.issued_on <= moment.on,
            known(CertificateRow.recorded, moment),
        )
        .group_by(CertificateRow.worker)
        .subquery()
    )
    rows = await session.execute(select(best.c.rank, func.count()).group_by(best.c.rank))
    counts: dict[int, int] = dict(rows.all())
    return {level: counts.get(rank, 0) for level, rank in RANK.items()}


async def in_service(session: AsyncSession, area: Area, moment: Moment) -> int:
    """Persons whose home is in the area and who are in service on the day."""
    query: Select[Any] = select(func.count(distinct(EmploymentRow.worker))).where(
        within(EmploymentRow.community, area),
        EmploymentRow.valid.contains(moment.on),
        known(EmploymentRow.recorded, moment),
    )
    return int((await session.execute(query)).scalar_one())


async def hired_since(session: AsyncSession, area: Area, moment: Moment, since: date) -> int:
    """Openly recruited persons whose service began on a day from `since` to the day asked, both in."""
    first = func.lower(EmploymentRow.valid)
    query: Select[Any] = (
        select(func.count(distinct(EmploymentRow.worker)))
        .join(WorkerRow, WorkerRow.id == EmploymentRow.worker)
        .where(
            within(EmploymentRow.community, area),
            first >= since,
            first <= moment.on,
            known(EmploymentRow.recorded, moment),
            known(WorkerRow.recorded, moment),
            WorkerRow.entry_route == "openly_recruited",
        )
    )
    return int((await session.execute(query)).scalar_one())


async def in_post(session: AsyncSession, area: Area, moment: Moment) -> Staffing:
    """Everybody holding a post of the area on the day, each person once, under the leading post."""
    query = (
        select(
            AppointmentRow.worker,
            func.array_agg(AppointmentRow.post),
            func.array_agg(distinct(AppointmentRow.community)),
            func.bool_or(AppointmentRow.full_time),
            WorkerRow.category,
            WorkerRow.entry_route,
            WorkerRow.education,
        )
        .join(WorkerRow, WorkerRow.id == AppointmentRow.worker)
        .where(
            within(AppointmentRow.community, area),
            AppointmentRow.valid.contains(moment.on),
            known(AppointmentRow.recorded, moment),
            known(WorkerRow.recorded, moment),
        )
        .group_by(AppointmentRow.worker, WorkerRow.category, WorkerRow.entry_route, WorkerRow.education)
    )
    found = Staffing()
    for _, posts, places, full_time, category, route, education in await session.execute(query):
        found.workers += 1
        found.full_time += bool(full_time)
        found.college += education in COLLEGE_OR_ABOVE
        found.communities.update(places)
        found.by_category[category] += 1
        found.by_entry_route[route] += 1
        found.by_post[leading_post(posts) or POSTS[-1]] += 1
    return found
