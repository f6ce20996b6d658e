"""A block of a run: choose each worker's scheme, run its kernel over columns, part payslips from faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.errors import DomainError
from services.kernel.formula.ruleset import Program
from services.payroll.domain.pay_schemes import Scheme
from services.payroll.domain.payroll_runs import LineTotal
from services.payroll.domain.payslips import PayColumns, PayKernel, no_scheme
from services.payroll.usecases.rosters import Columns
from services.payroll.usecases.rules import PayRules, RuleBook

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class PaidRows:
    """Payslips of one scheme: `rows` are their places in the block, `scheme` the scheme's place in the attempt."""

    rows: Rows
    scheme: int
    paid: PayColumns


@dataclass(frozen=True)
class FaultyRow:
    """A row of the block that has no payslip, and why."""

    row: int
    reason: DomainError


@dataclass(frozen=True)
class _Ready:
    """A pack's rules compiled: the conditions of its schemes, a kernel or an error for each scheme."""

    rules: PayRules
    conditions: Program
    kernels: tuple[PayKernel | DomainError, ...]
    first_scheme: int


@dataclass
class Calculator:
    """Calculates blocks of one month; keeps the schemes used, in order, and the sums of all lines."""

    book: RuleBook
    schemes: list[Scheme] = field(default_factory=list)
    _ready: dict[str, _Ready | DomainError] = field(default_factory=dict)
    _sums: dict[tuple[int, int], int] = field(default_factory=dict)
    _counts: dict[int, int] = field(default_factory=dict)
    _checks: dict[str, int] = field(default_factory=dict)

    def run(self, communities: NDArray[Any], columns: Columns) -> Iterator[PaidRows | FaultyRow]:
        """Payslips by scheme and faults by row; each row of the block appears exactly once."""
        codes, places = np.unique(communities, return_inverse=True)
        packs, kinds = np.unique([self.book.pack_of(code.decode()) for code in codes], return_inverse=True)
        members = kinds[places]
        for index, pack in enumerate(packs.tolist()):
            rows = np.flatnonzero(members == index)
            ready = self._prepare(pack, communities[rows[0]].decode())
            if isinstance(ready, DomainError):
                yield from (FaultyRow(int(row), ready) for row in rows)
            else:
                yield from self._by_scheme(ready, rows, columns)

    def count(self, found: PaidRows, kept: NDArray[np.bool_]) -> None:
        """Add the payslips kept to the sums."""
        scheme, paid = found.scheme, found.paid
        self._counts[scheme] = self._counts.get(scheme, 0) + int(kept.sum())
        for at, total in enumerate(paid.amounts[kept].sum(axis=0).tolist()):
            self._sums[scheme, at] = self._sums.get((scheme, at), 0) + total
        for at, check in enumerate(paid.scheme.checks):
            self._checks[check.code] = self._checks.get(check.code, 0) + int(paid.checks[kept, at].sum())

    @property
    def line_totals(self) -> tuple[LineTotal, ...]:
        """The sum of every line of every scheme that paid somebody."""
        return tuple(
            LineTotal(self.schemes[scheme].name, line.code, line.kind.value, self._sums[scheme, at], workers)
            for scheme, workers in sorted(self._counts.items())
            if workers
            for at, line in enumerate(self.schemes[scheme].lines)
        )

    @property
    def checks(self) -> Mapping[str, int]:
        """How many payslips each watched condition holds for."""
        return dict(self._checks)

    @property
    def workers(self) -> int:
        """How many payslips were counted."""
        return sum(self._counts.values())

    def _prepare(self, pack: str, community: str) -> _Ready | DomainError:
        if pack not in self._ready:
            try:
                self._ready[pack] = self._compile(self.book.rules(pack, community))
            except DomainError as error:
                self._ready[pack] = error
        return self._ready[pack]

    def _compile(self, rules: PayRules) -> _Ready:
        ruleset = rules.ruleset
        conditions = ruleset.compile([(s.when.rule, s.when.output) for s in rules.schemes if s.when is not None])
        first = len(self.schemes)
        self.schemes += rules.schemes
        return _Ready(rules, conditions, tuple(_kernel(rules, scheme) for scheme in rules.schemes), first)

    def _by_scheme(self, ready: _Ready, rows: Rows, columns: Columns) -> Iterator[PaidRows | FaultyRow]:
        block = _part(columns, rows)
        chosen, faults = _choose(ready, block, len(rows))
        for at, kernel in enumerate(ready.kernels):
            members = np.flatnonzero(chosen == at)
            if not members.size:
                continue
            if isinstance(kernel, DomainError):
                yield from (FaultyRow(int(row), kernel) for row in rows[members])
                continue
            yield from _outcome(kernel.run(_part(block, members), len(members)), rows[members], ready.first_scheme + at)
        yield from (FaultyRow(int(rows[place]), reason) for place, reason in faults)


def _kernel(rules: PayRules, scheme: Scheme) -> PayKernel | DomainError:
    try:
        return PayKernel(rules.ruleset, scheme)
    except DomainError as error:
        return error


def _choose(ready: _Ready, block: Columns, size: int) -> tuple[Rows, list[tuple[int, DomainError]]]:
    """The place of each row's scheme (-1: none), and the faults of rows without one."""
    chosen = np.full(size, -1, dtype=np.int64)
    reasons: dict[int, DomainError] = {}
    answers = iter(ready.conditions.run(block, size)) if ready.conditions.outputs else iter(())
    for at, scheme in enumerate(ready.rules.schemes):
        column = next(answers) if scheme.when is not None else None
        holds = np.ones(size, dtype=np.bool_) if column is None else column.numerator.astype(np.bool_)
        if column is not None:
            for row in np.flatnonzero((column.faults.codes > 0) & (chosen < 0)).tolist():
                reasons.setdefault(row, column.faults.reason(row) or no_scheme())
        chosen[holds & (chosen < 0) & ~np.isin(np.arange(size), list(reasons))] = at
    return chosen, [(row, reasons.get(row) or no_scheme()) for row in np.flatnonzero(chosen < 0).tolist()]


def _outcome(paid: PayColumns, rows: Rows, scheme: int) -> Iterator[PaidRows | FaultyRow]:
    for place in np.flatnonzero(paid.codes).tolist():
        yield FaultyRow(int(rows[place]), paid.reasons[int(paid.codes[place]) - 1])
    fine = paid.codes == 0
    if fine.all():
        yield PaidRows(rows, scheme, paid)
    elif fine.any():
        kept = PayColumns(paid.scheme, paid.amounts[fine], paid.checks[fine], paid.codes[fine], [])
        yield PaidRows(rows[fine], scheme, kept)


def _part(columns: Columns, rows: Rows) -> Columns:
    if len(rows) == len(columns["month_number"]):
        return columns  # the rows are ascending: all of them are the block itself
    return {name: values[rows] for name, values in columns.items()}
