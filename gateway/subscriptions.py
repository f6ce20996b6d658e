"""The root fields that go on: issues as they change, payroll runs as they are calculated and walk to their close."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Self, TypeVar, cast

import strawberry

from gateway.errors import Code, GatewayError
from gateway.graph import Issue
from gateway.live.feeds import LiveContext
from gateway.scalars import Month
from gateway.types.arguments import Info
from gateway.types.changes import IssueChangeKind, PayrollRunChangeKind
from gateway.types.enums import RunState
from gateway.types.fields import resolved
from gateway.types.pages import global_id, parse_global_id
from gateway.types.payroll_runs import PayrollRun
from services.consultation.schemas.events import IssueStepData
from services.kernel.region import DivisionCode
from services.payroll.schemas.events import PayrollRunData
from services.runtime.client import Params
from services.runtime.events_schemas import EventOut

F = TypeVar("F", bound=Callable[..., Any])
LiveInfo = strawberry.Info[LiveContext, None]

EVENT_ID = "事件标识，重发不变 The event's id, the same whenever it is told"
SEQUENCE = "服务内递增的序号，可按文本比较 Grows within its service; compare as text"
RECORDED_AT = "记录时间 When it was recorded"
REGION = "区划代码：只要其中的，默认令牌的全部区域 Only what lies in it; by default all the token may see"
AUTHORITY = "管理机关代码：只要其订阅之日所管社区的 The authority: only what it manages on the day you subscribe"


@strawberry.type(description="议题的一次变化 A change of an issue")
class IssueChange:
    """A step of an issue, its opening and its end included."""

    key: strawberry.Private[str]
    event_id: strawberry.ID = strawberry.field(description=EVENT_ID)
    sequence: str = strawberry.field(description=SEQUENCE)
    recorded_at: datetime = strawberry.field(description=RECORDED_AT)
    kind: IssueChangeKind = strawberry.field(description="变化的类别 What happened")
    at: datetime = strawberry.field(description="这一步发生的时间 When the step happened")
    issue_id: strawberry.ID = strawberry.field(description="议题的全局标识 The issue's global id")
    community_code: DivisionCode = strawberry.field(description="所在社区代码 The code of the issue's community")
    step: str = strawberry.field(description="步骤 The step")
    step_number: int = strawberry.field(description="第几步，从1起 Which of the issue's steps it is, from 1")
    outcome: str | None = strawberry.field(description="步骤的结果，如 accepted The step's outcome")
    from_state: str | None = strawberry.field(description="之前的状态，受理时为空 The state before, null when raised")
    to_state: str = strawberry.field(description="之后的状态 The state after")
    final: bool = strawberry.field(description="是否已办结 Whether no step follows")

    @classmethod
    def of(cls, out: EventOut) -> Self:
        """From consultation's event."""
        data = IssueStepData.model_validate(out.data)
        return cls(
            key=str(data.issue),
            event_id=strawberry.ID(str(out.id)),
            sequence=out.sequence,
            recorded_at=out.time,
            kind=IssueChangeKind(out.type),
            at=data.at,
            issue_id=global_id("Issue", str(data.issue)),
            community_code=DivisionCode(data.community),
            step=data.step,
            step_number=data.sequence,
            outcome=data.outcome,
            from_state=data.from_state,
            to_state=data.to_state,
            final=data.final,
        )

    @resolved("议题现况，可能已在此变化之后 The issue as it stands now, which may be after this change")
    async def issue(self, info: Info) -> Issue | None:
        found = await info.context.loaders.issue.load(self.key)
        return Issue.of(found) if found else None


@strawberry.type(description="发放批次的一次变化或计算进度 A change of a payroll run, or how far its calculation is")
class PayrollRunProgress:
    """A change of a run, or its progress."""

    key: strawberry.Private[str]
    event_id: strawberry.ID = strawberry.field(description=EVENT_ID)
    sequence: str = strawberry.field(description=SEQUENCE)
    recorded_at: datetime = strawberry.field(description=RECORDED_AT)
    kind: PayrollRunChangeKind = strawberry.field(description="变化的类别 What happened")
    run_id: strawberry.ID = strawberry.field(description="批次的全局标识 The run's global id")
    region: DivisionCode = strawberry.field(description="区域或管理机关代码 The region, or the authority")
    managed: bool = strawberry.field(
        description="是否按管理机关所管单位计算 Whether the region is an authority and the run covers what it manages"
    )
    month: Month = strawberry.field(description="月份 The month")
    state: RunState = strawberry.field(description="之后的状态 The state after it")
    done: int | None = strawberry.field(description="已计算人数 Workers gone through so far, while calculating")
    total: int | None = strawberry.field(description="花名册人数 Workers on the roster, while calculating")
    workers: int | None = strawberry.field(description="计薪人数，计算完成时 How many are paid, once calculated")
    faulted: int | None = strawberry.field(description="未能计薪人数，计算完成时 How many could not, once calculated")
    changed: bool | None = strawberry.field(
        description="与上次计算是否不同 Whether it came out differently from before, once calculated"
    )
    failure: str | None = strawberry.field(description="失败的原因代码 The code of why it failed")

    @classmethod
    def of(cls, out: EventOut) -> Self:
        """From payroll's event."""
        data = PayrollRunData.model_validate(out.data)
        return cls(
            key=str(data.run),
            event_id=strawberry.ID(str(out.id)),
            sequence=out.sequence,
            recorded_at=out.time,
            kind=PayrollRunChangeKind(out.type),
            run_id=global_id("PayrollRun", str(data.run)),
            region=DivisionCode(data.region),
            managed=data.managed,
            month=Month(data.month),
            state=RunState(data.state),
            done=data.done,
            total=data.total,
            workers=data.workers,
            faulted=data.faulted,
            changed=data.changed,
            failure=data.code,
        )

    @resolved("发放批次现况；首次计算完成之前为空 The run as it stands now, null until its first calculation is stored")
    async def run(self, info: Info) -> PayrollRun | None:
        found = await info.context.loaders.payroll_run.load(self.key)
        return PayrollRun.of(found) if found else None


