"""Community, Worker, Payslip, Issue and every join between them: mutually recursive, hence one file."""

from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from gateway.costs import window
from gateway.scalars import Month, Word, Yuan
from gateway.types.arguments import After, Before, First, Info, KnownAt, Last, On
from gateway.types.communities import SYNTHETIC, Measures, Period
from gateway.types.enums import (
    CertificateLevel,
    CommunityKind,
    Education,
    EntryRoute,
    IssueProcess,
    PayTier,
    PlatformTier,
    Post,
    RunState,
    Sex,
    UnitType,
    WorkerCategory,
)
from gateway.types.explanations import LocalText
from gateway.types.fields import resolved
from gateway.types.issues import NextStep, Procedure, StepDone
from gateway.types.pages import Connection, Node, connection, global_id
from gateway.types.payslips import PayLine
from gateway.types.quotas import Headcount, Quota
from gateway.types.sessions import Participant
from gateway.types.workers import Appointment
from services.consultation.schemas.issues import IssueOut
from services.consultation.schemas.sessions import SessionOut
from services.kernel.region import DivisionCode
from services.payroll.schemas.payslips import PayslipOut
from services.runtime.paging import encode_cursor
from services.staffing.client import NOW, Moment
from services.staffing.schemas.communities import CommunityOut
from services.staffing.schemas.quotas import QuotaOut
from services.staffing.schemas.workers import WorkerOut


@strawberry.type(description="工资单 One worker's pay of one month")
class Payslip(Node):
    """Gross is the earnings; net is gross less employee and tax lines; employer cost adds the employer lines."""

    key: strawberry.Private[str]
    worker_key: strawberry.Private[str]
    month: Month = strawberry.field(description="月份 The month")
    gross: Yuan = strawberry.field(description="应发 Gross pay")
    net: Yuan = strawberry.field(description="实发 Net pay")
    employer_cost: Yuan = strawberry.field(description="单位成本合计 What it costs the employer")
    state: RunState = strawberry.field(description="发放批次的状态 The state of the run that made it")
    scheme: str = strawberry.field(description="薪酬制度 The pay scheme")
    scheme_label: LocalText = strawberry.field(description="薪酬制度名称 The pay scheme's name")
    basis: str = strawberry.field(description="标准的口径，如是否含五险 What the scheme's figures contain")
    lines: list[PayLine] = strawberry.field(description="各行，按制度的次序 The lines, in the scheme's order")

    @classmethod
    def of(cls, out: PayslipOut) -> Self:
        """From payroll's payslip."""
        key = str(out.id)
        return cls(
            id=global_id("Payslip", key),
            key=key,
            worker_key=str(out.worker),
            month=Month(out.month),
            gross=Yuan(out.gross),
            net=Yuan(out.net),
            employer_cost=Yuan(out.employer_cost),
            state=RunState(out.state),
            scheme=out.scheme,
            scheme_label=LocalText.of(out.scheme_label.model_dump()),
            basis=out.basis,
            lines=[PayLine.of(key, line) for line in out.lines],
        )

    @resolved("重新推导的各行是否与存档一致 Whether every line, derived again, equals what is stored")
    async def matches(self, info: Info) -> bool | None:
        explained = await info.context.loaders.payslip_explanation.load(self.key)
        return explained.matches


def worker_cursor(one: WorkerOut) -> str:
    """Where a worker stands among those of the community: staffing orders them by number."""
    return encode_cursor(one.number)


def issue_cursor(one: IssueOut) -> str:
    """Where an issue stands among those of the community: consultation orders them by opening and id."""
    return encode_cursor(one.opened_at.isoformat(), str(one.id))


def session_cursor(one: SessionOut) -> str:
    """Where a session stands among those of the community: consultation orders them by day held and id."""
    return encode_cursor(one.held_at.isoformat(), str(one.id))


