"""Imports of bases and deductions: good files, and bad cells told by row, reason and remedy."""

import asyncpg
import pytest

from services.payroll.client import PayrollClient
from services.runtime.client import ServiceError
from tests.payroll.conftest import COMMUNITY, Payroll, worker_id

HERE = COMMUNITY["guandu"]
W = worker_id(1)


async def _rows(url: str, table: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(f"SELECT * FROM payroll.{table} ORDER BY start, 2")]
    finally:
        await connection.close()


async def test_bases_become_steps_with_an_end(payroll: Payroll, payroll_url: str) -> None:
    body = (
        "人员标识,社区代码,险种,缴费基数,缴存比例,起始月,结束月\n"
        f"{W},{HERE},housing_fund,5000,0.12,2026-01,2026-07\n"
        f"{W},{HERE},housing_fund,5200.50,0.08,2026-07,\n"
    )
    report = await (await payroll()).import_rows("contribution_bases", body.encode())
    assert (report["accepted"], report["rejected"]) == (2, 0)
    rows = await _rows(payroll_url, "contribution_bases")
    assert [(str(row[2]), row[5], row[6]) for row in rows] == [
        ("2026-01-01", 500_000, 1200),
        ("2026-07-01", 520_050, 800),
    ]


async def test_a_declaration_ends(payroll: Payroll, payroll_url: str) -> None:
    body = f"worker,community,kind,amount,start,end\n{W},{HERE},child_education,2000,2026-01,2026-03\n"
    await (await payroll()).import_rows("tax_deductions", body.encode())
    rows = await _rows(payroll_url, "tax_deductions")
    assert [(str(row[2]), row[5]) for row in rows] == [("2026-01-01", 200_000), ("2026-03-01", None)]


async def test_a_dry_run_writes_nothing(payroll: Payroll, payroll_url: str) -> None:
    clerk = await payroll()
    bases = f"worker,community,scheme,base,start\n{W},{HERE},social_insurance,5000,2026-01\n"
    kinds = f"worker,community,kind,amount,start\n{W},{HERE},child_education,5000,2026-01\n"
    for kind, body in (("contribution_bases", bases), ("tax_deductions", kinds)):
        assert (await clerk.import_rows(kind, body.encode(), dry_run=True))["accepted"] == 1
        assert await _rows(payroll_url, kind) == []


BAD = [
    ("contribution_bases", f"x,{HERE},social_insurance,1,,2026-01,", "cell.uuid"),
    ("contribution_bases", f"{W},530111,social_insurance,1,,2026-01,", "cell.division_code"),
    ("contribution_bases", f"{W},{HERE},pension,1,,2026-01,", "cell.choice"),
    ("contribution_bases", f"{W},{HERE},social_insurance,1.005,,2026-01,", "cell.money"),
    ("contribution_bases", f"{W},{HERE},social_insurance,1,0.05,2026-01,", "base.rate"),
    ("contribution_bases", f"{W},{HERE},housing_fund,1,,2026-01,", "base.rate"),
    ("contribution_bases", f"{W},{HERE},housing_fund,1,0.13,2026-01,", "base.rate"),
    ("contribution_bases", f"{W},{HERE},social_insurance,1,,2026-13,", "cell.month"),
    ("contribution_bases", f"{W},{HERE},social_insurance,1,,2026-02,2026-02", "cell.month_order"),
    ("tax_deductions", f"{W},{HERE},child_education,,2026-01,", "deduction.amount"),
    ("tax_deductions", f"{W},{HERE},first_job_in_year,10,2026-01,", "deduction.amount"),
]
HEADERS = {
    "contribution_bases": "worker,community,scheme,base,rate,start,end",
    "tax_deductions": "worker,community,kind,amount,start,end",
}


@pytest.mark.parametrize(("kind", "row", "code"), BAD)
async def test_a_bad_cell_is_told(payroll: Payroll, payroll_url: str, kind: str, row: str, code: str) -> None:
    clerk: PayrollClient = await payroll()
    body = f"{HEADERS[kind]}\n{row}\n".encode()
    with pytest.raises(ServiceError) as refused:
        await clerk.import_rows(kind, body)
    assert (refused.value.status, refused.value.code) == (422, "import.refused")
    report = await clerk.import_rows(kind, body, dry_run=True)
    assert [(error["row"], error["code"]) for error in report["errors"]] == [(2, code)]
    good = await clerk.import_rows(kind, body, accept="good")
    assert (good["accepted"], good["rejected"]) == (0, 1)
    assert await _rows(payroll_url, kind) == []


async def test_another_regions_worker_is_refused(payroll: Payroll) -> None:
    body = f"worker,community,scheme,base,start\n{W},{HERE},social_insurance,5000,2026-01\n"
    with pytest.raises(ServiceError) as refused:
        await (await payroll(region="211300000000")).import_rows("contribution_bases", body.encode())
    assert refused.value.status == 403
