"""Figures counted from the registers of staffing: committees, certificates, workers, units."""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Self

import strawberry

from gateway.types.enums import word
from gateway.types.fields import alike
from services.kernel.region import DivisionCode
from services.staffing.schemas.communities import CommunityCountsOut
from services.staffing.schemas.statistics import (
    CertificateStatisticsOut,
    CommitteeStatisticsOut,
    MeanOut,
    ShareOut,
    StaffingStatisticsOut,
)

REGION = "统计的区域，按管理机关或令牌范围统计时为空 The region counted, null for an authority or all one may see"
ON = "基准日 The day asked"


def region_of(code: str) -> DivisionCode | None:
    """The region that statistics were asked for; None for another kind of area."""
    return DivisionCode(code) if code else None


@strawberry.enum(description="“35岁以下”是否含35岁 Whether “up to 35” includes 35")
class AgeReading(Enum):
    """How an age limit is read."""

    INCLUSIVE = word("inclusive", "含本数 The number itself included")
    EXCLUSIVE = word("exclusive", "不含本数 The number itself excluded")


@strawberry.type(description="占比及其分子分母 A share with what was divided by what")
class Share:
    """A share in per cent."""

    numerator: int = strawberry.field(description="分子 The numerator")
    denominator: int = strawberry.field(description="分母 The denominator")
    percent: str | None = strawberry.field(description="百分数，分母为 0 时为空 Per cent, null over 0")

    @classmethod
    def of(cls, out: ShareOut) -> Self:
        """From staffing's share."""
        return alike(cls, out)


@strawberry.type(description="平均数及其总数和个数 A mean with its total and count")
class Mean:
    """A mean."""

    total: int = strawberry.field(description="总数 The total")
    count: int = strawberry.field(description="个数 The count")
    mean: str | None = strawberry.field(description="平均数，个数为 0 时为空 The mean, null over 0")

    @classmethod
    def of(cls, out: MeanOut) -> Self:
        """From staffing's mean."""
        return alike(cls, out)


@strawberry.type(description="某一类的数目 How many of one kind")
class Tally:
    """How many of one kind."""

    code: str = strawberry.field(description="类别代码 The kind's code")
    count: int = strawberry.field(description="数目 How many")

    @classmethod
    def of(cls, counted: Mapping[str, int]) -> list[Self]:
        """From a service's counts by code."""
        return [cls(code=code, count=count) for code, count in counted.items()]


@strawberry.type(description="某日各类社区（村）的数目 How many units of each kind stand on a day")
class CommunityCounts:
    """Urban, converted and plain communities make all communities; with villages, the total."""

    region: DivisionCode | None = strawberry.field(description=REGION)
    on: date = strawberry.field(description=ON)
    urban_community: int = strawberry.field(description="城市社区 Urban communities")
    converted_community: int = strawberry.field(description="村改居社区 Communities converted from villages")
    plain_community: int = strawberry.field(description="未细分的社区 Communities not further told apart")
    communities: int = strawberry.field(description="社区合计 All communities")
    villages: int = strawberry.field(description="村庄 Villages")
    total: int = strawberry.field(description="合计 All units")

    @classmethod
    def of(cls, out: CommunityCountsOut, region: DivisionCode | None) -> Self:
        """From staffing's counts."""
        return alike(cls, out, region=region)


