"""Sessions over HTTP: record one with its items, list, read."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.consultation.api import answers
from services.consultation.api.access import DeskDep, check_community
from services.consultation.api.issues import Communities, person
from services.consultation.domain.sessions import Participant, Session
from services.consultation.schemas.parts import CommunityCode
from services.consultation.schemas.sessions import SessionBatchOut, SessionIn, SessionOut, SessionsOfOut
from services.consultation.storage import sessions as storage
from services.consultation.usecases import procedures
from services.consultation.usecases import sessions as usecases
from services.kernel.errors import DomainError, Malformed
from services.runtime.auth import permit
from services.runtime.database import ReadOnly, Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.packs import Packs
from services.runtime.paging import MOST_IDS, After, Limit, Page, Place, PlaceDep, Window, decode_cursor, page_of

router = APIRouter(prefix="/v1", tags=["sessions"])


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
        return _out(await usecases.record(session, desk.packs, held, items, desk.caller.id), desk.packs)

    return await once(session, work)


@router.get("/sessions", dependencies=[Depends(permit("consultation.read"))])
async def list_sessions(
    session: ReadOnly,
    desk: DeskDep,
    session_id: Annotated[list[UUID] | None, Query(alias="id", max_length=MOST_IDS)] = None,
    community: Communities = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[SessionOut]:
    """Sessions, the latest held first. 协商活动列表。"""
    key = decode_cursor(after, str, str)
    found = await storage.page(
        session,
        ids=session_id or (),
        communities=community or (),
        after=position(key) if key else None,
        limit=limit + 1,
    )
    items, following = page_of(found, limit, lambda one: (one.held_at.isoformat(), str(one.id)))
    return Page(items=[_out(one, desk.packs) for one in items], next=following)


@router.get("/sessions-of-communities", dependencies=[Depends(permit("consultation.read"))])
async def list_sessions_of_communities(
    session: ReadOnly,
    desk: DeskDep,
    community: Annotated[list[CommunityCode], Query(min_length=1, max_length=MOST_IDS)],
    place: PlaceDep,
    per_community: Limit = 12,
) -> SessionBatchOut:
    """A page of sessions of each community, the latest held first, in one call. 多个社区各自的协商活动。"""
    window = located(place, per_community)
    pages = await storage.pages_of(session, list(dict.fromkeys(community)), window)
    return SessionBatchOut(
        communities=[
            SessionsOfOut(
                community=code,
                items=[_out(one, desk.packs) for one in page.items],
                total=page.total or 0,
                **page.links(lambda one: (one.held_at.isoformat(), str(one.id))),
            )
            for code, page in pages.items()
        ]
    )


@router.get("/sessions/{session_id}", dependencies=[Depends(permit("consultation.read"))])
async def read_session(session_id: UUID, session: ReadOnly, desk: DeskDep) -> SessionOut:
    """A session with its items. 协商活动详情。"""
    return _out(await storage.find(session, session_id), desk.packs)


def _out(held: Session, packs: Packs) -> SessionOut:
    try:
        frame = procedures.of_community(packs, held.community, on=procedures.day_of(held.held_at))
    except DomainError:  # held before any procedure was in force: no pattern gives roles
        return answers.session(held, None)
    return answers.session(held, frame.procedure)


def located(place: Place, limit: int) -> Window:
    """The window of a list of sessions; Malformed `page.cursor`, `page.both`."""
    window = place.window(limit, str, str)
    return window if window.key is None else replace(window, key=position((window.key[0], window.key[1])))


def position(key: tuple[str, str]) -> tuple[datetime, UUID]:
    """The instant and id inside a cursor; Malformed `page.cursor`."""
    found = _position(*key)
    if found is None:
        raise Malformed(
            "page.cursor",
            "分页游标无效，请使用某一页返回的 next 或 previous，或从第一页重新开始。",
            "The cursor cannot be read; use `next` or `previous` of a page, or start again without it.",
        )
    return found


def _position(at: str, identifier: str) -> tuple[datetime, UUID] | None:
    try:
        instant, held = datetime.fromisoformat(at), UUID(identifier)
        return (instant.astimezone(UTC), held) if instant.tzinfo else None
    except (ValueError, OverflowError):  # no instant, no identifier; an instant that UTC has no year for
        return None
