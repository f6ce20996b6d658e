"""Inputs of commands: what the services' own forms take, in GraphQL's words."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry

from gateway.scalars import Month, Word
from gateway.types.enums import IssueProcess, PlatformTier, word
from services.kernel.region import DivisionCode

KEY = (
    "幂等键：每次操作一个唯一值，重发时不变，则只办一次、答复相同；1至200个可见ASCII字符 "
    "One unique value per operation, kept on resends: then it is done once and answered alike; 1 to 200 visible ASCII"
)


@strawberry.enum(description="群众满意度 How satisfied the public is")
class Satisfaction(Enum):
    """How satisfied the public is."""

    VERY_SATISFIED = word("very_satisfied", "很满意 Very satisfied")
    SATISFIED = word("satisfied", "满意 Satisfied")
    NEUTRAL = word("neutral", "一般 Neutral")
    DISSATISFIED = word("dissatisfied", "不满意 Dissatisfied")


@strawberry.enum(description="工资发放批次的一步 A step of a payroll run")
class RunStep(Enum):
    """What a person does to a payroll run; each value is the service's path."""

    CHECK = word("check", "复核 Check a calculated run")
    RETURN = word("return", "退回重算 Return a checked run")
    APPROVE = word("approval", "审批 Approve a checked run")
    PAY = word("payment", "发放 Pay an approved run")
    CLOSE = word("closing", "关账 Close a paid run")


@strawberry.input(description="办理人或提出人；姓名只存档，不公开 Who acts or proposes; names are kept, not shown")
class PersonInput:
    """Who acts or proposes."""

    kind: Word = strawberry.field(description="主体类别，如 resident The kind of actor, as the procedure names it")
    name: str | None = strawberry.field(default=None, description="姓名 The name")
    anonymous: bool = strawberry.field(default=False, description="是否对公众匿名 Whether anonymous to the public")

    def wire(self) -> Mapping[str, Any]:
        """As consultation takes it."""
        return {"kind": self.kind, "name": self.name, "anonymous": self.anonymous}


@strawberry.input(description="协商活动的一类参与主体及人数 A kind of participants of a session and how many")
class ParticipantInput:
    """A kind of participants."""

    kind: Word = strawberry.field(description="主体类别，如 party_org The kind of participant")
    count: int = strawberry.field(default=1, description="人数，含线下 How many persons, offline ones included")

    def wire(self) -> Mapping[str, Any]:
        """As consultation takes it."""
        return {"kind": self.kind, "count": self.count}


@strawberry.input(description="一步所附的材料，所需见 nextSteps.needs What accompanies a step: see nextSteps.needs")
class EvidenceInput:
    """What accompanies a step."""

    channel: Word | None = strawberry.field(default=None, description="征集渠道 How it was raised")
    text: str | None = strawberry.field(default=None, description="内容 The text")
    reason: str | None = strawberry.field(default=None, description="理由 The reason")
    place: str | None = strawberry.field(default=None, description="地点或公开处 The place, or where it is published")
    form: str | None = strawberry.field(default=None, description="形式 The form")
    chair: str | None = strawberry.field(default=None, description="主持人 Who chairs")
    means: str | None = strawberry.field(default=None, description="通报方式 By which means people were told")
    result: str | None = strawberry.field(default=None, description="结果 The result")
    reply: str | None = strawberry.field(default=None, description="答复 The reply")
    instructions: str | None = strawberry.field(default=None, description="批示 Instructions")
    department: str | None = strawberry.field(default=None, description="承办部门 The department in charge")
    location: str | None = strawberry.field(default=None, description="位置 The location")
    meeting_on: date | None = strawberry.field(default=None, description="会议日期 The day of the meeting")
    satisfaction: Satisfaction | None = strawberry.field(default=None, description="满意度 How satisfied people are")
    merged_into: strawberry.ID | None = strawberry.field(
        default=None, description="并入的议题的全局标识 The global id of the issue it is merged into"
    )
    committees: list[str] | None = strawberry.field(default=None, description="出席的两委 The committees present")
    accept_codes: list[str] | None = strawberry.field(default=None, description="受理依据 Grounds of acceptance")
    reject_codes: list[str] | None = strawberry.field(default=None, description="不受理依据 Grounds of rejection")
    participants: list[ParticipantInput] | None = strawberry.field(default=None, description="参与主体 Participants")

    def wire(self) -> dict[str, Any]:
        """The fields that are given, as consultation names them; `merged_into` is a global id still."""
        found = {name: value for name, value in vars(self).items() if value is not None}
        for name, show in _SHOWN.items():
            if name in found:
                found[name] = show(found[name])
        return found


_SHOWN: Mapping[str, Any] = {
    "meeting_on": date.isoformat,
    "satisfaction": lambda chosen: chosen.value,
    "participants": lambda kinds: [one.wire() for one in kinds],
}


