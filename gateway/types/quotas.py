"""The quota of a community on a day, with its rule, its explanation and who is in post."""

from datetime import date
from typing import Self

import strawberry

from gateway.types.enums import Qualifier
from gateway.types.explanations import Citation, Explanation, Reason
from services.staffing.schemas.quotas import AlternativeOut, HeadcountOut, QuotaOut


@strawberry.type(description="允许的范围，含两端 A permitted range, both ends included")
class PermittedRange:
    """A permitted range."""

    minimum: int = strawberry.field(description="最少 The least")
    maximum: int = strawberry.field(description="最多 The most")


@strawberry.type(description="同一规则的另一种读法 The same rule under another of its named readings")
class Alternative:
    """A reading of an ambiguous sentence and what it gives."""

    reading: str = strawberry.field(description="读法名称 The reading's name")
    in_use: bool = strawberry.field(description="是否为采用的读法 Whether it is the one in use")
    posts: str | None = strawberry.field(description="该读法下的员额 The posts it gives")
    exact: str | None = strawberry.field(description="取整前的值 The value before rounding")
    reason: Reason | None = strawberry.field(description="没有数字的原因 Why there is no figure")

    @classmethod
    def of(cls, out: AlternativeOut) -> Self:
        """From staffing's alternative."""
        return cls(
            reading=out.reading,
            in_use=out.in_use,
            posts=out.posts,
            exact=out.exact,
            reason=Reason.of(out.reason.model_dump()) if out.reason else None,
        )


@strawberry.type(description="用到的读法 A reading that was used")
class ReadingUsed:
    """Which reading of which rule was used."""

    rule: str = strawberry.field(description="规则 The rule")
    reading: str = strawberry.field(description="读法 The reading")


@strawberry.type(description="某日在岗情况 Who is in post on a day; a person may hold two posts")
class Headcount:
    """Persons and posts on a day."""

    persons: int = strawberry.field(description="在岗人数 Distinct persons")
    full_time_persons: int = strawberry.field(description="专职人数 Distinct full-time persons")
    posts: int = strawberry.field(description="岗位数 Posts held")
    full_time_posts: int = strawberry.field(description="专职岗位数 Full-time posts held")

    @classmethod
    def of(cls, out: HeadcountOut) -> Self:
        """From staffing's headcount."""
        return cls(
            persons=out.persons,
            full_time_persons=out.full_time_persons,
            posts=out.posts,
            full_time_posts=out.full_time_posts,
        )


@strawberry.type(
    description="某社区某日的员额 The quota of a community on a day; "
    "`posts` is null, with a reason, where no norm is in force"
)
class Quota:
    """The quota of one community on a day."""

    on: date = strawberry.field(description="基准日 The day asked")
    posts: int | None = strawberry.field(description="员额，没有有效标准时为空 Posts, null where no norm holds")
    reason: Reason | None = strawberry.field(description="没有员额的原因 Why there is no figure")
    exact: str | None = strawberry.field(description="取整前的值 The value before rounding")
    basis: str | None = strawberry.field(description="依据的规则 The rule applied")
    pack: str | None = strawberry.field(description="规则所在的政策包 The policy pack the rule comes from")
    qualifier: Qualifier | None = strawberry.field(description="文件的限定词 The document's qualifier")
    due: str | None = strawberry.field(description="达标期限 The day by which it is due")
    synthetic: bool = strawberry.field(description="是否依据虚构数据 Whether it rests on synthetic rules or figures")
    permitted: PermittedRange | None = strawberry.field(description="法定范围 The range the law permits")
    readings_used: list[ReadingUsed] = strawberry.field(description="用到的读法 The readings that were used")
    alternatives: list[Alternative] = strawberry.field(description="其他读法下的结果 What the other readings give")
    passed_over: list[Reason] = strawberry.field(description="更近的规则为何不适用 Why nearer rules did not apply")
    explanation: Explanation | None = strawberry.field(description="计算过程 The way to the figure")
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")
    headcount: Headcount = strawberry.field(description="在岗情况 Who is in post")
    vacancy: int | None = strawberry.field(description="缺额，不为负 Missing persons, never negative")
    over: int | None = strawberry.field(description="超配人数 Persons above the quota")

    @classmethod
    def of(cls, out: QuotaOut, *, synthetic_facts: bool) -> Self:
        """From staffing's quota; it is synthetic when a rule or the community's figures are."""
        return cls(
            on=out.on,
            posts=out.posts,
            reason=Reason.of(out.reason.model_dump()) if out.reason else None,
            exact=out.exact,
            basis=out.basis,
            pack=out.pack,
            qualifier=Qualifier(out.qualifier) if out.qualifier else None,
            due=out.due,
            synthetic=out.synthetic or synthetic_facts,
            permitted=PermittedRange(minimum=out.permitted.minimum, maximum=out.permitted.maximum)
            if out.permitted
            else None,
            readings_used=[ReadingUsed(rule=rule, reading=used) for rule, used in out.readings_used.items()],
            alternatives=[Alternative.of(one) for one in out.alternatives],
            passed_over=[Reason.of(one.model_dump()) for one in out.passed_over],
            explanation=Explanation(wire=out.explanation) if out.explanation else None,
            citations=[Citation.of(one.model_dump()) for one in out.citations],
            headcount=Headcount.of(out.headcount),
            vacancy=out.vacancy,
            over=out.over,
        )
