"""Workers: one, many by id, an area's page by page, and a page for each of many communities in one call."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.kernel.period import completed_years
from services.kernel.region import subtree
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.runtime.paging import Limit, PlaceDep, Slice
from services.staffing.api.moments import AreaDep, MomentDep, cut
from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.workers import Worker, holds_both_posts, leading_post
from services.staffing.schemas.communities import Code
from services.staffing.schemas.workers import AppointmentOut, WorkerBatchOut, WorkerOut, WorkerPageOut, WorkersOfOut
from services.staffing.storage import workers

router = APIRouter(prefix="/v1", tags=["workers"])
READ = [Depends(permit("staffing.read"))]
Communities = Annotated[list[str], Query(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Named:
    """Workers named one by one, or by the communities they are at home in."""

    ids: Annotated[list[UUID] | None, Query(alias="id", max_length=1000)] = None
    communities: Annotated[list[Code] | None, Query(alias="community", max_length=1000)] = None


@router.get("/workers", dependencies=READ, summary="社区工作者列表 / list workers")
async def list_workers(
    session: ReadOnly,
    area: AreaDep,
    moment: MomentDep,
    named: Annotated[Named, Depends()],
    place: PlaceDep,
    limit: Limit = 100,
) -> WorkerPageOut:
    """By `id` in the order asked for, else who is in service in the area or in the communities, by these and number."""
    if named.ids:
        found = await workers.get_many(session, named.ids, moment)
        return WorkerPageOut(items=[worker_out(w, moment) for w in found], next=None)
    if named.communities:
        area = cut(Area(tuple(sorted(subtree(code) for code in set(named.communities)))), area)
    page = await workers.find(session, area, moment, place.window(limit, str, str))
    links = page.links(lambda w: (w.community, w.number))
    return WorkerPageOut(items=[worker_out(w, moment) for w in page.items], **links)


@router.get(
    "/workers-of-communities", dependencies=READ, summary="多个社区各自的工作者 / the workers of many communities"
)
async def list_workers_of_communities(
    community: Communities, session: ReadOnly, moment: MomentDep, place: PlaceDep, per_community: Limit = 12
) -> WorkerBatchOut:
    """The first `per_community` workers of each community by number, in one call; `after` continues every one.

    With `last=true` the last ones, `before` going on backwards.
    """
    pages = await workers.pages_of(session, community, moment, place.window(per_community, str))
    return WorkerBatchOut(communities=[_page_out(code, pages[code], moment) for code in community])


@router.get("/workers/{worker_id}", dependencies=READ, summary="一名社区工作者 / one worker")
async def get_worker(worker_id: UUID, session: ReadOnly, moment: MomentDep) -> WorkerOut:
    """One worker with what holds on the day, also one who has left."""
    return worker_out(await workers.get(session, worker_id, moment), moment)


def _page_out(code: str, page: Slice[Worker], moment: Moment) -> WorkersOfOut:
    links = page.links(lambda w: (w.number,))
    items = [worker_out(w, moment) for w in page.items]
    return WorkersOfOut(community=code, items=items, total=page.total or 0, **links)


def worker_out(worker: Worker, moment: Moment) -> WorkerOut:
    """The wire form of a worker; the date of birth leaves as an age in completed years."""
    posts = [appointment.post.value for appointment in worker.appointments]
    return WorkerOut(
        id=str(worker.id),
        number=worker.number,
        name=worker.name,
        sex=worker.sex,
        age=completed_years(worker.birth_on, moment.on),
        education=worker.education,
        category=worker.category,
        entry_route=worker.entry_route,
        community=worker.community,
        hired_on=worker.hired_on,
        left_on=worker.left_on,
        urban=worker.urban,
        in_state_establishment=worker.in_state_establishment,
        part_time=worker.part_time,
        subsidised=worker.subsidised,
        post=leading_post(posts),
        holds_both_posts=holds_both_posts(posts),
        appointments=[
            AppointmentOut(community=a.community, post=a.post.value, full_time=a.full_time, start=a.start, end=a.end)
            for a in worker.appointments
        ],
        tier=worker.tier,
        step=worker.step,
        certificate=worker.certificate.value,
        provenance=worker.provenance,
        source=worker.source,
    )
