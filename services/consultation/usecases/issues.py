"""Raising an issue and taking its steps: load, decide, save."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.issues import Act, Event, Issue, Person, advance, standing, start
from services.consultation.domain.procedures import Procedure
from services.consultation.domain.sessions import Session
from services.consultation.storage import issues as storage
from services.consultation.storage import procedures as pins
from services.consultation.storage import sessions as sessions_storage
from services.consultation.usecases import procedures
from services.consultation.usecases.procedures import Frame
from services.consultation.usecases.recording import check_not_ahead, stamp
from services.kernel.errors import Conflict, NotFound, RuleViolation
from services.kernel.policy import BEIJING
from services.runtime import outbox
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class Raised:
    """What somebody raises."""

    community: str
    title: str
    text: str
    channel: str | None
    proposer: Person
    at: datetime
    actor: str | None = None
    process: str = "consultation"
    campaign: str | None = None
    mechanism: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A step somebody takes; in a session, its participants are the evidence."""

    step: str
    actor: Person
    at: datetime
    outcome: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    session: UUID | None = None


def open_issue(frame: Frame, raised: Raised) -> Issue:
    """The issue opened under a frame, which it keeps for ever; refusals as of the procedure's first step."""
    _check_tag("campaign", raised.campaign, frame.campaigns)
    _check_tag("mechanism", raised.mechanism, frame.mechanisms)
    made, now = stamp()
    check_not_ahead(raised.at, now)
    issue = Issue(
        id=made,
        number=raised.number or f"{procedures.day_of(raised.at):%Y%m%d}-{made.hex[-8:]}",
        community=raised.community,
        process=raised.process,
        title=raised.title,
        text=raised.text,
        channel=raised.channel,
        proposer=raised.proposer,
        procedure=frame.procedure.digest,
        campaign=raised.campaign,
        mechanism=raised.mechanism,
    )
    actor = replace(raised.proposer, kind=raised.actor) if raised.actor else raised.proposer
    evidence = {"text": raised.text, "channel": raised.channel}
    act = Act(stamp()[0], frame.procedure.opening, actor, raised.at, now, evidence=evidence)
    return start(issue, act, frame.procedure)[0]


async def raise_issue(session: AsyncSession, packs: Packs, raised: Raised, recorded_by: str) -> tuple[Issue, Procedure]:
    """The issue raised and recorded under the procedure in force on its day; Conflict `issue.number_taken`."""
    frame = procedures.of_community(packs, raised.community, raised.process, on=procedures.day_of(raised.at))
    issue = open_issue(frame, raised)
    key = (issue.community, issue.number)
    if await storage.numbers_taken(session, [key]):
        raise number_taken(issue.number)
    await pins.pin(session, {frame.procedure.digest: frame.body})
    await storage.add(session, [standing(issue, frame.procedure)], recorded_by)
    announce(session, issue, issue.history[-1], frame.procedure)
    return issue, frame.procedure


async def take_step(
    session: AsyncSession, packs: Packs, wanted: UUID, taken: Taken, recorded_by: str, expected: int | None = None
) -> tuple[Issue, Procedure]:
    """The issue after the step, recorded; refusals as of `domain.issues.advance`.

    `expected`: the number of steps the caller has seen; Conflict `issue.changed` when there are more by now.
    """
    issue = await storage.find(session, wanted, lock=True)
    if expected is not None and expected != len(issue.history):
        raise _changed(issue)
    procedure = (await procedures.pinned(session, packs, [issue.procedure]))[issue.procedure]
    made, now = stamp()
    check_not_ahead(taken.at, now)
    evidence = await _complete(session, issue, taken)
    act = Act(made, taken.step, taken.actor, taken.at, now, taken.outcome, evidence, taken.session)
    moved, event = advance(issue, act, procedure)
    await _check_merge(session, moved)
    await storage.add_events(session, [(moved, event)], recorded_by)
    await storage.move(session, [standing(moved, procedure)])
    announce(session, moved, event, procedure)
    return moved, procedure


async def detail(
    session: AsyncSession, packs: Packs, wanted: UUID, on: date | None = None, known_at: datetime | None = None
) -> tuple[Issue, Procedure]:
    """The issue with its history as of the end of a day, as known at an instant; NotFound before it was raised."""
    issue = await storage.find(session, wanted)
    history = tuple(event for event in issue.history if _visible(event, on, known_at))
    if not history:
        raise storage.not_found(str(wanted))
    procedure = (await procedures.pinned(session, packs, [issue.procedure]))[issue.procedure]
    return replace(issue, history=history), procedure


def announce(session: AsyncSession, issue: Issue, event: Event, procedure: Procedure) -> None:
    """One outbox event for one step, sent if the transaction commits; it carries no name."""
    final = event.to_state in procedure.final
    kind = "issue.finished" if final else "issue.opened" if event.sequence == 1 else "issue.step_taken"
    data = {
        "issue": str(issue.id),
        "community": issue.community,
        "sequence": event.sequence,
        "step": event.step,
        "outcome": event.outcome or None,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "tier": event.tier,
        "final": final,
        "at": event.at.astimezone(UTC).isoformat(),
    }
    outbox.append(session, kind, str(issue.id), data, issue.community)


def with_participants(evidence: Mapping[str, Any], held: Session) -> dict[str, Any]:
    """Evidence completed by a session's participants."""
    return {**evidence, "participants": [{"kind": one.kind, "count": one.count} for one in held.participants]}


def number_taken(number: str) -> Conflict:
    """A receipt number serves once in a community."""
    return Conflict(
        "issue.number_taken",
        f"受理编号{number}在本社区已使用。请更换编号或留空自动生成",
        f"the receipt number {number} is taken in this community: choose another or leave it out",
        number=number,
    )


async def _complete(session: AsyncSession, issue: Issue, taken: Taken) -> Mapping[str, Any]:
    if taken.session is None:
        return taken.evidence
    held = await sessions_storage.find(session, taken.session)
    if held.community != issue.community:
        raise sessions_storage.not_found(str(taken.session))
    return with_participants(taken.evidence, held)


async def _check_merge(session: AsyncSession, issue: Issue) -> None:
    into = issue.merged_into
    if into is None:
        return
    try:
        target = await storage.find(session, UUID(into))
    except NotFound:  # the issue whose step it is was found: the other one is at fault
        raise merge_refused(into) from None
    if target.id == issue.id or target.community != issue.community:
        raise merge_refused(into)


def merge_refused(into: str) -> RuleViolation:
    """A topic is merged into another one of the same community."""
    return RuleViolation(
        "issue.merge_refused",
        f"只能并入同一社区的另一议题：{into}",
        f"an issue is merged into another issue of the same community, not into {into}",
        merged_into=into,
    )


def _check_tag(tag: str, value: str | None, known: frozenset[str]) -> None:
    if value is None or value in known:
        return
    listed = ", ".join(sorted(known)) or "—"
    raise RuleViolation(
        f"issue.{tag}_unknown",
        f"本地当日没有“{value}”这一标签（{tag}）。可用：{listed}",
        f"{value} is no {tag} of this place on that day; use one of: {listed}",
        tag=tag,
        value=value,
    )


def _visible(event: Event, on: date | None, known_at: datetime | None) -> bool:
    end = datetime.combine(on, time.max, BEIJING) if on else None
    return (end is None or event.at <= end) and (known_at is None or event.recorded_at <= known_at)


def _changed(issue: Issue) -> Conflict:
    return Conflict(
        "issue.changed",
        "议题已有新的办理记录，请刷新后重试",
        "the issue has moved on since you looked: read it again, then decide",
        sequence=len(issue.history),
    )
