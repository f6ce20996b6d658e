"""Declared deductions, and the payslips of earlier months that cumulative withholding goes on from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.period import Month
from services.payroll.domain.payslip_ids import payslip_id_column, uuids_of
from services.payroll.domain.taxes import DeductionStep
from services.payroll.storage.payroll_runs import Connection
from services.payroll.storage.tables import TaxDeductionRow

_STEPS = """
SELECT DISTINCT ON (worker, kind, start) worker, kind, start, amount_fen FROM tax_deductions
WHERE worker = ANY($1) AND start <= $2 AND recorded_at <= $3
ORDER BY worker, kind, start, recorded_at DESC
"""
_EARLIER = """
SELECT p.worker, p.attempt_number, p.scheme, p.amounts, p.facts FROM payslips p
WHERE p.month = $1 AND p.id = ANY($2) AND p.attempt_number = ANY($3)
"""


@dataclass(frozen=True)
class EarlierSlips:
    """Payslips of one earlier month made by one attempt under one scheme, as columns."""

    workers: list[UUID]
    attempt_number: int
    scheme: int
    amounts: NDArray[np.int64]
    facts: NDArray[np.int32]


async def steps(
    connection: Connection, workers: Sequence[UUID], month: Month, known_at: datetime
) -> dict[UUID, list[DeductionStep]]:
    """The workers' deduction steps up to the month, as known at the instant; workers without one are left out."""
    found: dict[UUID, list[DeductionStep]] = {}
    for row in await connection.fetch(_STEPS, workers, month.first, known_at):
        step = DeductionStep(row["kind"], Month.of(row["start"]), row["amount_fen"])
        found.setdefault(row["worker"], []).append(step)
    return found


async def add(session: AsyncSession, declared: Sequence[tuple[UUID, str, DeductionStep]]) -> None:
    """Store steps of (worker, community); an equal key corrects the earlier figure from now on."""
    values = [
        {
            "worker": worker, "community": community, "kind": step.kind, "start": step.start.first,
            "amount_fen": step.amount_fen,
        }
        for worker, community, step in declared
    ]  # fmt: skip
    if values:
        await session.execute(insert(TaxDeductionRow), values)


async def calculated(connection: Connection, month: Month) -> list[tuple[int, int]]:
    """(attempt, attempt number) of the month's runs that have payslips."""
    rows = await connection.fetch(
        "SELECT attempt, attempt_number FROM payroll_runs WHERE month = $1 AND attempt_number IS NOT NULL", month.first
    )
    return [(row["attempt"], row["attempt_number"]) for row in rows]


async def earlier(
    connection: Connection, workers: NDArray[np.uint8], month: Month, attempts: Sequence[tuple[int, int]]
) -> list[EarlierSlips]:
    """The workers' payslips of the month by attempt and scheme; workers are bytes of shape (rows, 16)."""
    ids = [
        one
        for attempt in sorted({attempt for attempt, _ in attempts})
        for one in uuids_of(payslip_id_column(workers, month, attempt))
    ]
    rows = await connection.fetch(_EARLIER, month.first, ids, [number for _, number in attempts])
    groups: dict[tuple[int, int], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault((row["attempt_number"], row["scheme"]), []).append(index)
    return [
        EarlierSlips(
            [rows[index]["worker"] for index in members],
            number,
            scheme,
            np.array([rows[index]["amounts"] for index in members], dtype=np.int64),
            np.array([rows[index]["facts"] for index in members], dtype=np.int32),
        )
        for (number, scheme), members in groups.items()
    ]
