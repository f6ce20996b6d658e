"""A month's payroll run with its sums and checks."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.costs import window
from gateway.scalars import Month, Yuan
from gateway.types.arguments import After, Before, First, Info, Last
from gateway.types.enums import LineKind, RunState
from gateway.types.explanations import InLanguage, Language, LocalText
from gateway.types.fields import resolved
from gateway.types.pages import Connection, Node, connection, global_id
from services.kernel.region import DivisionCode
from services.payroll.schemas.payroll_runs import LineTotalOut, PayrollRunOut, RunFaultOut, RunTotalsOut
from services.runtime.paging import encode_cursor


@strawberry.type(description="发放批次的合计，等于各工资单之和 Sums over a payroll run, equal to those of its payslips")
class RunTotals:
    """Net is gross less employee and tax; employer cost is gross and employer."""

    gross: Yuan = strawberry.field(description="应发 Gross pay")
    employee: Yuan = strawberry.field(description="个人缴费 Taken from the workers for insurance and funds")
    tax: Yuan = strawberry.field(description="个人所得税 Income tax")
    net: Yuan = strawberry.field(description="实发 Net pay")
    employer: Yuan = strawberry.field(description="单位缴费 Paid by the employer on top")
    employer_cost: Yuan = strawberry.field(description="单位成本合计 What it costs the employer")

    @classmethod
    def of(cls, out: RunTotalsOut) -> Self:
        """From payroll's totals."""
        return cls(
            gross=Yuan(out.gross),
            employee=Yuan(out.employee),
            tax=Yuan(out.tax),
            net=Yuan(out.net),
            employer=Yuan(out.employer),
            employer_cost=Yuan(out.employer_cost),
        )


@strawberry.type(description="一个项目在某一薪酬制度下的合计 The sum of one line over all payslips of one scheme")
class LineTotal:
    """The sum of one line."""

    words: strawberry.Private[LocalText]
    scheme: str = strawberry.field(description="薪酬制度 The pay scheme")
    code: str = strawberry.field(description="代码，如 pension_employee The line's code")
    kind: LineKind = strawberry.field(description="类别 What the line does")
    amount: Yuan = strawberry.field(description="金额 The amount")
    workers: int = strawberry.field(description="人数 Over how many workers")

    @classmethod
    def of(cls, out: LineTotalOut) -> Self:
        """From payroll's line total."""
        return cls(
            words=LocalText.of(out.label.model_dump()),
            scheme=out.scheme,
            code=out.code,
            kind=LineKind(out.kind),
            amount=Yuan(out.amount),
            workers=out.workers,
        )

    @resolved("名称 The line's name")
    def label(self, language: InLanguage = Language.ZH) -> str:
        return self.words.zh if language is Language.ZH else self.words.en


@strawberry.type(description="薪酬制度所关注的一种情形 A condition that a pay scheme watches")
class RunCheck:
    """A watched condition."""

    code: str = strawberry.field(description="代码 The condition's code")
    payslips: int = strawberry.field(description="有几张工资单符合 How many payslips it holds for")


@strawberry.type(description="未能计薪的一人及原因 A worker whom a run could not pay, and why")
class RunFault:
    """A worker who could not be paid."""

    worker_id: strawberry.ID = strawberry.field(description="人员的全局标识，可用 node 读取 The worker's global id")
    community_code: DivisionCode = strawberry.field(description="所在社区代码 The code of the worker's community")
    code: str = strawberry.field(description="原因代码，如 fact.missing The reason's stable code")
    message: LocalText = strawberry.field(description="原因与办法 What is missing and what to do")

    @classmethod
    def of(cls, out: RunFaultOut) -> Self:
        """From payroll's fault."""
        worker, message = global_id("Worker", str(out.worker)), LocalText.of(out.message.model_dump())
        return cls(worker_id=worker, community_code=DivisionCode(out.community), code=out.code, message=message)


def fault_cursor(one: RunFaultOut) -> str:
    """Where a fault stands among those of its run: payroll orders them by community and worker."""
    return encode_cursor(one.community, str(one.worker))


@strawberry.type(description="某月的工资发放批次 A month's payroll run of a region or an authority")
class PayrollRun(Node):
    """A run in its present state."""

    key: strawberry.Private[str]
    region: DivisionCode = strawberry.field(description="区域或管理机关代码 The region, or the authority")
    managed: bool = strawberry.field(
        description="是否按管理机关所管单位计算 Whether the region is an authority and the run covers what it manages"
    )
    month: Month = strawberry.field(description="月份 The month")
    state: RunState = strawberry.field(description="状态 The state")
    attempt: int = strawberry.field(description="第几次计算 Which calculation of the run this is")
    workers: int = strawberry.field(description="计薪人数 How many are paid")
    faulted: int = strawberry.field(description="未能计薪人数 How many could not be paid")
    totals: RunTotals = strawberry.field(description="合计 The sums over the run")
    line_totals: list[LineTotal] = strawberry.field(description="各项目合计 The sum of each line")
    checks: list[RunCheck] = strawberry.field(description="受关注的情形各有几人 How often each watched condition holds")
    pack_digest: str = strawberry.field(description="计算所用政策包的摘要 The digest of the packs it was made with")
    known_at: datetime = strawberry.field(description="按此刻已知的规则与事实 Rules and facts as known at this instant")
    made_by: str = strawberry.field(description="经办人 Who made it")
    made_at: datetime = strawberry.field(description="计算时间 When it was calculated")
    checked_by: str | None = strawberry.field(description="复核人，未复核时为空 Who checked it, null before that")
    approved_by: str | None = strawberry.field(description="审批人，未审批时为空 Who approved it, null before that")

    @classmethod
    def of(cls, out: PayrollRunOut) -> Self:
        """From payroll's run."""
        return cls(
            id=global_id("PayrollRun", str(out.id)),
            key=str(out.id),
            region=DivisionCode(out.region),
            managed=out.managed,
            month=Month(out.month),
            state=RunState(out.state),
            attempt=out.attempt,
            workers=out.workers,
            faulted=out.faulted,
            totals=RunTotals.of(out.totals),
            line_totals=[LineTotal.of(one) for one in out.line_totals],
            checks=[RunCheck(code=code, payslips=count) for code, count in out.checks.items()],
            pack_digest=out.pack_digest,
            known_at=out.known_at,
            made_by=out.made_by,
            made_at=out.made_at,
            checked_by=out.checked_by,
            approved_by=out.approved_by,
        )

    @resolved("未能计薪的人员，按社区和人员排列 The workers it could not pay, by community and worker")
    async def faults(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RunFault] | None:
        page = await info.context.loaders.faults(window(first, after, last, before)).load(self.key)
        return connection(page, fault_cursor, RunFault.of)
