"""Wire forms of communities and of the measures counted in them."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.runtime.paging import NextCursor, PreviousCursor, Total

Code = Annotated[
    str, Field(pattern=r"^[1-9]\d{11}$", examples=["530111001011"], description="12 位区划代码 / division code")
]


class PeriodOut(BaseModel):
    """A half-open period of days: `end` is the first day after it, null while it lasts."""

    start: date
    end: date | None


class MeasuresOut(BaseModel):
    """What is counted in a community on the day asked; null where nothing was ever stated, never 0."""

    resident_households: int | None = Field(default=None, examples=[3250])
    registered_households: int | None = None
    resident_population: int | None = None
    urban_residents: int | None = None
    premises_sqm: str | None = Field(default=None, examples=["405.50"], description="平方米 / square metres")
    ground_floor_sqm: str | None = None
    provenance: str | None = Field(
        default=None, description="synthetic 表示生成的演示数据 / synthetic = generated data"
    )
    source: str | None = None


class CommunityOut(BaseModel):
    """One grass-roots unit as it stands on the day asked."""

    model_config = ConfigDict(json_schema_extra={"description": "社区(村) / a community or village"})

    id: str = Field(description="世系标识,村改居后不变 / lineage: a converted village keeps it")
    code: Code
    name: str
    kind: str = Field(examples=["urban_community"])
    unit_type: str
    urban_rural: int | None = Field(description="统计用城乡分类代码 / urban-rural class")
    valid: PeriodOut
    provenance: str
    source: str
    measures: MeasuresOut


class CommunityPageOut(BaseModel):
    """A page of communities in the order of their codes."""

    items: list[CommunityOut]
    next: NextCursor
    previous: PreviousCursor = None
    total: Total = None


class CommunityCountsOut(BaseModel):
    """How many units of each kind stand in a region on a day, and whether the kinds add up."""

    region: str
    on: date
    urban_community: int
    converted_community: int
    plain_community: int
    communities: int = Field(description="社区合计 / all communities")
    villages: int
    total: int


class DivisionOut(BaseModel):
    """One division of the code book, town level and above."""

    code: Code
    name: str
    level: str
    unit_type: str
    start: date


class DivisionPageOut(BaseModel):
    """A page of divisions in the order of their codes."""

    items: list[DivisionOut]
    next: NextCursor
    previous: PreviousCursor = None
    total: Total = None


class ManagementOut(BaseModel):
    """An authority runs a unit for a while, whatever the unit's code says."""

    authority: str
    unit: str
    valid: PeriodOut
    source: str


class ManagementPageOut(BaseModel):
    """Every management relation of an authority that is in force on the day."""

    items: list[ManagementOut]
    communities: int = Field(description="其管理的社区(村)数 / communities it manages")
