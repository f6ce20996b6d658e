from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.consultation.domain.issues import advance, allowed, standing, start
from services.consultation.domain.procedures import Deadline, Procedure
from services.kernel.errors import Conflict, DomainError, Malformed, RuleViolation
from tests.consultation.walks import OPENED, PARTY, act, opened, walked

WHOLE = (
    "screen:accepted", "plan", "notify", "hold", "notify_result", "publish", "adopt:adopted", "implement", "reply",
    "evaluate", "close",
)  # fmt: skip
FOUR = ("deliberate", "decide:agreed", "publish", "implement", "feed_back", "evaluate", "close")
FRAME = ("notify", "hold:agreed", "publish", "implement", "feed_back", "close")


def refused(kind: type[DomainError], procedure: Procedure, issue: Any, code: str, day: int = 20, **changes: Any) -> Any:
    with pytest.raises(kind) as caught:
        advance(issue, act(procedure, code, day, **changes), procedure)
    return caught.value


def test_five_steps_are_walked_to_the_end(five_steps: Procedure) -> None:
    issue = walked(five_steps, *WHOLE)
    assert issue.done == ("collect", *(code.partition(":")[0] for code in WHOLE))
    assert [event.mark for event in issue.history if event.mark] == [
        "published", "adopted", "implemented", "fed_back", "closed",
    ]  # fmt: skip
    assert allowed(issue, five_steps) == ()
    end = standing(issue, five_steps)
    assert (end.state, end.final, end.sequence, end.opened_at, end.merged_into) == ("closed", True, 12, OPENED, None)


def test_four_min_and_the_national_frame_are_walked_to_the_end(four_min: Procedure, national_frame: Procedure) -> None:
    assert walked(four_min, *FOUR).state == "closed"
    assert walked(national_frame, *FRAME).state == "closed"


def test_events_chain_from_state_to_state(four_min: Procedure) -> None:
    history = walked(four_min, *FOUR).history
    assert [event.sequence for event in history] == list(range(1, 9))
    assert [event.from_state for event in history] == [None, *(event.to_state for event in history[:-1])]


@pytest.mark.parametrize(
    ("walk", "code", "missing"),
    [
        ((), "hold", ["screen", "plan", "notify"]),
        (("screen:accepted",), "notify", ["plan"]),
        (("screen:accepted", "plan", "notify", "hold"), "implement", ["notify_result", "publish", "adopt"]),
        ((), "close", ["screen", "reply"]),
    ],
)
def test_a_skipped_step_names_what_is_missing_and_cites_it(
    five_steps: Procedure, walk: tuple[str, ...], code: str, missing: list[str]
) -> None:
    error = refused(RuleViolation, five_steps, walked(five_steps, *walk), code)
    assert error.code == "issue.step_skipped"
    assert error.details["missing"] == missing
    assert error.citations[0].document.id == "longwan-2021"


def test_a_decision_without_deliberation_is_a_skipped_step(four_min: Procedure) -> None:
    error = refused(RuleViolation, four_min, opened(four_min), "decide")
    assert (error.code, error.details["missing"]) == ("issue.step_skipped", ["deliberate"])
    assert error.citations[0].quote == "民事民议"


def test_a_repeated_step_and_a_step_back_are_refused(five_steps: Procedure) -> None:
    issue = walked(five_steps, "screen:accepted", "plan")
    assert refused(Conflict, five_steps, issue, "plan").code == "issue.step_repeated"
    error = refused(Conflict, five_steps, issue, "screen")
    assert (error.code, error.details["last"]) == ("issue.step_backward", "plan")


def test_what_no_way_leads_to_is_closed(five_steps: Procedure) -> None:
    rejected = walked(five_steps, "screen:rejected")
    error = refused(RuleViolation, five_steps, rejected, "plan")
    assert error.code == "issue.step_closed"
    assert walked(five_steps, "screen:rejected", "reply", "close").state == "closed"


def test_an_unknown_step_lists_the_known_ones(four_min: Procedure) -> None:
    with pytest.raises(Malformed, match="propose, deliberate") as caught:
        advance(opened(four_min), replace(act(four_min, "decide"), step="vote"), four_min)
    assert caught.value.code == "issue.step_unknown"


def test_an_issue_begins_with_the_first_step(four_min: Procedure) -> None:
    raised = replace(opened(four_min), history=())
    with pytest.raises(RuleViolation) as caught:
        start(raised, act(four_min, "decide"), four_min)
    assert (caught.value.code, caught.value.details["missing"]) == ("issue.step_skipped", ["propose"])
    with pytest.raises(Malformed, match="has no step vote"):
        start(raised, replace(act(four_min, "propose"), step="vote"), four_min)


