"""Declared contribution bases: rows <-> steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.period import Month
from services.payroll.domain.contributions import BaseKind, BaseStep
from services.payroll.domain.payslip_ids import octets_of
from services.payroll.storage.payroll_runs import Connection
from services.payroll.storage.tables import ContributionBaseRow

_IN_FORCE = """
SELECT scheme, string_agg(uuid_send(worker), NULL) AS workers, array_agg(base_fen) AS bases,
    array_agg(coalesce(rate, 0)::integer) AS rates
FROM (
    SELECT DISTINCT ON (worker, scheme) worker, scheme, base_fen, rate FROM contribution_bases
    WHERE worker = ANY($1) AND start <= $2 AND recorded_at <= $3
    ORDER BY worker, scheme, start DESC, recorded_at DESC
) declared WHERE base_fen IS NOT NULL GROUP BY scheme
"""


@dataclass(frozen=True)
class BasesInForce:
    """Declared bases of one kind as columns: workers (16 bytes each), fen, and rate in 1/10000 (0: none)."""

    kind: BaseKind
    workers: list[bytes]
    base_fen: NDArray[np.int64]
    rates: NDArray[np.int64]


async def in_force(
    connection: Connection, workers: Sequence[str], month: Month, known_at: datetime
) -> list[BasesInForce]:
    """The workers' bases in force in the month, as known at the instant, by kind; an ended declaration is left out.

    `workers` are hexadecimal.
    """
    return [
        BasesInForce(BaseKind(kind), octets_of(held), np.array(bases, np.int64), np.array(rates, np.int64))
        for kind, held, bases, rates in await connection.fetch(_IN_FORCE, workers, month.first, known_at)
    ]


async def add(session: AsyncSession, steps: Sequence[tuple[UUID, str, BaseStep]]) -> None:
    """Store steps of (worker, community); an equal key corrects the earlier figure from now on."""
    values = [
        {
            "worker": worker, "community": community, "scheme": step.kind.value, "start": step.start.first,
            "base_fen": step.base_fen, "rate": step.rate,
        }
        for worker, community, step in steps
    ]  # fmt: skip
    if values:
        await session.execute(insert(ContributionBaseRow), values)
