"""A month's run over HTTP, on real PostgreSQL, with a roster as staffing streams it."""

from decimal import Decimal

import asyncpg
import pytest

from services.payroll.schemas.payroll_runs import PayrollRunIn, PayrollRunOut
from services.runtime.client import ServiceError
from tests.payroll.conftest import CHAOYANG, COMMUNITY, GUANDU, Payroll, Rosters, roster_of, worker_id

BASES = "worker,community,scheme,base,rate,start,end\n"


def bases(community: str, *rows: tuple[int, str]) -> bytes:
    text = "".join(f"{worker_id(worker)},{community},social_insurance,{base},,2026-01,\n" for worker, base in rows)
    return (BASES + text).encode()


HEAD = {"worker": 1, "post": "secretary", "tier": "both_posts", "step": 9, "certificate": "intermediate",
        "continuous_years": 8, "holds_both_posts": True, "community": COMMUNITY["guandu"]}  # fmt: skip
STAFF = {"worker": 2, "community": COMMUNITY["guandu"]}
HALF = {"worker": 3, "step": 2, "days_in_post": 15, "community": COMMUNITY["guandu"]}
NO_STEP = {"worker": 4, "tier": None, "step": None, "community": COMMUNITY["guandu"]}
NO_BASE = {"worker": 5, "community": COMMUNITY["guandu"]}
GRID = {"worker": 6, "category": "grid_member", "community": COMMUNITY["guandu"]}


@pytest.fixture
async def run(payroll: Payroll, rosters: Rosters) -> PayrollRunOut:
    rosters.by_month["2026-01"] = roster_of(HEAD, STAFF, HALF, NO_STEP, NO_BASE, GRID)
    maker = await payroll()
    await maker.import_rows(
        "contribution_bases", bases(COMMUNITY["guandu"], (1, "5000.00"), (2, "3500"), (3, "3500"), (4, "3500"))
    )
    return await maker.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k1")


async def test_a_run_pays_by_scheme_and_reports_faults_by_name(run: PayrollRunOut, rosters: Rosters) -> None:
    assert (run.state, run.workers, run.faulted, run.attempt) == ("calculated", 3, 3, 1)
    assert {fault.worker: fault.code for fault in run.faults} == {
        worker_id(4): "fact.missing",
        worker_id(5): "fact.missing",
        worker_id(6): "pay_scheme.none",
    }
    assert {fault.worker: fault.details.get("fact") for fault in run.faults}[worker_id(5)] == "declared_base"
    assert rosters.asked[0]["authority"] == GUANDU


async def test_lines_make_the_totals_and_the_run_equals_its_slips(run: PayrollRunOut, payroll: Payroll) -> None:
    clerk = await payroll()
    slips = (await clerk.payslips_of_run(run.id)).items
    assert len(slips) == 3
    for slip in slips:
        sums = {kind: Decimal(0) for kind in ("earning", "employee", "tax", "employer", "memo")}
        for line in slip.lines:
            sums[line.kind] += Decimal(line.amount)
        assert Decimal(slip.gross) == sums["earning"]
        assert Decimal(slip.net) == sums["earning"] - sums["employee"] - sums["tax"]
        assert Decimal(slip.employer_cost) == sums["earning"] + sums["employer"]
    for name in ("gross", "net", "employer_cost"):
        assert Decimal(getattr(run.totals, name)) == sum(Decimal(getattr(slip, name)) for slip in slips)
    for total in run.line_totals:
        of_line = [line.amount for slip in slips for line in slip.lines if line.code == total.code]
        assert Decimal(total.amount) == sum(Decimal(amount) for amount in of_line)
        assert total.workers == len(of_line)


async def test_a_secretary_of_both_posts_is_paid_the_ladder_and_the_fund(run: PayrollRunOut, payroll: Payroll) -> None:
    slip = (await (await payroll()).payslips([worker_id(1)], month="2026-01"))[0]
    lines = {line.code: line.amount for line in slip.lines}
    assert lines == {
        "base": "2000.00", "grade_pay": "1480.00", "performance": "1000.00", "award": "100.00",
        "certificate_allowance": "400.00", "pension_employee": "400.00", "medical_employee": "100.00",
        "unemployment_employee": "15.00", "housing_fund_employee": "250.00", "income_tax": "0.00",
        "pension_employer": "800.00", "medical_employer": "350.00", "maternity_employer": "45.00",
        "unemployment_employer": "35.00", "work_injury_employer": "10.00", "housing_fund_employer": "250.00",
        "comparable_total": "6220.00",
    }  # fmt: skip
    assert (slip.gross, slip.net, slip.employer_cost) == ("4980.00", "4215.00", "6470.00")
    assert (slip.scheme, slip.basis, slip.state, slip.run) == (
        "four_tiers",
        "incl_five_insurances",
        "calculated",
        run.id,
    )


async def test_part_of_a_month_is_paid_by_days_and_bases_are_clamped(run: PayrollRunOut, payroll: Payroll) -> None:
    slip = (await (await payroll()).payslips([worker_id(3)], month="2026-01"))[0]
    lines = {line.code: line.amount for line in slip.lines}
    assert lines["base"] == "822.58"  # 1700 x 15 / 31
    assert lines["pension_employee"] == "352.24"  # 8 % of the floor 4403
    assert lines["medical_employee"] == "87.14"  # 2 % of the floor 4357 until August 2026


