"""What is counted in a community, and how long it has stood: leaves of Community."""

from datetime import date
from typing import Self

import strawberry

from services.staffing.schemas.communities import MeasuresOut, PeriodOut

SYNTHETIC = "synthetic"


@strawberry.type(description="日期区间，含首日，不含末日 A half-open period of days: the end is the first day after it")
class Period:
    """A half-open period of days."""

    start: date = strawberry.field(description="第一天 The first day")
    end: date | None = strawberry.field(
        description="结束后的第一天，仍有效时为空 The first day after it, null while it lasts"
    )

    @classmethod
    def of(cls, out: PeriodOut) -> Self:
        """From staffing's period."""
        return cls(start=out.start, end=out.end)


@strawberry.type(
    description="社区的计数，未申报的为空，绝不为 0 What is counted in a community; null where never stated, not 0"
)
class Measures:
    """What is counted in a community on the day asked."""

    resident_households: int | None = strawberry.field(description="常住户数 Resident households")
    registered_households: int | None = strawberry.field(description="户籍户数 Registered households")
    resident_population: int | None = strawberry.field(description="常住人口 Resident population")
    urban_residents: int | None = strawberry.field(description="城镇常住人口 Urban residents")
    premises_sqm: str | None = strawberry.field(description="办公服务用房面积，平方米 Premises, in square metres")
    ground_floor_sqm: str | None = strawberry.field(description="其中首层面积，平方米 Of which on the ground floor")
    provenance: str | None = strawberry.field(description="数据来源类别，synthetic 为虚构 Where the figures come from")
    synthetic: bool = strawberry.field(description="是否为演示用虚构数据 Whether the figures are synthetic")
    source: str | None = strawberry.field(description="来源说明 The source in words")

    @classmethod
    def of(cls, out: MeasuresOut) -> Self:
        """From staffing's measures."""
        return cls(
            resident_households=out.resident_households,
            registered_households=out.registered_households,
            resident_population=out.resident_population,
            urban_residents=out.urban_residents,
            premises_sqm=out.premises_sqm,
            ground_floor_sqm=out.ground_floor_sqm,
            provenance=out.provenance,
            synthetic=out.provenance == SYNTHETIC,
            source=out.source,
        )