@strawberry.type(description="社区或村 A grass-roots unit: an urban community, a converted community or a village")
class Community(Node):
    """One grass-roots unit as it stands on the day asked; what hangs on it is asked of the same day unless told."""

    moment: strawberry.Private[Moment]
    code: DivisionCode = strawberry.field(description="12位区划代码 The division code of 12 digits")
    name: str = strawberry.field(description="名称 The name")
    kind: CommunityKind = strawberry.field(description="类别 The kind of unit")
    unit_type: UnitType = strawberry.field(description="代码簿中的单位类型 The unit type of the code book")
    urban_rural: int | None = strawberry.field(description="统计用城乡分类代码 The statistical urban-rural class")
    valid: Period = strawberry.field(description="存续期 How long it stands under this code and name")
    provenance: str = strawberry.field(description="数据来源类别，synthetic 为虚构 Where the entry comes from")
    synthetic: bool = strawberry.field(
        description="是否为演示用虚构数据 Whether the entry or its figures are synthetic"
    )
    source: str = strawberry.field(description="来源说明 The source in words")
    measures: Measures = strawberry.field(description="户数、人口、用房等计数 What is counted in it")
    resident_households: int | None = strawberry.field(description="常住户数 Resident households")
    registered_households: int | None = strawberry.field(description="户籍户数 Registered households")

    @classmethod
    def of(cls, out: CommunityOut, moment: Moment = NOW) -> Self:
        """From staffing's community, read for a moment."""
        measures = Measures.of(out.measures)
        return cls(
            moment=moment,
            id=global_id("Community", out.id),
            code=DivisionCode(out.code),
            name=out.name,
            kind=CommunityKind(out.kind),
            unit_type=UnitType(out.unit_type),
            urban_rural=out.urban_rural,
            valid=Period.of(out.valid),
            provenance=out.provenance,
            synthetic=SYNTHETIC in (out.provenance, measures.provenance),
            source=out.source,
            measures=measures,
            resident_households=measures.resident_households,
            registered_households=measures.registered_households,
        )

    @resolved("员额：依据当日有效的配备标准 The quota by the norm in force on the day")
    async def quota(
        self,
        info: Info,
        on: On = None,
        known_at: KnownAt = None,
        reading: Annotated[
            str | None,
            strawberry.argument(description="指定歧义条文的读法，如 A A named reading of an ambiguous sentence"),
        ] = None,
    ) -> Quota | None:
        moment = (on or self.moment[0], known_at or self.moment[1])
        out = await info.context.loaders.quota(moment, reading).load(self.code)
        return Quota.of(out, synthetic_facts=self.measures.synthetic)

    @resolved("在岗人数，一人兼两岗计一人 Persons in post; one who holds two posts counts once")
    async def headcount(self, info: Info, on: On = None) -> int | None:
        return (await self._assessed(info, on)).headcount.persons

    @resolved("在岗情况，人数与岗位数 Persons and posts, full-time ones apart")
    async def headcounts(self, info: Info, on: On = None) -> Headcount | None:
        return Headcount.of((await self._assessed(info, on)).headcount)

    @resolved("缺额，不为负；没有员额时为空 Missing persons, never negative; null without a quota")
    async def vacancy(self, info: Info, on: On = None) -> int | None:
        return (await self._assessed(info, on)).vacancy

    async def _assessed(self, info: Info, on: date | None) -> QuotaOut:
        return await info.context.loaders.quota((on or self.moment[0], self.moment[1]), None).load(self.code)

    @resolved("社区工作者，按编号排列 Its workers, in the order of their numbers")
    async def workers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["Worker"] | None:
        asked = window(first, after, last, before)
        page = await info.context.loaders.workers(asked, self.moment).load(self.code)
        return connection(page, worker_cursor, lambda one: Worker.of(one, self.moment))

    @resolved("议题，新的在前 Its issues, the newest first")
    async def issues(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[
            Word | None,
            strawberry.argument(description="只要某一状态的，如 open Only those in this state, such as open"),
        ] = None,
    ) -> Connection["Issue"] | None:
        asked = window(first, after, last, before)
        page = await info.context.loaders.issues(asked, state).load(self.code)
        return connection(page, issue_cursor, Issue.of)

    @resolved("协商活动，新的在前 Its consultation sessions, the latest held first")
    async def sessions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["ConsultationSession"] | None:
        asked = window(first, after, last, before)
        page = await info.context.loaders.sessions(asked).load(self.code)
        return connection(page, session_cursor, ConsultationSession.of)


