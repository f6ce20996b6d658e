"""Consultation figures of a region and a period, counted from events."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Self

import strawberry

from gateway.types.enums import word
from gateway.types.explanations import Citation, Explanation
from gateway.types.fields import alike
from services.consultation.schemas.parts import RateOut
from services.consultation.schemas.statistics import ConsultationStatisticsOut, CountOut, CoverageOut, LoopOut
from services.kernel.region import DivisionCode


@strawberry.enum(description="覆盖率的分母 Which list of units is the denominator of coverage")
class CoverageDenominator(Enum):
    """The denominator of coverage."""

    PASSED = word("passed", "给定的单位名单 The units that were asked about")
    UNITS_WITH_RECORDS = word("units_with_records", "有记录的单位 The units with any record")


@strawberry.type(description="协商覆盖情况 Units with at least one session, and which list was the denominator")
class Coverage:
    """Coverage."""

    units: int = strawberry.field(description="单位数 Units")
    units_with_session: int = strawberry.field(description="有协商活动的单位数 Units with at least one session")
    denominator: CoverageDenominator = strawberry.field(description="分母的来源 Which list was the denominator")
    without_session: list[DivisionCode] = strawberry.field(description="没有活动的单位 Units without any session")

    @classmethod
    def of(cls, out: CoverageOut) -> Self:
        """From consultation's coverage."""
        without = [DivisionCode(code) for code in out.without_session]
        return alike(cls, out, denominator=CoverageDenominator(out.denominator), without_session=without)


@strawberry.type(description="闭环情况 Raised against closed")
class ClosedLoop:
    """The closed loop."""

    raised: int = strawberry.field(description="提出 Raised")
    adopted: int = strawberry.field(description="采纳 Adopted")
    published: int = strawberry.field(description="公示 Published")
    implemented: int = strawberry.field(description="实施 Implemented")
    fed_back: int = strawberry.field(description="反馈 Reported back")
    closed: int = strawberry.field(description="办结 Closed")
    median_days: str | None = strawberry.field(
        description="提出至办结整日数的中位数，无办结时为空 The median of whole days from raising to closing"
    )

    @classmethod
    def of(cls, out: LoopOut) -> Self:
        """From consultation's loop."""
        return alike(cls, out)


@strawberry.type(description="比率：两个数、读法、依据和过程 A rate with both its numbers, its reading and its way")
class Rate:
    """A rate."""

    rule: str = strawberry.field(description="规则 The rule")
    pack: str = strawberry.field(description="政策包 The policy pack")
    numerator: int = strawberry.field(description="分子 The numerator")
    denominator: int = strawberry.field(description="分母 The denominator")
    percent: str | None = strawberry.field(description="百分数，分母为 0 时为空 Per cent, null over 0")
    reached: bool | None = strawberry.field(
        description="是否达到文件的门槛，没有门槛时为空 Whether the document's own threshold is reached"
    )
    reading: str | None = strawberry.field(description="用到的读法 The reading used")
    explanation: Explanation | None = strawberry.field(description="计算过程 The way to the figure")
    citations: list[Citation] = strawberry.field(description="依据的原文 The sentences it rests on")

    @classmethod
    def of(cls, out: RateOut) -> Self:
        """From consultation's rate."""
        tree = Explanation(wire=out.explanation) if out.explanation else None
        return alike(cls, out, explanation=tree, citations=[Citation.of(one.model_dump()) for one in out.citations])


@strawberry.type(description="某一类的议题、事项和活动数 Issues, items and sessions of one kind")
class IssueTally:
    """How many of one kind."""

    code: str = strawberry.field(description="类别代码 The kind's code")
    issues: int = strawberry.field(description="议题数 Issues")
    items: int = strawberry.field(description="协商事项数 Items taken in sessions")
    sessions: int = strawberry.field(description="活动数 Sessions")

    @classmethod
    def of(cls, counted: Iterable[CountOut]) -> list[Self]:
        """From consultation's counts."""
        return [alike(cls, one) for one in counted]


@strawberry.type(description="某区域某时期的协商统计，逐数由事件得出 The consultation figures of a region and a period")
class ConsultationStatistics:
    """Every number is counted from events."""

    region: DivisionCode = strawberry.field(description="区域 The region")
    pack: str = strawberry.field(description="所用政策包 The policy pack")
    start: date | None = strawberry.field(description="起始日，自最早事件时为空 The first day, null from the beginning")
    end: date = strawberry.field(description="截至日（含） The last day, in")
    known_at: datetime | None = strawberry.field(description="按此刻所知，现在为空 As known then, null for now")
    sessions: int = strawberry.field(description="协商活动数 Sessions")
    items: int = strawberry.field(description="协商事项数 Issues taken in a session of the period")
    items_implemented: int = strawberry.field(description="已落实事项数 Items implemented")
    items_open: int = strawberry.field(description="未落实事项数 Items not yet implemented")
    sessions_per_unit: str | None = strawberry.field(description="每单位活动数 Sessions per unit, two places")
    coverage: Coverage = strawberry.field(description="覆盖情况 Coverage")
    loop: ClosedLoop = strawberry.field(description="闭环情况 The closed loop")
    rates: list[Rate] = strawberry.field(description="各比率 The rates that the place's documents define")
    tiers: list[IssueTally] = strawberry.field(description="按平台层级 By tier of the platform")
    channels: list[IssueTally] = strawberry.field(description="按征集渠道 By channel")
    campaigns: list[IssueTally] = strawberry.field(description="按专项活动 By campaign")
    mechanisms: list[IssueTally] = strawberry.field(description="按议事机制 By mechanism")

    @classmethod
    def of(cls, out: ConsultationStatisticsOut) -> Self:
        """From consultation's statistics."""
        tallies = ("tiers", "channels", "campaigns", "mechanisms")
        return alike(
            cls,
            out,
            region=DivisionCode(out.region),
            coverage=Coverage.of(out.coverage),
            loop=ClosedLoop.of(out.loop),
            rates=[Rate.of(one) for one in out.rates.values()],
            **{name: IssueTally.of(getattr(out, name)) for name in tallies},
        )
