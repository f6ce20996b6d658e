"""The code book of divisions, town level and above."""

from datetime import date
from enum import Enum
from typing import Self

import strawberry

from gateway.types.enums import word
from gateway.types.fields import alike
from services.kernel.region import DivisionCode
from services.runtime.paging import encode_cursor
from services.staffing.schemas.communities import DivisionOut


@strawberry.enum(description="区划的层级 The level of a division")
class DivisionLevel(Enum):
    """The level of a division."""

    NATION = word("nation", "全国 The nation")
    PROVINCE = word("province", "省级 A province")
    CITY = word("city", "市级 A city or prefecture")
    COUNTY = word("county", "县级 A county or district")
    TOWN = word("town", "乡级 A town or street")
    VILLAGE = word("village", "村级 A community or village")


@strawberry.type(description="区划代码簿中的一个区划 A division of the code book on a day")
class Division:
    """A division."""

    code: DivisionCode = strawberry.field(description="12位区划代码 The division code of 12 digits")
    name: str = strawberry.field(description="名称 The name")
    level: DivisionLevel = strawberry.field(description="层级 The level")
    unit_type: str = strawberry.field(description="代码簿中的单位类型 The unit type of the code book")
    start: date = strawberry.field(description="以此代码和名称起始之日 Since when it has this code and name")

    @classmethod
    def of(cls, out: DivisionOut) -> Self:
        """From staffing's division."""
        return alike(cls, out, code=DivisionCode(out.code), level=DivisionLevel(out.level))


def division_cursor(one: DivisionOut) -> str:
    """Where a division stands in the book: staffing orders it by code."""
    return encode_cursor(one.code)
