"""One worker's pay of one month, each line explained when asked."""

from typing import Self

import strawberry

from gateway.context import Context
from gateway.scalars import Month, Yuan
from gateway.types.explanations import Explanation, InLanguage, Language, LocalText
from gateway.types.fields import resolved
from gateway.types.pages import Node, global_id
from services.payroll.schemas.payslips import PayLineOut, PayslipOut


@strawberry.type(description="工资单的一行 One line of a payslip")
class PayLine:
    """A line, in the scheme's order."""

    payslip: strawberry.Private[str]
    words: strawberry.Private[LocalText]
    code: str = strawberry.field(description="代码，如 pension_employee The line's code")
    kind: str = strawberry.field(description="类别：earning、employee、tax、employer、memo What the line is")
    amount: Yuan = strawberry.field(description="金额 The amount")

    @classmethod
    def of(cls, payslip: str, out: PayLineOut) -> Self:
        """From payroll's line of a payslip."""
        words = LocalText.of(out.label.model_dump())
        return cls(payslip=payslip, words=words, code=out.code, kind=out.kind, amount=Yuan(out.amount))

    @resolved("名称 The line's name")
    def label(self, language: InLanguage = Language.ZH) -> str:
        return self.words.zh if language is Language.ZH else self.words.en

    @resolved("由当月事实与规则重新推导的计算过程 The way to the amount, derived again and checked")
    async def explanation(self, info: strawberry.Info[Context, None]) -> Explanation | None:
        explained = await info.context.loaders.payslip_explanation.load(self.payslip)
        trees = {line.code: line.explanation for line in explained.lines}
        return Explanation(wire=trees[self.code]) if self.code in trees else None


@strawberry.type(description="工资单 One worker's pay of one month")
class Payslip(Node):
    """Gross is the earnings; net is gross less employee and tax lines; employer cost adds the employer lines."""

    key: strawberry.Private[str]
    worker_key: strawberry.Private[str]
    month: Month = strawberry.field(description="月份 The month")
    gross: Yuan = strawberry.field(description="应发 Gross pay")
    net: Yuan = strawberry.field(description="实发 Net pay")
    employer_cost: Yuan = strawberry.field(description="单位成本合计 What it costs the employer")
    state: str = strawberry.field(description="发放批次的状态 The state of the run that made it")
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
            state=out.state,
            scheme=out.scheme,
            scheme_label=LocalText.of(out.scheme_label.model_dump()),
            basis=out.basis,
            lines=[PayLine.of(key, line) for line in out.lines],
        )

    @resolved("重新推导的各行是否与存档一致 Whether every line, derived again, equals what is stored")
    async def matches(self, info: strawberry.Info[Context, None]) -> bool | None:
        explained = await info.context.loaders.payslip_explanation.load(self.key)
        return explained.matches
