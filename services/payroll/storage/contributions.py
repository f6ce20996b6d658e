"""Declared contribution bases: rows <-> steps."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.period import Month
from services.payroll.domain.contributions import BaseKind, BaseStep
from services.payroll.storage.payroll_runs import Connection
from services.payroll.storage.tables import ContributionBaseRow

_IN_FORCE = """
SELECT DISTINCT ON (worker, scheme) worker, scheme, start, base_fen, rate FROM contribution_bases
WHERE worker = ANY($1) AND start <= $2 AND recorded_at <= $3
ORDER BY worker, scheme, start DESC, recorded_at DESC
"""


async def in_force(
    connection: Connection, workers: Sequence[UUID], month: Month, known_at: datetime
) -> list[tuple[UUID, BaseStep]]:
    """Each worker's steps in force in the month, as known at the instant; an ended declaration is left out."""
    rows = await connection.fetch(_IN_FORCE, workers, month.first, known_at)
    return [
        (row["worker"], BaseStep(BaseKind(row["scheme"]), Month.of(row["start"]), row["base_fen"], row["rate"]))
        for row in rows
        if row["base_fen"] is not None
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
