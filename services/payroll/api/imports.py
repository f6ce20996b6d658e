"""Bulk import of what payroll itself holds on workers."""

from enum import StrEnum

from fastapi import APIRouter, Depends, Request

from services.payroll.usecases.imports import import_bases, import_deductions
from services.runtime.auth import permit
from services.runtime.database import Transaction
from services.runtime.imports import CSV_BODY, Accept, DryRun, ImportReport

router = APIRouter(prefix="/v1/imports", tags=["imports"])


class ImportKind(StrEnum):
    """What can be imported."""

    CONTRIBUTION_BASES = "contribution_bases"
    TAX_DEDUCTIONS = "tax_deductions"


@router.post(
    "/{kind}",
    dependencies=[Depends(permit("import.write"))],
    openapi_extra=CSV_BODY,
    summary="从 CSV 导入缴费基数或专项扣除 / bases and deductions from CSV",
)
async def import_payroll_rows(
    kind: ImportKind, request: Request, session: Transaction, dry_run: DryRun = False, accept: Accept = "all"
) -> ImportReport:
    """A CSV with a Chinese or English header, columns in any order; bad cells are told by row, reason and remedy."""
    work = import_bases if kind is ImportKind.CONTRIBUTION_BASES else import_deductions
    return await work(session, await request.body(), dry_run=dry_run, accept=accept)
