"""Sparse reads of payslips: every field as the ordinary read answers it, the latest month, who sees what."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI

from services.payroll.client import PayrollClient
from services.payroll.schemas.payroll_runs import PayrollRunIn, PayrollRunOut
from services.payroll.usecases.reads import ENTITIES
from services.runtime.client import ServiceError
from tests.payroll.conftest import CHAOYANG, COMMUNITY, GUANDU, Payroll, Rosters, roster_of, worker_id

(PAYSLIP,) = ENTITIES
FIELDS = list(PAYSLIP.fields)
STREET, OTHER = COMMUNITY["guandu"], "530111002001"
HEAD = {"worker": 1, "tier": "head", "step": 8, "post": "director", "certificate": "senior", "community": STREET}
STAFF = {"worker": 2, "community": OTHER}
LEFT = {"worker": 3, "community": STREET}
LATE = {"worker": 4, "community": STREET}
EVERYONE = [worker_id(4), worker_id(9), worker_id(3), worker_id(2), worker_id(1)]
BASES = "worker,community,scheme,base,rate,start,end\n" + "".join(
    f"{worker_id(row['worker'])},{row['community']},social_insurance,4500,,2026-01,\n"
    for row in (HEAD, STAFF, LEFT, LATE)
)
MONTHS = (("2026-01", 31, (HEAD, STAFF, LEFT)), ("2026-02", 28, (HEAD, STAFF)), ("2026-03", 31, (HEAD, STAFF)))


async def read(client: PayrollClient, *reads: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.post("/v1/reads", {"reads": [{"entity": "payslip", **one} for one in reads]}))["answers"]


async def of(client: PayrollClient, by: str, keys: list[Any], fields: list[str], **more: Any) -> list[Any]:
    (answer,) = await read(client, {"by": by, "keys": [str(one) for one in keys], "fields": fields, **more})
    return answer["rows"]


@pytest.fixture
async def runs(payroll: Payroll, rosters: Rosters) -> list[PayrollRunOut]:
    """January to March of Guandu; January approved; March calculated twice, the second time with one more worker."""
    clerk, checker = await payroll(), await payroll(subject="checker")
    await clerk.import_rows("contribution_bases", BASES.encode())
    made = []
    for month, days, rows in MONTHS:
        whole = {"days_in_post": days, "days_in_month": days}
        rosters.by_month[month] = roster_of(*({**row, **whole} for row in rows))
        made.append(await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month=month), month))
    rosters.by_month["2026-03"] = roster_of(HEAD, STAFF, LATE)
    made[2] = await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-03"), "again")
    for step in ("check", "approval"):
        await checker.step_run(made[0].id, step, step)
    return made


def tree(node: dict[str, Any]) -> dict[str, Any]:
    cited = [{("docNo" if name == "doc_no" else name): one[name] for name in one} for one in node["citations"]]
    return {**node, "citations": cited, "inputs": [tree(one) for one in node["inputs"]]}


def plain(node: dict[str, Any]) -> dict[str, Any]:
    """A tree without the members that GraphQL does not know."""
    cited = [{name: value for name, value in one.items() if name != "doc_no"} for one in node["citations"]]
    return {**node, "citations": cited, "inputs": [plain(one) for one in node["inputs"]]}


async def expected(client: PayrollClient, slip: Any) -> dict[str, Any]:
    """What the ordinary reads say of each field."""
    wire = slip.model_dump(mode="json")
    again = (await client.payslip_explanation(slip.id)).model_dump(mode="json")
    return {
        **{
            name: wire[name]
            for name in (
                "id",
                "worker",
                "community",
                "run",
                "month",
                "gross",
                "net",
                "state",
                "scheme",
                "basis",
                "lines",
            )
        },
        "employerCost": wire["employer_cost"],
        "schemeLabel": wire["scheme_label"],
        "matches": again["matches"],
        "refused": None,
        "explanations": {line["code"]: tree(line["explanation"]) for line in again["lines"]},
    }


def cleaned(row: list[Any]) -> dict[str, Any]:
    named = dict(zip(FIELDS, row, strict=True))
    return {**named, "explanations": {code: plain(one) for code, one in named["explanations"].items()}}


async def test_every_field_is_what_the_ordinary_read_answers(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk = await payroll()
    for month, paid in ((None, 4), ("2026-01", 3), ("2026-03", 3), ("2025-12", 0)):
        slips = {slip.worker: slip for slip in await clerk.payslips(EVERYONE, month=month, latest=month is None)}
        assert len(slips) == paid
        rows = await of(clerk, "worker", EVERYONE, FIELDS, args={"month": month})
        for worker, row in zip(EVERYONE, rows, strict=True):
            assert (row is None) == (worker not in slips)
            if row is not None:
                assert cleaned(row) == await expected(clerk, slips[worker])
                assert await of(clerk, "id", [slips[worker].id], FIELDS) == [row]


async def test_the_latest_is_of_the_newest_month_that_has_one(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    rows = await of(await payroll(), "worker", EVERYONE, ["month", "state"])
    assert rows == [["2026-03", "calculated"], None, ["2026-01", "approved"]] + [["2026-03", "calculated"]] * 2


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_alone_is_the_same(runs: list[PayrollRunOut], payroll: Payroll, field: str) -> None:
    clerk = await payroll()
    (all_of,) = await of(clerk, "worker", [worker_id(1)], FIELDS)
    assert await of(clerk, "worker", [worker_id(1)], [field]) == [[all_of[FIELDS.index(field)]]]


async def test_superseded_and_unknown_payslips_are_missing(
    runs: list[PayrollRunOut], payroll: Payroll, rosters: Rosters
) -> None:
    clerk = await payroll()
    ((before,),) = await of(clerk, "worker", [worker_id(1)], ["id"])
    rosters.by_month["2026-03"] = roster_of({**HEAD, "certificate": "none"}, STAFF, LATE)
    await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-03"), "third")
    ((after,),) = await of(clerk, "worker", [worker_id(1)], ["id"])
    far = [worker_id(1), "ffffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"]
    assert await of(clerk, "id", [before, after, *far], ["id"]) == [None, [after], None, None, None]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("month", [None, "2026-01"])
async def test_another_regions_payslips_are_as_missing_ones(
    runs: list[PayrollRunOut], payroll: Payroll, field: str, month: str | None
) -> None:
    clerk, stranger, part = await payroll(), await payroll(region=CHAOYANG), await payroll(region="530111002000")
    asked = [worker_id(1), worker_id(9), worker_id(2)]
    args = {"month": month}
    ids = [row[0] for row in await of(clerk, "worker", asked, ["id"], args=args) if row]
    assert await of(stranger, "worker", asked, [field], args=args) == [None, None, None]
    assert await of(stranger, "id", ids, [field]) == [None, None]
    assert [row is None for row in await of(part, "worker", asked, [field], args=args)] == [True, True, False]
    assert [row is None for row in await of(part, "id", ids, [field])] == [True, False]


async def test_a_worker_sees_what_the_ordinary_read_shows(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    clerk, own = await payroll(), await payroll("worker", STREET, worker=worker_id(1))
    for month in ("2026-01", "2026-02", None):
        shown = {slip.worker: str(slip.id) for slip in
                 await own.payslips(EVERYONE, month=month, latest=month is None)}  # fmt: skip
        rows = await of(own, "worker", EVERYONE, ["id"], args={"month": month})
        assert [row and row[0] for row in rows] == [shown.get(worker) for worker in EVERYONE]
    ids = [row[0] for row in await of(clerk, "worker", [worker_id(1), worker_id(3)], ["id"], args={"month": "2026-01"})]
    assert await of(own, "id", ids, ["id", "matches"]) == [[ids[0], True], None]


async def test_a_workers_latest_is_the_latest_that_the_worker_may_see(
    runs: list[PayrollRunOut], payroll: Payroll
) -> None:
    checker = await payroll(subject="checker")
    own = await payroll("worker", STREET, worker=worker_id(1))
    assert await of(own, "worker", EVERYONE, ["month"]) == [None, None, None, None, ["2026-01"]]
    for step in ("check", "approval"):
        await checker.step_run(runs[1].id, step, f"february-{step}")
    assert await of(own, "worker", [worker_id(1)], ["month", "state"]) == [["2026-02", "approved"]]
    assert await of(await payroll(), "worker", [worker_id(1)], ["month"]) == [["2026-03"]]


async def test_line_managers_see_none_and_a_month_must_be_one(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    asked = {"by": "worker", "keys": [str(worker_id(1))], "fields": ["net"]}
    (refused,) = await read(await payroll("street_office", "530111001000"), asked)
    assert (refused["error"]["status"], refused["error"]["code"]) == (403, "permission.missing")
    for month in ("2026-13", "0000-01", 7):
        (refused,) = await read(await payroll(), {**asked, "args": {"month": month}})
        assert (refused["error"]["status"], refused["error"]["code"]) == (422, "month.unreadable")


async def test_several_reads_hang_on_one_another(runs: list[PayrollRunOut], payroll: Payroll) -> None:
    keys = [str(worker_id(1)), str(worker_id(9))]
    slips, proofs = await read(
        await payroll(),
        {"by": "worker", "keys": keys, "fields": ["id", "net"]},
        {"by": "id", "under": 0, "source": "id", "fields": ["matches"]},
    )
    assert (slips["rows"][1], proofs["rows"]) == (None, [[True], None])


async def test_schemes_are_read_once(runs: list[PayrollRunOut], payroll: Payroll, payroll_app: FastAPI) -> None:
    clerk = await payroll()
    first = await of(clerk, "worker", [worker_id(1)], ["schemeLabel"])
    pool = payroll_app.state.read_pool
    seen: list[str] = []
    fetch = pool.fetch

    async def counted(sql: str, values: Any) -> Any:
        seen.append(sql)
        return await fetch(sql, values)

    pool.fetch = counted
    try:
        assert await of(clerk, "worker", [worker_id(1)], ["schemeLabel"]) == first
    finally:
        del pool.fetch
    assert len(seen) == 1
    assert UUID(int=0) != worker_id(1)


async def test_a_payslip_that_cannot_be_derived_says_why(
    runs: list[PayrollRunOut], payroll: Payroll, payroll_url: str
) -> None:
    clerk = await payroll()
    ids = [
        row[0]
        for month in ("2026-01", "2026-02")
        for row in await of(clerk, "worker", [worker_id(1)], ["id"], args={"month": month})
    ]
    owner = await asyncpg.connect(payroll_url)
    await owner.execute("UPDATE payroll.run_attempts SET known_at = '2001-01-01' WHERE run = $1", runs[0].id)
    await owner.close()
    with pytest.raises(ServiceError) as alone:
        await clerk.payslip_explanation(ids[0])
    first, second = await of(clerk, "id", ids, ["matches", "explanations", "refused"])
    assert first[:2] == [None, None]
    assert (first[2]["status"], first[2]["code"], first[2]["zh"]) == (
        alone.value.status, alone.value.code, alone.value.zh,
    )  # fmt: skip
    assert (second[0], second[2]) == (True, None)
    (whole,) = await read(clerk, {"by": "id", "keys": ids, "fields": ["matches"]})
    assert whole["error"]["code"] == alone.value.code


async def test_a_newer_month_is_found_at_once(runs: list[PayrollRunOut], payroll: Payroll, rosters: Rosters) -> None:
    clerk = await payroll()
    asked = [worker_id(3), worker_id(1)]
    before = [["2026-01"], ["2026-03"]]
    assert await of(clerk, "worker", asked, ["month"]) == before
    rosters.by_month["2026-04"] = roster_of(HEAD)
    await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-04"), "april")
    assert await of(clerk, "worker", asked, ["month"]) == [["2026-01"], ["2026-04"]]


async def test_no_run_no_payslip_and_no_identifier_no_answer(payroll: Payroll) -> None:
    clerk = await payroll()
    assert await of(clerk, "worker", [worker_id(1)], ["month"]) == [None]
    for by in ("id", "worker"):
        (refused,) = await read(clerk, {"by": by, "keys": ["x"], "fields": ["id"]})
        assert (refused["error"]["status"], refused["error"]["code"]) == (422, "read.value")
