"""GraphQL over HTTP judged from outside: every row is a sentence of the specification or a mistake a client makes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.context import Context
from gateway.endpoint import GraphQLEndpoint
from gateway.limits import Limits
from gateway.loaders import Loaders
from gateway.persisted import Documents
from gateway.prepare import Preparer

JSON = "application/json"
MODERN = "application/graphql-response+json"
GOOD = {"query": "{ __typename }"}


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str, times: int = 1) -> str:
        return f"你好，{name}" * times

    @strawberry.field
    def broken(self) -> int:
        raise RuntimeError("inside")

    @strawberry.field
    def absent(self) -> int | None:
        raise RuntimeError("inside")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> str:
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The endpoint alone over a small schema that has mutations and subscriptions."""
    schema = strawberry.Schema(Query, Mutation, Subscription)
    core = schema._schema
    endpoint = GraphQLEndpoint(schema, Documents(Preparer(core, Limits(), 10), 10), 5.0)
    nobody: Any = None

    async def respond(request: Request) -> Response:
        return await endpoint.respond(request, Context("r1", lambda: Loaders(nobody)))

    app = Starlette(routes=[Route("/graphql", respond, methods=["GET", "POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as made:
        yield made


async def post(client: httpx.AsyncClient, body: object, accept: str | None = MODERN) -> httpx.Response:
    headers = {} if accept is None else {"accept": accept}
    if accept is None:
        client.headers.pop("accept", None)
    return await client.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (MODERN, MODERN),
        (MODERN.upper(), MODERN),
        (f"{MODERN}; charset=utf-8, {JSON}; charset=utf-8", MODERN),
        (f'{MODERN}; charset="UTF-8"', MODERN),
        (f"{MODERN}, {JSON};q=0.9", MODERN),
        (f"{JSON}, {MODERN}", MODERN),
        (f"{JSON};q=0.9, {MODERN};q=0.8", JSON),
        (f"{JSON};q=0.5, {MODERN};q=0.8", MODERN),
        (f"{MODERN};q=0.5, */*", JSON),
        (f"{MODERN};q=0, {JSON}", JSON),
        (f"{JSON};q=0, */*", MODERN),
        (f"{JSON};q=0, application/*;q=0.1", MODERN),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (f"{MODERN};charset=gb18030, {JSON}", JSON),
        (f"{MODERN};q=2", MODERN),
        (f"{MODERN};q=many, {JSON};q=0.1", JSON),
        (f"multipart/mixed, {JSON}", JSON),
        (", ,;", None),
        ("text/html", None),
        ("text/plain, image/*", None),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        (f"{MODERN};charset=gb18030", None),
        ("application/xml;q=0.9", None),
    ],
)  # fmt: skip
async def test_the_client_s_first_choice_of_media_type_is_taken(
    client: httpx.AsyncClient, accept: str | None, media: str | None
) -> None:
    answer = await post(client, GOOD, accept)
    assert answer.status_code == (200 if media else 406)
    assert answer.headers["content-type"] == f"{media or JSON}; charset=utf-8"
    assert "accept" in answer.headers["vary"]
    if media is None:
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_several_accept_headers_are_one_list(client: httpx.AsyncClient) -> None:
    headers = [("accept", f"{JSON};q=0.5"), ("accept", MODERN), ("content-type", JSON)]
    request = httpx.Request("POST", "http://gateway/graphql", content=json.dumps(GOOD), headers=headers)
    assert (await client.send(request)).headers["content-type"].startswith(MODERN)


STRING_EXPECTED = [{"obj": "ect"}, 0, 1.5, False, ["array"]]
OBJECT_EXPECTED = ["text", 0, False, ["array"]]


@pytest.mark.parametrize("media", [JSON, MODERN])
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "{ __typename }",
        7,
        [GOOD],
        {"qeury": "{ __typename }"},
        {"query": None},
        *[{"query": value} for value in STRING_EXPECTED],
        *[{**GOOD, "operationName": value} for value in STRING_EXPECTED],
        *[{**GOOD, "documentId": value} for value in STRING_EXPECTED],
        *[{**GOOD, "variables": value} for value in OBJECT_EXPECTED],
        *[{**GOOD, "extensions": value} for value in OBJECT_EXPECTED],
    ],
)
async def test_a_request_that_is_not_well_formed_is_400_in_either_media_type(
    client: httpx.AsyncClient, body: object, media: str
) -> None:
    answer = await post(client, body, media)
    assert answer.status_code == 400
    assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize("media", [JSON, MODERN])
