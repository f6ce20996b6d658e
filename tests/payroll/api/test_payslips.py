"""Payslips over HTTP: who sees them, the latest, their explanation, and months of a year in a row."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.payroll.schemas.payroll_runs import PayrollRunIn, PayrollRunOut
from services.payroll.schemas.payslips import PayslipPageOut
from services.runtime.client import ServiceError
from services.runtime.packs import load
from services.runtime.settings import ROOT
from tests.payroll.conftest import CHAOYANG, COMMUNITY, GUANDU, Payroll, Rosters, roster_of, worker_id

STREET = COMMUNITY["guandu"]
HEAD = {"worker": 1, "tier": "head", "step": 8, "post": "director", "certificate": "senior", "community": STREET}
STAFF = {"worker": 2, "community": STREET}
BASES = (
    "worker,community,scheme,base,rate,start,end\n"
    f"{worker_id(1)},{STREET},social_insurance,20000,,2026-01,\n"
    f"{worker_id(1)},{STREET},housing_fund,20000,0.12,2026-01,2026-03\n"
    f"{worker_id(2)},{STREET},social_insurance,4500.00,,2026-01,\n"
)
DEDUCTIONS = (
    "worker,community,kind,amount,start,end\n"
    f"{worker_id(2)},{STREET},child_education,2000,2026-01,2026-02\n"
    f"{worker_id(2)},{STREET},prior_year_up_to_60000,,2026-01,\n"
)


@pytest.fixture
async def months(payroll: Payroll, rosters: Rosters) -> list[PayrollRunOut]:
    """January and February of Guandu."""
    clerk = await payroll()
    await clerk.import_rows("contribution_bases", BASES.encode())
    await clerk.import_rows("tax_deductions", DEDUCTIONS.encode())
    runs = []
    for month, days in (("2026-01", 31), ("2026-02", 28)):
        whole = {"days_in_post": days, "days_in_month": days}
        rosters.by_month[month] = roster_of({**HEAD, **whole}, {**STAFF, **whole})
        runs.append(await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month=month), month))
    return runs


async def test_the_latest_and_a_months_payslips(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    asked = [worker_id(2), worker_id(7), worker_id(1)]
    latest = await clerk.payslips(asked, latest=True)
    assert [(slip.worker, slip.month) for slip in latest] == [(worker_id(2), "2026-02"), (worker_id(1), "2026-02")]
    january = await clerk.payslips(asked, month="2026-01")
    assert {slip.month for slip in january} == {"2026-01"}
    assert await clerk.payslips(asked, month="2025-12") == []
    assert (await clerk.payslip(january[0].id)).model_dump() == january[0].model_dump()


async def test_withholding_goes_on_from_the_month_before(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    slips = {
        slip.month: (await clerk.payslip_explanation(slip.id)).facts
        for month in ("2026-01", "2026-02")
        for slip in await clerk.payslips([worker_id(1)], month=month)
    }
    assert (slips["2026-01"]["income_before"], slips["2026-01"]["employed_months"]) == ("0.00", "1")
    assert (slips["2026-02"]["income_before"], slips["2026-02"]["employed_months"]) == ("4830.00", "2")
    assert slips["2026-02"]["contributions_before"] == "2060.00"
    staff = {
        slip.month: (await clerk.payslip_explanation(slip.id)).facts
        for month in ("2026-01", "2026-02")
        for slip in await clerk.payslips([worker_id(2)], month=month)
    }
    assert [staff[month]["special_additional"] for month in ("2026-01", "2026-02")] == ["2000.00", "2000.00"]
    assert staff["2026-02"]["prior_year_up_to_60000"] is True


async def test_every_line_is_derived_again_with_its_sentences(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    slip = (await clerk.payslips([worker_id(1)], latest=True))[0]
    explained = await clerk.payslip_explanation(slip.id)
    assert (explained.matches, explained.pack, explained.pack_digest) == (True, "guandu", months[0].pack_digest)
    assert [(line.code, line.amount) for line in explained.lines] == [(line.code, line.amount) for line in slip.lines]
    trees = {line.code: line.explanation for line in explained.lines}
    allowance = trees["certificate_allowance"]
    assert allowance["value"] == "600.00"
    assert allowance["citations"][0]["quote"].startswith("获得初级社工师每月补贴200元")
    assert allowance["citations"][0]["doc_no"] == "官政发〔2018〕20号"
    gross = next(part for part in _walk(trees["income_tax"]) if part["name"] == "gross")
    assert {part["rule"] for part in gross["inputs"]} == {
        "base_paid", "grade_paid", "performance_paid", "award_paid", "certificate_allowance",
    }  # fmt: skip
    assert any(citation["synthetic"] for part in _walk(trees["base"]) for citation in part["citations"])
    assert [(check.code, check.holds) for check in explained.checks] == [("outside_pay_range", True)]


def _walk(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(part for each in tree["inputs"] for part in _walk(each))]


async def test_an_old_payslip_is_explained_from_the_packs_of_its_day(
    months: list[PayrollRunOut], payroll: Payroll, payroll_app: FastAPI, tmp_path: Path
) -> None:
    clerk = await payroll()
    slip = (await clerk.payslips([worker_id(1)], latest=True))[0]
    before = payroll_app.state.packs
    payroll_app.state.packs = load(ROOT / "policies", [])
    try:
        explained = await clerk.payslip_explanation(slip.id)
        again = await clerk.payslip_explanation(slip.id)
    finally:
        payroll_app.state.packs = before
    assert explained.matches
    assert explained.pack_digest == before.digest
    assert again.model_dump() == explained.model_dump()


async def test_a_worker_sees_the_own_payslip_once_approved(months: list[PayrollRunOut], payroll: Payroll) -> None:
    checker = await payroll(subject="checker")
    own = await payroll("worker", STREET, worker=worker_id(1))
    assert await own.payslips([worker_id(1), worker_id(2)], month="2026-01") == []
    for step in ("check", "approval"):
        await checker.step_run(months[0].id, step, step)
    seen = await own.payslips([worker_id(1), worker_id(2)], month="2026-01")
    assert [(slip.worker, slip.state) for slip in seen] == [(worker_id(1), "approved")]
    assert (await own.payslip_explanation(seen[0].id)).matches


async def test_a_workers_latest_is_the_latest_that_the_worker_may_see(
    months: list[PayrollRunOut], payroll: Payroll
) -> None:
    clerk, checker = await payroll(), await payroll(subject="checker")
    own = await payroll("worker", STREET, worker=worker_id(1))
    both = [worker_id(1), worker_id(2)]
    newest = max(run.month for run in months)
    assert {slip.month for slip in await clerk.payslips(both, latest=True)} == {newest}
    assert await own.payslips(both, latest=True) == []
    for run in sorted(months, key=lambda run: run.month)[:-1]:
        for step in ("check", "approval"):
            await checker.step_run(run.id, step, f"{run.month}-{step}")
        seen = await own.payslips(both, latest=True)
        assert [(slip.worker, slip.month, slip.state) for slip in seen] == [(worker_id(1), run.month, "approved")]


@pytest.mark.parametrize("role", ["community_secretary", "street_office", "city_planner"])
async def test_line_managers_see_no_payslips(months: list[PayrollRunOut], payroll: Payroll, role: str) -> None:
    manager = await payroll(role, "530111001000")
    with pytest.raises(ServiceError) as refused:
        await manager.payslips([worker_id(1)], latest=True)
    assert (refused.value.status, refused.value.code) == (403, "permission.missing")


async def test_another_regions_payslip_is_answered_as_a_missing_one(
    months: list[PayrollRunOut], payroll: Payroll
) -> None:
    clerk, stranger = await payroll(), await payroll(region=CHAOYANG)
    slip = (await clerk.payslips([worker_id(1)], latest=True))[0]
    other = await payroll("worker", STREET, worker=worker_id(2))
    answers = set()
    for caller, wanted in ((stranger, slip.id), (other, slip.id), (clerk, worker_id(1)), (clerk, _far_id())):
        with pytest.raises(ServiceError) as missing:
            await caller.payslip(wanted)
        answers.add((missing.value.status, missing.value.code, missing.value.zh))
    assert answers == {(404, "payslip.not_found", "没有这张工资条")}
    assert await stranger.payslips([worker_id(1)], latest=True) == []


async def test_many_payslips_by_id_are_seen_as_one_is(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk, stranger = await payroll(), await payroll(region=CHAOYANG)
    slips = [
        slip
        for month in ("2026-02", "2026-01")
        for slip in await clerk.payslips([worker_id(1), worker_id(2)], month=month)
    ]
    asked: list[UUID | str] = [slips[3].id, worker_id(1), _far_id(), slips[0].id, slips[3].id]
    assert await clerk.payslips_by_id(asked) == [slips[3], slips[0]]
    explained = await clerk.payslip_explanations(asked)
    assert explained.refused == []
    assert explained.items == [await clerk.payslip_explanation(slips[at].id) for at in (3, 0)]
    for caller in (stranger, await payroll("worker", STREET, worker=worker_id(1))):
        assert await caller.payslips_by_id(asked) == []
        assert (await caller.payslip_explanations(asked)).model_dump() == {"items": [], "refused": []}
    checker = await payroll(subject="checker")
    for step in ("check", "approval"):
        await checker.step_run(months[0].id, step, step)
    own = await payroll("worker", STREET, worker=worker_id(1))
    assert [slip.month for slip in await own.payslips_by_id([slip.id for slip in slips])] == ["2026-01"]


async def test_a_payslip_that_cannot_be_explained_is_refused_alone(
    months: list[PayrollRunOut], payroll: Payroll, payroll_app: FastAPI
) -> None:
    clerk = await payroll()
    (slip,) = await clerk.payslips([worker_id(1)], latest=True)
    before = payroll_app.state.packs
    payroll_app.state.packs = replace(load(ROOT / "policies", []), digest=before.digest)  # the supplement is lost
    try:
        explained = await clerk.payslip_explanations([slip.id])
        with pytest.raises(ServiceError) as alone:
            await clerk.payslip_explanation(slip.id)
    finally:
        payroll_app.state.packs = before
    (refused,) = explained.refused
    assert (explained.items, refused.id) == ([], slip.id)
    assert (refused.status, refused.code) == (alone.value.status, alone.value.code)
    assert (refused.message.zh, refused.message.en) == (alone.value.zh, alone.value.en)


async def test_the_latest_goes_back_to_the_month_a_worker_was_paid(
    months: list[PayrollRunOut], payroll: Payroll, rosters: Rosters
) -> None:
    clerk = await payroll()
    whole = {"days_in_post": 31, "days_in_month": 31}
    rosters.by_month["2026-03"] = roster_of({**STAFF, **whole})
    await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-03"), "march")
    latest = await clerk.payslips([worker_id(1), worker_id(2), worker_id(7)], latest=True)
    assert [(slip.worker, slip.month) for slip in latest] == [(worker_id(1), "2026-02"), (worker_id(2), "2026-03")]


async def test_a_list_is_what_its_wire_model_would_write(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk, checker = await payroll(), await payroll(subject="checker")
    for step in ("check", "approval"):
        await checker.step_run(months[0].id, step, step)
    own = await payroll("worker", STREET, worker=worker_id(1))
    workers = [str(worker_id(at)) for at in (2, 7, 1, 2)]
    ids = [str(slip.id) for slip in (await clerk.payslips_of_run(months[0].id)).items]
    for caller, asked, found in (
        (clerk, {"worker": workers, "latest": True}, 2),
        (clerk, {"worker": workers, "month": "2026-01"}, 2),
        (clerk, {"worker": workers, "month": "1999-01"}, 0),
        (clerk, {"id": [*ids, _far_id(), ids[0]]}, 2),
        (own, {"worker": workers, "latest": True}, 1),
        (own, {"worker": workers, "month": "2026-02"}, 0),
        (own, {"id": ids}, 1),
    ):
        reply = await caller._http.get("/v1/payslips", params=asked, headers=caller._headers)
        page = PayslipPageOut.model_validate_json(reply.content)
        assert (reply.headers["content-type"], reply.content) == ("application/json", page.model_dump_json().encode())
        assert len(page.items) == found
        assert page.items == [await caller.payslip(slip.id) for slip in page.items]


def _far_id() -> str:
    return "ffffffff-ffff-7fff-bfff-ffffffffffff"


async def test_a_runs_payslips_are_paged(months: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    first = await clerk.payslips_of_run(months[0].id, limit=1)
    second = await clerk.payslips_of_run(months[0].id, limit=1, after=first.next)
    assert [len(first.items), len(second.items), second.next] == [1, 1, None]
    assert first.items[0].worker < second.items[0].worker


async def test_a_question_needs_workers_or_a_run(payroll: Payroll) -> None:
    clerk = await payroll()
    for params in (
        {},
        {"worker": str(worker_id(1))},
        {"worker": str(worker_id(1)), "month": "2026-01", "latest": True},
    ):
        with pytest.raises(ServiceError) as refused:
            await clerk.get("/v1/payslips", params)
        assert refused.value.code == "payslip.question"


async def test_no_token_no_payslip(payroll: Payroll, payroll_app: FastAPI) -> None:
    transport = httpx.ASGITransport(payroll_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://payroll") as client:
        assert (await client.get(f"/v1/payslips/{worker_id(1)}")).status_code == 401
