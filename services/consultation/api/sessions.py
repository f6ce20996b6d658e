"""Sessions over HTTP: record one with its items, list, read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.consultation.api import answers
from services.consultation.api.access import DeskDep, check_community
from services.consultation.api.issues import Communities, person
from services.consultation.domain.sessions import Participant
from services.consultation.schemas.parts import CommunityCode
from services.consultation.schemas.sessions import SessionBatchOut, SessionIn, SessionOut
from services.consultation.storage import sessions as storage
from services.consultation.usecases import procedures, reads_sessions
from services.consultation.usecases import sessions as usecases
from services.runtime.auth import permit
from services.runtime.database import Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.listing import Listing, json_of
from services.runtime.paging import MOST_IDS, After, Limit, Page, Place, PlaceDep

router = APIRouter(prefix="/v1", tags=["sessions"])
SESSIONS = Listing(reads_sessions.SESSIONS, SessionOut, {"community": "communityCode"})


@router.post(
    "/sessions", status_code=201, response_model=SessionOut, dependencies=[Depends(permit("consultation.write"))]
)
async def record_session(body: SessionIn, session: Transaction, desk: DeskDep, once: OnceDep) -> Response:
    """Records a consultation activity; each item takes the step held in a session. 登记协商活动。"""
    check_community(desk.caller, "consultation.write", body.community)

    async def work() -> SessionOut:
        held = usecases.Held(
            community=body.community,
            title=body.title,
            held_at=body.held_at,
            tier=body.tier,
            participants=tuple(Participant(one.kind, one.count, one.name) for one in body.participants),
            minutes=body.minutes,
            number=body.number,
        )
        items = [usecases.Item(one.issue, person(one.actor), one.outcome or "", one.evidence) for one in body.items]
        recorded = await usecases.record(session, desk.packs, held, items, desk.caller.id)
        roles = procedures.roles_of(desk.packs, recorded.community, procedures.day_of(recorded.held_at))
        return answers.session(recorded, roles)

    return await once(session, work)


@router.get("/sessions", response_model=Page[SessionOut], dependencies=[Depends(permit("consultation.read"))])
async def list_sessions(
    request: Request,
    session_id: Annotated[list[UUID] | None, Query(alias="id", max_length=MOST_IDS)] = None,
    community: Communities = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """Sessions, the latest held first. 协商活动列表。"""
    ids = [str(one) for one in session_id or ()]
    asked = {"region": None, "where": {"ids": ids or None, "communities": community or None}}
    (page,) = await SESSIONS.pages(request, None, asked, (Place(after), limit))
    return json_of({"items": page.items, "next": page.next})


@router.get(
    "/sessions-of-communities", response_model=SessionBatchOut, dependencies=[Depends(permit("consultation.read"))]
)
async def list_sessions_of_communities(
    request: Request,
    community: Annotated[list[CommunityCode], Query(min_length=1, max_length=MOST_IDS)],
    place: PlaceDep,
    per_community: Limit = 12,
) -> Response:
    """A page of sessions of each community, the latest held first, in one call. 多个社区各自的协商活动。"""
    codes = list(dict.fromkeys(community))
    pages = await SESSIONS.pages(request, "community", {"keys": codes}, (place, per_community), count=True)
    batch = [
        {"community": code, "items": page.items, **page.links(), "total": page.total}
        for code, page in zip(codes, pages, strict=True)
    ]
    return json_of({"communities": batch})


@router.get("/sessions/{session_id}", response_model=SessionOut, dependencies=[Depends(permit("consultation.read"))])
async def read_session(session_id: UUID, request: Request) -> Response:
    """A session with its items. 协商活动详情。"""
    found = await SESSIONS.rows(request, "id", [session_id])
    if not found:
        raise storage.not_found(str(session_id))
    return json_of(found[0])
