"""A month's run: calculate it from the roster's stream, and walk it to its close."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import Conflict, DomainError
from services.kernel.period import Month
from services.payroll.domain.payroll_runs import PayrollRun, RunState, RunStep, advance, totals_of
from services.payroll.domain.payslip_facts import layout_of, pack
from services.payroll.domain.payslip_ids import payslip_id_column
from services.payroll.domain.policy import STORED_FACTS
from services.payroll.storage import pack_snapshots, payroll_runs, payslips
from services.payroll.storage.payroll_runs import Attempt, Connection, Fault
from services.payroll.usecases.calculations import Calculator, FaultyRow, PaidRows
from services.payroll.usecases.own_facts import OwnFacts
from services.payroll.usecases.progress import Progress, announce
from services.payroll.usecases.rosters import RosterBlock
from services.payroll.usecases.rules import RuleBook, Shelf
from services.runtime.packs import Packs

LAYOUT = layout_of(STORED_FACTS)
DONE: Mapping[RunStep, str] = {
    RunStep.CHECK: "checked",
    RunStep.RETURN: "returned",
    RunStep.APPROVE: "approved",
    RunStep.PAY: "paid",
    RunStep.CLOSE: "closed",
}


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Which run to calculate, for whom, and by whom; instants are the caller's."""

    id: UUID
    region: str
    managed: bool
    month: Month
    known_at: datetime
    actor: str
    now: datetime


async def run_month(
    session: AsyncSession, shelf: Shelf, order: RunOrder, roster: AsyncIterator[RosterBlock], progress: Progress
) -> PayrollRun:
    """The run calculated, new or again, within the session's transaction; told of while it lasts, and when it is done.

    Refusals as of `calculate`.
    """
    connection = await payroll_runs.raw_connection(session)
    async with progress:
        stored = await calculate(connection, shelf, order, roster, progress)
    run = await payroll_runs.get(session, stored)
    changed = run.made_at == order.now  # else it came out as it was stored
    announce(session, "calculated", run, workers=run.workers, faulted=run.faulted, changed=changed)
    return run


async def calculate(
    connection: Connection, shelf: Shelf, order: RunOrder, roster: AsyncIterator[RosterBlock], progress: Progress
) -> UUID:
    """Calculate the run of that month and region, new or again, and store payslips, faults and totals; its id.

    Again with the same outcome stores nothing. A run already checked: Conflict `payroll_run.wrong_state`.
    """
    await payroll_runs.lock_month(connection, order.month)
    packs = shelf.packs
    await pack_snapshots.keep(connection, packs.digest, shelf.folders)
    run = await _opened(connection, packs, order)
    progress.begun(run)
    others = await payroll_runs.overlapping(connection, order.month, order.region, run.id)
    before = await payroll_runs.output_digest(connection, run.id)
    last = await payroll_runs.last_attempt(connection, run.id)
    run = replace(
        run,
        attempt=max([last, *(attempt for attempt, _ in others)]) + 1,
        number=await payroll_runs.next_attempt_number(connection),
    )
    try:
        outcome = await _Pass(connection, packs, run, others, progress).changed(roster, before)
    except _Unchanged:
        return run.id
    await _store(connection, run, outcome)
    return run.id


class _Unchanged(Exception):
    """Calculated again, the run comes out as it is stored."""


async def step(session: AsyncSession, run_id: UUID, what: RunStep, actor: str) -> PayrollRun:
    """Take a run one step on; see `advance` for what is refused."""
    run = await payroll_runs.get(session, run_id)
    state = advance(run, what, actor)
    people: dict[str, str | None] = {}
    if what in {RunStep.CHECK, RunStep.RETURN}:
        people = {"checked_by": actor if what is RunStep.CHECK else None}
    elif what is RunStep.APPROVE:
        people = {"approved_by": actor}
    await payroll_runs.move(session, run, state, **people)
    moved = await payroll_runs.get(session, run_id)
    announce(session, DONE[what], moved)
    return moved


async def _opened(connection: Connection, packs: Packs, order: RunOrder) -> PayrollRun:
    """The run as ordered: the one there already, if it may be calculated again, or a new one."""
    run = PayrollRun(
        order.id, 0, order.region, order.managed, order.month, order.known_at, RunState.OPEN, 0, packs.digest,
        order.actor, order.now,
    )  # fmt: skip
    there = await payroll_runs.existing(connection, order.month, order.region, managed=order.managed)
    if there is None:
        await payroll_runs.add(connection, run)
        return run
    run = replace(run, id=there[0], state=RunState(there[1]))
    advance(run, RunStep.CALCULATE, order.actor)
    return run


