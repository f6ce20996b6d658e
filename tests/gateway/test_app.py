import httpx
import pytest

from gateway.app import create_app, main
from gateway.errors import Code
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp, TokenMaker

SCHEMA = {"query": "{ __schema { queryType { name } } }"}


@pytest.fixture(scope="module")
def production(lonely_settings: GatewaySettings) -> GatewaySettings:
    """Settings of production; the key set lies where nobody listens."""
    given = {"oidc_issuer": "https://issuer.example", "oidc_jwks_url": "http://127.0.0.1:9/jwks"}
    return lonely_settings.model_copy(update={"environment": "production", **given})


async def code_of(client: httpx.AsyncClient) -> str | None:
    body = (await client.post("/graphql", json=SCHEMA)).json()
    return body["errors"][0]["extensions"]["code"] if "errors" in body else None


async def test_anyone_may_see_the_schema_in_development(lonely: httpx.AsyncClient) -> None:
    assert await code_of(lonely) is None


async def test_in_production_the_schema_is_for_callers_with_a_good_token(
    production: GatewaySettings, service_app: ServiceApp, token: TokenMaker
) -> None:
    app = create_app(production)
    assert await code_of(await service_app(app)) == Code.FORBIDDEN
    assert await code_of(await service_app(app, "not-a-token")) == Code.FORBIDDEN
    own = create_app(production.model_copy(update={"oidc_jwks_url": None, "oidc_issuer": None}))
    assert await code_of(await service_app(own, token("auditor", "530111000000"))) is None


async def test_in_production_a_misspelt_field_gets_no_hint(
    production: GatewaySettings, service_app: ServiceApp
) -> None:
    client = await service_app(create_app(production))
    body = (await client.post("/graphql", json={"query": "{ communitie(first: 1) { nodes { name } } }"})).json()
    assert body["errors"][0]["extensions"]["code"] == Code.GRAPHQL_VALIDATION_FAILED
    assert "Did you mean" not in body["errors"][0]["message"]


async def test_the_process_is_alive_and_ready_without_its_services(lonely: httpx.AsyncClient) -> None:
    assert (await lonely.get("/livez")).status_code == 200
    assert (await lonely.get("/readyz")).status_code == 200
    assert "/graphql" in (await lonely.get("/openapi.json")).json()["paths"]


def test_the_factory_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_STAFFING_URL", "http://127.0.0.1:18001")
    monkeypatch.setenv("GONGZHI_LIMIT_COST", "77")
    settings = main().state.settings
    assert (settings.staffing_url, settings.limits().cost) == ("http://127.0.0.1:18001", 77)