async def test_running_again_with_the_same_input_stores_nothing(
    run: PayrollRunOut, payroll: Payroll, payroll_url: str
) -> None:
    again = await (await payroll()).run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k2")
    assert again.model_dump() == run.model_dump()
    assert await _count(payroll_url) == 3


async def test_the_same_key_gives_the_same_reply(run: PayrollRunOut, payroll: Payroll, rosters: Rosters) -> None:
    again = await (await payroll()).run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k1")
    assert again.id == run.id
    assert len(rosters.asked) == 1


async def test_running_again_with_new_facts_supersedes(
    run: PayrollRunOut, payroll: Payroll, rosters: Rosters, payroll_url: str
) -> None:
    clerk = await payroll()
    old = (await clerk.payslips([worker_id(2)], latest=True))[0]
    rosters.by_month["2026-01"] = roster_of(HEAD, {**STAFF, "step": 2})
    again = await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k3")
    assert (again.id, again.attempt, again.workers, again.faulted) == (run.id, 2, 2, 0)
    new = (await clerk.payslips([worker_id(2)], latest=True))[0]
    assert (new.id != old.id, Decimal(new.gross) - Decimal(old.gross)) == (True, Decimal(40))
    assert await clerk.payslips([worker_id(3)], month="2026-01") == []
    with pytest.raises(ServiceError) as refused:
        await clerk.payslip(old.id)
    assert (refused.value.status, refused.value.code) == (404, "payslip.not_found")
    assert await _count(payroll_url) == 5


async def test_a_run_walks_to_its_close_by_two_persons(run: PayrollRunOut, payroll: Payroll) -> None:
    maker, checker = await payroll(), await payroll(subject="checker")
    for step in ("check", "approval"):
        with pytest.raises(ServiceError) as refused:
            await maker.step_run(run.id, step, f"m-{step}")
        code = "payroll_run.same_person" if step == "check" else "payroll_run.wrong_state"
        assert (refused.value.status, refused.value.code) == (409, code)
    assert (await checker.step_run(run.id, "check", "c1")).checked_by == "checker"
    returned = await checker.step_run(run.id, "return", "c2")
    assert (returned.state, returned.checked_by) == ("calculated", None)
    states = [(await checker.step_run(run.id, step, f"d-{step}")).state
              for step in ("check", "approval", "payment", "closing")]  # fmt: skip
    assert states == ["checked", "approved", "paid", "closed"]
    with pytest.raises(ServiceError) as closed:
        await maker.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k9")
    assert closed.value.code == "payroll_run.wrong_state"


async def test_runs_are_listed_latest_first_within_the_callers_region(run: PayrollRunOut, payroll: Payroll) -> None:
    page = await (await payroll()).payroll_runs(region=GUANDU)
    assert [one.id for one in page.items] == [run.id]
    assert (await (await payroll(region=CHAOYANG)).payroll_runs()).items == []
    assert (await (await payroll()).payroll_runs(month="2025-12")).items == []
    with pytest.raises(ServiceError) as hidden:
        await (await payroll(region=CHAOYANG)).payroll_run(run.id)
    assert hidden.value.status == 404


async def test_nobody_is_paid_by_two_runs_of_a_month(run: PayrollRunOut, payroll: Payroll, rosters: Rosters) -> None:
    rosters.by_month["2026-01"] = roster_of(HEAD, {"worker": 9, "step": 2, "community": COMMUNITY["guandu"]})
    clerk = await payroll(region="530100000000")
    await clerk.import_rows("contribution_bases", bases(COMMUNITY["guandu"], (9, "3500")))
    other = await clerk.run_payroll(PayrollRunIn(region="530100000000", month="2026-01"), "city")
    assert [(fault.worker, fault.code) for fault in other.faults] == [(worker_id(1), "payslip.already_in_run")]
    assert other.workers == 1


async def test_a_region_outside_the_callers_is_unknown(payroll: Payroll) -> None:
    with pytest.raises(ServiceError) as refused:
        await (await payroll()).run_payroll(PayrollRunIn(region=CHAOYANG, month="2026-01"), "x")
    assert (refused.value.status, refused.value.code) == (404, "region.not_found")


async def test_staffing_away_is_told_in_words(payroll: Payroll, rosters: Rosters) -> None:
    rosters.status = 500
    with pytest.raises(ServiceError) as away:
        await (await payroll()).run_payroll(PayrollRunIn(region=GUANDU, month="2026-01"), "x")
    assert (away.value.status, away.value.code) == (503, "staffing.unavailable")
    rosters.status = 403
    with pytest.raises(ServiceError) as refused:
        await (await payroll()).run_payroll(PayrollRunIn(region=GUANDU, month="2026-01"), "x")
    assert (refused.value.status, refused.value.code) == (403, "x.y")


async def test_exactly_one_scope(payroll: Payroll) -> None:
    clerk = await payroll()
    with pytest.raises(ServiceError) as refused:
        await clerk.post("/v1/payroll-runs", {"month": "2026-01"}, idempotency_key="z")
    assert refused.value.status == 422


async def _count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM payroll.payslips")
        return count
    finally:
        await connection.close()
