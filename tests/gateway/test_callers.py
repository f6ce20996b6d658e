"""What anyone may see of the schema, and what in production only callers with a good token may."""

from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp, TokenMaker

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LABEL = 'query Q($l: Language!) { community(code: "530111001011") { quota { explanation { label(language: $l) } } } }'
RAISE = "mutation R($i: RaiseIssueInput!) { raiseIssue(input: $i) { errors { code } } }"
INTROSPECTION = [
    "{ __schema { queryType { name } } }",
    '{ s: __type(name: "Community") { fields { name } } }',
    '{ ...F } fragment F on Query { __type(name: "Payslip") { name } }',
    "query Q($yes: Boolean = true) { __schema @include(if: $yes) { types { name } } }",
]
MISSPELT: list[tuple[str, dict[str, Any]]] = [
    ("{ communitie(first: 1) { nodes { name } } }", {}),
    ('{ community(cod: "530111001011") { name } }', {}),
    ('{ community(code: "530111001011") { quota } }', {}),
    ("{ communities(first: 1) { nodes { ... on Comunity { name } } } }", {}),
    ('{ community(code: "530111001011") { ...Fields } } fragment Field on Community { name }', {}),
    ("{ __typename @includ(if: true) }", {}),
    ('{ community(code: "530111001011") { quota { explanation { label(language: zh) } } } }', {}),
    (LABEL, {"l": "zh"}),
    (RAISE, {"i": {"titel": "停车难"}}),
]


@pytest.fixture(scope="module")
def production(lonely_settings: GatewaySettings) -> GatewaySettings:
    """Settings of production, with the development issuer's key in place of a provider's."""
    return lonely_settings.model_copy(update={"environment": "production"})


@pytest.fixture
async def anonymous(production: GatewaySettings, service_app: ServiceApp) -> httpx.AsyncClient:
    return await service_app(create_app(production))


@pytest.fixture
async def known(production: GatewaySettings, service_app: ServiceApp, token: TokenMaker) -> httpx.AsyncClient:
    return await service_app(create_app(production), token("resident", "530111000000"))


async def errors_of(client: httpx.AsyncClient, document: str, variables: dict[str, Any] | None = None) -> list[Any]:
    body = (await client.post("/graphql", json={"query": document, "variables": variables or {}})).json()
    errors: list[Any] = body.get("errors", [])
    return errors


@pytest.mark.parametrize("document", INTROSPECTION)
async def test_in_production_the_schema_is_shown_to_callers_with_a_token(
    anonymous: httpx.AsyncClient, known: httpx.AsyncClient, lonely: httpx.AsyncClient, document: str
) -> None:
    (refused,) = await errors_of(anonymous, document)
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert await errors_of(known, document) == []
    assert await errors_of(lonely, document) == []


async def test_the_type_of_an_object_is_nobody_s_secret(anonymous: httpx.AsyncClient) -> None:
    assert await errors_of(anonymous, "{ __typename }") == []


@pytest.mark.parametrize(("document", "variables"), MISSPELT)
async def test_in_production_no_error_suggests_names(
    anonymous: httpx.AsyncClient, lonely: httpx.AsyncClient, document: str, variables: dict[str, Any]
) -> None:
    told = await errors_of(anonymous, document, variables)
    assert told
    assert "Did you mean" not in str(told)
    for error in told:  # honest all the same: what is wrong is named
        assert error["message"].startswith(error["extensions"]["message"]["zh"])
        assert len(error["extensions"]["message"]["en"]) > 20
    assert [one["extensions"]["code"] for one in told] == [
        one["extensions"]["code"] for one in await errors_of(lonely, document, variables)
    ]


async def test_in_development_errors_suggest_names(lonely: httpx.AsyncClient) -> None:
    for document, variables in (MISSPELT[0], (LABEL, {"l": "zh"})):
        assert "Did you mean" in str(await errors_of(lonely, document, variables))


async def test_in_production_the_explorer_is_for_callers_with_a_token(
    anonymous: httpx.AsyncClient, known: httpx.AsyncClient
) -> None:
    refused = await anonymous.get("/graphql", headers=HTML)
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/json; charset=utf-8"
    page = await known.get("/graphql", headers=HTML)
    assert page.status_code == 200
    assert "GraphiQL" in page.text


async def test_in_production_the_text_of_the_schema_is_for_callers_with_a_token(
    anonymous: httpx.AsyncClient, known: httpx.AsyncClient
) -> None:
    refused = await anonymous.get("/schema.graphql")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "type " not in refused.text
    assert "type Community implements Node" in (await known.get("/schema.graphql")).text


async def test_in_production_the_first_page_does_not_lead_to_closed_doors(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/")).text
    assert "GraphiQL" not in page
    assert "{" not in page
    for link in ("/redoc", "/docs", "/errors"):
        assert f'href="{link}"' in page
        assert (await anonymous.get(link)).status_code == 200
