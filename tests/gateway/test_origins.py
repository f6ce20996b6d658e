"""Pages of other origins: named ones may ask, others may not, and answers say so to browsers."""

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp

FRONT, STRANGER = "https://front.example", "https://stranger.example"
ASKING = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type"}
QUERY = {"query": "{ __typename }"}


@pytest.fixture
async def welcoming(lonely_settings: GatewaySettings, service_app: ServiceApp) -> httpx.AsyncClient:
    return await service_app(create_app(lonely_settings.model_copy(update={"allowed_origins": (FRONT,)})))


async def test_a_named_origin_is_told_what_it_may_send(welcoming: httpx.AsyncClient) -> None:
    answer = await welcoming.options("/graphql", headers={"origin": FRONT, **ASKING})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRONT
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].lower().split(", "))
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("body", [QUERY, {"query": "{"}])
async def test_its_answers_may_be_read_the_refused_ones_too(welcoming: httpx.AsyncClient, body: dict[str, str]) -> None:
    for answer in (
        await welcoming.post("/graphql", json=body, headers={"origin": FRONT}),
        await welcoming.get("/graphql", params=body, headers={"origin": FRONT}),
    ):
        assert answer.headers["access-control-allow-origin"] == FRONT
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        assert "origin" in answer.headers["vary"].lower()
        assert "accept" in answer.headers["vary"].lower()


async def test_another_origin_may_not(welcoming: httpx.AsyncClient) -> None:
    asked = await welcoming.options("/graphql", headers={"origin": STRANGER, **ASKING})
    assert asked.status_code == 400
    assert "access-control-allow-origin" not in asked.headers
    answer = await welcoming.post("/graphql", json=QUERY, headers={"origin": STRANGER})
    assert "access-control-allow-origin" not in answer.headers


async def test_without_named_origins_nothing_is_said_of_them(lonely: httpx.AsyncClient) -> None:
    assert (await lonely.options("/graphql", headers={"origin": FRONT, **ASKING})).status_code == 405
    answer = await lonely.post("/graphql", json=QUERY, headers={"origin": FRONT})
    assert not [name for name in answer.headers if name.startswith("access-control")]
