"""Commands as root fields: one input each, a payload with what changed and the refusals; no logic."""

from typing import Annotated

import strawberry

from gateway import commands
from gateway.graph import ConsultationSession, Issue
from gateway.types.arguments import Info
from gateway.types.fields import resolved
from gateway.types.inputs import (
    RaiseIssueInput,
    RecordSessionInput,
    RunPayrollInput,
    TakeIssueStepInput,
    TakePayrollRunStepInput,
)
from gateway.types.payroll_runs import PayrollRun
from gateway.types.user_errors import UserError

ERRORS = "被拒的原因，办成时为空 Why it was refused, empty when done"
INPUT = strawberry.argument(name="input", description="要办的事 What to do")


@strawberry.type(description="受理议题的结果 What raising an issue came to")
class RaiseIssuePayload:
    """The issue raised, or why not."""

    issue: Issue | None = strawberry.field(description="受理的议题 The issue raised")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="办理议题一步的结果 What a step of an issue came to")
class TakeIssueStepPayload:
    """The issue after the step, or why not."""

    issue: Issue | None = strawberry.field(description="办理后的议题 The issue after the step")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="登记协商活动的结果 What recording a session came to")
class RecordSessionPayload:
    """The session recorded, or why not."""

    session: ConsultationSession | None = strawberry.field(description="登记的活动 The session recorded")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="计算工资的结果 What calculating a month's pay came to")
class RunPayrollPayload:
    """The run calculated, or why not."""

    payroll_run: PayrollRun | None = strawberry.field(description="发放批次 The run")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="发放批次走一步的结果 What a step of a payroll run came to")
class TakePayrollRunStepPayload:
    """The run one step on, or why not."""

    payroll_run: PayrollRun | None = strawberry.field(description="发放批次 The run")
    errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(
    description="操作入口，依次执行；服务未答复时以同一 idempotencyKey 重发，只办一次 "
    "Commands, one after the other; resent under the same idempotencyKey when unanswered, each is done once"
)
class Mutation:
    """The root fields."""

    @resolved("受理议题：本地当日程序的第一步 Raise an issue: the first step of its community's procedure")
    async def raise_issue(self, info: Info, asked: Annotated[RaiseIssueInput, INPUT]) -> RaiseIssuePayload | None:
        came = await commands.raise_issue(info.context, asked)
        return RaiseIssuePayload(issue=came.done, errors=came.errors)

    @resolved("办理议题的一步，如筛选、公示、撤回 Take a step of an issue, such as screening, publishing, withdrawing")
    async def take_issue_step(
        self, info: Info, asked: Annotated[TakeIssueStepInput, INPUT]
    ) -> TakeIssueStepPayload | None:
        came = await commands.take_issue_step(info.context, asked)
        return TakeIssueStepPayload(issue=came.done, errors=came.errors)

    @resolved("登记协商活动，并办理其中各议题的协商一步 Record a session; each issue in it takes its step")
    async def record_session(
        self, info: Info, asked: Annotated[RecordSessionInput, INPUT]
    ) -> RecordSessionPayload | None:
        came = await commands.record_session(info.context, asked)
        return RecordSessionPayload(session=came.done, errors=came.errors)

    @resolved("计算某月工资，新算或重算 Calculate a month's pay, new or again")
    async def run_payroll(self, info: Info, asked: Annotated[RunPayrollInput, INPUT]) -> RunPayrollPayload | None:
        came = await commands.run_payroll(info.context, asked)
        return RunPayrollPayload(payroll_run=came.done, errors=came.errors)

    @resolved("复核、退回、审批、发放、关账；经办人不能复核或审批 Take a run on; its maker neither checks nor approves")
    async def take_payroll_run_step(
        self, info: Info, asked: Annotated[TakePayrollRunStepInput, INPUT]
    ) -> TakePayrollRunStepPayload | None:
        came = await commands.take_payroll_run_step(info.context, asked)
        return TakePayrollRunStepPayload(payroll_run=came.done, errors=came.errors)
