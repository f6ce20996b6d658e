"""Figures over the real services: quotas rolled up, statistics of staffing and of consultation."""

from typing import Any

import pytest

from services.runtime.paging import encode_cursor
from tests.gateway.conftest import System, errors
from tests.gateway.register import LONGWAN

GUANDU, NATION = "530111000000", "000000000000"
MEAN, SHARE = "{ total count mean }", "{ numerator denominator percent }"


async def asked(system: System, text: str, variables: dict[str, Any] | None = None, bearer: str | None = None) -> Any:
    body = await system.ask(text, variables, bearer)
    assert errors(body) == [], body
    return body["data"]


async def test_the_quota_table_sums_its_units(system: System) -> None:
    document = """query Q($region: DivisionCode, $level: TableLevel!) {
        quotaTable(region: $region, level: $level, on: "2026-06-01") { level on synthetic
        readingsUsed { rule reading } bases { pack basis }
        total { code name communities villages posts persons vacancy }
        rows(first: 100) { totalCount nodes { code name communities villages posts persons vacancy } } } }"""
    table = (await asked(system, document, {"region": NATION, "level": "COUNTY"}))["quotaTable"]
    assert (table["level"], table["on"], table["total"]["code"]) == ("COUNTY", "2026-06-01", None)
    rows = table["rows"]["nodes"]
    assert [row["code"][:6] for row in rows] == sorted(row["code"][:6] for row in rows)
    for name in ("communities", "villages", "posts", "persons", "vacancy"):
        assert table["total"][name] == sum(row[name] for row in rows) > 0
    assert {one["pack"] for one in table["bases"]} >= {"changzhou", "longwan"}
    small = (await asked(system, document, {"region": GUANDU, "level": "TOWN"}))["quotaTable"]
    assert (small["rows"]["totalCount"], small["total"]["communities"]) == (1, 2)


async def test_the_rows_of_a_table_are_paged_both_ways(system: System) -> None:
    document = """query Q($first: Int, $after: String, $last: Int, $before: String) { quotaTable { rows(
        first: $first, after: $after, last: $last, before: $before) { totalCount edges { cursor node { code } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""

    async def page(**place: Any) -> Any:
        return (await asked(system, document, place))["quotaTable"]["rows"]

    every = await page(first=100)
    codes = [edge["node"]["code"] for edge in every["edges"]]
    assert len(codes) == every["totalCount"] == 3
    cursors = [edge["cursor"] for edge in every["edges"]]
    middle = await page(first=1, after=cursors[0])
    assert [edge["node"]["code"] for edge in middle["edges"]] == codes[1:2]
    assert middle["pageInfo"] == {
        "hasNextPage": True, "hasPreviousPage": True, "startCursor": cursors[1], "endCursor": cursors[1],
    }  # fmt: skip
    back = await page(last=1, before=cursors[2])
    assert back["edges"] == middle["edges"]
    assert [edge["node"]["code"] for edge in (await page(last=1))["edges"]] == codes[-1:]
    assert (await page(first=5, after=cursors[-1]))["edges"] == []
    for cursor in ("?", encode_cursor(7)):
        body = await system.ask(document, {"first": 1, "after": cursor})
        assert errors(body) == [("BAD_USER_INPUT", ["quotaTable", "rows"])]


async def test_statistics_of_staffing(system: System) -> None:
    data = await asked(
        system,
        f"""query Q($region: DivisionCode!) {{
        communityCounts(region: $region) {{ region on urbanCommunity communities villages total }}
        staffingStatistics(region: $region, hiredFrom: "2015-01-01") {{ region workers fullTime communities hired
            hiredFrom perCommunity {MEAN} college {SHARE} byCategory {{ code count }} byPost {{ code count }} }}
        committeeStatistics(region: $region, reading: EXCLUSIVE) {{ region reading members women {SHARE} meanAge {MEAN}
            bothPosts {SHARE} }}
        certificateStatistics(region: $region) {{ region junior intermediate senior holders workers
            share {SHARE} }} }}""",
        {"region": GUANDU},
    )
    counts = data["communityCounts"]
    assert (counts["region"], counts["communities"], counts["villages"], counts["total"]) == (GUANDU, 2, 0, 2)
    staff = data["staffingStatistics"]
    assert (staff["workers"], staff["fullTime"], staff["communities"], staff["hired"]) == (3, 3, 2, 3)
    assert staff["perCommunity"] == {"total": 3, "count": 2, "mean": "1.50"}
    assert {"code": "full_time_community_worker", "count": 3} in staff["byCategory"]
    assert data["committeeStatistics"]["reading"] == "EXCLUSIVE"
    certificates = data["certificateStatistics"]
    assert (certificates["intermediate"], certificates["holders"], certificates["workers"]) == (1, 1, 3)
    assert certificates["share"] == {"numerator": 1, "denominator": 3, "percent": "33.3"}


async def test_statistics_of_an_authority_have_no_region(system: System) -> None:
    document = """{ staffingStatistics(authority: "530111000000") { region workers }
        communityCounts(authority: "530111000000") { region total } }"""
    data = await asked(system, document)
    assert (data["staffingStatistics"], data["communityCounts"]) == (
        {"region": None, "workers": 3},
        {"region": None, "total": 2},
    )


CONSULTED = """query Q($region: DivisionCode!, $end: Date, $units: [DivisionCode!], $readings: [ReadingInput!]) {
    consultationStatistics(region: $region, end: $end, units: $units, readings: $readings) {
        region pack start end sessions items itemsImplemented itemsOpen sessionsPerUnit
        coverage { units unitsWithSession denominator withoutSession }
        loop { raised adopted closed medianDays } tiers { code issues items sessions } channels { code issues }
        rates { rule pack numerator denominator percent reached reading explanation { label value }
            citations { document quote } } } }"""


async def test_statistics_of_consultation_are_counted_from_events(system: System) -> None:
    region = "330303000000"
    data = await asked(system, CONSULTED, {"region": region, "units": [LONGWAN], "end": "2026-12-31"})
    found = data["consultationStatistics"]
    assert (found["region"], found["pack"], found["sessions"], found["items"]) == (region, "longwan", 0, 0)
    assert found["coverage"] == {
        "units": 1, "unitsWithSession": 0, "denominator": "PASSED", "withoutSession": [LONGWAN],
    }  # fmt: skip
    assert found["loop"] == {"raised": 1, "adopted": 0, "closed": 0, "medianDays": None}
    rates = {one["rule"]: one for one in found["rates"]}
    assert rates["coverage_rate"]["percent"] == "0"
    assert rates["coverage_rate"]["citations"][0]["document"] == "longwan-2021"


@pytest.mark.parametrize("asked_for", [{"readings": [{"rule": "X!", "reading": "A"}]}, {"end": "0001-01-01"}])
async def test_what_cannot_be_counted(system: System, asked_for: dict[str, Any]) -> None:
    start = "end" in asked_for
    text = CONSULTED.replace("end: $end,", 'start: "2026-01-01", end: $end,') if start else CONSULTED
    body = await system.ask(text, {"region": GUANDU, **asked_for})
    assert errors(body) == [("BAD_USER_INPUT", ["consultationStatistics"])]


async def test_figures_need_their_permission(system: System) -> None:
    body = await system.ask("{ communityCounts { total } }", None, system.token("resident", GUANDU))
    assert errors(body) == [("FORBIDDEN", ["communityCounts"])]