@pytest.mark.parametrize(
    "content", [b"", b"null", b"NONSENSE", b'{"query":', b'{"query": "{ a }}', b"\xff\xfe", b'{"query": "\xc3"}']
)
async def test_a_body_that_is_not_json_is_400_in_either_media_type(
    client: httpx.AsyncClient, content: bytes, media: str
) -> None:
    answer = await client.post("/graphql", content=content, headers={"accept": media, "content-type": JSON})
    assert answer.status_code == 400
    assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 415),
        ("", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        (MODERN, 415),
        ("application/jsonp", 415),
        ("application/json; charset=gb18030", 415),
        ("application/json; charset=utf-16", 415),
        (JSON, 200),
        ("Application/JSON", 200),
        ("application/json;charset=utf-8", 200),
        ("application/json; charset=UTF8", 200),
        ('application/json ; charset="utf-8"', 200),
        ("application/json; profile=x", 200),
    ],
)
async def test_a_body_is_json_in_utf_8(client: httpx.AsyncClient, content_type: str | None, status: int) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await client.post("/graphql", content=json.dumps(GOOD), headers=headers)
    assert answer.status_code == status


REFUSED_WHOLE = {
    "a document that cannot be parsed": ({"query": "{"}, 400),
    "an empty document": ({"query": ""}, 400),
    "a field that does not exist": ({"query": "{ nothing }"}, 400),
    "no operation of that name": ({"query": "query A { __typename }", "operationName": "B"}, 400),
    "two operations and no name": ({"query": "query A { __typename } query B { __typename }"}, 400),
    "a variable left out": ({"query": "query Q($n: String!) { greeting(name: $n) }"}, 400),
    "a variable that is null": (
        {"query": "query Q($n: String!) { greeting(name: $n) }", "variables": {"n": None}}, 400,
    ),
    "a variable of another type": (
        {"query": 'query Q($t: Int) { greeting(name: "x", times: $t) }', "variables": {"t": "three"}}, 400,
    ),
    "a document nobody registered": ({"documentId": "sha256:" + "0" * 64}, 400),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_WHOLE)
async def test_a_request_error_has_no_data_and_the_status_of_its_media_type(
    client: httpx.AsyncClient, case: str
) -> None:
    body, status = REFUSED_WHOLE[case]
    for media, expected in ((MODERN, status), (JSON, 200)):
        answer = await post(client, body, media)
        assert answer.status_code == expected
        assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize(("document", "data"), [("{ broken }", None), ("{ absent }", {"absent": None})])
async def test_a_field_error_leaves_data_and_200(
    client: httpx.AsyncClient, document: str, data: dict[str, Any] | None
) -> None:
    for media in (JSON, MODERN):
        answer = await post(client, {"query": document}, media)
        assert answer.status_code == 200
        assert answer.json()["data"] == data
        assert "inside" not in answer.text


async def test_text_is_utf_8_both_ways_and_nothing_is_escaped(client: httpx.AsyncClient) -> None:
    body = {"query": "query Q($n: String!) { greeting(name: $n) }", "variables": {"n": "䶮𬱖"}}
    answer = await post(client, body)
    assert answer.json()["data"] == {"greeting": "你好，䶮𬱖"}
    assert "你好，䶮𬱖".encode() in answer.content


async def test_null_means_left_out_and_other_properties_are_ignored(client: httpx.AsyncClient) -> None:
    left_out = dict.fromkeys(["variables", "operationName", "extensions", "documentId"])
    answer = await post(client, {**GOOD, **left_out, "more": 1})
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"query": "{ __typename }"}, 200),
        ({"query": "query A { __typename } query B { __typename }", "operationName": "B"}, 200),
        ({"query": "{ __typename }", "operationName": "", "variables": "", "extensions": ""}, 200),
        ({"query": "{ __typename }", "variables": "null", "extensions": "null"}, 200),
        ({"query": "query null { __typename }", "operationName": "null"}, 200),
        ({"query": "query Q($n: String!) { greeting(name: $n) }", "variables": '{"n": "某"}'}, 200),
        ({}, 400),
        ({"query": "{ __typename }", "variables": "{"}, 400),
        ({"query": "{ __typename }", "variables": "[1]"}, 400),
        ({"query": "{ __typename }", "extensions": "1"}, 400),
        ({"query": "{"}, 400),
        ({"query": "mutation { touch }"}, 405),
        ({"query": "query A { __typename } mutation B { touch }", "operationName": "B"}, 405),
        ({"query": "query A { __typename } mutation B { touch }", "operationName": "A"}, 200),
        ({"query": "subscription { ticks }"}, 405),
    ],
)  # fmt: skip
async def test_queries_and_nothing_else_may_be_sent_by_get(
    client: httpx.AsyncClient, parameters: dict[str, str], status: int
) -> None:
    answer = await client.get("/graphql", params=parameters, headers={"accept": MODERN})
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["allow"] == "POST"
        assert answer.json()["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"


async def test_a_mutation_by_get_is_405_in_plain_json_too_and_runs_by_post(client: httpx.AsyncClient) -> None:
    document = "mutation { touch }"
    assert (await client.get("/graphql", params={"query": document})).status_code == 405
    assert (await post(client, {"query": document})).json()["data"] == {"touch": "done"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_405_and_told_which_are_taken(lonely: httpx.AsyncClient, method: str) -> None:
    answer = await lonely.request(method, "/graphql", json=GOOD)
    assert answer.status_code == 405
    assert {name.strip() for name in answer.headers["allow"].split(",")} >= {"GET", "POST"}
