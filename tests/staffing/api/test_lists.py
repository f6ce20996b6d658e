"""The lists over REST, which sparse reads answer: what the imported files themselves say, worked out here by hand."""

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
import pytest

from services.runtime.paging import encode_cursor
from services.staffing.client import StaffingClient
from services.staffing.schemas.communities import CommunityPageOut
from services.staffing.schemas.workers import WorkerBatchOut, WorkerPageOut
from tests.staffing.conftest import FILES, ClientOf, Http

SHIHUGUAN, CUIZHU, EMPTY = "530111001011", "320402001001", "530111004011"
DAYS = [
    "2009-12-31", "2016-07-30", "2016-07-31", "2020-11-01", "2021-01-01", "2023-12-31", "2024-02-29", "2024-03-01",
    "2024-09-01", "2026-10-15", "2026-10-16", "2026-10-20", "2026-11-22", "2026-11-23",
]  # fmt: skip
POSTS = ["secretary", "director", "deputy", "member", "staff"]
LEVELS = ["none", "junior", "intermediate", "senior"]
COUNTED = ("resident_households", "registered_households", "resident_population", "urban_residents")
KINDS = {"residents_committee": "community", "villagers_committee": "village"}


def lines(kind: str, **named: str) -> Iterator[dict[str, str]]:
    for line in csv.DictReader(FILES[kind].splitlines()):
        if all(line[name] == value for name, value in named.items()):
            yield line


def holds(line: dict[str, str], on: str, start: str = "start", end: str = "end") -> bool:
    return line[start] <= on and (not line.get(end) or on < line[end])


def measures(code: str, on: str) -> dict[str, Any]:
    stated = [line for line in lines("measures", community=code) if line["start"] <= on]
    found: dict[str, Any] = {**dict.fromkeys((*COUNTED, "premises_sqm", "ground_floor_sqm", "provenance", "source"))}
    for line in sorted(stated, key=lambda line: line["start"]):
        found |= {name: int(line[name]) for name in COUNTED if line.get(name)}
        found |= {"premises_sqm": line["premises_sqm"]} if line["premises_sqm"] else {}
        found |= {"provenance": line["provenance"], "source": ""}
    return found


def communities(on: str) -> list[dict[str, Any]]:
    return [
        {
            "code": line["code"], "name": line["name"], "kind": KINDS[line["type"]], "unit_type": line["type"],
            "urban_rural": int(line["ur_code_2016"]), "valid": {"start": "2016-07-31", "end": None},
            "provenance": "code_book", "source": "", "measures": measures(line["code"], on),
        }
        for line in sorted(lines("divisions", level="5"), key=lambda line: line["code"])
        if on >= "2016-07-31"
    ]  # fmt: skip


def age(born: str, on: str) -> int:
    return int(on[:4]) - int(born[:4]) - (on[5:] < born[5:])


def worker(line: dict[str, str], on: str) -> dict[str, Any]:
    """A line of the file of workers as REST shows it on a day; who was hired later is not asked for."""
    number = line["number"]
    posts = sorted(
        ({**post, "full_time": post["full_time"] == "true", "end": post["end"] or None}
         for post in lines("appointments", worker=number) if holds(post, on)),
        key=lambda post: (post["community"], post["post"]),
    )  # fmt: skip
    held = [post.pop("worker") and post["post"] for post in posts]
    grade = next((one for one in lines("gradings", worker=number) if holds(one, on)), None)
    levels = [LEVELS.index(one["level"]) for one in lines("certificates", worker=number) if one["issued_on"] <= on]
    same = ("number", "name", "sex", "education", "category", "entry_route", "community", "hired_on", "provenance")
    return {
        **{name: line[name] for name in same}, "age": age(line["birth_on"], on), "left_on": line["left_on"] or None,
        "urban": line["urban"] == "true", "in_state_establishment": False, "part_time": False, "subsidised": True,
        "post": min(held, key=POSTS.index, default=None), "holds_both_posts": {"secretary", "director"} <= set(held),
        "appointments": posts, "tier": grade and grade["tier"], "step": grade and int(grade["step"]),
        "certificate": LEVELS[max(levels, default=0)], "source": "",
    }  # fmt: skip


def serving(on: str, *codes: str) -> list[dict[str, Any]]:
    found = [line for line in lines("workers") if holds(line, on, "hired_on", "left_on")]
    ordered = sorted(found, key=lambda line: (line["community"], line["number"]))
    return [worker(line, on) for line in ordered if not codes or line["community"] in codes]


def without_id(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "id"} for one in items]


@pytest.mark.parametrize("on", DAYS)
async def test_communities_are_what_the_files_say(filled: StaffingClient, http: Http, on: str) -> None:
    async with http() as client:
        page = (await client.get("/v1/communities", params={"on": on, "count": True})).json()
        codes = [one["code"] for one in page["items"]]
        asked = (await client.get("/v1/communities", params={"on": on, "code": [*codes, "530111999999"]})).json()
        ids = {"on": on, "id": [one["id"] for one in page["items"]]}
        named = (await client.get("/v1/communities", params=ids)).json()
    assert without_id(page["items"]) == communities(on)
    assert (page["total"], page["next"], page["previous"]) == (len(codes), None, None)
    assert asked["items"] == page["items"]
    assert named["items"] == page["items"]
    assert list(page) == list(CommunityPageOut.model_fields)


