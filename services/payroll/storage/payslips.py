"""Payslips: written in blocks, read by worker or identifier; rows <-> domain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Date, Uuid, and_, column, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import NotFound
from services.kernel.period import Month, day_number
from services.payroll.domain.payroll_runs import PayrollRun
from services.payroll.domain.payslip_ids import month_of, uuids_of
from services.payroll.storage.payroll_runs import Connection, run_of
from services.payroll.storage.tables import PayrollRunRow, PayslipRow
from services.runtime.transfer import copy_block
from services.runtime.wire import Field, Layout


@dataclass(frozen=True, slots=True)
class StoredPayslip:
    """A payslip as it lies in the table; amounts in fen in the scheme's line order, facts in the attempt's layout."""

    id: UUID
    worker: UUID
    month: Month
    attempt_number: int
    scheme: int
    community: str
    gross_fen: int
    net_fen: int
    employer_cost_fen: int
    amounts: tuple[int, ...]
    facts: tuple[int, ...]


Paid: TypeAlias = tuple[StoredPayslip, PayrollRun]
"""A payslip and the run that made it."""


@dataclass(frozen=True)
class PayslipBlock:
    """Payslips to be stored, as columns of one length; workers and ids are bytes of shape (rows, 16)."""

    ids: NDArray[np.uint8]
    workers: NDArray[np.uint8]
    communities: NDArray[np.bytes_]
    scheme: int
    gross: NDArray[np.int64]
    net: NDArray[np.int64]
    employer_cost: NDArray[np.int64]
    amounts: NDArray[np.int64]
    facts: NDArray[np.int32]


async def get(session: AsyncSession, identifier: UUID) -> Paid:
    """The payslip; NotFound `payslip.not_found`, also for one of another region or of a superseded attempt."""
    found = await get_many(session, [identifier])
    if not found:
        raise not_found()
    return found[0]


async def get_many(session: AsyncSession, identifiers: Sequence[UUID]) -> list[Paid]:
    """Payslips in the order asked for; those that `get` would not find are left out."""
    named = [(month, one) for one in identifiers if (month := month_of(one)) is not None]
    found = {slip.id: (slip, run) for slip, run in await _keyed(session, named)}
    return [found[one] for one in dict.fromkeys(identifiers) if one in found]


def not_found() -> NotFound:
    """What anyone who may not see a payslip is told, as if it did not exist."""
    return NotFound("payslip.not_found", "没有这张工资条", "there is no such payslip")


async def of_attempt(
    session: AsyncSession, number: int, month: Month, after: tuple[str, str] | None, limit: int
) -> list[StoredPayslip]:
    """Payslips of a run's attempt by community and worker; `after` is the (community, worker) of the last one seen."""
    query = select(PayslipRow).where(PayslipRow.month == month.first, PayslipRow.attempt_number == number)
    if after is not None:
        query = query.where(tuple_(PayslipRow.community, PayslipRow.worker) > (after[0], UUID(after[1])))
    rows = await session.scalars(query.order_by(PayslipRow.community, PayslipRow.worker).limit(limit))
    return [_stored(row) for row in rows.all()]


async def _keyed(session: AsyncSession, keys: Sequence[tuple[Month, UUID]]) -> list[Paid]:
    """The payslips of these months and identifiers that a run's present attempt has made, with the run."""
    if not keys:
        return []
    firsts = [month.first for month, _ in keys]
    wanted = (
        func.unnest(literal(firsts, ARRAY(Date)), literal([one for _, one in keys], ARRAY(Uuid)))
        .table_valued(column("month", Date), column("id", Uuid), name="wanted")
        .render_derived()
    )
    query = (
        select(PayslipRow, PayrollRunRow)
        .join(PayrollRunRow, PayrollRunRow.attempt_number == PayslipRow.attempt_number)
        .join(wanted, and_(PayslipRow.month == wanted.c.month, PayslipRow.id == wanted.c.id))
        .where(PayslipRow.month.in_(sorted(set(firsts))))
    )
    return [(_stored(row), run_of(run)) for row, run in (await session.execute(query)).all()]


def _stored(row: PayslipRow) -> StoredPayslip:
    return StoredPayslip(
        row.id,
        row.worker,
        Month.of(row.month),
        row.attempt_number,
        row.scheme,
        row.community,
        row.gross_fen,
        row.net_fen,
        row.employer_cost_fen,
        tuple(row.amounts),
        tuple(row.facts),
    )


async def add(connection: Connection, block: PayslipBlock, month: Month, number: int) -> None:
    """Store a block; row-level security checks each row's community."""
    rows = len(block.ids)
    layout = Layout(
        (
            Field("id", "uuid"),
            Field("worker", "uuid"),
            Field("month", "date"),
            Field("attempt_number", "int4"),
            Field("gross_fen", "int4"),
            Field("net_fen", "int4"),
            Field("employer_cost_fen", "int4"),
            Field("scheme", "int2"),
            Field("community", "text", 12),
            Field("amounts", "int4[]", block.amounts.shape[1]),
            Field("facts", "int4[]", block.facts.shape[1]),
        )
    )
    columns: dict[str, NDArray[Any]] = {
        "id": block.ids,
        "worker": block.workers,
        "month": np.full(rows, day_number(month.first), dtype=np.int32),
        "attempt_number": np.full(rows, number, dtype=np.int32),
        "gross_fen": block.gross,
        "net_fen": block.net,
        "employer_cost_fen": block.employer_cost,
        "scheme": np.full(rows, block.scheme, dtype=np.int16),
        "community": block.communities,
        "amounts": block.amounts,
        "facts": block.facts,
    }
    await copy_block(connection, "payslips", layout, columns)


async def paid_elsewhere(
    connection: Connection, ids: NDArray[np.uint8], month: Month, numbers: Sequence[int]
) -> set[bytes]:
    """Which of these payslips (bytes of shape (rows, 16)) exist in the attempts with these numbers."""
    rows = await connection.fetch(
        "SELECT id FROM payslips WHERE month = $1 AND id = ANY($2) AND attempt_number = ANY($3)",
        month.first, uuids_of(ids), list(numbers),
    )  # fmt: skip
    return {row["id"].bytes for row in rows}