@strawberry.type(description="社区工作者 A community worker with what holds on the day asked")
class Worker(Node):
    """One worker. Dates of birth are not given out; the age is."""

    key: strawberry.Private[str]
    moment: strawberry.Private[Moment]
    community_code: DivisionCode = strawberry.field(description="所在社区代码 The code of the worker's community")
    number: str = strawberry.field(description="人员编号 The worker's number")
    name: str = strawberry.field(description="姓名 The name")
    sex: Sex = strawberry.field(description="性别 The sex")
    age: int = strawberry.field(description="年龄 The age")
    education: Education = strawberry.field(description="学历 The education")
    category: WorkerCategory = strawberry.field(description="人员类别 The category of worker")
    entry_route: EntryRoute = strawberry.field(
        description="来源：选任、公开招聘等 How the worker came: elected, recruited and so on"
    )
    post: Post | None = strawberry.field(description="主要岗位 The leading post")
    holds_both_posts: bool = strawberry.field(description="是否一肩挑 Secretary and director in one person")
    appointments: list[Appointment] = strawberry.field(description="所任岗位 The posts held")
    tier: PayTier | None = strawberry.field(description="薪酬档次 The pay tier")
    step: int | None = strawberry.field(description="薪酬级别 The pay step")
    certificate: CertificateLevel = strawberry.field(description="社会工作者证书等级 The certificate's level")
    hired_on: date = strawberry.field(description="入职日 The day of hire")
    left_on: date | None = strawberry.field(description="离职日 The day of leaving, null while employed")
    urban: bool = strawberry.field(description="是否城市社区工作者 Whether in an urban community")
    in_state_establishment: bool = strawberry.field(description="是否有编制 Whether in the state establishment")
    part_time: bool = strawberry.field(description="是否兼职 Whether part-time")
    subsidised: bool = strawberry.field(description="是否享受岗位补贴 Whether the post is subsidised")
    provenance: str = strawberry.field(description="数据来源类别，synthetic 为虚构 Where the entry comes from")
    synthetic: bool = strawberry.field(description="是否为演示用虚构数据 Whether the entry is synthetic")

    @classmethod
    def of(cls, out: WorkerOut, moment: Moment = NOW) -> Self:
        """From staffing's worker, read for a moment."""
        return cls(
            moment=moment,
            id=global_id("Worker", out.id),
            key=out.id,
            community_code=DivisionCode(out.community),
            number=out.number,
            name=out.name,
            sex=Sex(out.sex),
            age=out.age,
            education=Education(out.education),
            category=WorkerCategory(out.category),
            entry_route=EntryRoute(out.entry_route),
            post=Post(out.post) if out.post else None,
            holds_both_posts=out.holds_both_posts,
            appointments=[Appointment.of(one) for one in out.appointments],
            tier=PayTier(out.tier) if out.tier else None,
            step=out.step,
            certificate=CertificateLevel(out.certificate),
            hired_on=out.hired_on,
            left_on=out.left_on,
            urban=out.urban,
            in_state_establishment=out.in_state_establishment,
            part_time=out.part_time,
            subsidised=out.subsidised,
            provenance=out.provenance,
            synthetic=out.provenance == SYNTHETIC,
        )

    @resolved("所在社区 The worker's community")
    async def community(self, info: Info) -> Community | None:
        found = await info.context.loaders.community(self.moment).load(self.community_code)
        return Community.of(found, self.moment) if found else None

    @resolved("最近一月的工资单，没有时为空 The payslip of the latest month, null when there is none")
    async def latest_payslip(self, info: Info) -> Payslip | None:
        found = await info.context.loaders.payslip(None).load(self.key)
        return Payslip.of(found) if found else None

    @resolved("某月的工资单，没有时为空 The payslip of a month, null when there is none")
    async def payslip(
        self, info: Info, month: Annotated[Month, strawberry.argument(description="月份 The month")]
    ) -> Payslip | None:
        found = await info.context.loaders.payslip(month).load(self.key)
        return Payslip.of(found) if found else None


