"""Sums and checks of a payroll run: leaves of PayrollRun."""

from typing import Self

import strawberry

from gateway.scalars import Yuan
from gateway.types.enums import LineKind
from gateway.types.explanations import InLanguage, Language, LocalText
from gateway.types.fields import resolved
from services.payroll.schemas.payroll_runs import LineTotalOut, RunTotalsOut


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