@strawberry.type(description="某日两委结构，按人计 The two committees on a day, by person; shares are over all members")
class CommitteeStatistics:
    """Persons of the party organisations and committees; one person in both counts once."""

    region: DivisionCode | None = strawberry.field(description=REGION)
    on: date = strawberry.field(description=ON)
    reading: AgeReading = strawberry.field(description="年龄界限的读法 How the age limit was read")
    members: int = strawberry.field(description="两委成员，每人一次 Members of either committee, each once")
    party_org: int = strawberry.field(description="党组织成员 Members of party organisations")
    committee: int = strawberry.field(description="居（村）委会成员 Members of residents' and villagers' committees")
    cross_appointed: Share = strawberry.field(description="交叉任职 In both")
    women: Share = strawberry.field(description="女性 Women")
    secretaries: int = strawberry.field(description="书记 Secretaries")
    women_secretaries: Share = strawberry.field(description="女书记 Women among the secretaries")
    both_posts: Share = strawberry.field(description="一肩挑 Secretary and director in one person")
    young: Share = strawberry.field(description="35岁以下的成员 Members up to 35")
    college: Share = strawberry.field(description="大专以上 Junior college and above")
    secretaries_college: Share = strawberry.field(description="书记中大专以上 Junior college among the secretaries")
    mean_age: Mean = strawberry.field(description="平均年龄 The mean age")
    mean_age_secretaries: Mean = strawberry.field(description="书记平均年龄 The mean age of the secretaries")
    per_community: Mean = strawberry.field(description="每社区人数 Members per community")
    smallest: int | None = strawberry.field(description="最少的社区人数 The fewest members of a community")
    largest: int | None = strawberry.field(description="最多的社区人数 The most members of a community")

    @classmethod
    def of(cls, out: CommitteeStatisticsOut) -> Self:
        """From staffing's statistics."""
        shares = ("cross_appointed", "women", "women_secretaries", "both_posts", "young", "college")
        means = ("mean_age", "mean_age_secretaries", "per_community")
        return alike(
            cls,
            out,
            region=region_of(out.region),
            reading=AgeReading(out.reading),
            secretaries_college=Share.of(out.secretaries_college),
            **{name: Share.of(getattr(out, name)) for name in shares},
            **{name: Mean.of(getattr(out, name)) for name in means},
        )


@strawberry.type(description="某日社会工作者持证情况，每人按最高等级计一次 Certificate holders on a day, each once")
class CertificateStatistics:
    """Each person once, at the highest level held."""

    region: DivisionCode | None = strawberry.field(description=REGION)
    on: date = strawberry.field(description=ON)
    junior: int = strawberry.field(description="初级 Junior")
    intermediate: int = strawberry.field(description="中级 Intermediate")
    senior: int = strawberry.field(description="高级 Senior")
    holders: int = strawberry.field(description="持证人数 Holders of any level")
    workers: int = strawberry.field(description="在职人数 Workers in service")
    share: Share = strawberry.field(description="持证率 The share of holders")

    @classmethod
    def of(cls, out: CertificateStatisticsOut) -> Self:
        """From staffing's statistics."""
        return alike(cls, out, region=region_of(out.region), share=Share.of(out.share))


@strawberry.type(description="某日在岗队伍情况 Workers in post on a day, each once")
class StaffingStatistics:
    """Persons holding a post, each once."""

    region: DivisionCode | None = strawberry.field(description=REGION)
    on: date = strawberry.field(description=ON)
    workers: int = strawberry.field(description="在岗人数 Workers in post")
    full_time: int = strawberry.field(description="专职人数 Full-time ones")
    communities: int = strawberry.field(description="社区数 Communities of the area")
    staffed_communities: int = strawberry.field(description="有人在岗的社区数 Communities with anybody in post")
    per_community: Mean = strawberry.field(description="每社区人数 Workers per community")
    per_staffed_community: Mean = strawberry.field(description="每个有人的社区人数 Workers per staffed community")
    college: Share = strawberry.field(description="大专以上 Junior college and above")
    hired_from: date | None = strawberry.field(description="统计公开招聘的起始日 Since when the openly recruited count")
    hired: int = strawberry.field(description="自该日起公开招聘人数 How many were openly recruited since")
    by_category: list[Tally] = strawberry.field(description="按人员类别 By category")
    by_post: list[Tally] = strawberry.field(description="按岗位 By post")
    by_entry_route: list[Tally] = strawberry.field(description="按来源 By entry route")

    @classmethod
    def of(cls, out: StaffingStatisticsOut) -> Self:
        """From staffing's statistics."""
        return alike(
            cls,
            out,
            region=region_of(out.region),
            per_community=Mean.of(out.per_community),
            per_staffed_community=Mean.of(out.per_staffed_community),
            college=Share.of(out.college),
            by_category=Tally.of(out.by_category),
            by_post=Tally.of(out.by_post),
            by_entry_route=Tally.of(out.by_entry_route),
        )
