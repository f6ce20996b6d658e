from typing import Any

import httpx
import pytest

from gateway.errors import Code

MODERN = "application/graphql-response+json"


@pytest.fixture
async def operations(lonely: httpx.AsyncClient) -> dict[str, Any]:
    """The operations at /graphql as the gateway's OpenAPI document has them, by method."""
    found: dict[str, Any] = (await lonely.get("/openapi.json")).json()["paths"]["/graphql"]
    return found


def test_every_code_is_in_the_document(operations: dict[str, Any]) -> None:
    schema = operations["post"]["responses"]["400"]["content"][MODERN]["schema"]
    codes = schema["properties"]["errors"]["items"]["properties"]["extensions"]["properties"]["code"]["enum"]
    assert set(codes) == {code.value for code in Code}


def test_a_token_may_be_tried_out_and_both_methods_take_the_same(operations: dict[str, Any]) -> None:
    for method in ("get", "post"):
        assert operations[method]["security"] == [{"bearer": []}, {}]
    by_post = operations["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert [one["name"] for one in operations["get"]["parameters"]] == list(by_post)


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("GET", {"params": {"query": "{ __typename }"}}),
        ("GET", {"params": {"query": "{"}}),
        ("GET", {"params": {"query": "{ __typename }"}, "headers": {"accept": "image/png"}}),
        ("POST", {"json": {"query": "{ __typename }"}}),
        ("POST", {"json": {"query": "{"}}),
        ("POST", {"json": {}}),
        ("POST", {"json": {"documentId": "sha256:" + "0" * 64}}),
        ("POST", {"content": "query", "headers": {"content-type": "text/plain"}}),
    ],
)
async def test_served_is_documented(
    lonely: httpx.AsyncClient, operations: dict[str, Any], method: str, sent: dict[str, Any]
) -> None:
    headers = {"accept": MODERN, **sent.get("headers", {})}
    answer = await lonely.request(method, "/graphql", **{**sent, "headers": headers})
    documented = operations[method.lower()]["responses"][str(answer.status_code)]
    assert answer.headers["content-type"].partition(";")[0] in documented["content"]
