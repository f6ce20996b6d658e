"""Wire forms of quotas, headcounts and the roll-up table."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from services.staffing.schemas.communities import Code


class MessageOut(BaseModel):
    """A message in both languages."""

    zh: str
    en: str


class ReasonOut(BaseModel):
    """Why there is no figure: a stable code and what to do."""

    code: str = Field(examples=["rule.absent"])
    message: MessageOut


class CitationOut(BaseModel):
    """The sentence a figure rests on."""

    document: str
    title: str | None = None
    doc_no: str | None = None
    at: str | None = None
    quote: str | None = None
    status: str | None = None
    synthetic: bool = False


class AlternativeOut(BaseModel):
    """The same rule under another of its named readings."""

    reading: str
    in_use: bool
    posts: str | None
    exact: str | None
    reason: ReasonOut | None = None


class RangeOut(BaseModel):
    """A permitted range, both ends included."""

    minimum: int
    maximum: int


class HeadcountOut(BaseModel):
    """Who is in post in a community on a day: distinct persons, and posts; a person may hold two posts."""

    code: Code
    on: date
    persons: int
    full_time_persons: int
    posts: int
    full_time_posts: int


class QuotaOut(BaseModel):
    """The quota of one community on a day and the rule it rests on; `posts` is null, with a reason, without one."""

    code: Code
    on: date
    posts: int | None = Field(examples=[13])
    exact: str | None = Field(description="取整前的值 / the value before rounding", examples=["12.004"])
    basis: str | None = Field(description="依据的规则 / rule applied", examples=["staffing_norm", "staffing_target"])
    pack: str | None = Field(description="规则所在政策包 / pack the rule comes from")
    qualifier: str | None = None
    due: str | None = None
    synthetic: bool = False
    permitted: RangeOut | None = None
    readings_used: dict[str, str] = Field(default_factory=dict)
    alternatives: list[AlternativeOut] = Field(default_factory=list)
    passed_over: list[ReasonOut] = Field(
        default_factory=list, description="更近的规则为何不适用 / why nearer rules did not apply"
    )
    reason: ReasonOut | None = None
    explanation: dict[str, Any] | None = None
    citations: list[CitationOut] = Field(default_factory=list)
    headcount: HeadcountOut
    vacancy: int | None = Field(description="缺额,不为负 / missing persons, never negative")
    over: int | None = Field(description="超配 / persons above the quota")


class QuotaListOut(BaseModel):
    """Quotas in the order of the codes asked for; a code that cannot be seen is left out."""

    items: list[QuotaOut]


class HeadcountListOut(BaseModel):
    """Headcounts in the order of the codes asked for."""

    items: list[HeadcountOut]


class QuotaRowOut(BaseModel):
    """One division of the roll-up; sums over its communities, and the target on its summed urban residents."""

    code: str
    name: str
    communities: int
    villages: int
    posts: int
    with_quota: int
    without_quota: int
    by_norm: int
    by_target: int
    by_committee: int
    persons: int
    full_time_persons: int
    vacancy: int
    over: int
    resident_households: int | None
    urban_residents: int | None
    target_posts: int | None = Field(
        description="按辖区城镇常住人口每万人18名 / target over the whole area's urban residents"
    )


class QuotaTableOut(BaseModel):
    """Quotas rolled up to a level."""

    region: str
    level: str
    on: date
    items: list[QuotaRowOut]
    total: QuotaRowOut
    readings_used: dict[str, str]
    packs: dict[str, str] = Field(description="各政策包采用的依据 / bases used by each pack")
    synthetic: bool