@strawberry.type(description="协商议题 An issue that walks its city's procedure")
class Issue(Node):
    """An issue as it stands."""

    key: strawberry.Private[str]
    community_code: DivisionCode = strawberry.field(description="所在社区代码 The code of the issue's community")
    number: str = strawberry.field(description="受理编号 The receipt number")
    title: str = strawberry.field(description="题目 The title")
    text: str = strawberry.field(description="内容 The text")
    state: str = strawberry.field(description="状态 The state")
    state_name: LocalText = strawberry.field(description="状态名称 The state's name")
    step: str = strawberry.field(description="最近完成的步骤 The last step taken")
    step_name: LocalText = strawberry.field(description="步骤名称 The step's name")
    tier: PlatformTier = strawberry.field(description="议事平台层级 The tier of the platform")
    final: bool = strawberry.field(description="是否已办结 Whether no step follows")
    channel: str | None = strawberry.field(description="征集渠道，如 qr How it was raised")
    process: IssueProcess = strawberry.field(description="过程类别 The kind of process")
    campaign: str | None = strawberry.field(description="专项活动 The campaign it belongs to")
    mechanism: str | None = strawberry.field(description="议事机制 The mechanism it belongs to")
    sequence: int = strawberry.field(description="已办步数，办理时可作 seen How many steps happened, for `seen`")
    opened_at: datetime = strawberry.field(description="提出时间 When it was raised")
    updated_at: datetime = strawberry.field(description="最近一步的时间 When the last step happened")
    days_open: int | None = strawberry.field(description="已开放的整日数，办结后为空 Whole days open, null when final")
    procedure: Procedure = strawberry.field(description="所走的程序 The procedure it walks")

    @classmethod
    def of(cls, out: IssueOut) -> Self:
        """From consultation's issue."""
        return cls(
            id=global_id("Issue", str(out.id)),
            key=str(out.id),
            community_code=DivisionCode(out.community),
            number=out.number,
            title=out.title,
            text=out.text,
            state=out.state,
            state_name=LocalText.of(out.state_name.model_dump()),
            step=out.step,
            step_name=LocalText.of(out.step_name.model_dump()),
            tier=PlatformTier(out.tier),
            final=out.final,
            channel=out.channel,
            process=IssueProcess(out.process),
            campaign=out.campaign,
            mechanism=out.mechanism,
            sequence=out.sequence,
            opened_at=out.opened_at,
            updated_at=out.updated_at,
            days_open=out.days_open,
            procedure=Procedure.of(out.procedure),
        )

    @resolved("所在社区 The issue's community")
    async def community(self, info: Info) -> Community | None:
        found = await info.context.loaders.community(NOW).load(self.community_code)
        return Community.of(found) if found else None

    @resolved("已走过的各步 The steps that happened, in order")
    async def steps_done(self, info: Info) -> list[StepDone] | None:
        detail = await info.context.loaders.issue_detail.load(self.key)
        return [StepDone.of(one) for one in detail.steps_done]

    @resolved("现在可走的各步 The steps that may be taken now")
    async def next_steps(self, info: Info) -> list[NextStep] | None:
        detail = await info.context.loaders.issue_detail.load(self.key)
        return [NextStep.of(one) for one in detail.next_steps]


@strawberry.type(description="一次协商活动 A consultation session that was held")
class ConsultationSession(Node):
    """A session with the issues taken in it."""

    item_keys: strawberry.Private[list[str]]
    community_code: DivisionCode = strawberry.field(description="所在社区代码 The code of the session's community")
    number: str = strawberry.field(description="活动编号 The session's number")
    title: str = strawberry.field(description="题目 The title")
    held_at: datetime = strawberry.field(description="举行时间 When it was held")
    recorded_at: datetime = strawberry.field(description="登记时间 When it was recorded")
    tier: PlatformTier = strawberry.field(description="议事平台层级 The tier of the platform")
    participants: list[Participant] = strawberry.field(description="参与主体 Who took part, by kind")
    minutes: str = strawberry.field(description="记录 The minutes")

    @classmethod
    def of(cls, out: SessionOut) -> Self:
        """From consultation's session."""
        return cls(
            id=global_id("ConsultationSession", str(out.id)),
            item_keys=[str(one) for one in out.items],
            community_code=DivisionCode(out.community),
            number=out.number,
            title=out.title,
            held_at=out.held_at,
            recorded_at=out.recorded_at,
            tier=PlatformTier(out.tier),
            participants=[Participant.of(one) for one in out.participants],
            minutes=out.minutes,
        )

    @resolved("所在社区 The session's community")
    async def community(self, info: Info) -> Community | None:
        found = await info.context.loaders.community(NOW).load(self.community_code)
        return Community.of(found) if found else None

    @resolved("所议的议题 The issues taken in it")
    async def issues(self, info: Info) -> list[Issue] | None:
        found = await info.context.loaders.issue.load_many(self.item_keys)
        return [Issue.of(one) for one in found if one]
