import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from pydantic import ValidationError

from gateway.app import create_app
from gateway.asked import Asked
from gateway.errors import GatewayError
from gateway.limits import Limits
from gateway.persisted import Documents, Unknown, etag, matches, sum_of, trusted_documents
from gateway.prepare import Invalid, Preparer
from gateway.schema import build
from gateway.settings import GatewaySettings
from services.runtime.settings import SettingsError
from tests.conftest import ServiceApp, SettingsOf
from tests.gateway.conftest import NOBODY

TEXT = "query Ours { __typename }"
OTHER = "{ ours: __typename }"
MODERN = "application/graphql-response+json"
GatewayWith: TypeAlias = Callable[..., Awaitable[httpx.AsyncClient]]


def hexadecimal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apq(text: str, **more: object) -> dict[str, object]:
    """A body as Apollo's clients send it: the sum alone, or with the query in `more`."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hexadecimal(text)}}, **more}


@pytest.fixture(scope="module")
def preparer() -> Preparer:
    return Preparer(build().core, Limits(), 20)


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    """A folder with one trusted document."""
    (tmp_path / "ours.graphql").write_text(TEXT, encoding="utf-8")
    (tmp_path / "README.md").write_text("not a document", encoding="utf-8")
    return tmp_path


@pytest.fixture
def gateway_with(settings_of: SettingsOf, service_app: ServiceApp) -> GatewayWith:
    """`await gateway_with(trusted_only=True)`: a client of a gateway of its own, whose services are all away."""

    async def make(**values: Any) -> httpx.AsyncClient:
        away = {"staffing_url": NOBODY, "payroll_url": NOBODY, "consultation_url": NOBODY}
        return await service_app(create_app(settings_of(None, GatewaySettings, **away, **values)))

    return make


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    assert set(body) == {"errors"}
    return str(body["errors"][0]["extensions"]["code"])


def test_the_sums_are_those_of_the_specification_s_examples() -> None:
    assert sum_of("query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}").startswith("sha256:7dba4bd717b41f10434822")
    assert sum_of("query($id:ID!){user(id:$id){name}}").endswith("4a10c50be732b741c892ade2883a99358f52b555286b")


async def test_apollo_s_dialogue_unknown_then_registered_then_known(gateway_with: GatewayWith) -> None:
    client = await gateway_with()
    first = (await client.post("/graphql", json=apq(TEXT))).json()
    assert first["errors"][0]["message"] == "PersistedQueryNotFound"
    assert first["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert first["errors"][0]["extensions"]["message"]["zh"]
    assert (await client.post("/graphql", json=apq(TEXT, query=TEXT))).json()["data"] == {"__typename": "Query"}
    assert (await client.post("/graphql", json=apq(TEXT))).json()["data"] == {"__typename": "Query"}
    assert (await client.post("/graphql", json={"documentId": sum_of(TEXT)})).json()["data"] == {"__typename": "Query"}
    extensions = json.dumps(apq(TEXT)["extensions"])
    by_get = await client.get("/graphql", params={"extensions": extensions, "operationName": "Ours"})
    assert by_get.json()["data"] == {"__typename": "Query"}
    assert by_get.headers["cache-control"] == "no-store"


async def test_a_browser_that_opens_an_id_gets_its_answer_not_the_explorer(gateway_with: GatewayWith) -> None:
    client = await gateway_with()
    answer = await client.get(
        "/graphql", params={"documentId": sum_of(TEXT)}, headers={"accept": "text/html,*/*;q=0.8"}
    )
    assert code_of(answer) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        apq(TEXT, query=OTHER),
        {"documentId": sum_of(TEXT), "query": OTHER},
        {"documentId": sum_of(TEXT), **apq(OTHER)},
        {"documentId": "sha256:xyz"},
        {"documentId": sum_of(TEXT).upper()},
        {"documentId": "md5:0123"},
        {"documentId": "x" * 300},
        {"documentId": "ours", "query": TEXT},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": hexadecimal(TEXT)}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "../../etc"}}},
        {"extensions": {"persistedQuery": "yes"}},
    ],
)
async def test_ids_that_fit_no_document_are_bad_input(gateway_with: GatewayWith, body: dict[str, object]) -> None:
    client = await gateway_with()
    answer = await client.post("/graphql", json=body, headers={"accept": MODERN})
    assert answer.status_code == 400
    assert code_of(answer) == "BAD_USER_INPUT"


@pytest.mark.parametrize("document_id", ["ours", "sha256:" + "0" * 64])
async def test_an_id_of_good_form_that_nobody_registered_is_unknown(
    gateway_with: GatewayWith, document_id: str
) -> None:
    answer = await (await gateway_with()).post("/graphql", json={"documentId": document_id}, headers={"accept": MODERN})
    assert (answer.status_code, code_of(answer)) == (400, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize("bad", ["{ nothing }", "{", "{ " + "__typename " * 2_000 + "}"])
def test_what_does_not_pass_preparation_is_not_kept(preparer: Preparer, bad: str) -> None:
    documents = Documents(preparer, 10)
    with pytest.raises((GatewayError, Invalid)):
        documents.prepare(Asked(bad, document_id=sum_of(bad)))
    with pytest.raises(Unknown):
        documents.prepare(Asked(None, document_id=sum_of(bad)))


def test_the_store_is_bounded_and_lets_the_longest_unused_go(preparer: Preparer) -> None:
    documents = Documents(preparer, 2)
    texts = ["{ a: __typename }", "{ b: __typename }", "{ c: __typename }"]
    for text in texts[:2]:
        documents.prepare(Asked(text, document_id=sum_of(text)))
    assert documents.prepare(Asked(None, document_id=sum_of(texts[0]))).text == texts[0]
    documents.prepare(Asked(texts[2], document_id=sum_of(texts[2])))
    assert documents.prepare(Asked(None, document_id=sum_of(texts[0]))).text == texts[0]
    with pytest.raises(Unknown):
        documents.prepare(Asked(None, document_id=sum_of(texts[1])))


def test_a_document_sent_without_an_id_is_not_registered(preparer: Preparer) -> None:
    documents = Documents(preparer, 2)
    documents.prepare(Asked(TEXT))
    with pytest.raises(Unknown):
        documents.prepare(Asked(None, document_id=sum_of(TEXT)))


async def test_a_trusted_document_is_known_from_the_first_moment(gateway_with: GatewayWith, trusted: Path) -> None:
    client = await gateway_with(trusted_documents=trusted)
    assert (await client.post("/graphql", json={"documentId": sum_of(TEXT)})).json()["data"] == {"__typename": "Query"}
    assert (await client.post("/graphql", json=apq(TEXT))).json()["data"] == {"__typename": "Query"}
    assert (await client.post("/graphql", json={"query": OTHER})).json()["data"] == {"ours": "Query"}


async def test_a_system_may_take_nothing_but_trusted_documents(gateway_with: GatewayWith, trusted: Path) -> None:
    client = await gateway_with(trusted_documents=trusted, trusted_only=True)
    for known in ({"documentId": sum_of(TEXT)}, apq(TEXT), {"query": TEXT}, apq(TEXT, query=TEXT)):
        assert (await client.post("/graphql", json=known)).json()["data"] == {"__typename": "Query"}
    for foreign in ({"query": OTHER}, apq(OTHER, query=OTHER), {"query": "{"}):
        answer = await client.post("/graphql", json=foreign, headers={"accept": MODERN})
        assert (answer.status_code, code_of(answer)) == (403, "FORBIDDEN")
    assert code_of(await client.post("/graphql", json=apq(OTHER))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_trusted_document_by_get_may_be_kept_and_asked_again(gateway_with: GatewayWith, trusted: Path) -> None:
    client = await gateway_with(trusted_documents=trusted)
    asked = {"documentId": sum_of(TEXT)}
    answer = await client.get("/graphql", params=asked)
    assert answer.json()["data"] == {"__typename": "Query"}
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "authorization" in answer.headers["vary"]
    tag = answer.headers["etag"]
    again = await client.get("/graphql", params=asked, headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert "accept" in again.headers["vary"]
    other = await client.get("/graphql", params=asked, headers={"if-none-match": tag, "accept": MODERN})
    assert other.status_code == 200
    by_post = await client.post("/graphql", json=asked)
    assert by_post.headers["cache-control"] == "no-store"


async def test_how_long_a_trusted_answer_is_fresh_is_a_setting(gateway_with: GatewayWith, trusted: Path) -> None:
    client = await gateway_with(trusted_documents=trusted, trusted_max_age_s=30)
    answer = await client.get("/graphql", params={"documentId": sum_of(TEXT)})
    assert answer.headers["cache-control"] == "private, max-age=30"


async def test_an_answer_with_errors_is_never_kept(gateway_with: GatewayWith, tmp_path: Path) -> None:
    failing = '{ community(code: "530111001001") { name } }'
    (tmp_path / "failing.gql").write_text(failing, encoding="utf-8")
    client = await gateway_with(trusted_documents=tmp_path)
    answer = await client.get("/graphql", params={"documentId": sum_of(failing)})
    assert answer.json()["errors"][0]["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    "manifest",
    [
        {hexadecimal(TEXT): TEXT},
        {sum_of(TEXT): TEXT},
        {"d41d8cd98f00b204e9800998ecf8427e": TEXT},
        {"format": "apollo-persisted-query-manifest", "operations": [{"id": hexadecimal(TEXT), "body": TEXT}]},
    ],
)
def test_manifests_of_relay_codegen_and_apollo_are_read(preparer: Preparer, tmp_path: Path, manifest: object) -> None:
    (tmp_path / "documents.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = trusted_documents(tmp_path, preparer)
    assert found[sum_of(TEXT)].text == TEXT
    assert {prepared.text for prepared in found.values()} == {TEXT}


def test_a_manifest_s_own_ids_are_known(preparer: Preparer, tmp_path: Path) -> None:
    (tmp_path / "documents.json").write_text(json.dumps({"d41d8cd9": TEXT}), encoding="utf-8")
    documents = Documents(preparer, 1, trusted_documents(tmp_path, preparer), only_trusted=True)
    assert documents.prepare(Asked(None, document_id="d41d8cd9")).text == TEXT


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.graphql", b"{ nothing }", "nothing"),
        ("a.graphql", b"{", "Syntax Error"),
        ("a.graphql", b"\xff", "utf-8"),
        ("a.json", b"{", "unexpected end"),
        ("a.json", b"[]", "a map of documents"),
        ("a.json", b'{"a": 1}', "texts"),
        ("a.json", b'{"operations": [{"id": "a"}]}', "texts"),
        ("a.json", json.dumps({hexadecimal(OTHER): TEXT}).encode(), "not the SHA-256"),
    ],
)
def test_a_document_that_cannot_be_trusted_ends_the_start_in_words(
    preparer: Preparer, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        trusted_documents(tmp_path, preparer)
    assert name in str(refused.value)
    assert reason in str(refused.value)


def test_a_folder_that_is_not_there_ends_the_start_in_words(preparer: Preparer, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no folder"):
        trusted_documents(tmp_path / "absent", preparer)


def test_trusting_nothing_else_needs_something_to_trust(settings_of: SettingsOf) -> None:
    with pytest.raises(ValidationError, match="GONGZHI_TRUSTED_DOCUMENTS"):
        settings_of(None, GatewaySettings, trusted_only=True)


@pytest.mark.parametrize(
    ("header", "matched"),
    [(None, False), ("", False), ('"a"', False), ("*", True), ('W/"b"', True), ('"b"', True), ('W/"a", "b"', True)],
)
def test_tags_compare_weakly(header: str | None, matched: bool) -> None:
    assert matches(header, 'W/"b"') is matched


def test_a_tag_tells_data_and_media_type_apart() -> None:
    assert etag({"a": 1}, "x") == etag({"a": 1}, "x")
    assert len({etag({"a": 1}, "x"), etag({"a": 2}, "x"), etag({"a": 1}, "y")}) == 3
