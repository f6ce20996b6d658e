"""Issues over HTTP: raise, list, read with history, take a step."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AwareDatetime

from services.consultation.api import answers
from services.consultation.api.access import Desk, DeskDep, check_community
from services.consultation.domain.issues import Person, Standing
from services.consultation.schemas.issues import (
    IssueBatchOut,
    IssueDetailOut,
    IssueDetailsOut,
    IssueIn,
    IssueOut,
    IssuePageOut,
    IssuesOfOut,
    Process,
    StepIn,
)
from services.consultation.schemas.parts import CommunityCode, PersonIn
from services.consultation.storage import issues as storage
from services.consultation.usecases import issues as usecases
from services.consultation.usecases import procedures
from services.kernel.errors import Malformed
from services.runtime.auth import permit
from services.runtime.database import ReadOnly, Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.paging import MOST_IDS, Limit, Place, PlaceDep, Window

router = APIRouter(prefix="/v1", tags=["issues"])

Ids = Annotated[list[UUID] | None, Query(alias="id", max_length=MOST_IDS, description="最多1000个 / at most 1,000")]
Communities = Annotated[list[str] | None, Query(max_length=MOST_IDS, description="社区代码，最多1000个")]
States = Annotated[
    list[str] | None, Query(max_length=50, description="state codes; `open` stands for all that are not final")
]


@router.post(
    "/issues", status_code=201, response_model=IssueDetailOut, dependencies=[Depends(permit("consultation.write"))]
)
async def raise_issue(body: IssueIn, session: Transaction, desk: DeskDep, once: OnceDep) -> Response:
    """Raises an issue: the first step of the procedure in force in its community on that day. 受理议题。"""
    check_community(desk.caller, "consultation.write", body.community)

    async def work() -> IssueDetailOut:
        raised = usecases.Raised(
            community=body.community,
            title=body.title,
            text=body.text,
            channel=body.channel,
            proposer=person(body.proposer),
            at=body.at,
            actor=body.actor,
            process=body.process,
            campaign=body.campaign,
            mechanism=body.mechanism,
            number=body.number,
        )
        issue, procedure = await usecases.raise_issue(session, desk.packs, raised, desk.caller.id)
        return answers.detail(issue, procedure, desk.caller, desk.today)

    return await once(session, work)


def filter_of(
    issue_id: Ids = None, community: Communities = None, state: States = None, process: Process | None = None
) -> storage.Filter:
    """Which issues a list is asked for."""
    return storage.Filter(ids=issue_id or (), communities=community or (), states=state or (), process=process)


def window_of(place: PlaceDep, limit: Limit = 100) -> Window:
    """Which page of a list of issues is asked for."""
    return located(place, limit)


@router.get("/issues", dependencies=[Depends(permit("consultation.read"))])
async def list_issues(
    session: ReadOnly,
    desk: DeskDep,
    wanted: Annotated[storage.Filter, Depends(filter_of)],
    window: Annotated[Window, Depends(window_of)],
) -> IssuePageOut:
    """Issues, the latest opened first. 议题列表。"""
    page = await storage.page(session, wanted, window)
    items = await _heads(session, desk, page.items)
    return IssuePageOut(items=items, **page.links(position_of))


@router.get("/issues-of-communities", dependencies=[Depends(permit("consultation.read"))])
async def list_issues_of_communities(
    session: ReadOnly,
    desk: DeskDep,
    community: Annotated[list[CommunityCode], Query(min_length=1, max_length=MOST_IDS)],
    place: PlaceDep,
    per_community: Limit = 12,
    state: States = None,
) -> IssueBatchOut:
    """A page of issues of each community, the latest opened first, in one call. 多个社区各自的议题。"""
    wanted = storage.Filter(communities=list(dict.fromkeys(community)), states=state or ())
    pages = await storage.pages_of(session, wanted, located(place, per_community))
    heads = await _heads(session, desk, [one for page in pages.values() for one in page.items])
    of = {head.id: head for head in heads}
    return IssueBatchOut(
        communities=[
            IssuesOfOut(
                community=code,
                items=[of[one.issue.id] for one in page.items],
                total=page.total or 0,
                **page.links(position_of),
            )
            for code, page in pages.items()
        ]
    )


@router.get("/issue-details", dependencies=[Depends(permit("consultation.read"))])
async def list_issue_details(
    session: ReadOnly,
    desk: DeskDep,
    issue: Annotated[list[UUID], Query(alias="id", min_length=1, max_length=MOST_IDS)],
) -> IssueDetailsOut:
    """Issues with their steps done and next, in the order asked for; unseen ones are left out. 多个议题详情。"""
    found = await storage.find_many(session, issue)
    pinned = await procedures.pinned(session, desk.packs, {one.procedure for one in found})
    return IssueDetailsOut(items=[answers.detail(one, pinned[one.procedure], desk.caller, desk.today) for one in found])


@router.get("/issues/{issue}", dependencies=[Depends(permit("consultation.read"))])
async def read_issue(
    issue: UUID,
    response: Response,
    session: ReadOnly,
    desk: DeskDep,
    on: date | None = None,
    known_at: AwareDatetime | None = None,
) -> IssueDetailOut:
    """An issue with its steps done and the next ones, as of the end of a day and as known at an instant. 议题详情。"""
    found, procedure = await usecases.detail(session, desk.packs, issue, on, known_at)
    response.headers["ETag"] = f'"{len(found.history)}"'
    return answers.detail(found, procedure, desk.caller, on or desk.today)


@router.post(
    "/issues/{issue}/steps",
    status_code=201,
    response_model=IssueDetailOut,
    dependencies=[Depends(permit("consultation.write"))],
)
async def take_step(
    issue: UUID,
    body: StepIn,
    session: Transaction,
    desk: DeskDep,
    once: OnceDep,
    if_match: Annotated[str | None, Header(description="ETag of the issue as you saw it", max_length=40)] = None,
) -> Response:
    """Takes one step; a skipped, repeated or backward step is refused with the citation. 办理一步。"""

    async def work() -> IssueDetailOut:
        taken = usecases.Taken(
            step=body.step,
            actor=person(body.actor),
            at=body.at,
            outcome=body.outcome or "",
            evidence=body.evidence,
            session=body.session,
        )
        seen = _expected(if_match)
        moved, procedure = await usecases.take_step(session, desk.packs, issue, taken, desk.caller.id, seen)
        return answers.detail(moved, procedure, desk.caller, desk.today)

    return await once(session, work)


async def _heads(session: ReadOnly, desk: Desk, found: Sequence[Standing]) -> list[IssueOut]:
    pinned = await procedures.pinned(session, desk.packs, {one.issue.procedure for one in found})
    return [answers.issue(one, pinned[one.issue.procedure], desk.caller, desk.today) for one in found]


def located(place: Place, limit: int) -> Window:
    """The window of a list of issues; Malformed `page.cursor`, `page.both`."""
    window = place.window(limit, str, str)
    return window if window.key is None else replace(window, key=position((window.key[0], window.key[1])))


def position_of(one: Standing) -> tuple[str, str]:
    """Where an issue stands in a list, as its cursor holds it."""
    return one.opened_at.isoformat(), str(one.issue.id)


def person(who: PersonIn) -> Person:
    """Who acts or proposes."""
    return Person(who.kind, who.name, who.anonymous)


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
        instant, issue = datetime.fromisoformat(at), UUID(identifier)
        return (instant.astimezone(UTC), issue) if instant.tzinfo else None
    except (ValueError, OverflowError):  # no instant, no identifier; an instant that UTC has no year for
        return None


def _expected(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    digits = if_match.strip().strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Malformed(
            "issue.etag_unreadable",
            "If-Match 应为读取议题时返回的 ETag。",
            "If-Match is the ETag that reading the issue returned.",
        )
    return int(digits)
