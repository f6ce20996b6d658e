"""An issue's procedure and its steps: leaves of Issue."""

from datetime import date, datetime
from typing import Self

import strawberry

from gateway.types.explanations import Citation, LocalText
from services.consultation.schemas.issues import EventOut, NextStepOut, ProcedureRefOut


@strawberry.type(description="议题立项时固定的程序版本 The procedure version pinned when the issue was opened")
class Procedure:
    """The procedure an issue walks."""

    code: str = strawberry.field(description="程序代码，如 five_steps The procedure's code")
    name: LocalText = strawberry.field(description="程序名称 Its name")
    pack: str = strawberry.field(description="所在的政策包 The policy pack it stands in")
    start: date = strawberry.field(description="施行首日 Its first day in force")

    @classmethod
    def of(cls, out: ProcedureRefOut) -> Self:
        """From consultation's reference to a procedure."""
        return cls(code=out.code, name=LocalText.of(out.name.model_dump()), pack=out.pack, start=out.start)


@strawberry.type(description="已走过的一步 A step that happened")
class StepDone:
    """A step that happened; the record is append-only."""

    sequence: int = strawberry.field(description="序号，从 1 起 Its number, from 1")
    step: str = strawberry.field(description="步骤 The step")
    name: LocalText = strawberry.field(description="步骤名称 Its name")
    outcome: str | None = strawberry.field(description="结果 Its outcome, where the step has outcomes")
    actor_kind: str = strawberry.field(description="主体类别 The kind of the one who took it")
    at: datetime = strawberry.field(description="发生时间 When it happened")
    from_state: str | None = strawberry.field(description="原状态 The state before")
    to_state: str = strawberry.field(description="新状态 The state after")
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")

    @classmethod
    def of(cls, out: EventOut) -> Self:
        """From consultation's event."""
        return cls(
            sequence=out.sequence,
            step=out.step,
            name=LocalText.of(out.name.model_dump()),
            outcome=out.outcome,
            actor_kind=out.actor.kind,
            at=out.at,
            from_state=out.from_state,
            to_state=out.to_state,
            citations=[Citation.of(one.model_dump()) for one in out.citations],
        )


@strawberry.type(description="现在可走的一步 A step that may be taken now")
class NextStep:
    """A step that may be taken now, by whom and with what."""

    step: str = strawberry.field(description="步骤 The step")
    name: LocalText = strawberry.field(description="步骤名称 Its name")
    actors: list[str] = strawberry.field(description="可由谁走 The kinds of actors that may take it")
    needs: list[str] = strawberry.field(description="所需材料 What it needs")
    outcomes: list[str] = strawberry.field(description="可能的结果 The outcomes it may have")
    side: bool = strawberry.field(description="是否为不改变进程的旁步 Whether it leaves the procedure where it stands")
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")

    @classmethod
    def of(cls, out: NextStepOut) -> Self:
        """From consultation's next step."""
        return cls(
            step=out.step,
            name=LocalText.of(out.name.model_dump()),
            actors=out.actors,
            needs=out.needs,
            outcomes=out.outcomes,
            side=out.side,
            citations=[Citation.of(one.model_dump()) for one in out.citations],
        )
