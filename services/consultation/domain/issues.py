"""An issue and its walk: a pure state machine that reads the city's procedure as data.

(issue, act) --advance--> (issue, event)      the events alone are the issue: the state is that of the last one
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.consultation.domain import evidence as fields
from services.consultation.domain import refusals
from services.consultation.domain.guards import GUARDS
from services.consultation.domain.procedures import BEFORE, Procedure, Step, Tier


@dataclass(frozen=True, slots=True)
class Person:
    """Who proposes or acts; anonymous to the public, never to the record."""

    kind: str
    name: str | None = None
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A step somebody wants to record: `at` when it happened, `recorded_at` when we learnt of it."""

    id: UUID
    step: str
    actor: Person
    at: datetime
    recorded_at: datetime
    outcome: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    session: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A step that happened; never changed, never deleted."""

    id: UUID
    sequence: int
    step: str
    outcome: str
    actor: Person
    at: datetime
    recorded_at: datetime
    from_state: str | None
    to_state: str
    tier: Tier
    evidence: Mapping[str, Any]
    mark: str | None = None
    session: UUID | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """A matter raised in a community, with all its events in order; opened means at least one."""

    id: UUID
    number: str
    community: str
    process: str
    title: str
    text: str
    channel: str | None
    proposer: Person
    procedure: str
    campaign: str | None = None
    mechanism: str | None = None
    history: tuple[Event, ...] = ()

    @property
    def state(self) -> str:
        return self.history[-1].to_state

    @property
    def tier(self) -> Tier:
        return self.history[-1].tier

    @property
    def done(self) -> tuple[str, ...]:
        """The codes of the steps taken, in order."""
        return tuple(event.step for event in self.history)

    @property
    def merged_into(self) -> str | None:
        return self.history[-1].evidence.get("merged_into")


def start(issue: Issue, act: Act, procedure: Procedure) -> tuple[Issue, Event]:
    """The issue opened by the procedure's first step; any other step is a skipped one; errors as of `advance`."""
    opening, step = procedure.step(procedure.opening), procedure.find(act.step)
    if step is None:
        raise refusals.unknown(act.step, procedure)
    if step is not opening:
        raise refusals.skipped(step, (opening,), procedure)
    return _take(issue, act, step, procedure)


def advance(issue: Issue, act: Act, procedure: Procedure) -> tuple[Issue, Event]:
    """The issue after one more step, and the event that records it.

    Refused: an unknown step (`issue.step_unknown`), a final issue (`issue.final`), a skipped, repeated or backward
    step (`issue.step_skipped|step_repeated|step_backward|step_closed`), the wrong actor (`issue.wrong_actor`), an
    instant before the last step (`issue.before_last_step`), missing evidence (`issue.evidence_missing`), a guard.
    """
    step = procedure.find(act.step)
    if step is None:
        raise refusals.unknown(act.step, procedure)
    _check_order(issue, step, procedure)
    return _take(issue, act, step, procedure)


def allowed(issue: Issue, procedure: Procedure) -> tuple[Step, ...]:
    """The steps that may follow now, in the procedure's order."""
    if issue.state in procedure.final:
        return ()
    return tuple(
        step
        for step in procedure.after(issue.state)
        if not (step.tier == issue.tier and step.tier == "street") and not set(step.requires) - set(issue.done)
    )


def _check_order(issue: Issue, step: Step, procedure: Procedure) -> None:
    if issue.state in procedure.final:
        raise refusals.final(issue.state, procedure)
    if issue.state not in step.sources:
        raise _out_of_order(issue, step, procedure)
    missing = [code for code in step.requires if code not in issue.done]
    if missing:
        raise refusals.skipped(step, tuple(procedure.step(code) for code in missing), procedure)
    if step.tier == "street" and issue.tier == "street":
        raise refusals.already_at_street(step)


def _out_of_order(issue: Issue, step: Step, procedure: Procedure) -> Exception:
    if issue.done and issue.done[-1] == step.code:
        return refusals.repeated(step)
    if step.code in issue.done and not step.side:
        return refusals.backward(step, procedure.step(issue.done[-1]))
    path = procedure.path(issue.state, step)
    if path:
        return refusals.skipped(step, path, procedure)
    return refusals.closed(step, issue.state, procedure)


def _take(issue: Issue, act: Act, step: Step, procedure: Procedure) -> tuple[Issue, Event]:
    if act.actor.kind not in step.actors:
        raise refusals.wrong_actor(step, act.actor.kind)
    if act.outcome not in step.outcomes:
        raise refusals.outcome_unknown(step, act.outcome)
    if issue.history and act.at < issue.history[-1].at:
        raise refusals.before_last(step, issue.history[-1].at)
    given = fields.read(act.evidence)
    missing = [name for name in step.needs if name not in given]
    if missing:
        raise refusals.evidence_missing(step, missing)
    for guard in step.guards:
        GUARDS[guard](procedure, act.outcome, given)
    _check_deadline(issue, act, step)
    event = Event(
        id=act.id,
        sequence=len(issue.history) + 1,
        step=step.code,
        outcome=act.outcome,
        actor=act.actor,
        at=act.at,
        recorded_at=act.recorded_at,
        from_state=issue.state if issue.history else None,
        to_state=_reached(issue, step, act.outcome),
        tier=step.tier or (issue.tier if issue.history else "community"),
        evidence=given,
        mark=step.marks.get(act.outcome),
        session=act.session,
    )
    return replace(issue, history=(*issue.history, event)), event


def _reached(issue: Issue, step: Step, outcome: str) -> str:
    to_state = step.outcomes[outcome]
    if to_state == BEFORE:  # from the street back to where the issue was: the last event is the one that took it up
        return issue.history[-1].from_state or to_state
    return to_state


def _check_deadline(issue: Issue, act: Act, step: Step) -> None:
    deadline = step.deadline
    if deadline is None:
        return
    earlier = [event.at for event in issue.history if event.step == deadline.after]
    if not earlier:
        return
    days = (act.at.date() - earlier[-1].astimezone(act.at.tzinfo).date()).days
    if days < deadline.at_least_days:
        raise refusals.too_early(step, deadline.after, deadline.at_least_days, days)


@dataclass(frozen=True, slots=True)
class Standing:
    """An issue as it stands, without its history: what lists are made of."""

    issue: Issue
    state: str
    step: str
    tier: Tier
    final: bool
    opened_at: datetime
    updated_at: datetime
    sequence: int
    merged_into: UUID | None = None


def standing(issue: Issue, procedure: Procedure) -> Standing:
    """Where an issue stands after its last event."""
    last, merged = issue.history[-1], issue.merged_into
    return Standing(
        issue=issue,
        state=last.to_state,
        step=last.step,
        tier=last.tier,
        final=last.to_state in procedure.final,
        opened_at=issue.history[0].at,
        updated_at=last.at,
        sequence=last.sequence,
        merged_into=UUID(merged) if merged else None,
    )
