"""Workers with what they hold on a day: service, posts, grade, certificate."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.kernel.errors import NotFound
from services.runtime.paging import Slice, Window
from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.workers import Appointment, Post, Worker, highest_certificate
from services.staffing.storage.moments import known, within
from services.staffing.storage.tables import AppointmentRow, CertificateRow, EmploymentRow, GradingRow, WorkerRow


def not_found(worker: UUID) -> NotFound:
    """The refusal for a worker that does not exist, or not for this caller: the same words for both."""
    return NotFound(
        "worker.not_found",
        f"没有标识为 {worker} 的社区工作者,或不在您的权限范围内",
        f"there is no worker {worker}, or the worker is outside your region",
    )


def _employed(moment: Moment) -> Select[WorkerRow, EmploymentRow]:
    return (
        select(WorkerRow, EmploymentRow)
        .join(EmploymentRow, EmploymentRow.worker == WorkerRow.id)
        .where(known(WorkerRow.recorded, moment), known(EmploymentRow.recorded, moment))
    )


async def get(session: AsyncSession, worker: UUID, moment: Moment) -> Worker:
    """One worker, also one who has left; NotFound `worker.not_found`."""
    found = await get_many(session, [worker], moment)
    if not found:
        raise not_found(worker)
    return found[0]


async def get_many(session: AsyncSession, ids: Sequence[UUID], moment: Moment) -> list[Worker]:
    """Workers in the order asked for, each with the last service begun by the day; unseen ones are left out."""
    query = (
        _employed(moment)
        .ext(distinct_on(WorkerRow.id))
        .where(WorkerRow.id.in_(ids), func.lower(EmploymentRow.valid) <= moment.on)
        .order_by(WorkerRow.id, func.lower(EmploymentRow.valid).desc())
    )
    found = {w.id: w for w in await _complete(session, (await session.execute(query)).all(), moment)}
    return [found[key] for key in ids if key in found]


async def find(session: AsyncSession, area: Area, moment: Moment, window: Window) -> Slice[Worker]:
    """A page of the workers in service in an area, by community and number."""
    key = (WorkerRow.community, WorkerRow.number)
    query = _employed(moment).where(within(WorkerRow.community, area), EmploymentRow.valid.contains(moment.on))
    rows = await session.execute(
        query.where(*window.inside(*key)).order_by(*_ordered(window, *key)).limit(window.limit + 1)
    )
    beyond = False
    if other_side := window.beyond(*key):
        beyond = (await session.execute(query.where(*other_side).limit(1))).first() is not None
    page = window.slice(rows.all(), beyond=beyond)
    return page.of(await _complete(session, page.items, moment))


async def pages_of(
    session: AsyncSession, codes: Sequence[str], moment: Moment, window: Window
) -> dict[str, Slice[Worker]]:
    """A page of each community's workers in service by number, all counted; as many statements for one as for many."""
    number = WorkerRow.number
    serving = (
        select(WorkerRow.id, EmploymentRow.id.label("service"), WorkerRow.community, number)
        .join(EmploymentRow, EmploymentRow.worker == WorkerRow.id)
        .where(
            WorkerRow.community.in_(codes),
            EmploymentRow.valid.contains(moment.on),
            known(WorkerRow.recorded, moment),
            known(EmploymentRow.recorded, moment),
        )
    )
    place = func.row_number().over(partition_by=WorkerRow.community, order_by=_ordered(window, number))
    ranked = serving.where(*window.inside(number)).add_columns(place.label("place")).subquery()
    query = (
        _employed(moment)
        .join(ranked, and_(ranked.c.id == WorkerRow.id, ranked.c.service == EmploymentRow.id))
        .where(ranked.c.place <= window.limit + 1)
        .order_by(*_ordered(window, WorkerRow.community, number))
    )
    rows: dict[str, list[Worker]] = {code: [] for code in codes}
    for worker in await _complete(session, (await session.execute(query)).all(), moment):
        rows[worker.community].append(worker)
    counts = await _counts(session, serving.subquery(), window)
    return {code: window.slice(rows[code], beyond=counts[code][1] > 0, total=counts[code][0]) for code in rows}


def _ordered(window: Window, *columns: InstrumentedAttribute[str]) -> list[ColumnElement[str]]:
    return [column.desc() if window.backward else column.asc() for column in columns]


async def _counts(session: AsyncSession, serving: Subquery, window: Window) -> dict[str, tuple[int, int]]:
    """By community: how many are in service, and how many of these lie beyond the window's key."""
    beyond = func.count().filter(*(window.beyond(serving.c.number) or [false()]))
    rows = await session.execute(select(serving.c.community, func.count(), beyond).group_by(serving.c.community))
    return defaultdict(lambda: (0, 0), {community: (total, far) for community, total, far in rows})


async def _complete(session: AsyncSession, rows: Sequence[Any], moment: Moment) -> list[Worker]:
    ids = [worker.id for worker, _ in rows]
    posts = await _appointments(session, ids, moment)
    grades = await _gradings(session, ids, moment)
    levels = await _certificates(session, ids, moment)
    return [
        _worker(worker, service, posts.get(worker.id, []), grades.get(worker.id), levels.get(worker.id, []))
        for worker, service in rows
    ]


async def _appointments(session: AsyncSession, ids: Sequence[UUID], moment: Moment) -> dict[UUID, list[Appointment]]:
    query = select(AppointmentRow).where(
        AppointmentRow.worker.in_(ids),
        AppointmentRow.valid.contains(moment.on),
        known(AppointmentRow.recorded, moment),
    )
    found: dict[UUID, list[Appointment]] = defaultdict(list)
    for row in (await session.scalars(query.order_by(AppointmentRow.community, AppointmentRow.post))).all():
        start = row.valid.lower or moment.on
        found[row.worker].append(Appointment(row.community, Post(row.post), row.full_time, start, row.valid.upper))
    return found


async def _gradings(session: AsyncSession, ids: Sequence[UUID], moment: Moment) -> dict[UUID, tuple[str, int]]:
    query = select(GradingRow.worker, GradingRow.tier, GradingRow.step).where(
        GradingRow.worker.in_(ids), GradingRow.valid.contains(moment.on), known(GradingRow.recorded, moment)
    )
    return {worker: (tier, step) for worker, tier, step in (await session.execute(query))}


async def _certificates(session: AsyncSession, ids: Sequence[UUID], moment: Moment) -> dict[UUID, list[str]]:
    query = select(CertificateRow.worker, CertificateRow.level).where(
        CertificateRow.worker.in_(ids), CertificateRow.issued_on <= moment.on, known(CertificateRow.recorded, moment)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for worker, level in await session.execute(query):
        found[worker].append(level)
    return found


def _worker(
    row: WorkerRow,
    service: EmploymentRow,
    posts: list[Appointment],
    grade: tuple[str, int] | None,
    levels: list[str],
) -> Worker:
    hired = service.valid.lower
    if hired is None:  # the import refuses service without a first day
        raise ValueError(service.id)
    return Worker(
        id=row.id,
        number=row.number,
        name=row.name,
        sex=row.sex,
        birth_on=row.birth_on,
        education=row.education,
        category=row.category,
        entry_route=row.entry_route,
        community=row.community,
        hired_on=hired,
        left_on=service.valid.upper,
        urban=service.urban,
        in_state_establishment=service.in_state_establishment,
        part_time=service.part_time,
        subsidised=service.subsidised,
        provenance=row.provenance,
        source=row.source,
        appointments=tuple(posts),
        tier=grade[0] if grade else None,
        step=grade[1] if grade else None,
        certificate=highest_certificate(levels),
    )
