"""Workers with what they hold on a day: service, posts, grade, certificate."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, distinct_on
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


def _employed(moment: Moment) -> Select[Any]:
    """Workers with a service of theirs and what they hold on the day: posts, grade, certificates."""
    post = func.jsonb_build_array(
        AppointmentRow.community,
        AppointmentRow.post,
        AppointmentRow.full_time,
        func.coalesce(func.lower(AppointmentRow.valid), moment.on),
        func.upper(AppointmentRow.valid),
    )
    posts = select(
        func.jsonb_agg(aggregate_order_by(post, AppointmentRow.community, AppointmentRow.post), type_=JSONB)
    ).where(
        AppointmentRow.worker == WorkerRow.id,
        AppointmentRow.valid.contains(moment.on),
        known(AppointmentRow.recorded, moment),
    )
    grade = select(func.jsonb_build_array(GradingRow.tier, GradingRow.step, type_=JSONB)).where(
        GradingRow.worker == WorkerRow.id, GradingRow.valid.contains(moment.on), known(GradingRow.recorded, moment)
    )
    levels = select(func.jsonb_agg(CertificateRow.level, type_=JSONB)).where(
        CertificateRow.worker == WorkerRow.id,
        CertificateRow.issued_on <= moment.on,
        known(CertificateRow.recorded, moment),
    )
    held = (posts.scalar_subquery(), grade.limit(1).scalar_subquery(), levels.scalar_subquery())
    return (
        select(WorkerRow, EmploymentRow, *held)
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
    found = {row[0].id: _worker(row) for row in await session.execute(query)}
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
    return page.of([_worker(row) for row in page.items])


async def pages_of(
    session: AsyncSession, codes: Sequence[str], moment: Moment, window: Window
) -> dict[str, Slice[Worker]]:
    """A page of each community's workers in service by number, all counted; one statement for any number of them.

    A community's first row beyond the page's key is read too: it carries the counts where the page is empty.
    """
    serving = _places(codes, moment, window)
    query = (
        _employed(moment)
        .add_columns(serving.c.beyond, serving.c.total, serving.c.far)
        .join(serving, and_(serving.c.id == WorkerRow.id, serving.c.service == EmploymentRow.id))
        .where(or_(serving.c.place == 1, and_(not_(serving.c.beyond), serving.c.place <= window.limit + 1)))
        .order_by(*_ordered(window, WorkerRow.community, WorkerRow.number))
    )
    rows: dict[str, list[Worker]] = {code: [] for code in codes}
    counts: dict[str, tuple[int, bool]] = {}
    for *found, outside, total, far in await session.execute(query):
        counts[found[0].community] = (total, far)
        if not outside:
            rows[found[0].community].append(_worker(found))
    none = (0, False)
    return {
        code: window.slice(own, beyond=counts.get(code, none)[1], total=counts.get(code, none)[0])
        for code, own in rows.items()
    }


def _places(codes: Sequence[str], moment: Moment, window: Window) -> Subquery:
    """Each community's services, with their place on either side of the key and the community's counts."""
    beyond = or_(false(), *window.beyond(WorkerRow.number))
    own, order = WorkerRow.community, _ordered(window, WorkerRow.number)
    return (
        select(
            WorkerRow.id,
            EmploymentRow.id.label("service"),
            beyond.label("beyond"),
            func.row_number().over(partition_by=(own, beyond), order_by=order).label("place"),
            func.count().over(partition_by=own).label("total"),
            func.bool_or(beyond).over(partition_by=own).label("far"),
        )
        .join(EmploymentRow, EmploymentRow.worker == WorkerRow.id)
        .where(
            own.in_(codes),
            EmploymentRow.valid.contains(moment.on),
            known(WorkerRow.recorded, moment),
            known(EmploymentRow.recorded, moment),
        )
        .subquery()
    )


def _ordered(window: Window, *columns: InstrumentedAttribute[str]) -> list[ColumnElement[str]]:
    return [column.desc() if window.backward else column.asc() for column in columns]


def _worker(found: Sequence[Any]) -> Worker:
    row, service, posts, grade, levels = found
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
        appointments=tuple(_appointment(*post) for post in posts or ()),
        tier=grade[0] if grade else None,
        step=grade[1] if grade else None,
        certificate=highest_certificate(levels or []),
    )


def _appointment(community: str, post: str, full_time: bool, start: str, end: str | None) -> Appointment:
    last = date.fromisoformat(end) if end else None
    return Appointment(community, Post(post), full_time, date.fromisoformat(start), last)
