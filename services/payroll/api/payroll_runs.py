"""A month's run: calculate, look at, and take from step to step."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.kernel.errors import Malformed, NotFound
from services.kernel.period import Month
from services.kernel.policy import BEIJING
from services.kernel.region import parse
from services.payroll.api.answers import fault_out, run_out, staffing_refusals
from services.payroll.api.pay_calculations import shelf_of
from services.payroll.domain.payroll_runs import PayrollRun, RunStep
from services.payroll.schemas.payroll_runs import (
    FaultBatchOut,
    FaultsOfOut,
    PayrollRunIn,
    PayrollRunOut,
    PayrollRunPageOut,
)
from services.payroll.schemas.payslips import MonthText
from services.payroll.storage import payroll_runs as storage
from services.payroll.storage import run_faults
from services.payroll.usecases.payroll_runs import RunOrder, run_month, step
from services.payroll.usecases.progress import Progress
from services.payroll.usecases.rosters import RosterBlock, roster_blocks
from services.runtime.auth import Caller, CallerDep, permit
from services.runtime.database import ReadOnly, Transaction, database_of, scope_of
from services.runtime.idempotency import OnceDep
from services.runtime.ids import new_id
from services.runtime.paging import MOST_IDS, Limit, PlaceDep
from services.staffing.client import StaffingClient

router = APIRouter(prefix="/v1/payroll-runs", tags=["payroll-runs"])
READ = [Depends(permit("payroll.read"))]
RUN = [Depends(permit("payroll.run"))]
Runs = Annotated[list[UUID], Query(alias="id", max_length=MOST_IDS, description="批次标识 / runs")]
Area = Annotated[str | None, Query(max_length=12, description="区划 / a division", examples=["530111000000"])]
DAYS = 10_000_000  # beyond any month
STEPS = {
    "check": RunStep.CHECK,
    "return": RunStep.RETURN,
    "approval": RunStep.APPROVE,
    "payment": RunStep.PAY,
    "closing": RunStep.CLOSE,
}


@router.post("", dependencies=RUN, status_code=201, response_model=PayrollRunOut, summary="计算某月工资 / run a month")
async def run_payroll(
    body: PayrollRunIn, request: Request, session: Transaction, caller: CallerDep, once: OnceDep
) -> Response:
    """Calculate the month for a region or the units of an authority, new or again; an equal outcome stores nothing."""
    region = body.region or body.authority or ""
    _require(caller, region)
    instant = await storage.instant(session)
    order = RunOrder(
        id=new_id(),
        region=region,
        managed=body.authority is not None,
        month=Month.parse(body.month),
        known_at=instant if body.known_at is None else _zoned(body.known_at),
        actor=caller.id,
        now=instant,
    )

    async def work() -> PayrollRunOut:
        progress = Progress(database_of(request), scope_of(request))
        with staffing_refusals():
            run = await run_month(session, shelf_of(request), order, _roster(request, caller, order), progress)
        return await _answer(session, run)

    return await once(session, work)


async def filter_of(
    caller: CallerDep,
    month: MonthText | None = None,
    region: Area = None,
    authority: Area = None,
) -> storage.Filter:
    """Which runs a list is asked for; only those of regions that the caller may see whole."""
    if region and authority:
        raise Malformed("query.both", "region 和 authority 只能给一个", "give region or authority, not both")
    inside, own = (parse(code) if code else None for code in (region, authority))
    return storage.Filter(caller.scope("payroll.read"), Month.parse(month) if month else None, inside, own)


@router.get("", dependencies=READ, summary="发放批次 / runs, latest month first")
async def list_payroll_runs(
    session: ReadOnly,
    wanted: Annotated[storage.Filter, Depends(filter_of)],
    place: PlaceDep,
    run: Runs = [],  # noqa: B006 - FastAPI copies it
    limit: Limit = 100,
    count: Annotated[bool, Query(description="是否数出总数 / whether to count the whole list")] = False,
) -> PayrollRunPageOut:
    """Runs without their faults: by `id` in the order asked for; else page by page, the latest month first.

    `region=`: runs of any division inside it; `authority=`: exactly its own.
    """
    if run:
        return PayrollRunPageOut(items=await _heads(session, await storage.get_many(session, wanted, run)))
    window = place.window(limit, int, str)
    if window.key is not None:
        day, identifier = window.key
        window = replace(window, key=(max(-DAYS, min(day, DAYS)), identifier))
    page = await storage.find(session, wanted, window, count=count)
    items = await _heads(session, page.items)
    return PayrollRunPageOut(items=items, total=page.total, **page.links(storage.place_of))


@router.get("/faults", dependencies=READ, summary="多个批次各自未能计薪的人员 / faults of several runs")
async def list_faults_of_runs(
    session: ReadOnly,
    wanted: Annotated[storage.Filter, Depends(filter_of)],
    place: PlaceDep,
    run: Annotated[list[UUID], Query(min_length=1, max_length=MOST_IDS, description="批次标识 / runs")],
    per_run: Limit = 100,
) -> FaultBatchOut:
    """A page of the faults of each run, by community and worker, in one call."""
    runs = await storage.get_many(session, wanted, run)
    pages = await run_faults.pages_of(session, runs, place.window(per_run, str, str))
    return FaultBatchOut(
        runs=[
            FaultsOfOut(
                run=one,
                items=[fault_out(fault) for fault in page.items],
                total=page.total or 0,
                **page.links(run_faults.place_of),
            )
            for one, page in pages.items()
        ]
    )


@router.get("/{run_id}", dependencies=READ, summary="一个发放批次 / one run")
async def get_payroll_run(run_id: UUID, session: ReadOnly, caller: CallerDep) -> PayrollRunOut:
    """One run with its totals and at most 1,000 of its faults."""
    return await _answer(session, await _seen(session, caller, run_id))


@router.post(
    "/{run_id}/{step_name}",
    dependencies=RUN,
    status_code=200,
    response_model=PayrollRunOut,
    summary="复核、退回、审批、发放、关账 / take a run one step on",
)
async def step_payroll_run(
    run_id: UUID,
    step_name: Annotated[str, Path(max_length=8, pattern="^(check|return|approval|payment|closing)$")],
    session: Transaction,
    caller: CallerDep,
    once: OnceDep,
) -> Response:
    """`check`, `return`, `approval`, `payment` or `closing`; whoever made a run neither checks nor approves it."""

    async def work() -> PayrollRunOut:
        await _seen(session, caller, run_id)
        return await _answer(session, await step(session, run_id, STEPS[step_name], caller.id))

    return await once(session, work, status=200)


async def _roster(request: Request, caller: Caller, order: RunOrder) -> AsyncIterator[RosterBlock]:
    client: StaffingClient = request.app.state.staffing
    area = {"authority" if order.managed else "region": order.region}
    view = client.on_behalf(caller.token, request.headers.get("traceparent"))
    table = await view.roster(str(order.month), known_at=order.known_at.astimezone(UTC), **area)
    for block in roster_blocks(table):
        yield block


async def _seen(session: ReadOnly, caller: Caller, run_id: UUID) -> PayrollRun:
    run = await storage.get(session, run_id)
    if not caller.may("payroll.read", run.region):
        raise storage.not_found()
    return run


async def _answer(session: ReadOnly, run: PayrollRun) -> PayrollRunOut:
    attempts = await storage.attempts(session, [run.number])
    schemes = attempts[run.number].schemes if run.number in attempts else ()
    return run_out(run, schemes, await storage.faults(session, run))


async def _heads(session: ReadOnly, runs: list[PayrollRun]) -> list[PayrollRunOut]:
    attempts = await storage.attempts(session, [run.number for run in runs])
    return [run_out(run, attempts[run.number].schemes if run.number in attempts else (), []) for run in runs]


def _require(caller: Caller, region: str) -> None:
    if not caller.may("payroll.run", region):
        raise NotFound("region.not_found", "没有这个地区，或不在您的辖区内", "there is no such region for you")


def _zoned(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=BEIJING)