async def _store(connection: Connection, run: PayrollRun, outcome: "Outcome") -> None:
    calculator = outcome.calculator
    kept = Attempt(
        run.number, run.month, run.known_at, run.pack_digest, tuple(calculator.schemes), LAYOUT, outcome.digest
    )
    await payroll_runs.add_attempt(connection, run, kept)
    await payroll_runs.add_faults(connection, run.number, outcome.faults)
    lines = calculator.line_totals
    done = replace(
        run,
        state=RunState.CALCULATED,
        workers=calculator.workers,
        faulted=len(outcome.faults),
        totals=totals_of(lines),
        line_totals=lines,
        checks=calculator.checks,
    )
    await payroll_runs.settle(connection, done)


@dataclass(frozen=True)
class Outcome:
    """What a pass over the roster found; the digest covers every payslip and fault."""

    calculator: Calculator
    faults: list[Fault]
    digest: str


@dataclass
class _Pass:
    """One pass over the roster, block by block."""

    connection: Connection
    packs: Packs
    run: PayrollRun
    others: list[tuple[int, int]]
    progress: Progress
    faults: list[Fault] = field(default_factory=list)

    async def changed(self, roster: AsyncIterator[RosterBlock], before: str | None) -> Outcome:
        """The outcome; `_Unchanged`, and nothing stored, when its digest is the one from before."""
        async with self.connection.transaction():  # a savepoint
            outcome = await self.through(roster)
            if outcome.digest == before:
                raise _Unchanged
        return outcome

    async def through(self, roster: AsyncIterator[RosterBlock]) -> Outcome:
        own = OwnFacts(self.connection, self.run.month, self.run.known_at)
        calculator = Calculator(RuleBook(self.packs, self.run.month, self.run.known_at))
        digest = hashlib.sha256(self.run.pack_digest.encode())
        done = 0
        async for block in roster:
            columns = await own.complete(block)
            words = pack(LAYOUT, columns, len(block))
            twice = await self._paid_elsewhere(block)
            for found in calculator.run(block.communities, columns):
                if isinstance(found, FaultyRow):
                    self._note(block, found.row, found.reason)
                    digest.update(block.workers[found.row].tobytes() + found.reason.code.encode())
                    continue
                kept = ~twice[found.rows]
                for row in found.rows[~kept].tolist():
                    self._note(block, row, paid_twice())
                calculator.count(found, kept)
                digest.update(await self._write(block, words, found, kept))
            done += len(block)
            self.progress.counted(done, block.total)
        return Outcome(calculator, self.faults, digest.hexdigest())

    async def _write(
        self, block: RosterBlock, words: NDArray[np.int32], found: PaidRows, kept: NDArray[np.bool_]
    ) -> bytes:
        rows, paid = found.rows[kept], found.paid
        if not rows.size:
            return b""
        slips = payslips.PayslipBlock(
            ids=payslip_id_column(block.workers[rows], self.run.month, self.run.attempt),
            workers=block.workers[rows],
            communities=block.communities[rows],
            scheme=found.scheme,
            gross=paid.gross[kept],
            net=paid.net[kept],
            employer_cost=paid.employer_cost[kept],
            amounts=paid.amounts[kept],
            facts=words[rows],
        )
        await payslips.add(self.connection, slips, self.run.month, self.run.number)
        return slips.workers.tobytes() + slips.amounts.tobytes() + slips.facts.tobytes()

    async def _paid_elsewhere(self, block: RosterBlock) -> NDArray[np.bool_]:
        """Which rows another run of the month pays already."""
        twice = np.zeros(len(block), dtype=np.bool_)
        numbers = [number for _, number in self.others]
        for attempt in sorted({attempt for attempt, _ in self.others}):
            ids = payslip_id_column(block.workers, self.run.month, attempt)
            there = await payslips.paid_elsewhere(self.connection, ids, self.run.month, numbers)
            twice |= np.array([bytes(one) in there for one in ids], dtype=np.bool_)
        return twice

    def _note(self, block: RosterBlock, row: int, reason: DomainError) -> None:
        details = {name: str(value) for name, value in reason.details.items()}
        worker = UUID(bytes=block.workers[row].tobytes())
        community = block.communities[row].decode()
        self.faults.append(Fault(worker, community, reason.code, reason.zh, reason.en, details))


def paid_twice() -> Conflict:
    """The fault of a worker whom another run of the same month pays."""
    return Conflict(
        "payslip.already_in_run",
        "该人员本月已在另一个发放批次中，不重复发放",
        "another run of this month pays this worker already; nobody is paid twice",
    )
