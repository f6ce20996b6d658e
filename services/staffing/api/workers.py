"""Workers: one, many by id, an area's page by page, and a page for each of many communities in one call."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.kernel.errors import NotFound
from services.kernel.region import parse
from services.runtime.auth import permit
from services.runtime.listing import Listing, json_of
from services.runtime.paging import Limit, PlaceDep
from services.staffing.api.moments import AskedAreaDep, MomentDep, read_at
from services.staffing.schemas.communities import Code
from services.staffing.schemas.workers import WorkerBatchOut, WorkerOut, WorkerPageOut
from services.staffing.storage.reads import LISTED_WORKER

router = APIRouter(prefix="/v1", tags=["workers"])
READ = [Depends(permit("staffing.read"))]
WORKERS = Listing(LISTED_WORKER, WorkerOut, {"community": "communityCode"})
Communities = Annotated[list[str], Query(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Named:
    """Workers named one by one, or by the communities they are at home in."""

    ids: Annotated[list[UUID] | None, Query(alias="id", max_length=1000)] = None
    communities: Annotated[list[Code] | None, Query(alias="community", max_length=1000)] = None


@router.get("/workers", dependencies=READ, response_model=WorkerPageOut, summary="社区工作者列表 / list workers")
async def list_workers(
    request: Request,
    asked: AskedAreaDep,
    moment: MomentDep,
    named: Annotated[Named, Depends()],
    place: PlaceDep,
    limit: Limit = 100,
) -> Response:
    """By `id` in the order asked for, else who is in service in the area or in the communities, by these and number."""
    if named.ids:
        found = {one["id"]: one for one in await WORKERS.rows(request, "id", named.ids, **read_at(moment))}
        items = [found[key] for key in map(str, named.ids) if key in found]
        return json_of({"items": items, "next": None, "previous": None})
    within = {"args": {"communities": named.communities}} if named.communities else {}
    (page,) = await WORKERS.pages(request, None, {**asked, **within, **read_at(moment)}, (place, limit))
    return json_of({"items": page.items, **page.links()})


@router.get(
    "/workers-of-communities",
    dependencies=READ,
    response_model=WorkerBatchOut,
    summary="多个社区各自的工作者 / the workers of many communities",
)
async def list_workers_of_communities(
    community: Communities, request: Request, moment: MomentDep, place: PlaceDep, per_community: Limit = 12
) -> Response:
    """The first `per_community` workers of each community by number, in one call; `after` continues every one.

    With `last=true` the last ones, `before` going on backwards.
    """
    codes = [parse(code) for code in community]
    asked = {"keys": codes, **read_at(moment)}
    pages = await WORKERS.pages(request, "community", asked, (place, per_community), count=True)
    return json_of({
        "communities": [
            {"items": page.items, **page.links(), "community": code, "total": page.total}
            for code, page in zip(codes, pages, strict=True)
        ]
    })  # fmt: skip


@router.get("/workers/{worker_id}", dependencies=READ, response_model=WorkerOut, summary="一名社区工作者 / one worker")
async def get_worker(worker_id: UUID, request: Request, moment: MomentDep) -> Response:
    """One worker with what holds on the day, also one who has left."""
    found = await WORKERS.rows(request, "id", [worker_id], **read_at(moment))
    if not found:
        raise not_found(worker_id)
    return json_of(found[0])


def not_found(worker: UUID) -> NotFound:
    """The refusal for a worker that does not exist, or not for this caller: the same words for both."""
    return NotFound(
        "worker.not_found",
        f"没有标识为 {worker} 的社区工作者,或不在您的权限范围内",
        f"there is no worker {worker}, or the worker is outside your region",
    )
