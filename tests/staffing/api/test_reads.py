"""Sparse reads of staffing: every declared field is what the ordinary read answers, on several days as known at several
instants; and no shape shows a row outside the caller's regions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.runtime.paging import encode_cursor
from services.runtime.reads_schemas import ReadsOut
from services.staffing.usecases.reads import ENTITIES, QUOTA

COMMUNITY, WORKER, DIVISION = ENTITIES
CODES = ["320402001001", "320402001002", "320402001200", "530111001011", "530111004011", "211302001001"]
DAYS = ["2015-01-01", "2019-05-05", "2020-11-15", "2022-07-01", "2024-06-01", "2026-10-20", "2026-11-22"]
STEPS = """community,start,resident_households,premises_sqm,provenance
320402001001,2024-01-01,,500.25,survey
530111001011,2022-01-01,2600,,survey
"""
CAMEL = {"docNo": "doc_no", "inUse": "in_use", "fullTime": "full_time", "communityCode": "community"}


def snake(value: Any) -> Any:
    """A nested answer under REST's names."""
    if isinstance(value, list):
        return [snake(one) for one in value]
    if isinstance(value, dict):
        return {CAMEL.get(name, name): snake(part) for name, part in value.items()}
    return value


def words(name: str) -> str:
    """`residentHouseholds` as REST writes it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@pytest.fixture
async def known(filled, client_of) -> list[str | None]:
    """The small registers with corrections made later, and the instants between."""
    before = datetime.now(UTC)
    client = client_of("administrator", "000000000000")
    await client.load("measures", STEPS.encode())
    after = datetime.now(UTC) + timedelta(seconds=1)
    return [None, before.isoformat(), after.isoformat(), (before - timedelta(days=1)).isoformat()]


async def ask(http, *reads: dict[str, Any], role: str = "administrator", region: str = "000000000000") -> list[Any]:
    async with http(role, region) as client:
        reply = await client.post("/v1/reads", content=orjson.dumps({"reads": reads}))
    assert reply.status_code == 200, reply.text
    answers = reply.json()["answers"]
    ReadsOut.model_validate({"answers": answers})
    return answers


def moments(known: list[str | None]) -> list[tuple[str, str | None]]:
    return [(day, instant) for day in DAYS for instant in known]


def community_expected(field: str, rest: dict[str, Any], quota: dict[str, Any]) -> Any:
    measures, headcount = rest["measures"], quota["headcount"]
    special = {
        "valid.start": rest["valid"]["start"],
        "valid.end": rest["valid"]["end"],
        "synthetic": "synthetic" in (rest["provenance"], measures["provenance"]),
        "measures.synthetic": measures["provenance"] == "synthetic",
        "residentHouseholds": measures["resident_households"],
        "registeredHouseholds": measures["registered_households"],
        "headcount": headcount["persons"],
        "vacancy": quota["vacancy"],
        "quota.rulesSynthetic": quota["synthetic"],
        "quota.synthetic": quota["synthetic"] or measures["provenance"] == "synthetic",
        "quota.readingsUsed": [{"rule": rule, "reading": one} for rule, one in quota["readings_used"].items()],
    }
    if field in special:
        return special[field]
    place, _, name = field.rpartition(".")
    held = {"": rest, "measures": measures, "headcounts": headcount, "quota": quota, "quota.headcount": headcount}
    return held[place][words(name)]


async def test_every_field_of_a_community_is_what_the_ordinary_reads_answer(http, known) -> None:
    fields = list(COMMUNITY.fields)
    seen = 0
    async with http() as client:
        for on, known_at in moments(known):
            params = {"code": CODES, "on": on, **({"known_at": known_at} if known_at else {})}
            rest = {one["code"]: one for one in (await client.get("/v1/communities", params=params)).json()["items"]}
            quotas = {one["code"]: one for one in (await client.get("/v1/quotas", params=params)).json()["items"]}
            read = {"entity": "community", "by": "code", "keys": CODES, "fields": fields, "on": on, "knownAt": known_at}
            (answer,) = await ask(http, read)
            for code, row in zip(CODES, answer["rows"], strict=True):
                assert (row is None) == (code not in rest), (code, on, known_at)
                for field, value in zip(fields, row or [], strict=bool(row)):
                    expected = community_expected(field, rest[code], quotas[code])
                    assert snake(value) == expected, (field, code, on, known_at)
                    seen += 1
    assert seen > 2000


@pytest.mark.parametrize("field", list(COMMUNITY.fields))
async def test_a_field_alone_is_the_same_as_among_all(http, known, field: str) -> None:
    fields = list(COMMUNITY.fields)
    read = {"entity": "community", "by": "code", "keys": CODES, "on": "2026-10-20"}
    alone, together = await ask(http, {**read, "fields": [field]}, {**read, "fields": fields})
    assert [row and row[0] for row in alone["rows"]] == [row and row[fields.index(field)] for row in together["rows"]]


@pytest.mark.parametrize("reading", ["ceil", "floor", "half_up"])
async def test_a_reading_is_what_the_ordinary_read_answers_under_it(http, known, reading: str) -> None:
    fields = sorted(QUOTA)
    async with http() as client:
        params = {"code": CODES, "on": "2023-01-01", "reading": reading}
        rest = {one["code"]: one for one in (await client.get("/v1/quotas", params=params)).json()["items"]}
        found = await client.get("/v1/communities", params=params)
    units = {one["code"]: one for one in found.json()["items"]}
    read = {"entity": "community", "by": "code", "keys": CODES, "fields": fields, "on": "2023-01-01"}
    (answer,) = await ask(http, {**read, "args": {"reading": reading}})
    for code, row in zip(CODES, answer["rows"], strict=True):
        for field, value in zip(fields, row, strict=True):
            assert snake(value) == community_expected(field, units[code], rest[code]), (field, code)


async def test_an_unknown_reading_is_refused_alone(http, filled) -> None:
    read = {"entity": "community", "by": "code", "keys": CODES[:1], "fields": ["quota.posts"]}
    answers = await ask(http, {**read, "args": {"reading": "Z"}}, read, {**read, "args": {"reading": 1}})
    assert answers[0]["error"]["code"] == "reading.unknown"
    assert answers[0]["error"]["status"] == 422
    assert "rows" in answers[1]
    assert answers[2]["error"]["code"] == "reading.unknown"


def worker_expected(field: str, rest: dict[str, Any]) -> Any:
    special = {"communityCode": rest["community"], "synthetic": rest["provenance"] == "synthetic"}
    return special[field] if field in special else rest[words(field)]


async def test_every_field_of_a_worker_is_what_the_ordinary_reads_answer(http, known) -> None:
    fields, seen = list(WORKER.fields), 0
    async with http() as client:
        for on, known_at in moments(known):
            params = {"community": CODES, "on": on, **({"known_at": known_at} if known_at else {})}
            rest = (await client.get("/v1/workers-of-communities", params=params)).json()["communities"]
            read = {"entity": "worker", "fields": fields, "on": on, "knownAt": known_at}
            page = {"by": "community", "keys": CODES, "first": 12, "count": True}
            ids = [one["id"] for page in rest for one in page["items"]]
            (pages,) = await ask(http, {**read, **page})
            assert [page["total"] for page in pages["pages"]] == [page["total"] for page in rest]
            by_id = (await ask(http, {**read, "by": "id", "keys": ids}))[0]["rows"]
            rows = [row for page in pages["pages"] for row in page["rows"]]
            for row, again, one in zip(rows, by_id, [one for page in rest for one in page["items"]], strict=True):
                assert snake(row) == [worker_expected(field, one) for field in fields]
                assert row == again
                seen += len(row)
    assert seen > 500


async def test_a_worker_who_left_is_read_by_id_as_the_ordinary_read_does(http, filled) -> None:
    fields = list(WORKER.fields)
    async with http() as client:
        params = {"community": ["530111001011"], "on": "2023-06-01"}
        everybody = (await client.get("/v1/workers-of-communities", params=params)).json()["communities"][0]["items"]
        ids = [one["id"] for one in everybody]
        rest = (await client.get("/v1/workers", params={"id": ids, "on": "2024-05-01"})).json()["items"]
    read = {"entity": "worker", "by": "id", "keys": ids, "fields": fields, "on": "2024-05-01"}
    rows = (await ask(http, read))[0]["rows"]
    assert [snake(row) for row in rows] == [[worker_expected(field, one) for field in fields] for one in rest]
    assert "2024-03-01" in {row[fields.index("leftOn")] for row in rows}


async def test_a_lineage_answers_as_the_ordinary_read_does(http, client_of, known) -> None:
    client = client_of("administrator", "000000000000")
    found = {one.id: one.code for one in (await client.communities(codes=CODES)).items}
    read = {"entity": "community", "by": "id", "fields": ["id", "code"], "keys": [*found, next(iter(found))]}
    rows = (await ask(http, read))[0]["rows"]
    assert rows == [[key, found[key]] for key in read["keys"]]
    nobody = {**read, "keys": ["00000000-0000-7000-8000-000000000000"]}
    assert (await ask(http, nobody))[0]["rows"] == [None]


async def test_pages_of_a_region_forward_and_backward_meet(http, filled) -> None:
    read = {"entity": "community", "region": None, "fields": ["code", "cursor"]}
    (whole,) = (await ask(http, {**read, "first": 100}))[0]["pages"]
    codes = [row[0] for row in whole["rows"]]
    assert codes == sorted(codes)
    assert (whole["more"], "beyond" in whole, "total" in whole) == (False, False, False)
    assert [row[1] for row in whole["rows"]] == [encode_cursor(code) for code in codes]
    assert (whole["start"], whole["end"]) == (whole["rows"][0][1], whole["rows"][-1][1])
    forward, backward, at = [], [], {"after": None, "before": None}
    while True:
        (page,) = (await ask(http, {**read, "first": 2, "after": at["after"]}))[0]["pages"]
        forward += page["rows"]
        at["after"] = page["end"]
        if not page["more"]:
            break
    while True:
        (page,) = (await ask(http, {**read, "last": 3, "before": at["before"]}))[0]["pages"]
        backward = page["rows"] + backward
        at["before"] = page["start"]
        if not page["more"]:
            break
    assert forward == backward == whole["rows"]
    for code in codes:
        for side, size in (("after", "first"), ("before", "last")):
            page = {**read, size: 2, side: encode_cursor(code), "beyond": True, "count": True}
            (found,) = (await ask(http, page))[0]["pages"]
            assert (found["beyond"], found["total"]) == (True, len(codes))
    before_all = {**read, "first": 2, "after": encode_cursor("0"), "beyond": True}
    assert (await ask(http, before_all))[0]["pages"][0]["beyond"] is False
    between = {**read, "first": 10, "after": encode_cursor(codes[1]), "before": encode_cursor(codes[4])}
    assert [row[0] for row in (await ask(http, between))[0]["pages"][0]["rows"]] == codes[2:4]


@pytest.mark.parametrize("area", [{"region": "530111000000"}, {"region": None}, {"authority": "530111000000"},
                                  {"authority": "211300000000"}])  # fmt: skip
@pytest.mark.parametrize("on", ["2017-01-01", "2026-11-22"])
async def test_root_pages_are_the_ordinary_ones(http, known, area: dict[str, Any], on: str) -> None:
    async with http() as client:
        params = {name: value for name, value in {**area, "on": on}.items() if value}
        rest = [one["code"] for one in (await client.get("/v1/communities", params=params)).json()["items"]]
    read = {"entity": "community", "fields": ["code"], "on": on, **area}
    forward, backward = await ask(http, {**read, "first": 50}, {**read, "last": 50})
    assert [row[0] for row in forward["pages"][0]["rows"]] == rest
    assert backward["pages"][0]["rows"] == forward["pages"][0]["rows"]
    assert known is not None


async def test_workers_page_forward_and_backward(http, filled) -> None:
    read = {"entity": "worker", "by": "community", "keys": ["530111001011"], "fields": ["number"], "on": "2026-10-01"}
    (all_of,) = (await ask(http, {**read, "first": 10}))[0]["pages"]
    assert [row[0] for row in all_of["rows"]] == ["GD-0001", "GD-0002", "GD-0003"]
    (first,) = (await ask(http, {**read, "first": 2}))[0]["pages"]
    assert (first["rows"], first["more"]) == (all_of["rows"][:2], True)
    (rest,) = (await ask(http, {**read, "first": 2, "after": first["end"]}))[0]["pages"]
    assert (rest["rows"], rest["more"]) == (all_of["rows"][2:], False)
    (rest,) = (await ask(http, {**read, "first": 2, "after": first["end"], "beyond": True, "count": True}))[0]["pages"]
    assert (rest["beyond"], rest["total"]) == (True, 3)
    (last,) = (await ask(http, {**read, "last": 2}))[0]["pages"]
    assert (last["rows"], last["more"]) == (all_of["rows"][1:], True)
    (none,) = (await ask(http, {**read, "first": 0, "count": True}))[0]["pages"]
    assert none == {"rows": [], "more": True, "total": 3, "start": None, "end": None}


async def test_one_request_goes_down_and_up_again(http, filled) -> None:
    down = {"entity": "community", "region": None, "fields": ["code"], "first": 10}
    workers = {
        "entity": "worker",
        "by": "community",
        "under": 0,
        "source": "code",
        "fields": ["number", "communityCode"],
    }
    up = {"entity": "community", "by": "code", "under": 1, "source": "communityCode", "fields": ["code", "name"]}
    places, people, homes = await ask(http, down, {**workers, "first": 5}, up)
    assert len(people["pages"]) == len(places["pages"][0]["rows"])
    flat = [row for page in people["pages"] for row in page["rows"]]
    assert len(flat) == 4
    assert [row[0] for row in homes["rows"]] == [row[1] for row in flat]


LOOKUPS = [
    {"entity": "community", "by": "code", "keys": CODES},
    {"entity": "community", "by": "id"},
    {"entity": "community", "region": None, "first": 100},
    {"entity": "community", "region": None, "last": 100},
    {"entity": "community", "region": "530111000000", "first": 100},
    {"entity": "community", "authority": "530111000000", "first": 100},
    {"entity": "division", "region": None, "first": 100, "count": True},
    {"entity": "division", "region": None, "last": 100, "count": True},
    {"entity": "worker", "by": "id"},
    {"entity": "worker", "by": "community", "keys": CODES, "first": 100, "count": True},
    {"entity": "worker", "by": "community", "keys": CODES, "last": 100},
]


@pytest.mark.parametrize("known_at", [None, "2100-01-01T00:00:00Z"])
@pytest.mark.parametrize("lookup", LOOKUPS, ids=str)
async def test_a_row_of_another_region_is_as_one_that_does_not_exist(http, filled, client_of, lookup, known_at) -> None:
    nation = client_of("administrator", "000000000000")
    places = (await nation.communities(codes=CODES)).items
    people = [one.id for page in (await nation.workers_of(CODES, per_community=10)).communities for one in page.items]
    entity = {"community": COMMUNITY, "worker": WORKER, "division": DIVISION}[lookup["entity"]]
    keys = {"id": [one.id for one in places] if entity is COMMUNITY else people}.get(lookup.get("by", ""))
    read = {**lookup, "fields": list(entity.fields), "knownAt": known_at, **({"keys": keys} if keys else {})}
    (everywhere,) = await ask(http, read)
    (inside,) = await ask(http, read, region="530111000000")
    (outside,) = await ask(http, read, region="440100000000")
    at = list(entity.fields).index("communityCode" if entity is WORKER else "code")
    if "rows" in everywhere:
        assert inside["rows"] == [row if row and row[at].startswith("530111") else None for row in everywhere["rows"]]
        assert any(inside["rows"])
        assert outside["rows"] == [None] * len(everywhere["rows"])
        return
    for page, own, none in zip(everywhere["pages"], inside["pages"], outside["pages"], strict=True):
        assert own["rows"] == [row for row in page["rows"] if row[at].startswith("530111")]
        assert none["rows"] == []
        assert none.get("total", 0) == 0
    assert any(page["rows"] for page in inside["pages"])


async def test_a_caller_of_two_regions_sees_both_and_nothing_between(http, filled, staffing_app, settings) -> None:
    from services.runtime.tokens import sign

    grants = [{"role": "auditor", "region": region} for region in ("211300000000", "530111001000")]
    token = sign(settings, "two", {"grants": grants}, timedelta(hours=1))
    async with http() as client:
        read = {
            "entity": "community",
            "region": None,
            "fields": ["code", "headcount", "residentHouseholds"],
            "first": 50,
        }
        reply = await client.post("/v1/reads", json={"reads": [read]}, headers={"Authorization": f"Bearer {token}"})
    assert [row[0] for row in reply.json()["answers"][0]["pages"][0]["rows"]] == ["211302001001", "530111001011"]


async def test_staffing_is_not_for_residents(http, filled) -> None:
    read = {"entity": "community", "by": "code", "keys": CODES, "fields": ["code"]}
    (answer,) = await ask(http, read, role="resident", region="530111001011")
    assert (answer["error"]["status"], answer["error"]["code"]) == (403, "permission.missing")
