import asyncio
import json
from typing import Any, cast

import httpx
import pytest
import strawberry

from gateway.asked import Asked
from gateway.context import Context
from gateway.endpoint import GraphQLEndpoint
from gateway.errors import Code, GatewayError
from gateway.limits import Limits
from gateway.persisted import Documents
from gateway.prepare import Preparer
from gateway.schema import HandOver, Schema
from tests.gateway.hostile import HOSTILE

GRAPHQL_JSON = "application/graphql-response+json"
QUERY = {"query": "{ __typename }"}


async def post(client: httpx.AsyncClient, body: object, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json=body, headers=headers)


def codes(body: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body["errors"]]


async def test_a_query_answers_with_its_cost_and_request(lonely: httpx.AsyncClient) -> None:
    answer = await post(lonely, QUERY)
    body = answer.json()
    assert answer.status_code == 200
    assert body["data"] == {"__typename": "Query"}
    assert body["extensions"]["cost"] == {"requestedQueryCost": 0, "maximumAvailable": 50_000}
    assert body["extensions"]["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("accept", "media"), [("*/*", "application/json"), (GRAPHQL_JSON, GRAPHQL_JSON)])
async def test_both_media_types_are_spoken_in_utf_8(lonely: httpx.AsyncClient, accept: str, media: str) -> None:
    answer = await post(lonely, {"query": "{ nothing }"}, accept=accept)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.status_code == (400 if media == GRAPHQL_JSON else 200)
    assert "data" not in answer.json()
    assert "查询" in answer.text


async def test_queries_may_be_sent_by_get(lonely: httpx.AsyncClient) -> None:
    answer = await lonely.get(
        "/graphql", params={"query": "query Q($n: ID!) { node(id: $n) { id } }", "variables": '{"n": "x"}'}
    )
    assert answer.json()["data"] == {"node": None}
    assert "errors" not in answer.json()


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'[{"query": "{ __typename }"}]', "application/json", 400),
        (b'"{ __typename }"', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": " "}', "application/json", 200),
        (b'{"query": "{ __typename }", "variables": []}', "application/json", 400),
        (b'{"query": "{ __typename }", "operationName": 1}', "application/json", 400),
        (b'{"query": "\xff"}', "application/json", 400),
        (b"[" * 3_000, "application/json", 400),
        (b'{"query": "{ __typename }"}', "text/plain", 415),
        (b'{"query": "{ __typename }"}', "application/json; charset=gb18030", 415),
        (b"query=x", "application/x-www-form-urlencoded", 415),
        (b'{"query": "{ __typename }"}', "application/json; charset=UTF-8", 200),
        (b'{"query": "' + b" " * 200_000 + b'"}', "application/json", 413),
    ],
)
async def test_what_is_not_graphql_over_http_is_refused(
    lonely: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    answer = await lonely.post("/graphql", content=content, headers={"content-type": content_type})
    assert answer.status_code == status
    if status in {400, 415}:
        assert codes(answer.json()) == ["BAD_USER_INPUT"]


async def test_variables_of_a_get_must_be_json(lonely: httpx.AsyncClient) -> None:
    answer = await lonely.get("/graphql", params={"query": "{ __typename }", "variables": "{"})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", [name for name, (_, limit) in HOSTILE.items() if limit])
async def test_hostile_documents_are_refused_and_the_next_request_is_answered(
    lonely: httpx.AsyncClient, name: str
) -> None:
    async with asyncio.timeout(20):  # against a document that blocks; how fast it is, the benchmark shows
        refused = (await post(lonely, {"query": HOSTILE[name][0]})).json()
        assert codes(refused) == ["LIMIT_EXCEEDED"]
        assert "data" not in refused
        assert (await post(lonely, QUERY)).json()["data"] == {"__typename": "Query"}


async def test_a_syntax_error_tells_its_place(lonely: httpx.AsyncClient) -> None:
    body = (await post(lonely, {"query": "{ community("})).json()
    assert codes(body) == ["GRAPHQL_PARSE_FAILED"]
    assert body["errors"][0]["locations"] == [{"line": 1, "column": 13}]


async def test_a_misspelt_field_is_told_honestly(lonely: httpx.AsyncClient) -> None:
    body = (await post(lonely, {"query": '{ community(code: "530111001001") { nam } }'})).json()
    assert codes(body) == ["GRAPHQL_VALIDATION_FAILED"]
    assert "Cannot query field 'nam' on type 'Community'." in body["errors"][0]["message"]
    assert body["errors"][0]["locations"]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ('{ community(code: "12") { name } }', {}),
        ("query Q($c: DivisionCode!) { community(code: $c) { name } }", {}),
        ("query Q($c: DivisionCode!) { community(code: $c) { name } }", {"c": "12"}),
        ("query Q($c: DivisionCode!) { community(code: $c) { name } }", {"c": 5}),
        ('{ community(code: "530111001001", on: "2026-02-30") { name } }', {}),
    ],
)
async def test_bad_arguments_are_told_in_both_languages(
    lonely: httpx.AsyncClient, document: str, variables: dict[str, Any]
) -> None:
    body = (await post(lonely, {"query": document, "variables": variables})).json()
    assert set(codes(body)) <= {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
    words = body["errors"][0]["extensions"]["message"]
    assert words["zh"]
    assert words["en"]


@pytest.mark.parametrize("first", ["", "(first: 0)", "(first: 101)", "(first: null)"])
async def test_a_page_needs_a_size(lonely: httpx.AsyncClient, first: str) -> None:
    body = (await post(lonely, {"query": f"{{ communities{first} {{ nodes {{ name }} }} }}"})).json()
    assert codes(body) == ["BAD_USER_INPUT"]
    assert body["errors"][0]["extensions"]["argument"] == "first"


async def test_a_query_over_budget_never_runs(lonely: httpx.AsyncClient) -> None:
    inner = "workers(first: 100) { nodes { latestPayslip { lines { explanation { steps { level } } } } } }"
    body = (await post(lonely, {"query": f"{{ communities(first: 100) {{ nodes {{ {inner} }} }} }}"})).json()
    assert codes(body) == ["COST_EXCEEDED"]
    assert body["errors"][0]["extensions"]["requestedQueryCost"] > 50_000


async def test_one_operation_of_several_is_named(lonely: httpx.AsyncClient) -> None:
    several = {"query": "query A { __typename } query B { b: __typename }"}
    assert codes((await post(lonely, several)).json()) == ["BAD_USER_INPUT"]
    assert (await post(lonely, {**several, "operationName": "B"})).json()["data"] == {"b": "Query"}


async def test_a_subscription_is_told_that_it_needs_a_stream(lonely: httpx.AsyncClient) -> None:
    answer = await post(lonely, {"query": "subscription { issueChanged { kind } }"}, accept=GRAPHQL_JSON)
    assert answer.status_code == 405
    assert codes(answer.json()) == [Code.OPERATION_NOT_ALLOWED]
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


async def test_dead_services_null_their_fields(lonely: httpx.AsyncClient) -> None:
    document = '{ __typename community(code: "530111001001") { name } communities(first: 2) { nodes { name } } }'
    body = (await post(lonely, {"query": document})).json()
    assert body["data"] == {"__typename": "Query", "community": None, "communities": None}
    assert codes(body) == ["UPSTREAM_UNAVAILABLE"] * 2
    assert sorted(error["path"] for error in body["errors"]) == [["communities"], ["community"]]
    assert {error["extensions"]["service"] for error in body["errors"]} == {"staffing"}


@strawberry.type
class Broken:
    """A root whose fields fail in every way a defect of ours may."""

    @strawberry.field
    def raises(self) -> str | None:
        raise RuntimeError("password=1")

    @strawberry.field
    def mistyped(self) -> int | None:
        return cast("int", "password=1")

    @strawberry.field
    def absent(self) -> str:
        return cast("str", None)

    @strawberry.field
    def sized(self, size: int = 1) -> int:
        return size

    @strawberry.field
    def refused(self) -> str | None:
        raise GatewayError(Code.CONFLICT, "已被占用", "it is taken", argument="name")


async def broken(query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    schema = Schema(query=Broken, extensions=[HandOver])
    endpoint = GraphQLEndpoint(schema, Documents(Preparer(schema.core, Limits(), 1), 1), 5.0)
    body, status = await endpoint.answer(
        Asked(query, variables or {}), Context("r1", lambda: pytest.fail("no loaders"))
    )
    assert status == 200
    return body


async def test_a_defect_of_ours_is_masked_and_logged_under_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    body = await broken("{ raises fine: __typename }")
    (error,) = body["errors"]
    assert body["data"] == {"raises": None, "fine": "Broken"}
    assert error["extensions"]["code"] == Code.INTERNAL_SERVER_ERROR
    assert (error["path"], error["extensions"]["requestId"]) == (["raises"], "r1")
    assert "password" not in json.dumps(body)
    logged = json.loads(capsys.readouterr().err)
    assert (logged["level"], logged["request_id"], logged["path"]) == ("error", "r1", ["raises"])
    assert "RuntimeError: password=1" in logged["exception"]


@pytest.mark.parametrize("field", ["mistyped", "absent"])
async def test_a_value_of_the_wrong_kind_tells_nothing_of_itself(field: str) -> None:
    body = await broken(f"{{ {field} }}")
    assert body["errors"][0]["path"] == [field]
    assert body["errors"][0]["extensions"]["code"] == Code.INTERNAL_SERVER_ERROR
    assert "password" not in json.dumps(body)


async def test_an_argument_that_is_null_in_the_end_is_the_client_s(capsys: pytest.CaptureFixture[str]) -> None:
    body = await broken("query Q($n: Int) { sized(size: $n) }", {"n": None})
    assert [(one["extensions"]["code"], one["path"]) for one in body["errors"]] == [("BAD_USER_INPUT", ["sized"])]
    assert "size" in body["errors"][0]["message"]
    assert capsys.readouterr().err == ""


async def test_a_refusal_of_ours_is_told_with_its_details() -> None:
    (error,) = (await broken("{ refused }"))["errors"]
    assert error["message"] == "已被占用 it is taken"
    assert error["extensions"] == {
        "code": "CONFLICT",
        "message": {"zh": "已被占用", "en": "it is taken"},
        "requestId": "r1",
        "argument": "name",
    }
