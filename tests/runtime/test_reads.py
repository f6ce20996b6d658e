"""Sparse reads through a small service: what is answered, what is refused and how, and that nobody's rows leak."""

from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from starlette.requests import Request

from services.kernel.errors import Malformed
from services.runtime.paging import encode_cursor
from services.runtime.reads import reads_router
from services.runtime.reads_schemas import MOST_FIELDS, MOST_KEYS, ReadsIn
from services.runtime.selection import (
    Ask,
    Column,
    Computed,
    Entity,
    Filter,
    Grouped,
    Join,
    Lookup,
    Order,
    Rows,
    known_by,
    recorded_by,
)
from services.runtime.server import create_base
from tests.runtime.conftest import SCHEMA

A, B, OTHER = "530111001001", "530111001002", "440100001001"


def shouted(names: tuple[str, ...], at: Any) -> Any:
    place = at["b.words"]

    async def compute(ask: Ask, records: Rows) -> list[list[str]]:
        found = await ask.fetch("SELECT count(*) FROM notes WHERE id > :least::bigint", {"least": 0})
        told = {"loud": lambda word: word.upper(), "visible": lambda _word: str(found[0][0])}
        return [[told[name](record[place]) for name in names] for record in records]

    return compute


def doubled(names: tuple[str, ...], at: Any) -> Any:
    place = at["b.words"]
    return lambda _ask, records: [[record[place] * 2 for _ in names] for record in records]


