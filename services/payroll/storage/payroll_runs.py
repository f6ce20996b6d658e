"""Runs and their attempts: rows <-> domain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import NotFound
from services.kernel.period import Month
from services.kernel.region import subtree
from services.payroll.domain.pay_schemes import Scheme, parse_schemes
from services.payroll.domain.payroll_runs import LineTotal, PayrollRun, RunState, RunTotals
from services.payroll.domain.payslip_facts import Layout
from services.payroll.storage.tables import PayrollRunRow, RunAttemptRow, RunFaultRow

Connection: TypeAlias = asyncpg.Connection
_ATTEMPTS = """
SELECT number, month, known_at, pack_digest, schemes::text AS schemes, layout::text AS layout, output_digest
FROM run_attempts WHERE number = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the payslips of one calculation were made with."""

    number: int
    month: Month
    known_at: datetime
    pack_digest: str
    schemes: tuple[Scheme, ...]
    layout: Layout
    output_digest: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A worker who could not be paid, and why."""

    worker: UUID
    community: str
    code: str
    zh: str
    en: str
    details: Mapping[str, str]


async def get(session: AsyncSession, run: UUID) -> PayrollRun:
    """The run; NotFound `payroll_run.not_found`, also for a run of another region."""
    row = await session.get(PayrollRunRow, run)
    if row is None:
        raise not_found()
    return run_of(row)


def not_found() -> NotFound:
    """What anyone who may not see a run is told, as if it did not exist."""
    return NotFound(
        "payroll_run.not_found",
        "没有这个工资发放批次，或不在您的辖区内",
        "there is no such payroll run, or it lies outside your region",
    )


async def raw_connection(session: AsyncSession) -> Connection:
    """The asyncpg connection beneath the session, in the session's transaction: for COPY and wide reads."""
    await session.execute(text("SET LOCAL statement_timeout = 0"))
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def instant(session: AsyncSession) -> datetime:
    """The data base's clock when this transaction began."""
    now: datetime = (await session.execute(text("SELECT now()"))).scalar_one()
    return now


async def find(
    session: AsyncSession, month: Month | None, region: str | None, after: tuple[str, str] | None, limit: int
) -> list[PayrollRun]:
    """Runs, latest month first, then by id; `after` is the (month, id) of the last one seen."""
    query = select(PayrollRunRow).order_by(PayrollRunRow.month.desc(), PayrollRunRow.id.desc()).limit(limit)
    if month is not None:
        query = query.where(PayrollRunRow.month == month.first)
    if region is not None:
        lo, hi = subtree(region)
        query = query.where(PayrollRunRow.region >= lo, PayrollRunRow.region < hi)
    if after is not None:
        seen = (Month.parse(after[0]).first, UUID(after[1]))
        query = query.where(tuple_(PayrollRunRow.month, PayrollRunRow.id) < seen)
    return [run_of(row) for row in (await session.scalars(query)).all()]


async def move(session: AsyncSession, run: PayrollRun, state: RunState, **people: str | None) -> None:
    """Store the state reached, and who checked or approved."""
    await session.execute(update(PayrollRunRow).where(PayrollRunRow.id == run.id).values(state=state.value, **people))


async def faults(session: AsyncSession, run: PayrollRun, limit: int = 1000) -> list[Fault]:
    """The faults of the run's present attempt, by community and worker."""
    query = (
        select(RunFaultRow)
        .where(RunFaultRow.attempt_number == run.number)
        .order_by(RunFaultRow.community, RunFaultRow.worker)
        .limit(limit)
    )
    return [
        Fault(row.worker, row.community, row.code, row.zh, row.en, row.details)
        for row in (await session.scalars(query)).all()
    ]


async def attempts(session: AsyncSession, numbers: Iterable[int]) -> dict[int, Attempt]:
    """Attempts by number."""
    wanted = sorted(set(numbers))
    rows = await session.scalars(select(RunAttemptRow).where(RunAttemptRow.number.in_(wanted)))
    return {row.number: _attempt(row) for row in rows.all()}


def run_of(row: PayrollRunRow) -> PayrollRun:
    """The run of a row."""
    return PayrollRun(
        id=row.id,
        number=row.attempt_number or 0,
        region=row.region,
        managed=row.managed,
        month=Month.of(row.month),
        known_at=row.known_at,
        state=RunState(row.state),
        attempt=row.attempt,
        pack_digest=row.pack_digest,
        made_by=row.made_by,
        made_at=row.made_at,
        checked_by=row.checked_by,
        approved_by=row.approved_by,
        workers=row.workers,
        faulted=row.faulted,
        totals=RunTotals(row.gross_fen, row.employee_fen, row.tax_fen, row.employer_fen),
        line_totals=tuple(LineTotal(**total) for total in row.line_totals),
        checks=dict(row.checks),
    )


# --- the writing side: one raw connection, one transaction ------------------------------------------------------------