@strawberry.input(description="受理一个议题 An issue to raise")
class RaiseIssueInput:
    """An issue to raise."""

    idempotency_key: str = strawberry.field(description=KEY)
    community_code: DivisionCode = strawberry.field(description="社区代码 The community's code")
    title: str = strawberry.field(description="题目，2至200字 The title")
    text: str = strawberry.field(description="内容，至多4000字 The text")
    proposer: PersonInput = strawberry.field(description="提出人 Who proposes it")
    at: datetime = strawberry.field(description="提出时间 When it was raised")
    channel: Word | None = strawberry.field(default=None, description="征集渠道，如 qr How it was raised")
    actor: Word | None = strawberry.field(
        default=None,
        description="受理者类别，默认同提出人 The kind of the one who opens it; the proposer's if absent",
    )
    process: IssueProcess = strawberry.field(
        default=IssueProcess.CONSULTATION, description="过程类别 The kind of process"
    )
    campaign: Word | None = strawberry.field(default=None, description="专项活动 The campaign it belongs to")
    mechanism: Word | None = strawberry.field(default=None, description="议事机制 The mechanism it belongs to")
    number: str | None = strawberry.field(default=None, description="受理编号，默认自动生成 The receipt number")


@strawberry.input(description="办理议题的一步 A step of an issue to take")
class TakeIssueStepInput:
    """A step of an issue."""

    idempotency_key: str = strawberry.field(description=KEY)
    issue_id: strawberry.ID = strawberry.field(description="议题的全局标识 The issue's global id")
    step: Word = strawberry.field(description="步骤，可办理的见 nextSteps The step; see nextSteps")
    actor: PersonInput = strawberry.field(description="办理人 Who takes it")
    at: datetime = strawberry.field(description="办理时间 When it happened")
    outcome: Word | None = strawberry.field(default=None, description="结论，有结论时 The outcome, where it has one")
    evidence: EvidenceInput | None = strawberry.field(default=None, description="材料 What accompanies it")
    seen: int | None = strawberry.field(
        default=None, description="所见的 sequence，已变则拒绝 The `sequence` as seen: refused when it has moved on"
    )
    session_id: strawberry.ID | None = strawberry.field(
        default=None, description="所在协商活动的全局标识 The global id of the session in which it happened"
    )


@strawberry.input(description="协商活动中的一个事项 An issue taken in a session")
class SessionItemInput:
    """An issue taken in a session: its step of consultation is recorded with it."""

    issue_id: strawberry.ID = strawberry.field(description="议题的全局标识 The issue's global id")
    actor: PersonInput = strawberry.field(description="办理人 Who takes its step")
    outcome: Word | None = strawberry.field(default=None, description="结论 The outcome")
    evidence: EvidenceInput | None = strawberry.field(default=None, description="材料 What accompanies it")


@strawberry.input(description="登记一次协商活动 A session that was held")
class RecordSessionInput:
    """A session that was held."""

    idempotency_key: str = strawberry.field(description=KEY)
    community_code: DivisionCode = strawberry.field(description="社区代码 The community's code")
    title: str = strawberry.field(description="题目，2至200字 The title")
    held_at: datetime = strawberry.field(description="举行时间 When it was held")
    participants: list[ParticipantInput] = strawberry.field(description="参与主体 Who took part")
    tier: PlatformTier = strawberry.field(
        default=PlatformTier.COMMUNITY, description="议事平台层级 The tier of the platform"
    )
    minutes: str = strawberry.field(default="", description="记录，至多20000字 The minutes")
    items: list[SessionItemInput] = strawberry.field(default_factory=list, description="事项 The issues taken in it")
    number: str | None = strawberry.field(default=None, description="活动编号，默认自动生成 The session's number")


@strawberry.input(description="计算某月工资：region 与 authority 只给一个 A month's pay to calculate: one of the areas")
class RunPayrollInput:
    """A month's pay to calculate."""

    idempotency_key: str = strawberry.field(description=KEY)
    month: Month = strawberry.field(description="月份 The month")
    region: DivisionCode | None = strawberry.field(default=None, description="区域：其内全部单位 All units inside it")
    authority: DivisionCode | None = strawberry.field(default=None, description="管理机关：其所管单位 What it manages")
    known_at: datetime | None = strawberry.field(
        default=None, description="按此刻已知的规则与事实，默认现在 Rules and facts as known then; now by default"
    )


@strawberry.input(description="工资发放批次的一步 A step of a payroll run to take")
class TakePayrollRunStepInput:
    """A step of a payroll run."""

    idempotency_key: str = strawberry.field(description=KEY)
    payroll_run_id: strawberry.ID = strawberry.field(description="批次的全局标识 The run's global id")
    step: RunStep = strawberry.field(description="步骤 The step")
