"""Quotas rolled up to a level of divisions."""

from datetime import date
from enum import Enum
from typing import Self

import strawberry

from gateway.costs import window
from gateway.types.arguments import After, Before, First, Last
from gateway.types.enums import word
from gateway.types.fields import alike, resolved
from gateway.types.pages import Connection, connection, sliced
from gateway.types.quotas import ReadingUsed
from services.kernel.region import DivisionCode
from services.runtime.paging import encode_cursor
from services.staffing.schemas.quotas import QuotaRowOut, QuotaTableOut


@strawberry.enum(description="汇总到的区划层级 The level of divisions a table is rolled up to")
class TableLevel(Enum):
    """A level of divisions."""

    PROVINCE = word("province", "省级 Provinces")
    CITY = word("city", "市级 Cities")
    COUNTY = word("county", "县级 Counties")
    TOWN = word("town", "乡级 Towns and streets")


@strawberry.type(description="汇总表的一行：一个区划及其合计 A division of the table, with the sums over its units")
class QuotaRow:
    """A division, or the whole area."""

    code: DivisionCode | None = strawberry.field(description="区划代码，全区合计为空 The code, null for the whole area")
    name: str = strawberry.field(description="名称 The name")
    communities: int = strawberry.field(description="社区数 Communities")
    villages: int = strawberry.field(description="村数 Villages")
    posts: int = strawberry.field(description="员额 Posts entitled to")
    with_quota: int = strawberry.field(description="有员额的单位数 Units with a quota")
    without_quota: int = strawberry.field(description="无员额的单位数 Units without one")
    by_norm: int = strawberry.field(description="依配备标准的单位数 Units by a staffing norm")
    by_target: int = strawberry.field(description="依万人目标的单位数 Units by the target per 10,000 residents")
    by_committee: int = strawberry.field(description="依委员会职数的单位数 Units by the law on committees")
    persons: int = strawberry.field(description="在岗人数 Persons in post")
    full_time_persons: int = strawberry.field(description="专职人数 Full-time persons")
    vacancy: int = strawberry.field(description="缺额 Missing persons")
    over: int = strawberry.field(description="超配人数 Persons above the quota")
    resident_households: int | None = strawberry.field(description="常住户数 Resident households")
    urban_residents: int | None = strawberry.field(description="城镇常住人口 Urban residents")
    target_posts: int | None = strawberry.field(
        description="按全域城镇常住人口的万人目标 The target over the whole division's urban residents"
    )

    @classmethod
    def of(cls, out: QuotaRowOut) -> Self:
        """From a row of staffing's table."""
        return alike(cls, out, code=DivisionCode(out.code) if out.code else None)


@strawberry.type(description="某政策包采用的依据 The basis that a policy pack's quotas rest on")
class PackBasis:
    """The basis used under a pack."""

    pack: str = strawberry.field(description="政策包 The policy pack")
    basis: str = strawberry.field(description="依据的规则 The rule applied")


@strawberry.type(
    description="员额汇总表，由公式引擎逐单位计算后汇总 The quotas of an area's units, rolled up to a level"
)
class QuotaTable:
    """Quotas rolled up."""

    items: strawberry.Private[list[QuotaRowOut]]
    level: TableLevel = strawberry.field(description="层级 The level")
    on: date = strawberry.field(description="基准日 The day asked")
    total: QuotaRow = strawberry.field(description="全区合计 The sums over the whole area")
    readings_used: list[ReadingUsed] = strawberry.field(description="用到的读法 The readings that were used")
    bases: list[PackBasis] = strawberry.field(description="各政策包的依据 The basis under each pack")
    synthetic: bool = strawberry.field(description="是否依据虚构数据 Whether it rests on synthetic rules or figures")

    @classmethod
    def of(cls, out: QuotaTableOut) -> Self:
        """From staffing's table."""
        return cls(
            items=out.items,
            level=TableLevel(out.level),
            on=out.on,
            total=alike(QuotaRow, out.total, code=None),
            readings_used=[ReadingUsed(rule=rule, reading=used) for rule, used in out.readings_used.items()],
            bases=[PackBasis(pack=pack, basis=basis) for pack, basis in out.packs.items()],
            synthetic=out.synthetic,
        )

    @resolved("各区划，按代码排列 The divisions, in the order of their codes")
    def rows(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[QuotaRow]:
        page = sliced(self.items, lambda row: row.code, window(first, after, last, before))
        return connection(page, row_cursor, QuotaRow.of)


def row_cursor(row: QuotaRowOut) -> str:
    """Where a row stands in its table."""
    return encode_cursor(row.code)