def word(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("note.word", "须为文本", "a text")
    return value


async def everywhere(ask: Ask, region: str | None) -> list[tuple[str, str]]:
    return list(ask.scope) if region is None else [(region[:6], f"{region[:6]}:"), ("44", "45")]


NOTE = Entity(
    name="note",
    permissions=("consultation.read",),
    columns={"id": "n.id", "community": "n.community", "words": "n.words"},
    lookups={
        "id": Lookup(source="notes n", where="n.id = k.key::bigint"),
        "community": Lookup(
            source=lambda _given: "notes n",
            where=lambda given: f"n.community = k.key{' AND n.words = :only::text' if 'only' in given else ''}",
            order=(Order("words", descending=True), Order("id", cast="bigint", kind=int, show=int, descending=True)),
        ),
        "region": Lookup(
            source="notes n",
            where="n.community >= k.lo AND n.community < k.hi",
            order=(Order("community"), Order("id", cast="bigint", kind=int, show=int)),
            ranges=everywhere,
        ),
    },
    joins={
        "l": Join({"letters": "length(b.words)"}, "SELECT {columns} LIMIT 1"),
        "h": Join({"half": "l.letters / 2"}, "SELECT {columns} LIMIT 1"),
    },
    fields={
        "id": Column("b.id"),
        "community": Column("b.community"),
        "words": Column("b.words"),
        "letters": Column("l.letters"),
        "key": Column("'00000000-0000-7000-8000-000000000001'::uuid"),
        "greeting": Computed(("b.words",), lambda ask, words: f"{ask.args.get('hail', 'hello')} {words}"),
        "both": Computed(("b.words", "l.letters"), lambda _ask, words, letters: f"{words}{letters}"),
        "loud": Grouped(("b.words",), shouted),
        "visible": Grouped(("b.words",), shouted),
        "double": Grouped(("b.words",), doubled),
    },
    filters={"word": Filter("n.words = :word::text", word)},
    args={"hail": word},
    limits=lambda caller: {"only": "two"} if caller.has("payslip.self") else {},
)


@pytest.fixture(scope="session")
def reads_app(settings_of, plain_url, tmp_path_factory) -> Any:
    settings = settings_of(plain_url, packs_dir=tmp_path_factory.mktemp("packs"), max_body_bytes=2_000_000)
    router = reads_router((NOTE,))
    return create_base(settings, title="Reads", description="Of the tests", schema=SCHEMA, routers=[router])


@pytest.fixture
async def client(reads_app, service_app, truncate, plain_url, token) -> httpx.AsyncClient:
    await truncate(plain_url, SCHEMA)
    owner = await asyncpg.connect(plain_url)
    rows = [(A, "one"), (A, "two"), (A, "three"), (B, "four"), (OTHER, "five")]
    await owner.execute(f"ALTER SEQUENCE {SCHEMA}.notes_id_seq RESTART")
    await owner.executemany(f"INSERT INTO {SCHEMA}.notes (community, words) VALUES ($1, $2)", rows)
    await owner.close()
    return await service_app(reads_app, token("auditor", "530111000000"))


async def ask(client: httpx.AsyncClient, *reads: dict[str, Any]) -> list[Any]:
    reply = await client.post("/v1/reads", json={"reads": [{"entity": "note", **one} for one in reads]})
    assert reply.status_code == 200, reply.text
    answers: list[Any] = reply.json()["answers"]
    return answers


BY_ID = {"by": "id", "keys": ["1"], "fields": ["words"]}
PAGES = {"by": "community", "keys": [A, B, "x"], "fields": ["words"], "first": 2}


async def test_rows_come_in_the_order_of_the_keys_and_null_for_none(client) -> None:
    read = {"by": "id", "keys": ["3", "1", "77", "3", "5"], "fields": ["words", "letters", "words"]}
    (answer,) = await ask(client, read)
    assert answer["rows"] == [["three", 5, "three"], ["one", 3, "one"], None, ["three", 5, "three"], None]
    assert (await ask(client, {**read, "keys": []}))[0] == {"rows": []}


async def test_fields_are_made_by_sql_by_row_and_in_groups(client) -> None:
    fields = ["greeting", "both", "id", "loud", "double", "visible", "loud"]
    (answer,) = await ask(client, {"by": "id", "keys": ["2"], "fields": fields})
    assert answer["rows"] == [["hello two", "two3", 2, "TWO", "twotwo", "4", "TWO"]]
    (answer,) = await ask(client, {"by": "id", "keys": ["2"], "fields": ["greeting"], "args": {"hail": "hi"}})
    assert answer["rows"] == [["hi two"]]
    (answer,) = await ask(client, {"by": "id", "keys": ["2"], "fields": ["key"]})
    assert answer["rows"] == [["00000000-0000-7000-8000-000000000001"]]
    (none,) = await ask(client, {"by": "id", "keys": ["99"], "fields": fields})
    assert none["rows"] == [None]


async def test_a_page_of_each_key(client) -> None:
    (answer,) = await ask(client, {**PAGES, "count": True, "fields": ["words", "cursor"]})
    first, second, third = answer["pages"]
    assert first["rows"] == [["two", encode_cursor("two", 2)], ["three", encode_cursor("three", 3)]]
    assert (first["more"], first["total"], first["end"]) == (True, 3, encode_cursor("three", 3))
    assert (second["rows"], second["more"], second["total"]) == ([["four", encode_cursor("four", 4)]], False, 1)
    assert (third["rows"], third["total"], third["start"]) == ([], 0, None)
    (answer,) = await ask(client, {**PAGES, "after": first["end"], "beyond": True})
    assert [page["rows"] for page in answer["pages"]] == [[["one"]], [["four"]], []]
    assert [page["beyond"] for page in answer["pages"]] == [True, False, False]
    back = {"by": "community", "keys": [A], "fields": ["words"], "last": 2}
    (answer,) = await ask(client, back)
    assert (answer["pages"][0]["rows"], answer["pages"][0]["more"]) == ([["three"], ["one"]], True)
    (answer,) = await ask(client, {**back, "before": encode_cursor("three", 3), "beyond": True})
    assert (answer["pages"][0]["rows"], answer["pages"][0]["beyond"]) == ([["two"]], True)
    (answer,) = await ask(client, {**PAGES, "keys": []})
    assert answer["pages"] == []


async def test_a_root_page_runs_over_its_ranges_in_order(client, reads_app, service_app, token) -> None:
    read = {"region": "530111000000", "fields": ["words"], "first": 3, "count": True}
    (answer,) = await ask(client, read)
    assert answer["pages"][0]["rows"] == [["one"], ["two"], ["three"]]
    assert (answer["pages"][0]["more"], answer["pages"][0]["total"]) == (True, 4)
    nation = await service_app(reads_app, token("auditor", "000000000000"))
    (answer,) = await ask(nation, {**read, "first": 10})
    assert answer["pages"][0]["rows"] == [["five"], ["one"], ["two"], ["three"], ["four"]]
    (answer,) = await ask(nation, {"region": "530111000000", "fields": ["words"], "last": 10})
    assert answer["pages"][0]["rows"] == [["five"], ["one"], ["two"], ["three"], ["four"]]
    cursor = encode_cursor(A, 1)
    (answer,) = await ask(nation, {"region": None, "fields": ["words"], "first": 1, "after": cursor, "beyond": True})
    assert (answer["pages"][0]["rows"], answer["pages"][0]["beyond"]) == ([["two"]], True)


async def test_the_cursors_of_a_page_are_told_unless_nobody_wants_them(client) -> None:
    (answer,) = await ask(client, {**PAGES, "ends": False})
    assert [set(page) for page in answer["pages"]] == [{"rows", "more"}] * 3
    (answer,) = await ask(client, {**PAGES, "fields": ["id", "words"], "ends": True})
    assert answer["pages"][0]["start"] == encode_cursor("two", 2)


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/v1/reads", content=body, headers={"Content-Type": "application/json"})


async def test_values_stand_apart_from_what_requests_share(client) -> None:
    shared = [
        {"entity": "note", "by": "community", "fields": ["words", "community"], "first": 2, "where": {"word": "one"}},
        {"entity": "note", "by": "id", "under": 0, "source": "words", "fields": ["id"]},
        {"entity": "note", "fields": ["greeting"], "first": 1, "args": {"hail": "hi"}},
        {"entity": "note", "by": "id", "fields": ["nope"], "keys": ["1"]},
    ]
    head = orjson.dumps({"reads": shared})[:-1]

    async def told(*values: dict[str, Any]) -> Any:
        together = orjson.dumps({"values": values, "reads": shared})
        replies = [await post(client, head + b',"values":' + orjson.dumps(values) + b"}") for _ in range(2)]
        whole = (await post(client, together)).json()
        assert [reply.json() for reply in replies] == [whole, whole]
        return [
            answer.get("error", {}).get("code") or answer.get("rows") or [page["rows"] for page in answer["pages"]]
            for answer in whole["answers"]
        ]

    root = {"region": "530111000000"}
    assert await told({"keys": [A]}, {}, root, {}) == [
        [[["one", A]]], "read.value", [[["hi one"]]], "read.field_unknown"
    ]  # fmt: skip
    first = {"keys": [A, B], "where": {}, "first": 1, "after": encode_cursor("two", 2)}
    assert await told(first, {}, {**root, "args": {"hail": "ho"}}, {}) == [
        [[["three", A]], [["four", B]]], "read.value", [[["ho one"]]], "read.field_unknown"
    ]  # fmt: skip
    assert await told({"keys": [A], "where": {"no": 1}}, {}, {**root, "first": None, "last": 1}, {}) == [
        "read.filter_unknown", "read.filter_unknown", [[["hi four"]]], "read.field_unknown"
    ]  # fmt: skip


@pytest.mark.parametrize("values", [b"{}", b"[]", b"[{},{}]", b"[1]", b'[{"fields":["id"]}]', b'[{"under":0}]'])
async def test_values_that_do_not_fit_the_reads_are_a_problem(client, values) -> None:
    head = orjson.dumps({"reads": [{"entity": "note", **BY_ID}]})[:-1]
    assert (await post(client, head + b',"values":[{}]}')).json() == {"answers": [{"rows": [["one"]]}]}
    assert (await post(client, head + b',"values":null}')).json() == {"answers": [{"rows": [["one"]]}]}
    reply = await post(client, head + b',"values":' + values + b"}")
    assert (reply.status_code, reply.json()["code"]) == (422, "read.values")


@pytest.mark.parametrize("tail", [b"[{}]", b"[{}", b"", b"[{}]x", b"[{}]}x", b'[{}],"reads":1}'])
async def test_a_head_met_before_makes_no_body_of_what_is_none(client, tail) -> None:
    head = orjson.dumps({"reads": [{"entity": "note", **BY_ID}]})[:-1]
    assert (await post(client, head + b',"values":[{}]}')).status_code == 200
    reply = await post(client, head + b',"values":' + tail)
    assert (reply.status_code, reply.json()["code"]) == (422, "read.unreadable")


async def test_only_so_many_heads_are_remembered(client, monkeypatch) -> None:
    monkeypatch.setattr("services.runtime.reads.CACHED_HEADS", 2)
    for at in range(5):
        head = orjson.dumps({"reads": [{"entity": "note", **BY_ID, "fields": ["words"] * (at + 1)}]})[:-1]
        reply = await post(client, head + b',"values":[{"keys":["1"]}]}')
        assert reply.json() == {"answers": [{"rows": [["one"] * (at + 1)]}]}


async def test_filters_and_what_narrows_a_caller(client, reads_app, service_app, token) -> None:
    (answer,) = await ask(client, {**PAGES, "where": {"word": "one"}, "count": True})
    assert [page["rows"] for page in answer["pages"]] == [[["one"]], [], []]
    assert [page["total"] for page in answer["pages"]] == [1, 0, 0]
    worker = await service_app(reads_app, token("worker", "530111000000", subject="two"))
    (answer,) = await ask(worker, PAGES)
    assert [page["rows"] for page in answer["pages"]] == [[["two"]], [], []]


async def test_keys_from_an_earlier_read(client) -> None:
    pages = {"by": "community", "under": 0, "source": "community", "fields": ["id", "words"], "first": 1}
    again = {"by": "id", "under": 3, "source": "words", "fields": ["words"]}
    some = {"by": "id", "keys": ["1", "9", "4"], "fields": ["community"]}
    answers = await ask(client, some, pages, {**pages, "under": 1, "source": "words"}, {**BY_ID, "fields": ["id"]})
    assert [page and page["rows"] for page in answers[1]["pages"]] == [[[2, "two"]], None, [[4, "four"]]]
    assert [page["rows"] for page in answers[2]["pages"]] == [[], []]
    assert answers[3]["rows"] == [[1]]
    for found in (["1"], ["1", "2"]):
        numbers = {"by": "id", "under": 0, "source": "id", "fields": ["id"]}
        _, refused = await ask(client, {"by": "id", "keys": found, "fields": ["id"]}, numbers)
        assert refused["error"]["code"] == "read.value"
    failed = await ask(client, {**some, "fields": ["nope"]}, {**pages}, BY_ID, BY_ID, again)
    assert failed[0] == failed[1]
    assert failed[2]["rows"] == [["one"]]
    assert failed[4]["error"]["code"] == "read.value"


@pytest.mark.parametrize(
    ("read", "code"),
    [
        ({**BY_ID, "entity": "secret"}, "read.entity"),
        ({**BY_ID, "fields": ["secret"]}, "read.field_unknown"),
        ({**BY_ID, "fields": ["cursor"]}, "read.field_unknown"),
        ({**BY_ID, "fields": []}, "read.fields"),
        ({**BY_ID, "fields": [1]}, "read.fields"),
        ({**BY_ID, "fields": "words"}, "read.fields"),
        ({**BY_ID, "fields": ["words"] * (MOST_FIELDS + 1)}, "read.fields"),
        ({**BY_ID, "by": "colour"}, "read.by_unknown"),
        ({**BY_ID, "by": None}, "read.by_unknown"),
        ({"authority": A, "fields": ["id"], "first": 1}, "read.by_unknown"),
        ({**PAGES, "by": "region"}, "read.by_unknown"),
        ({**BY_ID, "keys": None}, "read.keys"),
        ({**BY_ID, "keys": [1]}, "read.keys"),
        ({**BY_ID, "keys": ["1"] * (MOST_KEYS + 1)}, "read.keys"),
        ({**BY_ID, "keys": ["one"]}, "read.value"),
        ({**BY_ID, "keys": ["1\x00"]}, "read.value"),
        ({**BY_ID, "keys": ["1", "2\x1f3"]}, "read.keys"),
        ({**BY_ID, "on": "2026-02-30"}, "read.on"),
        ({**BY_ID, "on": 20260101}, "read.value"),
        ({**BY_ID, "knownAt": "yesterday"}, "read.knownAt"),
        ({**BY_ID, "knownAt": "9999-12-31T23:59:59-12:00"}, "read.knownAt"),
        ({**BY_ID, "args": {"secret": 1}}, "read.arg_unknown"),
        ({**BY_ID, "args": {"hail": 1}}, "note.word"),
        ({**BY_ID, "where": ["word"]}, "read.filter"),
        ({**BY_ID, "where": {"secret": 1}}, "read.filter_unknown"),
        ({**PAGES, "last": 2}, "read.page"),
        ({**PAGES, "first": None}, "read.page"),
        ({**PAGES, "first": 1001}, "read.page"),
        ({**PAGES, "first": True}, "read.page"),
        ({**PAGES, "after": "!"}, "page.cursor"),
        ({**PAGES, "after": encode_cursor("only-one-part")}, "page.cursor"),
        ({**PAGES, "after": 7}, "read.value"),
        ({"region": 7, "fields": ["id"], "first": 1}, "read.value"),
    ],
)
async def test_a_bad_read_is_refused_in_words_and_the_others_are_answered(client, read, code) -> None:
    refused, fine = await ask(client, read, BY_ID)
    assert (refused["error"]["status"], refused["error"]["code"]) == (422, code)
    assert "input" not in refused["error"]["zh"] + refused["error"]["en"]  # the driver's words
    assert fine == {"rows": [["one"]]}


async def test_a_source_must_be_a_field_of_the_read_above(client) -> None:
    for source in ({"source": "id"}, {"source": 1}, {}):
        _, refused = await ask(client, BY_ID, {**BY_ID, "under": 0, **source})
        assert refused["error"]["code"] == "read.source"


@pytest.mark.parametrize("under", [0, 7, -1, True, "0"])
async def test_reads_that_hang_on_nothing_before_them_are_a_problem(client, under) -> None:
    reply = await client.post("/v1/reads", json={"reads": [{"entity": "note", **BY_ID, "under": under}]})
    assert (reply.status_code, reply.json()["code"]) == (422, "read.under")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reads": []}', b'{"reads": {}}', b'{"reads": [1]}',
                                  b'{"reads": [{"entity": 1}]}', b'{"reads": ' + b"[" * 5000, b"\xff"])  # fmt: skip
