"""Root fields over the real services: payroll runs of a region, of an authority, of a month, by id."""

from typing import Any

import pytest

from gateway.types.pages import global_id
from tests.gateway.conftest import System, errors
from tests.gateway.register import MONTH

GUANDU, CHANGZHOU = "530111000000", "320400000000"
RUN = """id __typename region managed month state attempt workers faulted knownAt madeBy madeAt checkedBy approvedBy
    packDigest totals { gross employee tax net employer employerCost } checks { code payslips }
    lineTotals { scheme code kind label english: label(language: EN) amount workers }"""
RUNS = f"""query Q($region: DivisionCode, $authority: DivisionCode, $month: Month) {{
    payrollRuns(region: $region, authority: $authority, month: $month, first: 10) {{
        totalCount nodes {{ {RUN} }} }} }}"""


async def runs(system: System, bearer: str | None = None, **asked: Any) -> Any:
    body = await system.ask(RUNS, asked, bearer)
    assert errors(body) == []
    return body["data"]["payrollRuns"]


async def test_a_run_has_its_totals_and_they_add_up(system: System) -> None:
    (run,) = (await runs(system))["nodes"]
    assert (run["month"], run["region"], run["managed"]) == (MONTH, GUANDU, False)
    assert (run["state"], run["workers"], run["faulted"], run["attempt"]) == ("CALCULATED", 3, 0, 1)
    assert (run["madeBy"], run["checkedBy"], run["approvedBy"]) == ("administrator@000000000000", None, None)
    fen = {name: round(float(amount) * 100) for name, amount in run["totals"].items()}
    assert fen["net"] == fen["gross"] - fen["employee"] - fen["tax"] > 0
    assert fen["employerCost"] == fen["gross"] + fen["employer"]
    earned = [round(float(one["amount"]) * 100) for one in run["lineTotals"] if one["kind"] == "EARNING"]
    assert sum(earned) == fen["gross"]
    assert all(one["label"] != one["english"] for one in run["lineTotals"])
    assert len(run["packDigest"]) == 64


async def test_faults_of_a_run_are_a_connection(system: System) -> None:
    document = """{ payrollRuns(first: 9) { nodes { faulted faults(first: 3) { totalCount
        nodes { workerId communityCode code message { zh en } } pageInfo { hasNextPage hasPreviousPage } } } } }"""
    for run in (await system.ask(document))["data"]["payrollRuns"]["nodes"]:
        assert run["faults"] == {
            "totalCount": run["faulted"],
            "nodes": [],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
        }


async def test_divisions_are_a_connection_by_level(system: System) -> None:
    document = """query Q($level: DivisionLevel, $region: DivisionCode) { divisions(
        level: $level, region: $region, first: 5) { totalCount nodes { code name level unitType start }
        edges { cursor } pageInfo { hasNextPage endCursor } } }"""
    body = await system.ask(document, {"level": "COUNTY", "region": "530100000000"})
    assert errors(body) == []
    found = body["data"]["divisions"]
    assert [(one["code"], one["name"], one["level"]) for one in found["nodes"]] == [
        (GUANDU, "官渡区", "COUNTY"),
        ("530112000000", "西山区", "COUNTY"),
    ]
    assert (found["totalCount"], found["pageInfo"]["endCursor"]) == (2, found["edges"][1]["cursor"])
    every = (await system.ask(document))["data"]["divisions"]
    assert (len(every["nodes"]), every["totalCount"], every["pageInfo"]["hasNextPage"]) == (5, 6, True)
    rest = """query Q($after: String) { divisions(first: 5, after: $after) { nodes { level } } }"""
    body = await system.ask(rest, {"after": every["pageInfo"]["endCursor"]})
    assert body["data"]["divisions"]["nodes"] == [{"level": "COUNTY"}]


async def test_runs_are_those_of_a_region_an_authority_or_a_month(system: System) -> None:
    assert (await runs(system, region="530000000000"))["totalCount"] == 1
    assert (await runs(system, authority="530000000000"))["totalCount"] == 0
    assert (await runs(system, authority=GUANDU, month=MONTH))["totalCount"] == 1
    assert (await runs(system, month="2026-08"))["nodes"] == []
    assert (await runs(system, region=CHANGZHOU))["nodes"] == []


async def test_both_areas_at_once_are_refused(system: System) -> None:
    body = await system.ask(RUNS, {"region": GUANDU, "authority": GUANDU})
    assert errors(body) == [("BAD_USER_INPUT", ["payrollRuns"])]


async def test_a_run_is_read_again_by_its_id(system: System) -> None:
    (run,) = (await runs(system))["nodes"]
    document = f"query Q($id: ID!) {{ node(id: $id) {{ ... on PayrollRun {{ {RUN} }} }} }}"
    assert (await system.ask(document, {"id": run["id"]}))["data"]["node"] == run
    nobody = global_id("PayrollRun", "01890000-0000-7000-8000-000000000000")
    assert (await system.ask(document, {"id": nobody}))["data"] == {"node": None}


async def test_a_run_is_seen_by_payroll_of_all_its_region(system: System) -> None:
    assert (await runs(system, system.token("auditor", GUANDU)))["totalCount"] == 1
    assert (await runs(system, system.token("auditor", "530111001000")))["nodes"] == []  # a street of it
    body = await system.ask(RUNS, {}, system.token("street_office", GUANDU))
    assert errors(body) == [("FORBIDDEN", ["payrollRuns"])]


@pytest.mark.parametrize("cursor", ["?", "WyJhIl0"])
async def test_a_cursor_of_another_list_is_refused(system: System, cursor: str) -> None:
    document = "query Q($after: String) { payrollRuns(first: 1, after: $after) { nodes { id } } }"
    assert errors(await system.ask(document, {"after": cursor})) == [("BAD_USER_INPUT", ["payrollRuns"])]
