import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp

CODE = "530111001001"
ASK = {"query": f'{{ __typename community(code: "{CODE}") {{ name }} }}'}


def problem(status: int) -> httpx.Response:
    words = {"zh": "服务的原话", "en": "the service's words"}
    return httpx.Response(status, json={"code": "some.problem", "message": words})


async def asked(
    settings: GatewaySettings, service_app: ServiceApp, answer: Callable[[httpx.Request], Any]
) -> dict[str, Any]:
    app = create_app(settings, {"staffing": httpx.MockTransport(answer)})
    client = await service_app(app, "some-token")
    body: dict[str, Any] = (await client.post("/graphql", json=ASK)).json()
    assert body["data"] == {"__typename": "Query", "community": None}
    (error,) = body["errors"]
    assert error["path"] == ["community"]
    told: dict[str, Any] = error
    return told


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_USER_INPUT"),
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (409, "CONFLICT"),
        (422, "BAD_USER_INPUT"),
    ],
)
async def test_a_refusal_keeps_its_kind_and_words(
    lonely_settings: GatewaySettings, service_app: ServiceApp, status: int, code: str
) -> None:
    told = await asked(lonely_settings, service_app, lambda _: problem(status))
    assert told["extensions"]["code"] == code
    assert told["extensions"]["problem"] == "some.problem"
    assert told["extensions"]["service"] == "staffing"
    assert told["message"] == "服务的原话 the service's words"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 418])
async def test_a_failing_service_is_absent_and_nothing_of_its_inside_is_told(
    lonely_settings: GatewaySettings, service_app: ServiceApp, status: int
) -> None:
    told = await asked(lonely_settings, service_app, lambda _: problem(status))
    assert told["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert "words" not in told["message"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"items": [{"code": 1}], "next": null}', b"[]"])
async def test_an_unreadable_answer_is_an_absence(
    lonely_settings: GatewaySettings, service_app: ServiceApp, content: bytes
) -> None:
    told = await asked(lonely_settings, service_app, lambda _: httpx.Response(200, content=content))
    assert told["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_hung_service_is_given_up(lonely_settings: GatewaySettings, service_app: ServiceApp) -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    async with asyncio.timeout(30):  # half of what the service hangs; the promise of 3 s is shown by tests/system
        told = await asked(lonely_settings, service_app, hang)
    assert told["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_defect_of_ours_is_masked(lonely_settings: GatewaySettings, service_app: ServiceApp) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("password=1")

    told = await asked(lonely_settings, service_app, fail)
    assert told["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "password" not in str(told)


async def test_the_caller_s_token_and_trace_go_along(lonely_settings: GatewaySettings, service_app: ServiceApp) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return problem(404)

    told = await asked(lonely_settings, service_app, answer)
    assert [request.headers["authorization"] for request in seen] == ["Bearer some-token"]
    assert seen[0].headers["traceparent"].split("-")[1] == told["extensions"]["requestId"]


async def test_a_query_that_takes_too_long_is_ended(lonely_settings: GatewaySettings, service_app: ServiceApp) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    hasty = lonely_settings.model_copy(update={"execution_timeout_s": 0.05})
    client = await service_app(create_app(hasty, {"staffing": httpx.MockTransport(slow)}))
    accept = {"accept": "application/graphql-response+json"}
    answer = await client.post("/graphql", json=ASK, headers=accept)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (504, "TIMEOUT")