async def test_a_body_that_is_no_list_of_reads_is_a_problem(client, body) -> None:
    reply = await client.post("/v1/reads", content=body)
    assert (reply.status_code, reply.json()["code"]) == (422, "read.unreadable")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_another_method_is_told_so(client) -> None:
    assert (await client.get("/v1/reads")).status_code == 405


@pytest.mark.parametrize("sent", [None, "Bearer nonsense", "Basic x"])
async def test_without_a_token_that_is_trusted_nothing_is_read(client, reads_app, service_app, sent) -> None:
    plain = await service_app(reads_app)
    headers = {"Authorization": sent} if sent else {}
    reply = await plain.post("/v1/reads", json={"reads": [{"entity": "note", **BY_ID}]}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (401, "token.rejected")


async def test_roles_without_the_permission_and_many_callers(
    client, reads_app, service_app, token, monkeypatch
) -> None:
    monkeypatch.setattr("services.runtime.reads_callers.CACHED_TOKENS", 2)
    for at in range(4):
        someone = await service_app(reads_app, token("resident", "530111000000", subject=f"number {at}"))
        assert await ask(someone, BY_ID) == [{"rows": [["one"]]}]
    payroll = await service_app(reads_app, token("district_payroll", "530111000000"))
    (answer,) = await ask(payroll, BY_ID)
    assert (answer["error"]["status"], answer["error"]["code"]) == (403, "permission.missing")


async def test_a_known_token_under_another_scheme_is_not_trusted(client) -> None:
    await ask(client, BY_ID)
    sent = client.headers["Authorization"].replace("Bearer", "Digest")
    reply = await client.post(
        "/v1/reads", json={"reads": [{"entity": "note", **BY_ID}]}, headers={"Authorization": sent}
    )
    assert reply.status_code == 401


async def test_a_body_in_parts_is_read_whole(client) -> None:
    async def parts():
        for part in (b'{"reads": [{"entity": "note", "by": "id", ', b'"keys": ["1"], "fields"', b': ["words"]}]}'):
            yield part

    reply = await client.post("/v1/reads", content=parts(), headers={"Content-Type": "application/json"})
    assert reply.json() == {"answers": [{"rows": [["one"]]}]}


async def test_the_documented_endpoint_answers_the_same(client, reads_app) -> None:
    (context,) = [route for route in reads_router((NOTE,)).routes if getattr(route, "path", "") == "/v1/reads"]
    headers = [(b"authorization", client.headers["Authorization"].encode())]
    request = Request({"type": "http", "app": reads_app, "headers": headers, "method": "POST", "path": "/v1/reads"})
    sent = ReadsIn.model_validate({"reads": [{"entity": "note", **BY_ID, "knownAt": "2026-01-01T00:00:00"}]})
    answer = await context.endpoint(request, sent)
    assert answer.answers[0].rows == [["one"]]


async def test_knowledge_reads_as_the_registers_keep_it() -> None:
    then = frozenset({"known_at"})
    assert known_by("r", frozenset()) == "upper_inf(r)"
    assert known_by("r", then) == "r @> :known_at::timestamptz"
    assert (recorded_by("r", frozenset()), recorded_by("r", then)) == ("true", "r <= :known_at::timestamptz")
