"""Imports over HTTP: issues, sessions, events of issues, from CSV."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.api.access import DeskDep
from services.consultation.usecases import imports as usecases
from services.runtime.auth import permit
from services.runtime.database import Transaction
from services.runtime.idempotency import OnceDep
from services.runtime.imports import CSV_BODY, Accept, DryRun, ImportReport
from services.runtime.packs import Packs

router = APIRouter(prefix="/v1", tags=["imports"])

Kind = Literal["issues", "sessions", "issue_events"]
Work = Callable[[AsyncSession, Packs, usecases.Order], Awaitable[ImportReport]]
KINDS: Mapping[Kind, Work] = {
    "issues": usecases.import_issues,
    "sessions": usecases.import_sessions,
    "issue_events": usecases.import_events,
}


async def order_of(request: Request, desk: DeskDep, accept: Accept = "all", dry_run: DryRun = False) -> usecases.Order:
    """The import as asked for."""
    scope = desk.caller.scope("import.write")
    return usecases.Order(await request.body(), desk.caller.id, scope, accept, dry_run)


@router.post(
    "/imports/{kind}",
    response_model=ImportReport,
    openapi_extra=CSV_BODY,
    dependencies=[Depends(permit("import.write"))],
)
async def import_records(
    kind: Kind,
    session: Transaction,
    desk: DeskDep,
    once: OnceDep,
    order: Annotated[usecases.Order, Depends(order_of)],
) -> Response:
    """Imports a CSV file; every row is checked like a call of the API. 批量导入。"""

    async def work() -> ImportReport:
        return await KINDS[kind](session, desk.packs, order)

    return await once(session, work, status=200)
