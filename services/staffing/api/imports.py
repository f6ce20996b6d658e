"""Bulk imports from CSV: divisions, communities, measures, managements, workers and what they hold."""

from fastapi import APIRouter, Depends, Request

from services.runtime.auth import CallerDep, permit
from services.runtime.database import Bulk
from services.runtime.imports import CSV_BODY, Accept, DryRun
from services.staffing.schemas.imports import ImportOut
from services.staffing.usecases import imports

router = APIRouter(prefix="/v1", tags=["imports"])


@router.post(
    "/imports/{kind}",
    dependencies=[Depends(permit("staffing.write"))],
    openapi_extra=CSV_BODY,
    summary="批量导入 CSV / bulk import of a CSV",
)
async def import_csv(
    kind: imports.Kind,
    request: Request,
    connection: Bulk,
    caller: CallerDep,
    dry_run: DryRun = False,
    accept: Accept = "all",
) -> ImportOut:
    """All rows or none unless `accept=good`; a bad row is listed with row, column, reason and remedy.

    The body is CSV in UTF-8 or GB18030, or gzip of it; headers in Chinese or English in any order.
    """
    scope = caller.scope("staffing.write")
    sheet, added = await imports.load(connection, kind, await request.body(), scope, accept=accept, dry_run=dry_run)
    return ImportOut(**sheet.report(kind, dry_run=dry_run).model_dump(), added=added)
