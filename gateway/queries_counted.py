"""Root fields over figures counted from the registers: quotas rolled up, statistics."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import strawberry
from pydantic import ValidationError

from gateway.errors import Code, GatewayError
from gateway.types.arguments import AuthorityArea, Info, KnownAt, OnDay, RegionArea
from gateway.types.consultation_statistics import ConsultationStatistics
from gateway.types.fields import resolved
from gateway.types.quota_tables import QuotaTable, TableLevel
from gateway.types.statistics import (
    AgeReading,
    CertificateStatistics,
    CommitteeStatistics,
    CommunityCounts,
    StaffingStatistics,
)
from services.consultation.schemas.statistics import StatisticsIn
from services.kernel.region import DivisionCode


def filled(asked: Mapping[str, Any]) -> StatisticsIn:
    """What is to be counted, as consultation takes it. Raises GatewayError BAD_USER_INPUT."""
    try:
        return StatisticsIn.model_validate(dict(asked))
    except ValidationError as error:
        wrong = error.errors()[0]
        name = str(wrong["loc"][0])
        raise GatewayError(
            Code.BAD_USER_INPUT, f"{name} 有误，请更正：{wrong['msg']}", f"{name}: {wrong['msg']}", argument=name
        ) from None


@strawberry.input(description="为一条歧义规则指定读法 A named reading of an ambiguous rule")
class ReadingInput:
    """A reading asked for."""

    rule: str = strawberry.field(description="规则 The rule")
    reading: str = strawberry.field(description="读法 The reading")


@strawberry.type
class CountedQueries:
    """The root fields."""

    @resolved("员额汇总表：逐单位计算后汇总到某一层级 The quotas of an area's units, rolled up to a level of divisions")
    async def quota_table(
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        level: Annotated[
            TableLevel, strawberry.argument(description="层级，默认县级 The level; counties by default")
        ] = TableLevel.COUNTY,
        on: OnDay = None,
        known_at: KnownAt = None,
    ) -> QuotaTable | None:
        services = info.context.loaders.services
        area = {"region": region, "authority": authority}
        call = services.staffing.quota_table(level=str(level.value), moment=(on, known_at), **area)
        return QuotaTable.of(await services.ask("staffing", call))

    @resolved("各类社区（村）的数目 How many units of each kind there are")
    async def community_counts(
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        on: OnDay = None,
        known_at: KnownAt = None,
    ) -> CommunityCounts | None:
        services = info.context.loaders.services
        call = services.staffing.community_counts(moment=(on, known_at), region=region, authority=authority)
        return CommunityCounts.of(await services.ask("staffing", call), region)

    @resolved("在岗队伍情况 Workers in post")
    async def staffing_statistics(
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        on: OnDay = None,
        known_at: KnownAt = None,
        hired_from: Annotated[
            date | None, strawberry.argument(description="统计自该日起的公开招聘 Count the openly recruited since")
        ] = None,
    ) -> StaffingStatistics | None:
        services = info.context.loaders.services
        area = {"region": region, "authority": authority, "hired_from": hired_from.isoformat() if hired_from else None}
        call = services.staffing.staffing_statistics(moment=(on, known_at), **area)
        return StaffingStatistics.of(await services.ask("staffing", call))

    @resolved("两委结构 The two committees, by person")
    async def committee_statistics(
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        on: OnDay = None,
        known_at: KnownAt = None,
        reading: Annotated[
            AgeReading, strawberry.argument(description="“35岁以下”是否含35岁 Whether “up to 35” includes 35")
        ] = AgeReading.INCLUSIVE,
    ) -> CommitteeStatistics | None:
        services = info.context.loaders.services
        area = {"region": region, "authority": authority}
        call = services.staffing.committee_statistics(moment=(on, known_at), reading=str(reading.value), **area)
        return CommitteeStatistics.of(await services.ask("staffing", call))

    @resolved("社会工作者持证情况 Certificate holders")
    async def certificate_statistics(
        self,
        info: Info,
        region: RegionArea = None,
        authority: AuthorityArea = None,
        on: OnDay = None,
        known_at: KnownAt = None,
    ) -> CertificateStatistics | None:
        services = info.context.loaders.services
        call = services.staffing.certificate_statistics(moment=(on, known_at), region=region, authority=authority)
        return CertificateStatistics.of(await services.ask("staffing", call))

    @resolved("协商统计 The consultation figures of a region and a period")
    async def consultation_statistics(  # noqa: PLR0913, PLR0917 - the arguments of the field
        self,
        info: Info,
        region: Annotated[DivisionCode, strawberry.argument(description="区域代码 The region")],
        start: Annotated[
            date | None, strawberry.argument(description="起始日，默认自最早事件 The first day; from the beginning")
        ] = None,
        end: Annotated[
            date | None, strawberry.argument(description="截至日（含），默认今天 The last day, in; today by default")
        ] = None,
        known_at: KnownAt = None,
        units: Annotated[
            list[DivisionCode] | None,
            strawberry.argument(
                description="只计这些单位，并作覆盖率分母 Count these units only; coverage is over them"
            ),
        ] = None,
        readings: Annotated[
            list[ReadingInput] | None, strawberry.argument(description="指定读法 Named readings of ambiguous rules")
        ] = None,
    ) -> ConsultationStatistics | None:
        asked = {"region": region, "start": start, "end": end or date.max, "known_at": known_at, "units": units or []}
        wanted = filled({**asked, "readings": {one.rule: one.reading for one in readings or ()}})
        services = info.context.loaders.services
        return ConsultationStatistics.of(await services.ask("consultation", services.consultation.statistics(wanted)))
