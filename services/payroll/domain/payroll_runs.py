"""A month's payroll run: its states, who may move it, and its totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.errors import Conflict, RuleViolation
from services.kernel.period import Month


class RunState(StrEnum):
    """open -> calculated -> checked -> approved -> paid -> closed; a checked run may be returned to calculated."""

    OPEN = "open"
    CALCULATED = "calculated"
    CHECKED = "checked"
    APPROVED = "approved"
    PAID = "paid"
    CLOSED = "closed"


class RunStep(StrEnum):
    """What a person does to a run."""

    CALCULATE = "calculate"
    CHECK = "check"
    RETURN = "return"
    APPROVE = "approve"
    PAY = "pay"
    CLOSE = "close"


TRANSITIONS: Mapping[RunStep, tuple[frozenset[RunState], RunState]] = {
    RunStep.CALCULATE: (frozenset({RunState.OPEN, RunState.CALCULATED}), RunState.CALCULATED),
    RunStep.CHECK: (frozenset({RunState.CALCULATED}), RunState.CHECKED),
    RunStep.RETURN: (frozenset({RunState.CHECKED}), RunState.CALCULATED),
    RunStep.APPROVE: (frozenset({RunState.CHECKED}), RunState.APPROVED),
    RunStep.PAY: (frozenset({RunState.APPROVED}), RunState.PAID),
    RunStep.CLOSE: (frozenset({RunState.PAID}), RunState.CLOSED),
}
SETTLED = frozenset({RunState.APPROVED, RunState.PAID, RunState.CLOSED})


@dataclass(frozen=True, slots=True)
class LineTotal:
    """The sum of one line of one scheme, in fen, over so many payslips."""

    scheme: str
    code: str
    kind: str
    amount_fen: int
    workers: int


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Sums over a run in fen; net = gross - employee - tax, employer cost = gross + employer."""

    gross_fen: int = 0
    employee_fen: int = 0
    tax_fen: int = 0
    employer_fen: int = 0

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.employee_fen - self.tax_fen

    @property
    def employer_cost_fen(self) -> int:
        return self.gross_fen + self.employer_fen


def totals_of(lines: tuple[LineTotal, ...]) -> RunTotals:
    """The totals of a run from the sums of its lines."""
    sums = {kind: sum(line.amount_fen for line in lines if line.kind == kind) for kind in _KINDS}
    return RunTotals(*(sums[kind] for kind in _KINDS))


_KINDS = ("earning", "employee", "tax", "employer")


@dataclass(frozen=True, slots=True)
class PayrollRun:
    """One run of one month for the units of `region`: those inside it, or those it manages when `managed`."""

    id: UUID
    number: int
    region: str
    managed: bool
    month: Month
    known_at: datetime
    state: RunState
    attempt: int
    pack_digest: str
    made_by: str
    made_at: datetime
    checked_by: str | None = None
    approved_by: str | None = None
    workers: int = 0
    faulted: int = 0
    totals: RunTotals = field(default_factory=RunTotals)
    line_totals: tuple[LineTotal, ...] = ()
    checks: Mapping[str, int] = field(default_factory=dict)


def advance(run: PayrollRun, step: RunStep, actor: str) -> RunState:
    """The state after the step.

    A step that the state does not allow: Conflict `payroll_run.wrong_state`. Whoever made a run neither checks nor
    approves it: RuleViolation `payroll_run.same_person`.
    """
    allowed, after = TRANSITIONS[step]
    if run.state not in allowed:
        names = ", ".join(sorted(allowed))
        raise Conflict(
            "payroll_run.wrong_state",
            f"工资发放批次处于“{run.state}”，不能执行“{step}”；须先处于：{names}",
            f"the run is {run.state}; {step} needs it to be {names}",
            state=run.state.value,
            step=step.value,
        )
    if step in (RunStep.CHECK, RunStep.APPROVE) and actor == run.made_by:
        raise RuleViolation(
            "payroll_run.same_person",
            "经办人不能复核或审批自己的批次；请由另一人操作",
            "whoever made a run neither checks nor approves it; another person must do this step",
            step=step.value,
        )
    return after
