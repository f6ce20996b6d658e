"""One request carries several callers, each of whom is answered as if alone."""

from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from services.runtime.reads import reads_router
from services.runtime.reads_pool import ReadPool
from services.runtime.reads_schemas import MOST_CALLERS
from services.runtime.selection import Column, Computed, Entity, Lookup, Order
from services.runtime.server import create_base
from tests.conftest import ServiceApp, SettingsOf, TokenMaker

WORDS = "(VALUES ('530111', 'a', 3), ('530111', 'b', 2), ('320400', 'a', 1), ('320400', 'c', 9)) w(place, name, era)"
WORD = Entity(
    name="word",
    permissions=("staffing.read",),
    columns={"name": "w.name", "era": "w.era"},
    lookups={
        "name": Lookup(source=WORDS, where=lambda given: f"w.name = k.key{PLACE if 'place' in given else ''}"),
        "pages": Lookup(
            source=WORDS,
            where=lambda given: f"w.name = k.key{PLACE if 'place' in given else ''}",
            order=(Order("era", cast="int", kind=int, show=int),),
        ),
    },
    fields={
        "name": Column("b.name"),
        "era": Column("b.era"),
        "who": Computed(("b.name",), lambda ask, _name: f"{ask.caller.id}{ask.caller.name}{ask.caller.token}"),
    },
    limits=lambda caller: {"place": caller.grants[0].region[:6]},
)
PLACE = " AND w.place = :place::text"
GUANDU, CHANGZHOU = "530111000000", "320400000000"
READS = [
    {"entity": "word", "by": "name", "fields": ["era", "name"]},
    {"entity": "word", "by": "pages", "fields": ["era"], "first": 5},
]
ONE = {"entity": "word", "by": "name", "keys": ["a"], "fields": ["era"]}


@pytest.fixture
def app(settings_of: SettingsOf, staffing_url: str) -> FastAPI:
    settings = settings_of(staffing_url)
    return create_base(settings, title="t", description="d", schema="staffing", routers=[reads_router([WORD])])


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/v1/reads", content=body, headers={"Content-Type": "application/json"})


async def test_several_callers_are_answered_as_each_alone(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker
) -> None:
    tokens = [
        token("auditor", GUANDU), token("auditor", CHANGZHOU), "no.token", token("resident", GUANDU),
        token("street_office", GUANDU, subject="another"), token("auditor", CHANGZHOU, subject="a third"),
        token("auditor", GUANDU, subject="a fourth"),
    ]  # fmt: skip
    values = [[{"keys": ["a", "c", "b"][at % 3 :]}, {"keys": ["b", "a"][: at + 1]}] for at in range(len(tokens))]
    wanted: list[Any] = []
    for one, own in zip(tokens, values, strict=True):
        alone = await service_app(app, one)
        reply = await alone.post("/v1/reads", json={"reads": READS, "values": own})
        refused = {"error": {"status": 401, "code": "token.rejected"}}
        wanted += reply.json()["answers"] if reply.status_code == 200 else [refused] * 2
    assert wanted[0] == {"rows": [[3, "a"], None, [2, "b"]]}
    assert wanted[2] == {"rows": [[9, "c"], None]}
    assert wanted[6]["error"]["code"] == "permission.missing"
    head = orjson.dumps({"reads": READS})[:-1]
    tail = orjson.dumps([one for own in values for one in own]) + b',"callers":' + orjson.dumps(tokens[1:]) + b"}"
    client = await service_app(app, tokens[0])
    for _ in range(2):  # the second time the head is known
        reply = await post(client, head + b',"values":' + tail)
        assert reply.status_code == 200, reply.text
        answers = reply.json()["answers"]
        for answer in answers[4:6]:
            answer["error"] = {name: answer["error"][name] for name in ("status", "code")}
        assert answers == wanted


async def test_callers_of_equal_rights_are_asked_as_one(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    fetch = ReadPool.fetch

    async def counted(self: ReadPool, sql: str, values: Any) -> Any:
        asked.append(values)
        return await fetch(self, sql, values)

    monkeypatch.setattr(ReadPool, "fetch", counted)
    names = [("auditor", GUANDU), ("auditor", CHANGZHOU), ("auditor", GUANDU), ("auditor", GUANDU)]
    tokens = [token(role, region, subject=f"number {at}") for at, (role, region) in enumerate(names)]
    client = await service_app(app, tokens[0])

    async def statements(values: list[Any], reads: list[Any]) -> int:
        asked.clear()
        body = {"reads": reads, "values": values, "callers": tokens[1:]}
        reply = await client.post("/v1/reads", json=body)
        rows = [answer.get("rows") for answer in reply.json()["answers"]]
        assert rows == [[[3]], [[1]], [[3]], [[3]]] or any(len(one["keys"]) > 1 for one in values)
        return len(asked)

    reads = [{"entity": "word", "by": "name", "fields": ["era"]}]
    assert await statements([{"keys": ["a"]}] * 4, reads) == 2
    assert await statements([{"keys": ["a"]}] * 3 + [{"keys": ["a"], "on": "2026-01-01"}], reads) == 3
    assert await statements([{"keys": ["a", "x"]}] * 3 + [{"keys": ["b", "c"]}], reads) == 2


async def test_a_refusal_among_equals_is_that_callers_own(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker
) -> None:
    tokens = [token("auditor", GUANDU, subject=str(at)) for at in range(3)]
    client = await service_app(app, tokens[0])
    reads = [{"entity": "word", "by": "name", "fields": ["era"]}]
    values: list[Any] = [{"keys": ["a"]}, {"keys": [7]}, {"keys": ["b"]}]
    reply = await client.post("/v1/reads", json={"reads": reads, "values": values, "callers": tokens[1:]})
    good, bad, other = reply.json()["answers"]
    assert (good, other) == ({"rows": [[3]]}, {"rows": [[2]]})
    assert bad["error"]["code"] == "read.keys"


async def test_who_asks_is_nothing_a_read_can_show(app: FastAPI, service_app: ServiceApp, token: TokenMaker) -> None:
    client = await service_app(app, token("auditor", GUANDU, subject="somebody"))
    reads = [{"entity": "word", "by": "name", "keys": ["a"], "fields": ["who"]}]
    assert (await client.post("/v1/reads", json={"reads": reads})).json() == {"answers": [{"rows": [[""]]}]}


async def test_a_first_caller_that_is_none_refuses_nobody_else(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker
) -> None:
    plain = await service_app(app, None)
    body = {"reads": [ONE], "callers": [token("auditor", GUANDU)]}
    first, second = (await plain.post("/v1/reads", json=body)).json()["answers"]
    assert first["error"]["status"] == 401
    assert second == {"rows": [[3]]}


@pytest.mark.parametrize(
    ("callers", "values", "code"),
    [
        ("x", None, "read.callers"),
        ([1], None, "read.callers"),
        (["x"] * MOST_CALLERS, None, "read.callers"),
        (["x"], [{}], "read.values"),
        ([], [{}, {}], "read.values"),
    ],
)
async def test_callers_that_are_none_or_without_values_are_a_problem(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, callers: Any, values: Any, code: str
) -> None:
    client = await service_app(app, token("auditor", GUANDU))
    body = {"reads": [ONE], "callers": callers, "values": values}
    for _ in range(2):
        reply = await client.post("/v1/reads", json=body)
        assert (reply.status_code, reply.json()["code"]) == (422, code)
