"""I-4: an issue never skips, repeats or goes back over a step; implemented needs a decision and a publication."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.consultation.domain.issues import Issue, advance, allowed
from services.consultation.domain.procedures import BEFORE, Procedure
from services.kernel.errors import DomainError
from tests.consultation.walks import OPENED, act, opened


class Walk(RuleBasedStateMachine):
    """Somebody tries steps in any order, some right and some wrong."""

    procedure: ClassVar[Procedure]
    issue: Issue
    day: int

    @initialize()
    def raise_issue(self) -> None:
        self.issue = opened(self.procedure)
        self.day = 0

    @rule(place=st.integers(0, 30), pick=st.integers(0, 3), late=st.integers(-1, 2))
    def try_a_step(self, place: int, pick: int, late: int) -> None:
        code = self.procedure.steps[place % len(self.procedure.steps)].code
        outcomes = sorted(self.procedure.step(code).outcomes)
        wanted = act(
            self.procedure, code, self.day + 1, outcome=outcomes[pick % len(outcomes)],
            at=OPENED + timedelta(days=self.day + late),
        )  # fmt: skip
        may = code in {step.code for step in allowed(self.issue, self.procedure)} and late >= 0
        try:
            self.issue, event = advance(self.issue, wanted, self.procedure)
        except DomainError:
            assert not may
        else:
            assert may
            self.day += late
            assert event == self.issue.history[-1]

    @rule(pick=st.integers(0, 20))
    def go_on(self, pick: int) -> None:
        steps = allowed(self.issue, self.procedure)
        if steps:
            self.issue, _ = advance(
                self.issue, act(self.procedure, steps[pick % len(steps)].code, self.day + 1), self.procedure
            )
            self.day += 1

    @invariant()
    def the_log_is_a_path(self) -> None:
        for before, after in zip(self.issue.history, self.issue.history[1:], strict=False):
            step = self.procedure.step(after.step)
            assert after.from_state == before.to_state
            assert before.to_state in step.sources
            assert after.to_state in step.outcomes.values() or BEFORE in step.outcomes.values()
            assert after.at >= before.at
            assert after.sequence == before.sequence + 1

    @invariant()
    def no_ordinary_step_is_taken_twice(self) -> None:
        done = list(self.issue.done)
        again = {"screen"} if "supplement" in done else set()
        ordinary = {step.code for step in self.procedure.steps if not step.side and not step.back} - again
        assert all(done.count(code) <= 1 for code in ordinary)

    @invariant()
    def implemented_needs_decision_and_publication(self) -> None:
        if "implement" in self.issue.done:
            before = self.issue.done[: self.issue.done.index("implement")]
            assert {self.procedure.decision, self.procedure.publication} <= set(before)

    @invariant()
    def nothing_follows_a_final_state(self) -> None:
        assert all(event.to_state not in self.procedure.final for event in self.issue.history[:-1])


@pytest.mark.parametrize("name", ["five_steps", "four_min", "national_frame"])
def test_the_walk_of_an_issue_is_a_path_of_its_procedure(name: str, request: Any) -> None:
    slow = [HealthCheck.too_slow]
    bounds = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=slow)
    run_state_machine_as_test(type(name, (Walk,), {"procedure": request.getfixturevalue(name)}), settings=bounds)