def subscribed(description: str) -> Callable[[F], F]:
    """The asynchronous generator answers a root field of its name, described in Chinese and English."""
    return cast("Callable[[F], F]", strawberry.subscription(description=description))


def described(text: str) -> Any:  # noqa: ANN401 - Strawberry's own annotation
    """An argument described in Chinese and English."""
    return strawberry.argument(description=text)


def subject_of(kind: str, name: str, given: str | None) -> str | None:
    """The key behind a global id given as an argument. Raises GatewayError BAD_USER_INPUT for another kind of thing."""
    if given is None:
        return None
    named = parse_global_id(given)
    if named is None or named[0] != kind:
        raise GatewayError(
            Code.BAD_USER_INPUT,
            f"{name} 应为 {kind} 的全局标识",
            f"`{name}` is the global id of a {kind}",
            argument=name,
        )
    return named[1]


def one_of(**given: DivisionCode | None) -> DivisionCode | None:
    """The only division given. Raises GatewayError BAD_USER_INPUT when there are several."""
    found = {name: value for name, value in given.items() if value is not None}
    if len(found) > 1:
        names = " / ".join(given)
        raise GatewayError(
            Code.BAD_USER_INPUT, f"{names} 只能给一个", f"give only one of {names}", argument=list(found)[-1]
        )
    return next(iter(found.values()), None)


async def managed_by(context: LiveContext, authority: DivisionCode) -> list[str]:
    """The divisions that an authority manages today; its own when nothing is recorded. Raises GatewayError."""
    services = context.loaders.services
    found = await services.ask("staffing", services.staffing.managements(authority))
    return [one.unit for one in found.items] or [authority]


@strawberry.type(description="订阅入口：自订阅之时起，逐一告知 Subscriptions: each tells what happens from now on")
class Subscription:
    """The root fields."""

    @subscribed("议题的变化：受理、办理一步、到终态；批量导入也逐一告知 Issues as they change, imported ones too")
    async def issue_changed(
        self,
        info: LiveInfo,
        community_code: Annotated[DivisionCode | None, described("只要此社区的 Only those of this community")] = None,
        region: Annotated[DivisionCode | None, described(REGION)] = None,
        issue_id: Annotated[strawberry.ID | None, described("只要此议题的 Only those of this issue")] = None,
        authority: Annotated[DivisionCode | None, described(AUTHORITY)] = None,
    ) -> AsyncGenerator[IssueChange, None]:
        place = one_of(communityCode=community_code, region=region, authority=authority)
        wanted = {
            "type": [str(kind.value) for kind in IssueChangeKind],
            "subject": subject_of("Issue", "issueId", issue_id),
            "region": await managed_by(info.context, authority) if authority else place,
        }
        async with aclosing(followed(info.context, "consultation", wanted)) as events:
            async for event in events:
                yield IssueChange.of(event)

    @subscribed("发放批次的计算进度与状态变化 Payroll runs: how far a calculation is, and each state reached")
    async def payroll_run_progress(
        self,
        info: LiveInfo,
        run_id: Annotated[strawberry.ID | None, described("只要此批次的 Only that of this run")] = None,
        region: Annotated[DivisionCode | None, described(REGION)] = None,
        authority: Annotated[
            DivisionCode | None, described("管理机关代码：只要其自身的批次 The authority: exactly its own runs")
        ] = None,
    ) -> AsyncGenerator[PayrollRunProgress, None]:
        wanted = {
            "type": [str(kind.value) for kind in PayrollRunChangeKind],
            "region": one_of(region=region, authority=authority),
            "subject": subject_of("PayrollRun", "runId", run_id),
        }
        async with aclosing(followed(info.context, "payroll", wanted)) as events:
            async for event in events:
                told = PayrollRunProgress.of(event)
                if authority in {None, told.region}:
                    yield told


async def followed(context: LiveContext, service: str, wanted: Params) -> AsyncGenerator[EventOut, None]:
    """A service's events, with fresh loaders for each."""
    async with aclosing(context.feed.follow(service, wanted)) as events:
        async for event in events:
            context.renew()
            yield event
