"""The states of a run, who may move it, and its totals."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.kernel.errors import Conflict, RuleViolation
from services.kernel.period import Month
from services.payroll.domain.payroll_runs import (
    LineTotal,
    PayrollRun,
    RunState,
    RunStep,
    RunTotals,
    advance,
    totals_of,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WALK = [
    (RunState.OPEN, RunStep.CALCULATE, RunState.CALCULATED),
    (RunState.CALCULATED, RunStep.CALCULATE, RunState.CALCULATED),
    (RunState.CALCULATED, RunStep.CHECK, RunState.CHECKED),
    (RunState.CHECKED, RunStep.RETURN, RunState.CALCULATED),
    (RunState.CHECKED, RunStep.APPROVE, RunState.APPROVED),
    (RunState.APPROVED, RunStep.PAY, RunState.PAID),
    (RunState.PAID, RunStep.CLOSE, RunState.CLOSED),
]


def run_in(state: RunState) -> PayrollRun:
    return PayrollRun(UUID(int=1), 1, "530111000000", True, Month(2026, 1), NOW, state, 1, "d", "maker", NOW)


@pytest.mark.parametrize(("state", "step", "after"), WALK)
def test_a_step_that_is_allowed(state: RunState, step: RunStep, after: RunState) -> None:
    assert advance(run_in(state), step, "other") is after


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("step", list(RunStep))
def test_every_other_step_is_refused(state: RunState, step: RunStep) -> None:
    if (state, step) in {(one, two) for one, two, _ in WALK}:
        return
    with pytest.raises(Conflict, match="needs it to be") as refused:
        advance(run_in(state), step, "other")
    assert refused.value.code == "payroll_run.wrong_state"


@pytest.mark.parametrize(("state", "step"), [(RunState.CALCULATED, RunStep.CHECK), (RunState.CHECKED, RunStep.APPROVE)])
def test_the_maker_neither_checks_nor_approves(state: RunState, step: RunStep) -> None:
    with pytest.raises(RuleViolation) as refused:
        advance(run_in(state), step, "maker")
    assert refused.value.code == "payroll_run.same_person"


def test_totals_are_the_sums_of_lines() -> None:
    lines = tuple(
        LineTotal("s", f"{kind}{at}", kind, fen, 2)
        for at, (kind, fen) in enumerate(
            [("earning", 100), ("earning", 11), ("employee", 20), ("tax", 3), ("employer", 40), ("memo", 7)]
        )
    )
    totals = totals_of(lines)
    assert totals == RunTotals(111, 20, 3, 40)
    assert (totals.net_fen, totals.employer_cost_fen) == (88, 151)
