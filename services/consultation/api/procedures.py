"""Procedures over HTTP: what a community follows, rehearsing steps, screening a topic."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime

from services.consultation.api import answers
from services.consultation.api.access import DeskDep
from services.consultation.domain import screenings
from services.consultation.domain.issues import Event, Person
from services.consultation.domain.procedures import Procedure, Screening, Step, Test
from services.consultation.schemas.issues import Process
from services.consultation.schemas.parts import TextOut
from services.consultation.schemas.procedures import (
    GroundOut,
    NamedOut,
    ProcedureOut,
    RefusalOut,
    RehearsalIn,
    RehearsalOut,
    RehearsedOut,
    RoleOut,
    ScreeningOut,
    StepOut,
    VerdictIn,
    VerdictOut,
)
from services.consultation.usecases import procedures as usecases
from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.policy import Text
from services.runtime.auth import permit

router = APIRouter(prefix="/v1", tags=["procedures"])

Code = Annotated[str, Path(pattern=r"^[1-9]\d{11}$")]


@router.get("/communities/{code}/procedure", dependencies=[Depends(permit("consultation.read"))])
async def read_procedure(
    code: Code,
    desk: DeskDep,
    on: date | None = None,
    known_at: AwareDatetime | None = None,
    process: Process = "consultation",
) -> ProcedureOut:
    """The procedure in force for a community on a day, and whose it is. 社区当日适用的协商程序。"""
    frame = usecases.of_community(desk.packs, code, process, on=on or desk.today, known_at=known_at)
    return _procedure(frame)


@router.get("/procedures/{pack}", dependencies=[Depends(permit("consultation.read"))])
async def read_pack_procedure(
    pack: str,
    desk: DeskDep,
    on: date | None = None,
    known_at: AwareDatetime | None = None,
    process: Process = "consultation",
) -> ProcedureOut:
    """The procedure in force in a pack on a day, its own or inherited. 某政策包当日的协商程序。"""
    own = desk.packs.pack(pack).name
    return _procedure(usecases.in_force(desk.packs, own, process, on=on or desk.today, known_at=known_at))


@router.post("/procedure-checks", dependencies=[Depends(permit("consultation.read"))])
async def check_steps(body: RehearsalIn, desk: DeskDep) -> RehearsalOut:
    """Walks steps without recording them: how far they come, and why the next is refused. 步骤核验（不留记录）。"""
    packs = desk.packs
    pack = packs.pack(body.pack).name if body.pack else packs.for_region(_community(body))
    frame = usecases.in_force(packs, pack, body.process, on=body.on, known_at=body.known_at)
    steps = [
        usecases.Planned(one.step, Person(one.actor), one.at, one.outcome or "", one.evidence) for one in body.steps
    ]
    walked = usecases.rehearse(frame, steps)
    refused = walked.refusal
    return RehearsalOut(
        procedure=frame.procedure.code,
        pack=frame.procedure.pack,
        accepted=[_rehearsed(event, frame.procedure) for event in walked.events],
        state=walked.events[-1].to_state if walked.events else None,
        refused=_refusal(len(walked.events), body.steps[len(walked.events)].step, refused) if refused else None,
        next_steps=[step.code for step in walked.next_steps],
    )


@router.post("/screenings", dependencies=[Depends(permit("consultation.read"))])
async def screen_topic(body: VerdictIn, desk: DeskDep) -> VerdictOut:
    """What the grounds of screening answer, and where else a refused topic may go. 议题筛选试算。"""
    screening = usecases.of_community(desk.packs, body.community, on=body.on).procedure.screening
    if screening is None:
        raise NotFound(
            "screening.absent",
            "本地没有公布议题筛选规则。",
            "No screening rule is published for this place.",
        )
    verdict = screenings.decide(screening, body.accept_codes, body.reject_codes)
    grounds = [
        GroundOut(code=one.code, name=answers.text(one.name), redirect=_maybe(one.redirect)) for one in verdict.grounds
    ]
    return VerdictOut(outcome=verdict.outcome, grounds=grounds, citations=answers.citations(verdict.citations))


def _procedure(frame: usecases.Frame) -> ProcedureOut:
    procedure = frame.procedure
    pattern = procedure.pattern
    return ProcedureOut(
        code=procedure.code,
        name=answers.text(procedure.name),
        pack=procedure.pack,
        city_pack=procedure.city_pack,
        inherited=procedure.pack != procedure.city_pack,
        start=procedure.start,
        digest=procedure.digest,
        steps=[_step(step) for step in procedure.steps],
        states=[NamedOut(code=code, name=answers.text(name)) for code, name in procedure.states.items()],
        final_states=sorted(procedure.final),
        channels=[NamedOut(code=code, name=answers.text(name)) for code, name in procedure.channels.items()],
        participant_pattern=pattern.pattern if pattern else "",
        roles=[
            RoleOut(role=role.role, name=answers.text(role.name), kinds=sorted(role.kinds), required=role.required)
            for role in (pattern.roles if pattern else ())
        ],
        screening=_screening(procedure.screening),
        absent=list(frame.absent),
        citations=answers.citations(procedure.citations),
    )


def _step(step: Step) -> StepOut:
    deadline = step.deadline
    return StepOut(
        code=step.code,
        stage=step.stage,
        name=answers.text(step.name),
        from_states=sorted(step.sources),
        to_states=dict(step.outcomes),
        actors=sorted(step.actors),
        needs=list(step.needs),
        guards=list(step.guards),
        requires=list(step.requires),
        optional=step.optional,
        side=step.side,
        deadline={"after": deadline.after, "at_least_days": deadline.at_least_days} if deadline else None,
        basis=step.basis,
        citations=answers.citations(step.citations),
    )


def _screening(screening: Screening | None) -> ScreeningOut | None:
    if screening is None:
        return None
    return ScreeningOut(
        name=answers.text(screening.name),
        decided_by=screening.decided_by,
        accept=_tests(screening.accept),
        reject=_tests(screening.reject),
        unpublished=_maybe(screening.unpublished),
        citations=answers.citations(screening.citations),
    )


def _tests(tests: tuple[Test, ...] | None) -> list[NamedOut] | None:
    return None if tests is None else [NamedOut(code=test.code, name=answers.text(test.name)) for test in tests]


def _maybe(words: Text | None) -> TextOut | None:
    return answers.text(words) if words else None


def _rehearsed(event: Event, procedure: Procedure) -> RehearsedOut:
    step = procedure.step(event.step)
    return RehearsedOut(
        sequence=event.sequence,
        step=event.step,
        name=answers.text(step.name),
        from_state=event.from_state,
        to_state=event.to_state,
        tier=event.tier,
        citations=answers.citations(step.citations),
    )


def _refusal(index: int, step: str, error: DomainError) -> RefusalOut:
    return RefusalOut(
        index=index,
        step=step,
        code=error.code,
        message=TextOut(zh=error.zh, en=error.en),
        details=dict(error.details),
        citations=answers.citations(error.citations),
    )


def _community(body: RehearsalIn) -> str:
    if body.community is None:
        raise Malformed("procedure.place_missing", "请给出 community 或 pack。", "Name a community or a pack.")
    return body.community
