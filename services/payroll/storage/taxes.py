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
from services.payroll.domain.payslip_ids import octets_of, payslip_id_column, texts_of
from services.payroll.domain.taxes import DeductionStep
from services.payroll.storage.payroll_runs import Connection
from services.payroll.storage.tables import TaxDeductionRow

_STEPS = """
SELECT DISTINCT ON (worker, kind, start) uuid_send(worker) AS octets, kind, start, amount_fen FROM tax_deductions
WHERE worker = ANY($1) AND start <= $2 AND recorded_at <= $3
ORDER BY worker, kind, start, recorded_at DESC
"""
# arrays come in PostgreSQL's own bytes: a header of 20, then 4 of length and 4 of value for each element
_EARLIER = """
SELECT attempt_number, scheme, string_agg(uuid_send(worker), NULL) AS workers,
    string_agg(array_send(amounts), NULL) AS amounts, string_agg(array_send(facts), NULL) AS facts
FROM payslips WHERE month = $1 AND id = ANY($2) AND attempt_number = ANY($3)
GROUP BY attempt_number, scheme
"""
_HEADER_WORDS = 5


@dataclass(frozen=True)
class EarlierSlips:
    """Payslips of one earlier month made by one attempt under one scheme, as columns; workers of 16 bytes each."""

    workers: list[bytes]
    attempt_number: int
    scheme: int
    amounts: NDArray[np.int64]
    facts: NDArray[np.int32]


async def steps(
    connection: Connection, workers: Sequence[str], month: Month, known_at: datetime
) -> dict[bytes, list[DeductionStep]]:
    """The workers' deduction steps up to the month, as known at the instant; workers without one are left out.

    `workers` are hexadecimal; the answer names them by their 16 bytes.
    """
    found: dict[bytes, list[DeductionStep]] = {}
    for row in await connection.fetch(_STEPS, workers, month.first, known_at):
        step = DeductionStep(row["kind"], Month.of(row["start"]), row["amount_fen"])
        found.setdefault(row["octets"], []).append(step)
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
        for one in texts_of(payslip_id_column(workers, month, attempt))
    ]
    rows = await connection.fetch(_EARLIER, month.first, ids, [number for _, number in attempts])
    return [
        EarlierSlips(
            octets_of(row["workers"]),
            row["attempt_number"],
            row["scheme"],
            _elements(row["amounts"], len(row["workers"]) // 16).astype(np.int64),
            _elements(row["facts"], len(row["workers"]) // 16).astype(np.int32),
        )
        for row in rows
    ]


def _elements(sent: bytes, rows: int) -> NDArray[np.int32]:
    """Equally long arrays of integers, one after another as `array_send` writes them -> shape (rows, elements)."""
    words = np.frombuffer(sent, dtype=">i4").reshape(rows, -1)
    return words[:, _HEADER_WORDS + 1 :: 2]