async def lock_month(connection: Connection, month: Month) -> None:
    """Let one calculation of a month run at a time, until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('payroll.run'), $1)", month.year * 12 + month.month)
    await connection.execute("SELECT payroll.open_month($1)", month.first)


async def existing(connection: Connection, month: Month, region: str, *, managed: bool) -> tuple[UUID, str] | None:
    """The id and state of the run of that month and region, if there is one."""
    row = await connection.fetchrow(
        "SELECT id, state FROM payroll_runs WHERE month = $1 AND region = $2 AND managed = $3",
        month.first, region, managed,
    )  # fmt: skip
    return (row["id"], row["state"]) if row else None


async def overlapping(connection: Connection, month: Month, region: str, run: UUID) -> list[tuple[int, int]]:
    """(attempt, attempt number) of the other calculated runs of the month whose region touches this one."""
    lo, hi = subtree(region)
    rows = await connection.fetch(
        "SELECT attempt, attempt_number FROM payroll_runs WHERE month = $1 AND id <> $2 AND attempt_number IS NOT NULL "
        "AND region_lo < $4 AND region_hi > $3",
        month.first, run, lo, hi,
    )  # fmt: skip
    return [(row["attempt"], row["attempt_number"]) for row in rows]


async def next_attempt_number(connection: Connection) -> int:
    """A number no attempt has had."""
    number: int = await connection.fetchval("SELECT nextval('attempt_numbers')::integer")
    return number


async def output_digest(connection: Connection, run: UUID) -> str | None:
    """The digest of the run's present attempt; None before the first."""
    digest: str | None = await connection.fetchval(
        "SELECT a.output_digest FROM payroll_runs r JOIN run_attempts a ON a.number = r.attempt_number WHERE r.id = $1",
        run,
    )
    return digest


async def last_attempt(connection: Connection, run: UUID) -> int:
    """The highest attempt of the run so far; 0 before the first."""
    attempt: int = await connection.fetchval(
        "SELECT coalesce(max(attempt), 0)::integer FROM run_attempts WHERE run = $1", run
    )
    return attempt


async def add(connection: Connection, run: PayrollRun) -> None:
    """Store a new, open run."""
    lo, hi = subtree(run.region)
    await connection.execute(
        "INSERT INTO payroll_runs (id, region, region_lo, region_hi, managed, month, known_at, state, pack_digest, "
        "made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        run.id, run.region, lo, hi, run.managed, run.month.first, run.known_at, run.state.value, run.pack_digest,
        run.made_by, run.made_at,
    )  # fmt: skip


async def add_attempt(connection: Connection, run: PayrollRun, attempt: Attempt) -> None:
    """Store what the payslips of this calculation were made with."""
    lo, hi = subtree(run.region)
    await connection.execute(
        "INSERT INTO run_attempts (number, run, attempt, region_lo, region_hi, month, known_at, pack_digest, schemes, "
        "layout, output_digest, made_by, made_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11, $12, $13)",
        attempt.number, run.id, run.attempt, lo, hi, run.month.first, run.known_at, attempt.pack_digest,
        _json([scheme.to_json() for scheme in attempt.schemes]), _json(attempt.layout.to_json()),
        attempt.output_digest, run.made_by, run.made_at,
    )  # fmt: skip


async def settle(connection: Connection, run: PayrollRun) -> None:
    """Store the outcome of a calculation: state, present attempt, counts and totals."""
    totals = run.totals
    await connection.execute(
        "UPDATE payroll_runs SET state = $2, attempt = $3, attempt_number = $4, pack_digest = $5, workers = $6, "
        "faulted = $7, gross_fen = $8, employee_fen = $9, tax_fen = $10, employer_fen = $11, line_totals = $12::jsonb, "
        "checks = $13::jsonb, made_by = $14, made_at = $15, known_at = $16 WHERE id = $1",
        run.id, run.state.value, run.attempt, run.number, run.pack_digest, run.workers, run.faulted, totals.gross_fen,
        totals.employee_fen, totals.tax_fen, totals.employer_fen,
        _json([_total(total) for total in run.line_totals]), _json(dict(run.checks)), run.made_by, run.made_at,
        run.known_at,
    )  # fmt: skip


async def add_faults(connection: Connection, number: int, found: Sequence[Fault]) -> None:
    """Store the workers an attempt could not pay."""
    await connection.executemany(
        "INSERT INTO run_faults VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)",
        [(number, one.worker, one.community, one.code, one.zh, one.en, _json(dict(one.details))) for one in found],
    )


async def attempts_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Attempt]:
    """Attempts by number, on a raw connection."""
    rows = await connection.fetch(_ATTEMPTS, list(numbers))
    return {
        row["number"]: _attempt(
            RunAttemptRow(**{**row, "schemes": orjson.loads(row["schemes"]), "layout": orjson.loads(row["layout"])})
        )
        for row in rows
    }


def _attempt(row: RunAttemptRow) -> Attempt:
    return Attempt(
        row.number,
        Month.of(row.month),
        row.known_at,
        row.pack_digest,
        parse_schemes(row.schemes) if row.schemes else (),
        Layout.from_json(row.layout),
        row.output_digest,
    )


def _total(total: LineTotal) -> dict[str, Any]:
    return {
        "scheme": total.scheme,
        "code": total.code,
        "kind": total.kind,
        "amount_fen": total.amount_fen,
        "workers": total.workers,
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
