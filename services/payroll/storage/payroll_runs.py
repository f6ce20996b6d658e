"""Runs and their attempts: rows <-> domain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ColumnElement, Integer, Text, and_, cast, func, or_, select, text, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import NotFound
from services.kernel.period import Month
from services.kernel.region import subtree
from services.payroll.domain.pay_schemes import Scheme, parse_schemes
from services.payroll.domain.payroll_runs import LineTotal, PayrollRun, RunState, RunTotals
from services.payroll.domain.payslip_facts import Layout
from services.payroll.storage.tables import PayrollRunRow, RunAttemptRow, RunFaultRow
from services.runtime.paging import Slice, Window
from services.runtime.rls import Scope

Connection: TypeAlias = asyncpg.Connection
_DAY_ZERO = date(1970, 1, 1)
_PLACE: tuple[ColumnElement[Any], ...] = (  # the order of lists, descending: comparable with any cursor of int and text
    type_coerce(PayrollRunRow.month - _DAY_ZERO, Integer),
    cast(PayrollRunRow.id, Text).collate("C"),
)
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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs a list holds: those wholly inside `scope`, of one month, inside `region`, exactly `authority`'s."""

    scope: Scope
    month: Month | None = None
    region: str | None = None
    authority: str | None = None


async def find(session: AsyncSession, wanted: Filter, window: Window, *, count: bool = False) -> Slice[PayrollRun]:
    """A page of runs, the latest month first, then by id; its key is as of `place_of`."""
    query = select(PayrollRunRow).where(*_conditions(wanted))
    order = _PLACE if window.backward else [part.desc() for part in _PLACE]
    page = query.where(*window.inside(*_PLACE, descending=True)).order_by(*order).limit(window.limit + 1)
    rows = (await session.scalars(page)).all()
    beyond = False
    if other_side := window.beyond(*_PLACE, descending=True):
        beyond = (await session.scalars(query.where(*other_side).limit(1))).first() is not None
    total = await session.scalar(select(func.count()).select_from(query.subquery())) if count else None
    return window.slice([run_of(row) for row in rows], beyond=beyond, total=total)


async def get_many(session: AsyncSession, wanted: Filter, ids: Sequence[UUID]) -> list[PayrollRun]:
    """The runs of those ids that the filter lets through, in the order asked for."""
    query = select(PayrollRunRow).where(*_conditions(wanted), PayrollRunRow.id.in_(ids))
    found = {row.id: run_of(row) for row in (await session.scalars(query)).all()}
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def place_of(run: PayrollRun) -> tuple[int, str]:
    """Where a run stands in a list: its month's first day in days since 1970, and its id."""
    return (run.month.first - _DAY_ZERO).days, str(run.id)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found = [or_(*(and_(PayrollRunRow.region_lo >= lo, PayrollRunRow.region_hi <= hi) for lo, hi in wanted.scope))]
    if wanted.month is not None:
        found.append(PayrollRunRow.month == wanted.month.first)
    if wanted.region is not None:
        lo, hi = subtree(wanted.region)
        found += [PayrollRunRow.region >= lo, PayrollRunRow.region < hi]
    if wanted.authority is not None:
        found.append(PayrollRunRow.region == wanted.authority)
    return found


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
