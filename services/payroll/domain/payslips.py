"""A payslip from facts and rules: earnings, then contributions, then tax, memos; one case with reasons, or columns.

Later lines may name the sums of earlier ones as facts: `gross`, `employee_contributions`, `employer_contributions`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from services.kernel.errors import DomainError, RuleViolation
from services.kernel.formula.explanation import Explanation
from services.kernel.formula.ruleset import Ruleset
from services.kernel.formula.vocabulary import FactValue
from services.kernel.policy import Text
from services.payroll.domain.pay_schemes import Check, Line, LineKind, Scheme
from services.payroll.domain.policy import VOCABULARY

PHASES = (
    (LineKind.EARNING,),
    (LineKind.EMPLOYEE, LineKind.EMPLOYER),
    (LineKind.TAX,),
    (LineKind.MEMO,),
)
SUMS: Mapping[str, LineKind] = {
    "gross": LineKind.EARNING,
    "employee_contributions": LineKind.EMPLOYEE,
    "employer_contributions": LineKind.EMPLOYER,
}
GIVEN = "gross"
_INT4 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line with its amount in fen and the reasons for it."""

    line: Line
    amount_fen: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Payslip:
    """One worker's pay of one month with the reasons for every line, and the watched conditions."""

    scheme: Scheme
    lines: tuple[PaidLine, ...]
    checks: tuple[tuple[Check, bool], ...]

    @property
    def gross_fen(self) -> int:
        return self.sum_of(LineKind.EARNING)

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.sum_of(LineKind.EMPLOYEE) - self.sum_of(LineKind.TAX)

    @property
    def employer_cost_fen(self) -> int:
        return self.gross_fen + self.sum_of(LineKind.EMPLOYER)

    def sum_of(self, kind: LineKind) -> int:
        """The sum of the lines of one kind, in fen."""
        return sum(paid.amount_fen for paid in self.lines if paid.line.kind is kind)


def choose(ruleset: Ruleset, schemes: Sequence[Scheme], facts: Mapping[str, FactValue]) -> Scheme:
    """The first scheme whose condition holds for the facts; none: RuleViolation `pay_scheme.none`."""
    for scheme in schemes:
        if scheme.when is None or ruleset.value(scheme.when.rule, facts, output=scheme.when.output) is True:
            return scheme
    raise no_scheme()


def no_scheme() -> RuleViolation:
    """The fault of a worker whom no scheme of the pack covers."""
    return RuleViolation(
        "pay_scheme.none",
        "没有适用于该人员的薪酬方案，本月不发放。请核对人员类别，或补充政策包",
        "no pay scheme covers this worker, so nothing is paid; check the category, or supplement the policy pack",
    )


def pay(ruleset: Ruleset, scheme: Scheme, facts: Mapping[str, FactValue], given_fen: int | None = None) -> Payslip:
    """One payslip with reasons; amounts are exact fen as the formulas round them.

    `given_fen` replaces the earnings by one given amount. A missing fact, cell or rule raises its DomainError; an
    amount that is not always whole fen `formula.unrounded_money`; a negative net pay `payslip.negative_net`.
    """
    known: dict[str, FactValue] = dict(facts)
    paid: dict[str, PaidLine] = {}
    if given_fen is not None:
        scheme = _given(scheme)
        paid[GIVEN] = PaidLine(scheme.lines[0], given_fen, _sum_of_lines(GIVEN, given_fen, ()))
    for kinds in PHASES:
        lines = [line for line in scheme.lines if line.kind in kinds and line.code not in paid]
        paid |= {one.line.code: one for one in _paid(ruleset, lines, known, paid)}
        known |= {name: _sum(paid.values(), kind) for name, kind in SUMS.items() if kind in kinds}
    checks = tuple((check, _flag(ruleset, check, known)) for check in scheme.checks)
    slip = Payslip(scheme, tuple(paid[line.code] for line in scheme.lines), checks)
    if slip.net_fen < 0:
        raise negative_net()
    return slip


def negative_net() -> RuleViolation:
    """The fault of a payslip whose deductions exceed its earnings."""
    return RuleViolation(
        "payslip.negative_net",
        "扣除额超过应发额，实发为负，本月不发放。请核对缴费基数和在岗天数",
        "deductions exceed earnings and the net pay would be negative; check the contribution base and days in post",
    )


def _given(scheme: Scheme) -> Scheme:
    rest = tuple(line for line in scheme.lines if line.kind is not LineKind.EARNING)
    label = _label(GIVEN)
    first = replace(scheme.lines[scheme.positions(LineKind.EARNING)[0]], code=GIVEN, label=label)
    return replace(scheme, lines=(first, *rest))


def _paid(
    ruleset: Ruleset, lines: Sequence[Line], facts: Mapping[str, FactValue], paid: Mapping[str, PaidLine]
) -> list[PaidLine]:
    explanations = ruleset.explain_many([_wanted(line) for line in lines], facts)
    return [
        PaidLine(line, _fen(ruleset, line, explanation), _with_sums(explanation, paid))
        for line, explanation in zip(lines, explanations, strict=True)
    ]


def _fen(ruleset: Ruleset, line: Line, explanation: Explanation) -> int:
    ruleset.require_whole_fen(*_wanted(line))
    return int(cast("Fraction", explanation.value) * 100)


