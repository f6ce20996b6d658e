"""GraphQL over HTTP, point by point: each probe is a request and what the draft (or our own word) wants of the answer.

MUST and SHOULD are the draft's; MAY is a choice it leaves, and ours; OWN goes beyond it. The audits of the reference
implementation are run by tests/clients.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gateway.asked import GRAPHQL_JSON as GQL
from gateway.asked import JSON
from gateway.errors import Code

GOOD = "{ __typename }"
TWO = "query A { __typename } query B { b: __typename }"
LISTED = "query Q($n: ID!) { node(id: $n) { id } }"
SUM = hashlib.sha256(GOOD.encode()).hexdigest()
STRANGE = "0" * 64


@dataclass(frozen=True)
class Probe:
    """A request and its answer's status, media type and error code; `data`: whether the body has that key."""

    name: str
    status: int
    body: Any = None
    code: str | None = None
    method: str = "POST"
    accept: str | None = None
    content_type: str | None = JSON
    params: Mapping[str, str] = field(default_factory=dict)
    media: str | None = None

    @property
    def expected_media(self) -> str:
        return self.media or (GQL if self.accept and GQL in self.accept else JSON)


def query(text: str = GOOD, **more: Any) -> dict[str, Any]:
    return {"query": text, **more}


def persisted(digest: str, version: object = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


def got(name: str, status: int, code: str | None = None, accept: str = GQL, **params: str) -> Probe:
    return Probe(name, status, None, code, "GET", accept, None, params)


MEDIA_TYPES = [
    Probe("SHOULD speak the GraphQL media type", 200, query(), accept=GQL),
    Probe("MUST speak plain JSON", 200, query(), accept=JSON),
    Probe("SHOULD answer */* in plain JSON", 200, query(), accept="*/*"),
    Probe("SHOULD take a missing Accept for plain JSON", 200, query()),
    Probe("SHOULD prefer what is listed with the higher weight", 200, query(), accept=f"{JSON};q=0.5, {GQL};q=0.9"),
    Probe("SHOULD take the draft's own recommended header", 200, query(), accept=f"{GQL}, {JSON};q=0.9"),
    Probe("SHOULD respect a weight of zero", 200, query(), accept=f"{GQL};q=0, {JSON}", media=JSON),
    Probe("MUST take a charset of UTF-8 in Accept", 200, query(), accept=f"{GQL}; charset=UTF-8"),
    Probe("SHOULD find its type among unknown ones", 200, query(), accept=f"multipart/mixed, text/html, {GQL}"),
    Probe("MAY refuse a header without a type of ours", 406, query(), "BAD_USER_INPUT", accept="text/html"),
    Probe("MAY refuse another charset", 406, query(), "BAD_USER_INPUT", accept=f"{JSON}; charset=gb18030", media=JSON),
    Probe("OWN errors come in the negotiated type too", 400, query("{"), "GRAPHQL_PARSE_FAILED", accept=GQL),
]
REQUESTS = [
    Probe("MUST take POST with JSON", 200, query()),
    Probe("MUST take a charset of UTF-8", 200, query(), content_type=f"{JSON}; charset=utf-8"),
    Probe("MUST take a charset in quotes and capitals", 200, query(), content_type='Application/JSON; Charset="UTF-8"'),
    Probe("MAY refuse a POST without a Content-Type", 415, query(), "BAD_USER_INPUT", content_type=None),
    Probe("MUST refuse other types", 415, query(), "BAD_USER_INPUT", content_type="text/plain"),
    Probe("MAY refuse forms", 415, "query=x", "BAD_USER_INPUT", content_type="application/x-www-form-urlencoded"),
    Probe("MAY refuse application/graphql", 415, GOOD, "BAD_USER_INPUT", content_type="application/graphql"),
    Probe("MUST refuse another charset", 415, query(), "BAD_USER_INPUT", content_type=f"{JSON}; charset=gb18030"),
    Probe("MUST refuse a body that is no JSON", 400, "{", "BAD_USER_INPUT"),
    Probe("MUST refuse an empty body", 400, "", "BAD_USER_INPUT"),
    Probe("MUST refuse a body that is no object", 400, '"{ __typename }"', "BAD_USER_INPUT"),
    Probe(
        "MUST refuse NaN, which is no JSON",
        400,
        '{"query": "{ __typename }", "variables": {"a": NaN}}',
        "BAD_USER_INPUT",
    ),
    Probe("MUST refuse a request without a document", 400, {}, "BAD_USER_INPUT"),
    Probe("MUST refuse a document that is null", 400, {"query": None}, "BAD_USER_INPUT"),
    Probe("MUST refuse a document that is no text", 400, {"query": {"a": 1}}, "BAD_USER_INPUT"),
    Probe("OWN refuses a batch", 400, [query(), query()], "BAD_USER_INPUT"),
    Probe("MUST ignore members it does not know", 200, query(id=1, tracing=True)),
    Probe("MUST take variables of null", 200, query(variables=None)),
    Probe("MUST take variables that are a map", 200, query(variables={"a": [1, {"b": None}]})),
    Probe("MUST refuse variables that are a list", 400, query(variables=[]), "BAD_USER_INPUT"),
    Probe("MUST refuse variables that are text", 400, query(variables="{}"), "BAD_USER_INPUT"),
    Probe("MUST take an operationName of null", 200, query(operationName=None)),
    Probe("SHOULD take an empty operationName for none", 200, query(operationName="")),
    Probe("MUST refuse an operationName that is no text", 400, query(operationName=1), "BAD_USER_INPUT"),
    Probe("MUST take extensions that are a map", 200, query(extensions={"a": 1})),
    Probe("MUST take extensions of null", 200, query(extensions=None)),
    Probe("MUST refuse extensions that are a list", 400, query(extensions=[]), "BAD_USER_INPUT"),
]
STATUSES = [
    Probe("SHOULD answer 400 to a syntax error", 400, query("{"), "GRAPHQL_PARSE_FAILED", accept=GQL),
    Probe("SHOULD answer 200 to it in plain JSON", 200, query("{"), "GRAPHQL_PARSE_FAILED", accept=JSON),
    Probe("SHOULD answer 400 to an invalid document", 400, query("{ x }"), "GRAPHQL_VALIDATION_FAILED", accept=GQL),
    Probe("SHOULD answer 200 to it in plain JSON too", 200, query("{ x }"), "GRAPHQL_VALIDATION_FAILED", accept=JSON),
    Probe("SHOULD answer 400 to a missing variable", 400, query(LISTED), "BAD_USER_INPUT", accept=GQL),
    Probe("SHOULD answer 200 to a missing one in plain JSON", 200, query(LISTED), "BAD_USER_INPUT", accept=JSON),
    Probe("SHOULD answer 400 without a name among several", 400, query(TWO), "BAD_USER_INPUT", accept=GQL),
    Probe("SHOULD answer 400 to a name that is none", 400, query(TWO, operationName="C"), "BAD_USER_INPUT", accept=GQL),
    Probe("OWN answers 400 over a limit", 400, query("{ " + "a " * 1200 + "}"), "LIMIT_EXCEEDED", accept=GQL),
    Probe(
        "MUST answer 2xx with data beside errors",
        200,
        query("{ communities(first: 1) { nodes { id } } }"),
        "UPSTREAM_UNAVAILABLE",
        accept=GQL,
    ),
    Probe("OWN speaks no defer", 400, query("{ ... @defer { __typename } }"), "GRAPHQL_VALIDATION_FAILED", accept=GQL),
]
BY_GET = [
    got("MAY take GET", 200, query=GOOD),
    got("MUST take the variables as JSON text", 200, query=LISTED, variables='{"n": "x"}'),
    got("MUST take variables of null by GET", 200, query=GOOD, variables="null"),
    got("MUST refuse variables that are no JSON", 400, "BAD_USER_INPUT", query=GOOD, variables="{"),
    got("MUST refuse a list of variables by GET", 400, "BAD_USER_INPUT", query=GOOD, variables="[]"),
    got("MUST choose by operationName", 200, query=TWO, operationName="B"),
    got("MUST take extensions as JSON text", 200, query=GOOD, extensions="{}"),
    got("MUST refuse extensions that are no JSON", 400, "BAD_USER_INPUT", query=GOOD, extensions="{"),
    got("MUST refuse a GET without a document", 400, "BAD_USER_INPUT"),
    got("SHOULD answer 400 to a syntax error by GET", 400, "GRAPHQL_PARSE_FAILED", query="{"),
    got("MUST answer 405 to a mutation by GET", 405, "OPERATION_NOT_ALLOWED", query="mutation { __typename }"),
    got("MUST do so in plain JSON", 405, "OPERATION_NOT_ALLOWED", accept=JSON, query="mutation { __typename }"),
]  # fmt: skip
PERSISTED = [
    Probe("MUST tell an unknown id", 400, {"documentId": f"sha256:{STRANGE}"}, "PERSISTED_QUERY_NOT_FOUND", accept=GQL),
    Probe("MUST tell an unknown custom id", 400, {"documentId": "GetPay"}, "PERSISTED_QUERY_NOT_FOUND", accept=GQL),
    Probe("MUST refuse a sum that is none", 400, {"documentId": "sha256:x"}, "BAD_USER_INPUT", accept=GQL),
    Probe("MUST refuse another prefix", 400, {"documentId": "md5:" + STRANGE}, "BAD_USER_INPUT", accept=GQL),
    Probe("MUST refuse an id that is no text", 400, {"documentId": 1}, "BAD_USER_INPUT", accept=GQL),
    Probe("MUST refuse an empty id", 400, {"documentId": ""}, "BAD_USER_INPUT", accept=GQL),
    Probe("OWN takes empty text beside an id", 400, query("", documentId="x"), "PERSISTED_QUERY_NOT_FOUND", accept=GQL),
    Probe("OWN takes text and id together", 200, query(documentId=f"sha256:{SUM}"), accept=GQL),
    Probe("OWN refuses another id's text", 400, query(documentId=f"sha256:{STRANGE}"), "BAD_USER_INPUT", accept=GQL),
    Probe("OWN tells Apollo an unknown hash", 200, {"extensions": persisted(STRANGE)}, "PERSISTED_QUERY_NOT_FOUND"),
    Probe("OWN takes Apollo's registration", 200, query(extensions=persisted(SUM))),
    Probe("OWN refuses another version of it", 400, query(extensions=persisted(SUM, 2)), "BAD_USER_INPUT"),
    got("OWN tells an unknown id by GET", 400, "PERSISTED_QUERY_NOT_FOUND", documentId=f"sha256:{STRANGE}"),
]  # fmt: skip
ALL = [*MEDIA_TYPES, *REQUESTS, *STATUSES, *BY_GET, *PERSISTED]


async def sent(client: httpx.AsyncClient, probe: Probe) -> httpx.Response:
    """The answer to a probe; headers that are None are not sent at all."""
    content = probe.body if isinstance(probe.body, str) else json.dumps(probe.body) if probe.body is not None else ""
    given = {"accept": probe.accept, "content-type": probe.content_type}
    request = client.build_request(probe.method, "/graphql", params=probe.params or None, content=content.encode())
    for name, value in given.items():
        request.headers.pop(name, None)
        if value is not None:
            request.headers[name] = value
    return await client.send(request)


@pytest.mark.parametrize("probe", ALL, ids=lambda probe: probe.name)
async def test_the_draft_point_by_point(lonely: httpx.AsyncClient, probe: Probe) -> None:
    answer = await sent(lonely, probe)
    assert answer.status_code == probe.status, answer.text
    assert answer.headers["content-type"] == f"{probe.expected_media}; charset=utf-8"
    body = json.loads(answer.content.decode("utf-8"))
    assert ("errors" in body) == (probe.code is not None)
    ran = probe.code in {None, "UPSTREAM_UNAVAILABLE"}
    assert ("data" in body) == ran
    for error in body.get("errors", []):
        told = error["extensions"]
        assert told["code"] == probe.code
        assert told["code"] in set(Code)
        assert told["requestId"] == answer.headers["x-request-id"]
        assert told["message"]["zh"]
        assert told["message"]["en"]
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.headers["vary"].split(", ")) == {"accept", "authorization"}


