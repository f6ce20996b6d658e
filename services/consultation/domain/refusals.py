"""What an issue's step is refused with: what, why, what to do, and the sentence it rests on."""

from collections.abc import Sequence
from datetime import datetime

from services.consultation.domain.procedures import Procedure, Step
from services.kernel.errors import Conflict, Malformed, RuleViolation


def unknown(code: str, procedure: Procedure) -> Malformed:
    """No such step in the procedure."""
    known = ", ".join(step.code for step in procedure.steps)
    return Malformed(
        "issue.step_unknown",
        f"“{procedure.name.zh}”没有步骤“{code}”。可用：{known}",
        f"{procedure.name.en} has no step {code}; its steps are: {known}",
        step=code,
    )


def final(state: str, procedure: Procedure) -> Conflict:
    """Nothing follows a final state."""
    name = procedure.states[state]
    return Conflict(
        "issue.final",
        f"议题{name.zh}，不能再办理。如有新情况请另提议题",
        f"the issue is {name.en}: nothing follows; raise a new issue",
        state=state,
    )


def skipped(step: Step, missing: Sequence[Step], procedure: Procedure) -> RuleViolation:
    """Steps before this one have not been taken."""
    first = missing[0]
    names = "”“".join(each.name.zh for each in missing)
    return RuleViolation(
        "issue.step_skipped",
        f"不能跳步：办理“{step.name.zh}”之前须先完成“{names}”。请先办理“{first.name.zh}”",
        f"a step may not be skipped: before {step.code} come {', '.join(each.code for each in missing)};"
        f" take {first.code} first",
        citations=first.citations or procedure.citations,
        step=step.code,
        missing=[each.code for each in missing],
        procedure=procedure.code,
    )


def repeated(step: Step) -> Conflict:
    """The last step taken again."""
    return Conflict(
        "issue.step_repeated",
        f"“{step.name.zh}”已经办理，不能重复。请查看办理记录",
        f"{step.code} has been taken already and is not repeated; see the issue's history",
        citations=step.citations,
        step=step.code,
    )


def backward(step: Step, last: Step) -> Conflict:
    """A step before the last one taken."""
    return Conflict(
        "issue.step_backward",
        f"议题已办到“{last.name.zh}”，不能退回“{step.name.zh}”。如结果有误，请另提议题并说明",
        f"the issue has come to {last.code} and does not go back to {step.code}; raise a new issue if it went wrong",
        citations=step.citations,
        step=step.code,
        last=last.code,
    )


def closed(step: Step, state: str, procedure: Procedure) -> RuleViolation:
    """No way leads from this state to the step."""
    follow = [each.code for each in procedure.after(state)]
    return RuleViolation(
        "issue.step_closed",
        f"议题{procedure.states[state].zh}，不能办理“{step.name.zh}”。现在可办理：{'、'.join(follow)}",
        f"{step.code} cannot follow {state}; what may follow: {', '.join(follow)}",
        citations=step.citations or procedure.citations,
        step=step.code,
        state=state,
    )


def already_at_street(step: Step) -> Conflict:
    """The street has it already."""
    return Conflict(
        "issue.already_at_street",
        f"议题已在街道平台，不能再次“{step.name.zh}”",
        f"the issue is on the street's platform already: {step.code} is not taken twice",
        citations=step.citations,
        step=step.code,
    )


def wrong_actor(step: Step, kind: str) -> RuleViolation:
    """The step belongs to others."""
    actors = ", ".join(sorted(step.actors))
    return RuleViolation(
        "issue.wrong_actor",
        f"“{step.name.zh}”不由{kind}办理。应由：{actors}",
        f"{step.code} is not taken by {kind} but by: {actors}",
        citations=step.citations,
        step=step.code,
        actor=kind,
        actors=sorted(step.actors),
    )


def outcome_unknown(step: Step, outcome: str) -> Malformed:
    """The step has no such outcome."""
    choices = ", ".join(each for each in step.outcomes if each)
    return Malformed(
        "issue.outcome_unknown",
        f"“{step.name.zh}”的结论应为：{choices}" if choices else f"“{step.name.zh}”没有可选结论，请留空",
        f"the outcome of {step.code} is one of: {choices}" if choices else f"{step.code} has no outcomes: leave it out",
        step=step.code,
        outcome=outcome,
    )


def before_last(step: Step, last: datetime) -> RuleViolation:
    """Time runs forward."""
    return RuleViolation(
        "issue.before_last_step",
        f"“{step.name.zh}”的时间早于上一步（{last.isoformat()}）。请核对时间",
        f"{step.code} is dated before the last step ({last.isoformat()}): check the time",
        step=step.code,
        last_at=last.isoformat(),
    )


def evidence_missing(step: Step, missing: Sequence[str]) -> RuleViolation:
    """Evidence the procedure asks for was not given."""
    return RuleViolation(
        "issue.evidence_missing",
        f"办理“{step.name.zh}”缺少材料：{'、'.join(missing)}",
        f"{step.code} needs: {', '.join(missing)}",
        citations=step.citations,
        step=step.code,
        missing=list(missing),
    )


def too_early(step: Step, after: str, days: int, passed: int) -> RuleViolation:
    """The days that must lie between two steps have not passed."""
    return RuleViolation(
        "issue.too_early",
        f"“{step.name.zh}”距“{after}”须满{days}天，现为{passed}天",
        f"{step.code} comes at least {days} days after {after}; only {passed} have passed",
        citations=step.citations,
        step=step.code,
        after=after,
        days=days,
    )
