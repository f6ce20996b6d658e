"""Workers: one, many by id, an area's page by page, and a page for each of many communities in one call."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.kernel.period import completed_years
from services.kernel.region import subtree
from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.runtime.paging import After, Limit, decode_cursor, encode_cursor, page_of
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
    limit: Limit = 100,
    after: After = None,
) -> WorkerPageOut:
    """By `id` in the order asked for, else who is in service in the area or in the communities, by these and number."""
    if named.ids:
        found = await workers.get_many(session, named.ids, moment)
        return WorkerPageOut(items=[worker_out(w, moment) for w in found], next=None)
    if named.communities:
        area = cut(Area(tuple(sorted(subtree(code) for code in set(named.communities)))), area)
    key = decode_cursor(after, str, str)
    found = await workers.find(session, area, moment, (key[0], key[1]) if key else None, limit + 1)
    items, following = page_of(found, limit, lambda w: (w.community, w.number))
    return WorkerPageOut(items=[worker_out(w, moment) for w in items], next=following)


@router.get(
    "/workers-of-communities", dependencies=READ, summary="多个社区各自的工作者 / the workers of many communities"
)
async def list_workers_of_communities(
    community: Communities, session: ReadOnly, moment: MomentDep, per_community: Limit = 12, after: After = None
) -> WorkerBatchOut:
    """The first `per_community` workers of each community by number, in one call; `after` continues every one."""
    key = decode_cursor(after, str)
    found = await workers.first_of(session, community, moment, key[0] if key else None, per_community + 1)
    totals = await workers.count_of(session, community, moment)
    return WorkerBatchOut(
        communities=[_of(code, found.get(code, []), totals.get(code, 0), per_community, moment) for code in community]
    )


@router.get("/workers/{worker_id}", dependencies=READ, summary="一名社区工作者 / one worker")
async def get_worker(worker_id: UUID, session: ReadOnly, moment: MomentDep) -> WorkerOut:
    """One worker with what holds on the day, also one who has left."""
    return worker_out(await workers.get(session, worker_id, moment), moment)


def _of(code: str, found: list[Worker], total: int, limit: int, moment: Moment) -> WorkersOfOut:
    items = found[:limit]
    following = encode_cursor(items[-1].number) if len(found) > limit else None
    return WorkersOfOut(community=code, items=[worker_out(w, moment) for w in items], next=following, total=total)


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
