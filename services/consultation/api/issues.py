"""Issues over HTTP: raise, list, read with history, take a step."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AwareDatetime

from services.consultation.api import answers
from services.consultation.api.access import DeskDep, check_community
from services.consultation.domain.issues import Person
from services.consultation.schemas.issues import IssueDetailOut, IssueIn, IssueOut, Process, StepIn
from services.consultation.schemas.parts import PersonIn
from services.consultation.storage import issues as storage
from services.consultation.usecases import issues as usecases
from services.consultation.usecases import procedures
from services.kernel.errors import Malformed
from services.runtime.auth import permit
from services.runtime.database import ReadOnly, Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.paging import MOST_IDS, After, Limit, Page, decode_cursor, page_of

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
    issue_id: Ids = None,
    community: Communities = None,
    state: States = None,
    process: Process | None = None,
    after: After = None,
) -> storage.Filter:
    """Which issues a list is asked for."""
    key = decode_cursor(after, str, str)
    return storage.Filter(
        ids=issue_id or (),
        communities=community or (),
        states=state or (),
        process=process,
        after=position(key) if key else None,
    )


@router.get("/issues", dependencies=[Depends(permit("consultation.read"))])
async def list_issues(
    session: ReadOnly,
    desk: DeskDep,
    wanted: Annotated[storage.Filter, Depends(filter_of)],
    limit: Limit = 100,
    per_community: Annotated[
        int | None, Query(ge=1, le=101, description="most issues of each community; then there is no `next`")
    ] = None,
) -> Page[IssueOut]:
    """Issues, the latest opened first; with `per_community`, the first so many of each community named. 议题列表。"""
    if per_community:
        rows, following = await storage.page(session, wanted, per_community, per_community=True), None
    else:
        found = await storage.page(session, wanted, limit + 1)
        rows, following = page_of(found, limit, lambda one: (one.opened_at.isoformat(), str(one.issue.id)))
    pinned = await procedures.pinned(session, desk.packs, {one.issue.procedure for one in rows})
    items = [answers.issue(one, pinned[one.issue.procedure], desk.caller, desk.today) for one in rows]
    return Page(items=items, next=following)


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


def person(who: PersonIn) -> Person:
    """Who acts or proposes."""
    return Person(who.kind, who.name, who.anonymous)


def position(key: tuple[str, str]) -> tuple[datetime, UUID]:
    """The instant and id inside a cursor; Malformed `page.cursor`."""
    try:
        return datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError:
        raise Malformed(
            "page.cursor",
            "分页游标无效，请使用上一页返回的 next，或从第一页重新开始。",
            "The cursor `after` cannot be read; use `next` of the page before, or start again without it.",
        ) from None


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
