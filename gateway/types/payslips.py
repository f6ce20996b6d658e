"""The lines of a payslip: leaves of Payslip."""

from typing import Self

import strawberry

from gateway.scalars import Yuan
from gateway.types.arguments import Info
from gateway.types.enums import LineKind
from gateway.types.explanations import Explanation, InLanguage, Language, LocalText
from gateway.types.fields import resolved
from services.payroll.schemas.payslips import PayLineOut


@strawberry.type(description="工资单的一行 One line of a payslip")
class PayLine:
    """A line, in the scheme's order."""

    payslip: strawberry.Private[str]
    words: strawberry.Private[LocalText]
    code: str = strawberry.field(description="代码，如 pension_employee The line's code")
    kind: LineKind = strawberry.field(description="类别 What the line does")
    amount: Yuan = strawberry.field(description="金额 The amount")

    @classmethod
    def of(cls, payslip: str, out: PayLineOut) -> Self:
        """From payroll's line of a payslip."""
        words = LocalText.of(out.label.model_dump())
        return cls(payslip=payslip, words=words, code=out.code, kind=LineKind(out.kind), amount=Yuan(out.amount))

    @resolved("名称 The line's name")
    def label(self, language: InLanguage = Language.ZH) -> str:
        return self.words.zh if language is Language.ZH else self.words.en

    @resolved("由当月事实与规则重新推导的计算过程 The way to the amount, derived again and checked")
    async def explanation(self, info: Info) -> Explanation | None:
        explained = await info.context.loaders.payslip_explanation.load(self.payslip)
        trees = {line.code: line.explanation for line in explained.lines}
        return Explanation(wire=trees[self.code]) if self.code in trees else None
