"""Sparse reads of the code book: what the imported file itself says, cut to the caller's regions; REST's list of it."""

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.runtime.paging import encode_cursor
from services.staffing.client import StaffingClient
from services.staffing.storage.reads_divisions import DIVISION
from tests.staffing.conftest import DIVISIONS, ClientOf, Http

FIELDS = list(DIVISION.fields)
LEVELS = {"1": "province", "2": "city", "3": "county", "4": "town"}
LATER = """code,name,level,type,start
530111001000,关上街道办事处,4,subdistrict,2024-01-01
"""


async def ask(http: Http, read: dict[str, Any], role: str = "administrator", region: str = "000000000000") -> Any:
    async with http(role, region) as client:
        reply = await client.post("/v1/reads", content=orjson.dumps({"reads": [{"entity": "division", **read}]}))
    assert reply.status_code == 200, reply.text
    (answer,) = reply.json()["answers"]
    return answer


def book(prefix: str = "", level: str = "") -> list[list[str]]:
    """The lines of the file as rows, in the order of codes."""
    lines = sorted(csv.DictReader(DIVISIONS.splitlines()), key=lambda line: line["code"])
    return [
        [line["code"], line["name"], LEVELS[line["level"]], line["type"], "2016-07-31"]
        for line in lines
        if line["level"] in LEVELS and line["code"].startswith(prefix) and level in ("", LEVELS[line["level"]])
    ]


@pytest.mark.parametrize("size", [{"first": 100}, {"last": 100}])
async def test_the_book_is_as_it_was_imported(http: Http, filled: StaffingClient, size: dict[str, int]) -> None:
    read = {"region": None, "fields": FIELDS, "count": True, **size}
    (page,) = (await ask(http, read))["pages"]
    assert (page["rows"], page["total"], page["more"]) == (book(), len(book()), False)
    for region, prefix in (("530000000000", "53"), ("530111000000", "530111"), ("530111001000", "530111001")):
        (page,) = (await ask(http, {**read, "region": region}))["pages"]
        assert (page["rows"], page["total"]) == (book(prefix), len(book(prefix)))
        (own,) = (await ask(http, read, "auditor", region))["pages"]
        assert own == page
    for level in LEVELS.values():
        (page,) = (await ask(http, {**read, "where": {"level": level}}))["pages"]
        assert (page["rows"], page["total"]) == (book(level=level), len(book(level=level)))


async def test_an_area_is_cut_to_the_callers_regions(http: Http, filled: StaffingClient) -> None:
    read = {"fields": FIELDS, "first": 100, "count": True}
    for region, prefix in (("530000000000", "530111"), ("530111001000", "530111001"), ("320000000000", "none")):
        (page,) = (await ask(http, {**read, "region": region}, "auditor", "530111000000"))["pages"]
        assert (page["rows"], page["total"]) == (book(prefix), len(book(prefix)))
    (page,) = (await ask(http, {**read, "authority": "530111000000"}))["pages"]
    assert page["rows"] == [row for row in book() if row[0] in {"530111001000", "530111004000"}]
    (page,) = (await ask(http, {**read, "authority": "530111000000"}, "auditor", "530111001000"))["pages"]
    assert page["rows"] == book("530111001")
    assert (await ask(http, {**read, "region": None}, "resident"))["error"]["code"] == "permission.missing"


async def test_a_day_and_what_was_known_then(http: Http, filled: StaffingClient, client_of: ClientOf) -> None:
    await client_of("administrator", "000000000000").load("divisions", LATER.encode())
    read = {"region": "530111001000", "fields": ["name", "start"], "first": 9}
    before, named = ["关上街道", "2016-07-31"], ["关上街道办事处", "2024-01-01"]
    for on, found in (("2016-07-30", []), ("2023-12-31", [before]), ("2024-01-01", [named])):
        assert (await ask(http, {**read, "on": on}))["pages"][0]["rows"] == found
    known = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert (await ask(http, {**read, "on": "2024-01-01", "knownAt": known}))["pages"][0]["rows"] == []


async def test_pages_begin_where_their_cursors_say(http: Http, filled: StaffingClient) -> None:
    codes = [row[0] for row in book()]
    read = {"region": None, "fields": ["code"], "beyond": True}
    for at, code in enumerate(codes):
        (after,) = (await ask(http, {**read, "first": 3, "after": encode_cursor(code)}))["pages"]
        (before,) = (await ask(http, {**read, "last": 3, "before": encode_cursor(code)}))["pages"]
        assert [row[0] for row in after["rows"]] == codes[at + 1 : at + 4]
        assert [row[0] for row in before["rows"]] == codes[max(0, at - 3) : at]
        assert (after["more"], before["more"]) == (at + 4 < len(codes), at > 3)
        assert after["beyond"]
        assert before["beyond"]


async def test_rest_lists_the_same(http: Http, filled: StaffingClient) -> None:
    listed = await filled.divisions(region="530000000000", level="town", count=True)
    rows = [[one.code, one.name, one.level, one.unit_type, one.start.isoformat()] for one in listed.items]
    assert (rows, listed.total) == (book("53", "town"), len(book("53", "town")))
    async with http() as client:
        managed = (await client.get("/v1/divisions", params={"authority": "530111000000"})).json()
        assert [one["code"] for one in managed["items"]] == ["530111001000", "530111004000"]
        refused = await client.get("/v1/divisions", params={"after": "?"})
        assert (refused.status_code, refused.json()["code"]) == (422, "page.cursor")


async def test_a_level_is_a_text(http: Http, filled: StaffingClient) -> None:
    for level in (1, "a\0b"):
        refused = await ask(http, {"region": None, "fields": ["code"], "first": 1, "where": {"level": level}})
        assert (refused["error"]["status"], refused["error"]["code"]) == (422, "division.level_unreadable")