def test_nothing_follows_a_final_state(four_min: Procedure) -> None:
    error = refused(Conflict, four_min, walked(four_min, "withdraw"), "deliberate")
    assert error.code == "issue.final"


def test_the_wrong_actor_is_told_the_right_ones(five_steps: Procedure) -> None:
    error = refused(RuleViolation, five_steps, opened(five_steps), "screen", actor="residents_committee")
    assert (error.code, error.details["actors"]) == ("issue.wrong_actor", ["two_committees"])
    with pytest.raises(RuleViolation, match="not taken by department"):
        opened(five_steps, actor="department")


@pytest.mark.parametrize(("code", "outcome", "word"), [("screen", "maybe", "one of"), ("plan", "accepted", "leave it")])
def test_an_outcome_that_the_step_does_not_have(five_steps: Procedure, code: str, outcome: str, word: str) -> None:
    issue = walked(five_steps, *(("screen:accepted",) if code == "plan" else ()))
    error = refused(Malformed, five_steps, issue, code, outcome=outcome)
    assert error.code == "issue.outcome_unknown"
    assert word in error.en


def test_time_runs_forward_and_may_stand_still(four_min: Procedure) -> None:
    issue = opened(four_min)
    advance(issue, act(four_min, "deliberate", at=OPENED), four_min)
    error = refused(RuleViolation, four_min, issue, "deliberate", at=OPENED - timedelta(seconds=1))
    assert error.code == "issue.before_last_step"


def test_missing_evidence_is_named(five_steps: Procedure) -> None:
    error = refused(RuleViolation, five_steps, walked(five_steps, "screen:accepted"), "plan", place="", chair=None)
    assert (error.code, error.details["missing"]) == ("issue.evidence_missing", ["place", "chair"])


def test_a_session_without_a_required_role_is_refused(five_steps: Procedure, four_min: Procedure) -> None:
    ready = walked(five_steps, "screen:accepted", "plan", "notify")
    error = refused(RuleViolation, five_steps, ready, "hold", participants=PARTY[:2])
    assert (error.code, error.details["roles"]) == ("quorum_role_missing", ["main"])
    assert "3+X" in error.citations[0].quote
    error = refused(RuleViolation, four_min, opened(four_min), "deliberate", participants=[{"kind": "resident"}])
    assert error.details["roles"] == ["lead"]


def test_street_and_back(four_min: Procedure) -> None:
    issue = walked(four_min, "deliberate", "escalate")
    assert (issue.state, issue.tier) == ("escalated", "street")
    taken = advance(issue, act(four_min, "take_up", 3), four_min)[0]
    assert (taken.state, taken.tier) == ("deliberated", "street")
    assert "escalate" not in {step.code for step in allowed(taken, four_min)}
    assert refused(Conflict, four_min, taken, "escalate").code == "issue.already_at_street"
    returned = advance(issue, act(four_min, "send_back", 3), four_min)[0]
    assert (returned.state, returned.tier) == ("deliberated", "community")
    assert "escalate" in {step.code for step in allowed(returned, four_min)}


def test_a_topic_returned_for_more_is_screened_again(five_steps: Procedure) -> None:
    issue = walked(five_steps, "screen:returned", "supplement", "screen:accepted")
    assert issue.state == "screened"


def test_merging_keeps_where_to(five_steps: Procedure) -> None:
    issue = walked(five_steps, "merge")
    assert standing(issue, five_steps).merged_into == UUID(int=7)


def test_a_required_step_that_was_not_taken_is_a_skipped_one(four_min: Procedure) -> None:
    strict = replace(four_min, steps=tuple(
        replace(step, requires=("evaluate",)) if step.code == "publish" else step for step in four_min.steps
    ))  # fmt: skip
    issue = walked(strict, "deliberate", "decide:agreed")
    error = refused(RuleViolation, strict, issue, "publish")
    assert (error.code, error.details["missing"]) == ("issue.step_skipped", ["evaluate"])
    assert "publish" not in {step.code for step in allowed(issue, strict)}


def with_deadline(procedure: Procedure, after: str) -> Procedure:
    steps = [replace(one, deadline=Deadline(after, 3)) if one.code == "hold" else one for one in procedure.steps]
    return replace(procedure, steps=tuple(steps))


def test_days_of_notice_are_kept_where_they_are_published(five_steps: Procedure) -> None:
    strict = with_deadline(five_steps, "notify")
    ready = walked(strict, "screen:accepted", "plan", "notify")
    error = refused(RuleViolation, strict, ready, "hold", day=5)
    assert (error.code, error.details["days"]) == ("issue.too_early", 3)
    assert advance(ready, act(strict, "hold", 6), strict)[0].state == "held"
    other = with_deadline(five_steps, "supplement")
    assert walked(other, "screen:accepted", "plan", "notify", "hold").state == "held"
