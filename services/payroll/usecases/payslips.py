"""Read payslips, and derive a stored one again from its facts and the rules it was made with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.formula.explanation import write
from services.kernel.formula.vocabulary import Fact, FactValue
from services.kernel.period import day_of
from services.payroll.domain import payslips as domain
from services.payroll.domain.pay_schemes import Scheme
from services.payroll.domain.payroll_runs import PayrollRun
from services.payroll.domain.payslip_facts import unpack_one
from services.payroll.domain.policy import STORED_FACTS
from services.payroll.storage import pack_snapshots, payroll_runs, payslips
from services.payroll.storage.payroll_runs import Attempt
from services.payroll.storage.payslips import Paid, StoredPayslip
from services.payroll.usecases.rules import pay_rules
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class ReadPayslip:
    """A stored payslip with the run and the attempt that made it, and the scheme whose line order it follows."""

    stored: StoredPayslip
    scheme: Scheme
    run: PayrollRun
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Rederived:
    """A payslip calculated again; `matches` tells whether every line equals what is stored."""

    read: ReadPayslip
    pack: str
    pack_digest: str
    known_at: datetime
    facts: Mapping[str, FactValue]
    payslip: domain.Payslip
    matches: bool

    @property
    def facts_shown(self) -> dict[str, str | bool | None]:
        """The facts as text in their own units; null where a fact was absent."""
        return {fact.name: _shown(fact, self.facts.get(fact.name)) for fact in STORED_FACTS}


async def read_run(session: AsyncSession, run_id: UUID, after: tuple[str, str] | None, limit: int) -> list[ReadPayslip]:
    """Payslips of a run by community and worker."""
    run = await payroll_runs.get(session, run_id)
    found = await payslips.of_attempt(session, run.number, run.month, after, limit)
    return await _with_schemes(session, [(slip, run) for slip in found])


async def read_one(session: AsyncSession, identifier: UUID) -> ReadPayslip:
    """One payslip; NotFound `payslip.not_found`."""
    return (await _with_schemes(session, [await payslips.get(session, identifier)]))[0]


async def read_many(session: AsyncSession, identifiers: Sequence[UUID]) -> list[ReadPayslip]:
    """Payslips in the order asked for; those that are not there, or not for this caller's regions, are left out."""
    return await _with_schemes(session, await payslips.get_many(session, identifiers))


async def rederive(session: AsyncSession, packs: Packs, slip: ReadPayslip) -> Rederived:
    """The payslip calculated again by the scalar path, from its stored facts and the packs of its digest."""
    stored = slip.stored
    attempt = slip.attempt
    if attempt.pack_digest != packs.digest:
        packs = await pack_snapshots.restore(session, attempt.pack_digest)
    rules = pay_rules(packs, stored.community, stored.month, attempt.known_at)
    facts = _values(attempt, unpack_one(attempt.layout, stored.facts))
    again = domain.pay(rules.ruleset, slip.scheme, facts)
    amounts = tuple(line.amount_fen for line in again.lines)
    return Rederived(slip, rules.pack, attempt.pack_digest, attempt.known_at, facts, again, amounts == stored.amounts)


def _values(attempt: Attempt, facts: dict[str, int]) -> dict[str, FactValue]:
    """Stored numbers as the rules read them: symbols by name, flags as truth, numbers and days as stored."""
    values: dict[str, FactValue] = {}
    for place in attempt.layout.places:
        stored = facts.get(place.name)
        if stored is not None:
            values[place.name] = fact_value(place.kind, stored, place.symbols)
    return values


def fact_value(kind: str, stored: int, symbols: Sequence[str]) -> FactValue:
    """One stored number as a rule reads it."""
    if kind == "flag":
        return bool(stored)
    if kind == "symbol":
        return symbols[stored]
    return day_of(stored) if kind == "day" else stored


def _shown(fact: Fact, value: FactValue) -> str | bool | None:
    if value is None or isinstance(value, bool | str):
        return value
    return write(fact.write(value), fact.unit) if isinstance(value, int) else str(value)


async def _with_schemes(session: AsyncSession, found: Sequence[Paid]) -> list[ReadPayslip]:
    attempts = await payroll_runs.attempts(session, {slip.attempt_number for slip, _ in found}) if found else {}
    made = [(slip, run, attempts[slip.attempt_number]) for slip, run in found]
    return [ReadPayslip(slip, attempt.schemes[slip.scheme], run, attempt) for slip, run, attempt in made]
