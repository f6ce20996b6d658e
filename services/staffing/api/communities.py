"""Communities: one, many by code or lineage, an area's page by page; counts, divisions and managements."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.kernel.region import Level, parse
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.runtime.paging import Limit, PlaceDep
from services.staffing.api.moments import AreaDep, MomentDep
from services.staffing.domain.communities import Community, Measures
from services.staffing.domain.managements import managed_area
from services.staffing.schemas.communities import (
    CommunityCountsOut,
    CommunityOut,
    CommunityPageOut,
    DivisionOut,
    DivisionPageOut,
    ManagementOut,
    ManagementPageOut,
    MeasuresOut,
    PeriodOut,
)
from services.staffing.storage import communities, divisions, managements

router = APIRouter(prefix="/v1", tags=["communities"])
READ = [Depends(permit("staffing.read"))]
CodePath = Annotated[str, Path(pattern=r"^[1-9]\d{11}$", examples=["530111001011"])]


@dataclass(frozen=True, slots=True)
class Named:
    """Communities named by lineage or by code."""

    ids: Annotated[list[UUID] | None, Query(alias="id", max_length=1000, description="世系标识 / lineages")] = None
    codes: Annotated[list[str] | None, Query(alias="code", max_length=1000, description="区划代码 / codes")] = None


@router.get("/communities", dependencies=READ, summary="社区列表 / list communities")
async def list_communities(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    session: ReadOnly,
    area: AreaDep,
    moment: MomentDep,
    named: Annotated[Named, Depends()],
    place: PlaceDep,
    limit: Limit = 100,
    count: Annotated[bool, Query(description="是否数出总数 / whether to count the whole list")] = False,
) -> CommunityPageOut:
    """By `id` or `code` (at most 1,000, in the order asked for), else the area's page by page in the order of codes."""
    if named.ids or named.codes:
        found = (
            await communities.get_by_ids(session, named.ids, moment)
            if named.ids
            else await communities.get_many(session, named.codes or [], moment)
        )
        return CommunityPageOut(items=[community_out(c) for c in found], next=None)
    page = await communities.find(session, area, moment, place.window(limit, str), count=count)
    links = page.links(lambda c: (c.code,))
    return CommunityPageOut(items=[community_out(c) for c in page.items], total=page.total, **links)


@router.get("/communities/{code}", dependencies=READ, summary="一个社区 / one community")
async def get_community(code: CodePath, session: ReadOnly, moment: MomentDep) -> CommunityOut:
    """One community as it stands on the day."""
    return community_out(await communities.get(session, code, moment))


@router.get("/statistics/communities", dependencies=READ, summary="社区数量 / counts by kind")
async def count_communities(
    session: ReadOnly, area: AreaDep, moment: MomentDep, region: str = "000000000000"
) -> CommunityCountsOut:
    """How many communities and villages stand on the day, by kind; urban + converted + plain = communities."""
    by_kind = await communities.count_by_kind(session, area, moment)
    urban, converted = by_kind.get("urban_community", 0), by_kind.get("converted_community", 0)
    plain, villages = by_kind.get("community", 0), by_kind.get("village", 0)
    return CommunityCountsOut(
        region=region,
        on=moment.on,
        urban_community=urban,
        converted_community=converted,
        plain_community=plain,
        communities=urban + converted + plain,
        villages=villages,
        total=urban + converted + plain + villages,
    )


@router.get("/divisions", dependencies=READ, summary="区划 / divisions of town level and above")
async def list_divisions(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    session: ReadOnly,
    area: AreaDep,
    moment: MomentDep,
    place: PlaceDep,
    level: Level | None = None,
    limit: Limit = 100,
    count: Annotated[bool, Query(description="是否数出总数 / whether to count the whole list")] = False,
) -> DivisionPageOut:
    """The code book of an area in the order of codes; the book is public, the area is the caller's."""
    part = divisions.Part(area, moment, level)
    page = await divisions.find(session, part, place.window(limit, str), count=count)
    items = [
        DivisionOut(code=d.code, name=d.name, level=d.level, unit_type=d.unit_type, start=d.start) for d in page.items
    ]
    return DivisionPageOut(items=items, total=page.total, **page.links(lambda d: (d.code,)))


@router.get("/managements", dependencies=READ, summary="管理关系 / what an authority manages")
async def list_managements(
    session: ReadOnly, area: AreaDep, moment: MomentDep, authority: Annotated[str, Query(max_length=12)]
) -> ManagementPageOut:
    """The units an authority runs on the day, and how many communities that makes; without any, its own subtree."""
    code = parse(authority)
    found = await managements.of_authority(session, code, moment)
    by_kind = await communities.count_by_kind(session, area if found else managed_area(code, []), moment)
    return ManagementPageOut(
        items=[
            ManagementOut(
                authority=m.authority, unit=m.unit, valid=PeriodOut(start=m.start, end=m.end), source=m.source
            )
            for m in found
        ],
        communities=sum(by_kind.values()),
    )


def community_out(community: Community) -> CommunityOut:
    """The wire form of a community."""
    return CommunityOut(
        id=str(community.id),
        code=community.code,
        name=community.name,
        kind=community.kind.value,
        unit_type=community.unit_type,
        urban_rural=community.urban_rural,
        valid=PeriodOut(start=community.start, end=community.end),
        provenance=community.provenance,
        source=community.source,
        measures=_measures_out(community.measures),
    )


def _measures_out(counted: Measures) -> MeasuresOut:
    return MeasuresOut(
        resident_households=counted.resident_households,
        registered_households=counted.registered_households,
        resident_population=counted.resident_population,
        urban_residents=counted.urban_residents,
        premises_sqm=_sqm(counted.premises_sqm),
        ground_floor_sqm=_sqm(counted.ground_floor_sqm),
        provenance=counted.provenance,
        source=counted.source,
    )


def _sqm(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"