@pytest.mark.parametrize("on", DAYS)
async def test_workers_are_what_the_files_say(filled: StaffingClient, http: Http, on: str) -> None:
    async with http() as client:
        page = (await client.get("/v1/workers", params={"on": on})).json()
        ids = {"on": on, "id": [one["id"] for one in page["items"]]}
        named = (await client.get("/v1/workers", params=ids)).json()
        asked = {"on": on, "community": [SHIHUGUAN, EMPTY, CUIZHU, SHIHUGUAN]}
        batch = (await client.get("/v1/workers-of-communities", params=asked)).json()
    assert without_id(page["items"]) == serving(on)
    assert named["items"] == page["items"]
    assert [one["community"] for one in batch["communities"]] == asked["community"]
    for one in batch["communities"]:
        assert without_id(one["items"]) == serving(on, one["community"])
        assert one["total"] == len(one["items"])
    assert WorkerPageOut.model_validate(page).model_dump(mode="json") == page
    assert WorkerBatchOut.model_validate(batch).model_dump(mode="json") == batch


async def test_who_has_left_is_shown_by_id_with_the_last_service_begun(filled: StaffingClient, http: Http) -> None:
    on = "2024-06-01"
    async with http() as client:
        everyone = (await client.get("/v1/workers", params={"on": "2026-10-01"})).json()["items"]
        ids = [one["id"] for one in everyone]
        found = (await client.get("/v1/workers", params={"on": on, "id": ids})).json()["items"]
        alone = [(await client.get(f"/v1/workers/{one}", params={"on": on})).json() for one in ids]
    last = {line["number"]: line for line in lines("workers") if line["hired_on"] <= on}
    assert without_id(found) == [worker(last[one["number"]], on) for one in everyone]
    assert alone == found


async def test_a_list_by_name_repeats_what_is_named_twice(filled: StaffingClient, http: Http) -> None:
    async with http() as client:
        asked = {"code": [CUIZHU, SHIHUGUAN, CUIZHU, "\0", "x\x1fy", ""]}
        assert [one["code"] for one in (await client.get("/v1/communities", params=asked)).json()["items"]] == [
            CUIZHU, SHIHUGUAN, CUIZHU,
        ]  # fmt: skip
        first = (await client.get("/v1/workers", params={"limit": 1})).json()["items"][0]
        twice = (await client.get("/v1/workers", params={"id": [first["id"]] * 2})).json()
    assert twice == {"items": [first, first], "next": None, "previous": None}


@pytest.mark.parametrize("community", ["x", "", "a\x1fb", "a\0b", "530111"])
async def test_workers_of_what_is_no_code_are_refused(filled: StaffingClient, http: Http, community: str) -> None:
    async with http() as client:
        reply = await client.get("/v1/workers-of-communities", params={"community": [SHIHUGUAN, community]})
    assert (reply.status_code, reply.json()["code"]) == (422, "region.unreadable")


async def test_a_street_named_as_a_community_stands_for_all_below_it(filled: StaffingClient) -> None:
    moment = (date(2026, 10, 1), None)
    street = ["530111001000", SHIHUGUAN]
    page = await filled.workers(communities=street, moment=moment)
    assert [one.number for one in page.items] == ["GD-0001", "GD-0002", "GD-0003"]
    assert (await filled.workers(communities=street, region="320000000000", moment=moment)).items == []
    inside = await filled.workers(communities=[*street, CUIZHU], authority="530111000000", moment=moment, limit=2)
    assert [one.number for one in inside.items] == ["GD-0001", "GD-0002"]
    rest = await filled.workers(communities=[*street, CUIZHU], moment=moment, after=encode_cursor(CUIZHU, "CZ-0001"))
    assert [one.number for one in rest.items] == ["GD-0001", "GD-0002", "GD-0003"]


async def test_regions_of_a_caller_bound_every_list(filled: StaffingClient, client_of: ClientOf) -> None:
    moment = (date(2026, 10, 1), None)
    inside = client_of("city_planner", "320400000000")
    everyone = (await filled.workers(moment=moment)).items
    assert [one.number for one in (await inside.workers(moment=moment)).items] == ["CZ-0001"]
    assert (await inside.workers(communities=[SHIHUGUAN], moment=moment)).items == []
    assert (await inside.workers(region="530000000000", moment=moment)).items == []
    assert [one.number for one in (await inside.workers(ids=[one.id for one in everyone])).items] == ["CZ-0001"]
    (none,) = (await inside.workers_of([SHIHUGUAN], moment=moment)).communities
    assert (none.items, none.total, none.next, none.previous) == ([], 0, None, None)


@pytest.mark.parametrize(
    ("communities", "code"),
    [
        ([SHIHUGUAN, CUIZHU], None),
        ([], None),
        (SHIHUGUAN, "read.value"),
        ([7], "read.value"),
        (["5"], "region.unreadable"),
    ],
)
async def test_the_communities_of_a_sparse_read_of_workers(
    filled: StaffingClient, http: Http, communities: object, code: str | None
) -> None:
    read = {
        "entity": "worker", "region": None, "fields": ["number"], "first": 9, "count": True, "on": "2026-10-01",
        "args": {"communities": communities},
    }  # fmt: skip
    async with http() as client:
        (answer,) = (await client.post("/v1/reads", content=orjson.dumps({"reads": [read]}))).json()["answers"]
    if code:
        assert (answer["error"]["status"], answer["error"]["code"]) == (422, code)
        return
    (page,) = answer["pages"]
    expected = serving("2026-10-01") if communities else []
    assert [row[0] for row in page["rows"]] == [one["number"] for one in expected]
    assert page["total"] == len(expected)
