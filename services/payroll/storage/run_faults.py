"""The faults of runs: workers an attempt could not pay, page by page."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.payroll.domain.payroll_runs import PayrollRun
from services.payroll.storage.payroll_runs import Fault
from services.payroll.storage.tables import RunFaultRow
from services.runtime.paging import Slice, Window

_PLACE: tuple[ColumnElement[Any], ...] = (
    cast(RunFaultRow.community, Text).collate("C"),
    cast(RunFaultRow.worker, Text).collate("C"),
)


async def pages_of(session: AsyncSession, runs: Sequence[PayrollRun], window: Window) -> Mapping[UUID, Slice[Fault]]:
    """A page of the faults of each run's present attempt by community and worker, all counted; one statement for all.

    An attempt's first row beyond the page's key is read too: it carries the counts where the page is empty.
    """
    order = [column.desc() if window.backward else column.asc() for column in _PLACE]
    of = RunFaultRow.attempt_number
    beyond = or_(false(), *window.beyond(*_PLACE))
    counted = (
        select(
            of.label("number"),
            RunFaultRow.worker,
            beyond.label("beyond"),
            func.row_number().over(partition_by=(of, beyond), order_by=order).label("place"),
            func.count().over(partition_by=of).label("total"),
            func.bool_or(beyond).over(partition_by=of).label("far"),
        )
        .where(of.in_([run.number for run in runs]))
        .subquery()
    )
    query = (
        select(RunFaultRow, counted.c.beyond, counted.c.total, counted.c.far)
        .join(counted, and_(counted.c.number == of, counted.c.worker == RunFaultRow.worker))
        .where(or_(counted.c.place == 1, and_(not_(counted.c.beyond), counted.c.place <= window.limit + 1)))
        .order_by(of, *order)
    )
    found: dict[int, list[Fault]] = {run.number: [] for run in runs}
    counts = dict.fromkeys(found, (0, False))
    for row, out_of_page, total, far in (await session.execute(query)).all():
        counts[row.attempt_number] = (total, far)
        if not out_of_page:
            fault = Fault(row.worker, row.community, row.code, row.zh, row.en, row.details)
            found[row.attempt_number].append(fault)
    return {
        run.id: window.slice(found[run.number], beyond=counts[run.number][1], total=counts[run.number][0])
        for run in runs
    }


def place_of(fault: Fault) -> tuple[str, str]:
    """Where a fault stands in its list."""
    return fault.community, str(fault.worker)
