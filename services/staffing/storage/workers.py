"""Workers with what they hold on a day: service, posts, grade, certificate."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import NotFound
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


async def find(
    session: AsyncSession, area: Area, moment: Moment, after: tuple[str, str] | None, limit: int
) -> list[Worker]:
    """At most `limit` workers in service in an area, by community and number, after such a pair."""
    where: list[ColumnElement[bool]] = [within(WorkerRow.community, area), EmploymentRow.valid.contains(moment.on)]
    if after:
        where.append(tuple_(WorkerRow.community, WorkerRow.number) > tuple_(*after))
    query = _employed(moment).where(*where).order_by(WorkerRow.community, WorkerRow.number).limit(limit)
    return await _complete(session, (await session.execute(query)).all(), moment)


async def first_of(
    session: AsyncSession, codes: Sequence[str], moment: Moment, after: str | None, limit: int
) -> dict[str, list[Worker]]:
    """The first workers of each community by number, after a number; one statement for all communities."""
    place = func.row_number().over(partition_by=WorkerRow.community, order_by=WorkerRow.number)
    ranked = (
        select(WorkerRow.id, EmploymentRow.id.label("service"), place.label("place"))
        .join(EmploymentRow, EmploymentRow.worker == WorkerRow.id)
        .where(
            WorkerRow.community.in_(codes),
            EmploymentRow.valid.contains(moment.on),
            known(WorkerRow.recorded, moment),
            known(EmploymentRow.recorded, moment),
            *([WorkerRow.number > after] if after else []),
        )
        .subquery()
    )
    query = (
        _employed(moment)
        .join(ranked, and_(ranked.c.id == WorkerRow.id, ranked.c.service == EmploymentRow.id))
        .where(ranked.c.place <= limit)
        .order_by(WorkerRow.community, WorkerRow.number)
    )
    found: dict[str, list[Worker]] = defaultdict(list)
    for worker in await _complete(session, (await session.execute(query)).all(), moment):
        found[worker.community].append(worker)
    return found


async def count_of(session: AsyncSession, codes: Sequence[str], moment: Moment) -> dict[str, int]:
    """How many workers each community has in service."""
    query = (
        select(WorkerRow.community, func.count())
        .join(EmploymentRow, EmploymentRow.worker == WorkerRow.id)
        .where(
            WorkerRow.community.in_(codes),
            EmploymentRow.valid.contains(moment.on),
            known(WorkerRow.recorded, moment),
            known(EmploymentRow.recorded, moment),
        )
        .group_by(WorkerRow.community)
    )
    return dict((await session.execute(query)).all())


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
