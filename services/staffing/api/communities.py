"""Communities: one, many by code or lineage, an area's page by page; counts, divisions and managements."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.kernel.region import Level, parse
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.runtime.listing import Listing, json_of
from services.runtime.paging import Limit, PlaceDep
from services.staffing.api.moments import AreaDep, AskedAreaDep, MomentDep, read_at
from services.staffing.domain.managements import managed_area
from services.staffing.schemas.communities import (
    CommunityCountsOut,
    CommunityOut,
    CommunityPageOut,
    DivisionOut,
    DivisionPageOut,
    ManagementOut,
    ManagementPageOut,
    PeriodOut,
)
from services.staffing.storage import communities, managements
from services.staffing.storage.reads import COMMUNITY
from services.staffing.storage.reads_divisions import DIVISION

router = APIRouter(prefix="/v1", tags=["communities"])
READ = [Depends(permit("staffing.read"))]
COMMUNITIES = Listing(COMMUNITY, CommunityOut)
DIVISIONS = Listing(DIVISION, DivisionOut)
CodePath = Annotated[str, Path(pattern=r"^[1-9]\d{11}$", examples=["530111001011"])]


@dataclass(frozen=True, slots=True)
class Named:
    """Communities named by lineage or by code."""

    ids: Annotated[list[UUID] | None, Query(alias="id", max_length=1000, description="世系标识 / lineages")] = None
    codes: Annotated[list[str] | None, Query(alias="code", max_length=1000, description="区划代码 / codes")] = None


@router.get(
    "/communities",
    dependencies=READ,
    response_model=CommunityPageOut,
    summary="社区列表 / list communities",
)
async def list_communities(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    request: Request,
    asked: AskedAreaDep,
    moment: MomentDep,
    named: Annotated[Named, Depends()],
    place: PlaceDep,
    limit: Limit = 100,
    count: Annotated[bool, Query(description="是否数出总数 / whether to count the whole list")] = False,
) -> Response:
    """By `id` or `code` (at most 1,000, in the order asked for), else the area's page by page in the order of codes."""
    if named.ids or named.codes:
        by, keys = ("id", list(map(str, named.ids))) if named.ids else ("code", named.codes or [])
        readable = [key for key in keys if by == "id" or key.isdigit()]
        found = {one[by]: one for one in await COMMUNITIES.rows(request, by, readable, **read_at(moment))}
        items = [found[key] for key in keys if key in found]
        return json_of({"items": items, "next": None, "previous": None, "total": None})
    (page,) = await COMMUNITIES.pages(request, None, {**asked, **read_at(moment)}, (place, limit), count=count)
    return json_of({"items": page.items, **page.links(), "total": page.total})


@router.get(
    "/communities/{code}",
    dependencies=READ,
    response_model=CommunityOut,
    summary="一个社区 / one community",
)
async def get_community(code: CodePath, request: Request, moment: MomentDep) -> Response:
    """One community as it stands on the day."""
    found = await COMMUNITIES.rows(request, "code", [code], **read_at(moment))
    if not found:
        raise communities.not_found(code)
    return json_of(found[0])


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


@router.get(
    "/divisions",
    dependencies=READ,
    response_model=DivisionPageOut,
    summary="区划 / divisions of town level and above",
)
async def list_divisions(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    request: Request,
    asked: AskedAreaDep,
    moment: MomentDep,
    place: PlaceDep,
    level: Level | None = None,
    limit: Limit = 100,
    count: Annotated[bool, Query(description="是否数出总数 / whether to count the whole list")] = False,
) -> Response:
    """The code book of an area in the order of codes; the book is public, the area is the caller's."""
    wanted = {**asked, **read_at(moment), "where": {"level": level}}
    (page,) = await DIVISIONS.pages(request, None, wanted, (place, limit), count=count)
    return json_of({"items": page.items, **page.links(), "total": page.total})


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
