"""Issues over HTTP: raise, list, read with history, take a step."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import AwareDatetime

from services.consultation.api import answers
from services.consultation.api.access import DeskDep, check_community
from services.consultation.domain.issues import Person
from services.consultation.schemas.issues import (
    IssueBatchOut,
    IssueDetailOut,
    IssueDetailsOut,
    IssueIn,
    IssueOut,
    IssuePageOut,
    Process,
    StepIn,
)
from services.consultation.schemas.parts import CommunityCode, PersonIn
from services.consultation.storage import issues as storage
from services.consultation.usecases import issues as usecases
from services.consultation.usecases import procedures, reads
from services.kernel.errors import Malformed
from services.runtime.auth import permit
from services.runtime.database import ReadOnly, Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.listing import Listing, json_of
from services.runtime.paging import MOST_IDS, Limit, Place, PlaceDep

router = APIRouter(prefix="/v1", tags=["issues"])
ISSUES = Listing(reads.ISSUES, IssueOut, {"community": "communityCode"})
Asked: TypeAlias = tuple[str | None, Mapping[str, object]]
"""The lookup of a list of issues, None for a root page; and the values of the read."""

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
) -> Asked:
    """Which issues a list is asked for: those of one community by their own index, all others by what narrows them."""
    where = {"ids": [str(one) for one in issue_id or ()] or None, "process": process, **_of_states(state)}
    if community and len(community) == 1:
        return "community", {"keys": community, "where": where}
    return None, {"region": None, "where": {**where, "communities": community or None}}


def window_of(place: PlaceDep, limit: Limit = 100) -> tuple[Place, int]:
    """Which page of a list of issues is asked for."""
    return place, limit


@router.get("/issues", response_model=IssuePageOut, dependencies=[Depends(permit("consultation.read"))])
async def list_issues(
    request: Request,
    wanted: Annotated[Asked, Depends(filter_of)],
    window: Annotated[tuple[Place, int], Depends(window_of)],
) -> Response:
    """Issues, the latest opened first. 议题列表。"""
    by, asked = wanted
    (page,) = await ISSUES.pages(request, by, asked, window)
    return json_of({"items": page.items, **page.links()})


@router.get("/issues-of-communities", response_model=IssueBatchOut, dependencies=[Depends(permit("consultation.read"))])
async def list_issues_of_communities(
    request: Request,
    community: Annotated[list[CommunityCode], Query(min_length=1, max_length=MOST_IDS)],
    place: PlaceDep,
    per_community: Limit = 12,
    state: States = None,
) -> Response:
    """A page of issues of each community, the latest opened first, in one call. 多个社区各自的议题。"""
    codes = list(dict.fromkeys(community))
    asked = {"keys": codes, "where": _of_states(state)}
    pages = await ISSUES.pages(request, "community", asked, (place, per_community), count=True)
    batch = [
        {"items": page.items, **page.links(), "community": code, "total": page.total}
        for code, page in zip(codes, pages, strict=True)
    ]
    return json_of({"communities": batch})


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


def _of_states(states: Sequence[str] | None) -> dict[str, object]:
    return {"state": states[0]} if states and len(states) == 1 else {"states": states or None}


def person(who: PersonIn) -> Person:
    """Who acts or proposes."""
    return Person(who.kind, who.name, who.anonymous)


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
