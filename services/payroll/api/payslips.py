"""Payslips: of workers, of a run, one, and one explained. A worker sees the own ones, payroll those of its region."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.kernel.errors import DomainError, Malformed
from services.kernel.policy import BEIJING
from services.payroll.api.answers import checks_out, explained_lines, payslip_out
from services.payroll.api.pay_calculations import packs_of
from services.payroll.domain.payroll_runs import SETTLED
from services.payroll.schemas.payslips import (
    MonthText,
    PayslipExplanationOut,
    PayslipExplanationsOut,
    PayslipOut,
    PayslipPageOut,
    PayslipRefusalOut,
    TextOut,
)
from services.payroll.storage.payslips import not_found
from services.payroll.usecases.payslips import ReadPayslip, Rederived, read_many, read_one, read_run, rederive
from services.payroll.usecases.reads import PAYSLIPS as DECLARED
from services.runtime.auth import Caller, CallerDep, permit
from services.runtime.database import ReadOnly, database_of, scope_of
from services.runtime.listing import Listing, json_of
from services.runtime.paging import MOST_IDS, After, Limit, decode_cursor, page_of
from services.runtime.problem import status_of

router = APIRouter(prefix="/v1", tags=["payslips"])
PAYSLIPS = Listing(DECLARED, PayslipOut)
PERMITS = [Depends(permit("payroll.read", "payslip.self"))]
Payslips = Annotated[list[UUID], Query(alias="id", max_length=MOST_IDS, description="工资条标识 / payslips")]
Workers = Annotated[list[UUID], Query(max_length=MOST_IDS, description="人员标识 / workers")]


@router.get(
    "/payslips",
    response_model=PayslipPageOut,
    dependencies=PERMITS,
    summary="工资条 / payslips of workers or of a run",
)
async def list_payslips(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    request: Request,
    caller: CallerDep,
    worker: Workers = [],  # noqa: B006 - FastAPI copies it
    payslip: Payslips = [],  # noqa: B006 - FastAPI copies it
    run: UUID | None = None,
    month: MonthText | None = None,
    latest: bool = False,
    after: After = None,
    limit: Limit = 100,
) -> Response | PayslipPageOut:
    """`id=` repeated; or `worker=` repeated with `month=` or `latest=true`; or `run=`, paged by community and worker.

    Payslips the caller may not see are left out.
    """
    if payslip:
        return json_of({"items": await PAYSLIPS.rows(request, "id", payslip), "next": None})
    if run is not None:
        return await _of_run(request, caller, run, (decode_cursor(after, str, str), limit))
    if (month is None) != latest or not worker:
        raise _one_question()
    return json_of({"items": await PAYSLIPS.rows(request, "worker", worker, args={"month": month}), "next": None})


async def _of_run(
    request: Request, caller: Caller, run: UUID, page: tuple[tuple[str, str] | None, int]
) -> PayslipPageOut:
    after, limit = page
    async with database_of(request).transaction(scope_of(request), read_only=True) as session:
        rows = await read_run(session, run, after, limit + 1)
    kept, following = page_of(rows, limit, lambda one: (one.stored.community, str(one.stored.worker)))
    return PayslipPageOut(items=[payslip_out(one) for one in kept if visible(caller, one)], next=following)


@router.get("/payslips/{payslip_id}", dependencies=PERMITS, summary="一张工资条 / one payslip")
async def get_payslip(payslip_id: UUID, session: ReadOnly, caller: CallerDep) -> PayslipOut:
    """One payslip; one that the caller may not see does not exist for them."""
    return payslip_out(await _seen(session, caller, payslip_id))


@router.get("/payslips/{payslip_id}/explanation", dependencies=PERMITS, summary="逐项解释 / a payslip explained")
async def explain_payslip(
    payslip_id: UUID, session: ReadOnly, caller: CallerDep, request: Request
) -> PayslipExplanationOut:
    """Every line derived again from the stored facts and the rules of the payslip's pack digest, and compared."""
    again = await rederive(session, packs_of(request), await _seen(session, caller, payslip_id))
    return _explanation(again)


@router.get("/payslip-explanations", dependencies=PERMITS, summary="多张工资条的逐项解释 / payslips explained")
async def explain_payslips(
    session: ReadOnly,
    caller: CallerDep,
    request: Request,
    payslip: Annotated[list[UUID], Query(alias="id", min_length=1, max_length=MOST_IDS)],
) -> PayslipExplanationsOut:
    """`id=` repeated: each as on its own; those the caller may not see are left out."""
    explained, refused = list[PayslipExplanationOut](), list[PayslipRefusalOut]()
    for one in await read_many(session, payslip):
        if not visible(caller, one):
            continue
        try:
            explained.append(_explanation(await rederive(session, packs_of(request), one)))
        except DomainError as error:
            message = TextOut(zh=error.zh, en=error.en)
            refusal = PayslipRefusalOut(id=one.stored.id, status=status_of(error), code=error.code, message=message)
            refused.append(refusal)
    return PayslipExplanationsOut(items=explained, refused=refused)


def visible(caller: Caller, one: ReadPayslip) -> bool:
    """Whether the caller is payroll for the community, or the worker and the run is approved."""
    own = caller.worker_id == one.stored.worker and one.run.state in SETTLED
    return own or caller.may("payroll.read", one.stored.community)


async def _seen(session: ReadOnly, caller: Caller, payslip_id: UUID) -> ReadPayslip:
    found = await read_one(session, payslip_id)
    if not visible(caller, found):
        raise not_found()
    return found


def _one_question() -> Malformed:
    return Malformed(
        "payslip.question",
        "请给出 id；或 worker 并加 month 或 latest=true；或给出 run",
        "give id, or worker with month or latest=true, or run",
    )


def _explanation(again: Rederived) -> PayslipExplanationOut:
    stored = again.read.stored
    return PayslipExplanationOut(
        id=stored.id,
        worker=stored.worker,
        month=str(stored.month),
        scheme=again.read.scheme.name,
        pack=again.pack,
        pack_digest=again.pack_digest,
        known_on=again.known_at.astimezone(BEIJING).date().isoformat(),
        matches=again.matches,
        facts=again.facts_shown,
        lines=explained_lines(again.payslip),
        checks=checks_out(again.payslip),
    )