def _flag(ruleset: Ruleset, check: Check, facts: Mapping[str, FactValue]) -> bool:
    return ruleset.value(check.holds.rule, facts, output=check.holds.output) is True


def _sum(paid: Iterable[PaidLine], kind: LineKind) -> int:
    return sum(one.amount_fen for one in paid if one.line.kind is kind)


def _with_sums(explanation: Explanation, paid: Mapping[str, PaidLine]) -> Explanation:
    """The same tree where a sum of earlier lines shows those lines beneath it."""
    kind = SUMS.get(explanation.name)
    if kind is not None and explanation.rule is None:
        parts = tuple(one.explanation for one in paid.values() if one.line.kind is kind)
        return replace(explanation, inputs=parts)
    return replace(explanation, inputs=tuple(_with_sums(each, paid) for each in explanation.inputs))


def _sum_of_lines(name: str, amount_fen: int, parts: tuple[Explanation, ...]) -> Explanation:
    return Explanation(name, _label(name), Fraction(amount_fen, 100), "yuan", inputs=parts)


def _label(name: str) -> Text:
    fact = VOCABULARY.fact(name)
    return fact.label if fact else Text(name, name)


@dataclass(frozen=True)
class PayColumns:
    """Payslips of one scheme as columns: int64 fen of shape (rows, lines), flags of shape (rows, checks).

    `codes` 0 = fine, else `reasons[code - 1]` says why the row has no payslip; its amounts are then meaningless.
    """

    scheme: Scheme
    amounts: NDArray[np.int64]
    checks: NDArray[np.bool_]
    codes: NDArray[np.uint16]
    reasons: list[DomainError]

    def sum_of(self, *kinds: LineKind) -> NDArray[np.int64]:
        """The sum of the lines of these kinds per row, in fen."""
        total: NDArray[np.int64] = self.amounts[:, self.scheme.positions(*kinds)].sum(axis=1)
        return total

    @property
    def gross(self) -> NDArray[np.int64]:
        return self.sum_of(LineKind.EARNING)

    @property
    def net(self) -> NDArray[np.int64]:
        return self.gross - self.sum_of(LineKind.EMPLOYEE, LineKind.TAX)

    @property
    def employer_cost(self) -> NDArray[np.int64]:
        return self.gross + self.sum_of(LineKind.EMPLOYER)


class PayKernel:
    """A scheme's lines under a set of rules, compiled once; a block of columns in, payslips out.

    A rule that is not in force, or money that is not rounded, raises its DomainError here, before any worker is seen.
    """

    def __init__(self, ruleset: Ruleset, scheme: Scheme) -> None:
        self.scheme = scheme
        for line in scheme.lines:
            ruleset.require_whole_fen(*_wanted(line))
        phases = [(kinds, scheme.positions(*kinds)) for kinds in PHASES]
        self._phases = [
            (kinds, positions, ruleset.compile([_wanted(scheme.lines[at]) for at in positions]))
            for kinds, positions in phases
        ]
        self._checks = ruleset.compile([(check.holds.rule, check.holds.output) for check in scheme.checks])

    def run(self, block: Mapping[str, NDArray[Any]], rows: int) -> PayColumns:
        """Columns of stored facts (all of length `rows`) -> payslips; equal to `pay` row by row."""
        known = dict(block)
        amounts = np.zeros((rows, len(self.scheme.lines)), dtype=np.int64, order="F")
        faults = _Faults(rows)
        for kinds, positions, program in self._phases:
            for at, column in zip(positions, program.run(known, rows), strict=True):
                faults.add(column.faults.codes, column.faults.reasons)
                amounts[:, at] = column.fen()
            known |= self._sums(amounts, kinds)
        checks = np.zeros((rows, len(self.scheme.checks)), dtype=np.bool_)
        for at, column in enumerate(self._checks.run(known, rows)):
            faults.add(column.faults.codes, column.faults.reasons)
            checks[:, at] = column.numerator
        net = PayColumns(self.scheme, amounts, checks, faults.codes, []).net
        faults.add((net < 0).astype(np.uint16), [negative_net()])
        if np.abs(amounts[faults.codes == 0]).max(initial=0) > _INT4:
            raise OverflowError("an amount does not fit the payslip's 32 bits")
        return PayColumns(self.scheme, amounts, checks, faults.codes, faults.reasons)

    def _sums(self, amounts: NDArray[np.int64], kinds: tuple[LineKind, ...]) -> dict[str, NDArray[Any]]:
        """The sums that the lines of these kinds make known."""
        return {
            name: amounts[:, self.scheme.positions(kind)].sum(axis=1) for name, kind in SUMS.items() if kind in kinds
        }


def _wanted(line: Line) -> tuple[str, str]:
    return line.amount.rule, line.amount.output


class _Faults:
    """The first fault of each row, over several columns."""

    def __init__(self, rows: int) -> None:
        self.codes = np.zeros(rows, dtype=np.uint16)
        self._places: dict[DomainError, int] = {}

    @property
    def reasons(self) -> list[DomainError]:
        return list(self._places)

    def add(self, codes: NDArray[Any], reasons: Sequence[DomainError]) -> None:
        """Rows that had no fault yet take these."""
        fresh = (codes > 0) & (self.codes == 0)
        for code in np.unique(codes[fresh]).tolist():
            place = self._places.setdefault(reasons[code - 1], len(self._places) + 1)
            self.codes[fresh & (codes == code)] = place
