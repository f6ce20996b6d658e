"""Domain values as wire forms: names only for those who keep the record."""

from collections.abc import Iterable
from datetime import date

from services.consultation.domain.issues import Event, Issue, Person, Standing, allowed, standing
from services.consultation.domain.procedures import Procedure, Step
from services.consultation.domain.sessions import Session
from services.consultation.schemas.issues import EventOut, IssueDetailOut, IssueOut, NextStepOut, ProcedureRefOut
from services.consultation.schemas.parts import CitationOut, ParticipantOut, PersonOut, TextOut
from services.consultation.schemas.sessions import SessionOut
from services.consultation.usecases import reads
from services.consultation.usecases.procedures import Roles, day_of
from services.kernel.policy import Citation, Text
from services.runtime.auth import Caller


def text(words: Text) -> TextOut:
    """Words in two languages."""
    return TextOut(zh=words.zh, en=words.en)


def citations(cited: Iterable[Citation]) -> list[CitationOut]:
    """Citations as answers carry them."""
    return [CitationOut.model_validate(one.to_dict()) for one in cited]


def person(who: Person, caller: Caller, community: str) -> PersonOut:
    """The name only for a caller who writes this community's record: the public sees the kind."""
    return PersonOut.model_validate(reads.person(caller, community, who))


def issue(stands: Standing, procedure: Procedure, caller: Caller, today: date) -> IssueOut:
    """An issue as it stands."""
    raised = stands.issue
    return IssueOut(
        id=raised.id,
        number=raised.number,
        community=raised.community,
        process=raised.process,
        title=raised.title,
        text=raised.text,
        channel=raised.channel,
        state=stands.state,
        state_name=text(procedure.states[stands.state]),
        step=stands.step,
        step_name=text(procedure.step(stands.step).name),
        tier=stands.tier,
        final=stands.final,
        opened_at=stands.opened_at,
        updated_at=stands.updated_at,
        days_open=None if stands.final else (today - day_of(stands.opened_at)).days,
        sequence=stands.sequence,
        campaign=raised.campaign,
        mechanism=raised.mechanism,
        merged_into=stands.merged_into,
        proposer=person(raised.proposer, caller, raised.community),
        procedure=procedure_ref(procedure),
    )


def detail(raised: Issue, procedure: Procedure, caller: Caller, today: date) -> IssueDetailOut:
    """An issue with the steps done and the steps that may follow."""
    head = issue(standing(raised, procedure), procedure, caller, today)
    return IssueDetailOut(
        **dict(head),
        steps_done=[event(done, procedure, caller, raised.community) for done in raised.history],
        next_steps=[next_step(step) for step in allowed(raised, procedure)],
        citations=citations(procedure.citations),
    )


def event(done: Event, procedure: Procedure, caller: Caller, community: str) -> EventOut:
    """A step that happened."""
    step = procedure.step(done.step)
    return EventOut(
        id=done.id,
        sequence=done.sequence,
        step=done.step,
        name=text(step.name),
        outcome=done.outcome or None,
        actor=person(done.actor, caller, community),
        at=done.at,
        recorded_at=done.recorded_at,
        from_state=done.from_state,
        to_state=done.to_state,
        tier=done.tier,
        session=done.session,
        evidence=dict(done.evidence),
        citations=citations(step.citations),
    )


def next_step(step: Step) -> NextStepOut:
    """A step that may be taken now."""
    return NextStepOut(
        step=step.code,
        name=text(step.name),
        actors=sorted(step.actors),
        needs=list(step.needs),
        outcomes=[outcome for outcome in step.outcomes if outcome],
        side=step.side,
        citations=citations(step.citations),
    )


def procedure_ref(procedure: Procedure) -> ProcedureRefOut:
    """The version that is pinned on an issue."""
    return ProcedureRefOut(
        code=procedure.code,
        name=text(procedure.name),
        pack=procedure.pack,
        start=procedure.start,
        digest=procedure.digest,
    )


def session(held: Session, roles: Roles) -> SessionOut:
    """A session; each participant with the role that the pattern of its day gives its kind."""
    return SessionOut(
        id=held.id,
        number=held.number,
        community=held.community,
        title=held.title,
        held_at=held.held_at,
        recorded_at=held.recorded_at,
        tier=held.tier,
        participants=[
            ParticipantOut(kind=one.kind, role=roles.get(one.kind), count=one.count) for one in held.participants
        ],
        minutes=held.minutes,
        items=list(held.items),
    )