def test_there_are_many_points_and_each_has_a_name_of_its_own() -> None:
    assert len({probe.name for probe in ALL}) == len(ALL) > 60


async def test_text_leaves_as_utf_8_without_escapes(lonely: httpx.AsyncClient) -> None:
    answer = await lonely.post("/graphql", json={"query": '{ community(code: "世纪城𠅤") { name } }'})
    assert "世纪城𠅤" in answer.text
    assert "查询文档不合模式" in answer.text
    assert "\\u" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
async def test_other_methods_are_told_the_two_there_are(lonely: httpx.AsyncClient, method: str) -> None:
    answer = await lonely.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_mutation_by_get_is_told_the_method_it_needs(lonely: httpx.AsyncClient) -> None:
    answer = await lonely.get("/graphql", params={"query": "mutation { __typename }"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("accept", [JSON, GQL])
async def test_a_registered_document_is_found_by_its_id_and_by_its_hash(lonely: httpx.AsyncClient, accept: str) -> None:
    text = f"{{ __typename }} # {accept}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    headers = {"accept": accept}
    by_id, by_hash = {"documentId": f"sha256:{digest}"}, {"extensions": persisted(digest)}
    for asked in (by_id, by_hash):
        unknown = (await lonely.post("/graphql", json=asked, headers=headers)).json()
        assert unknown["errors"][0]["message"] == "PersistedQueryNotFound"  # the word that Apollo's link waits for
    await lonely.post("/graphql", json={"query": text, **by_hash}, headers=headers)
    for asked in (by_id, by_hash):
        assert (await lonely.post("/graphql", json=asked, headers=headers)).json()["data"] == {"__typename": "Query"}
    found = await lonely.get("/graphql", params={"extensions": json.dumps(by_hash["extensions"])}, headers=headers)
    assert found.json()["data"] == {"__typename": "Query"}
