"""How commands are sent: what is tried again, what is uncertain, what is data."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp, SettingsOf

RUN = """mutation R($input: RunPayrollInput!) { runPayroll(input: $input) {
    payrollRun { id } errors { code field message { zh en } citations { document } } } }"""
GIVEN = {"idempotencyKey": "k", "month": "2026-10", "region": "530111000000"}
Answer = Callable[[int], httpx.Response]


class Upstream(httpx.AsyncBaseTransport):
    """Stands where payroll stands; answers each call as told, the first being number 1."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if request.headers["idempotency-key"] != "k":
            raise AssertionError
        await asyncio.sleep(0.2)
        return self.answer(self.calls)


def problem(status: int, **body: Any) -> httpx.Response:
    words = {"code": "x.y", "message": {"zh": "不行", "en": "no"}, **body}
    return httpx.Response(status, content=orjson.dumps(words))


@pytest.fixture
def ask(settings_of: SettingsOf, service_app: ServiceApp) -> Any:
    """`await ask(upstream, command_timeout_s=...)`: the answer of one command, the given upstream being payroll."""

    async def asked(upstream: Upstream, times: int = 1, **settings: float) -> dict[str, Any]:
        gateway = create_app(settings_of(None, GatewaySettings, **settings), {"payroll": upstream})
        client = await service_app(gateway)
        for _ in range(times):
            answer = await client.post("/graphql", json={"query": RUN, "variables": {"input": GIVEN}})
        body: dict[str, Any] = answer.json()
        return body

    return asked


def code_of(body: dict[str, Any]) -> str:
    assert body["data"] == {"runPayroll": None}
    code: str = body["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize(("status", "calls"), [(502, 2), (504, 2), (503, 1), (500, 1), (401, 1), (400, 1)])
async def test_only_a_lost_answer_is_asked_for_again(ask: Any, status: int, calls: int) -> None:
    upstream = Upstream(lambda _: problem(status))
    code = code_of(await ask(upstream))
    assert upstream.calls == calls
    assert code == {401: "UNAUTHENTICATED", 400: "BAD_USER_INPUT"}.get(status, "UPSTREAM_UNAVAILABLE")


async def test_an_answer_nobody_can_read_is_uncertain(ask: Any) -> None:
    body = await ask(Upstream(lambda _: httpx.Response(201, content=b'{"id": 7}')))
    assert code_of(body) == "UPSTREAM_UNAVAILABLE"
    assert "same idempotencyKey" in body["errors"][0]["extensions"]["message"]["en"]


async def test_a_command_may_take_longer_than_a_query_but_not_for_ever(ask: Any) -> None:
    slow = Upstream(lambda _: problem(409))
    patient = {"upstream_timeout_s": 0.05, "client_timeout_s": 0.05, "execution_timeout_s": 0.1}
    body = await ask(slow, **patient)
    assert body["data"]["runPayroll"]["errors"][0]["code"] == "x.y"
    assert code_of(await ask(slow, command_timeout_s=0.05)) == "UPSTREAM_UNAVAILABLE"


async def test_a_service_that_is_away_is_not_asked_for_ever(ask: Any) -> None:
    def away(_: int) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    upstream = Upstream(away)
    assert code_of(await ask(upstream, times=4)) == "UPSTREAM_UNAVAILABLE"
    assert upstream.calls == 5  # then the breaker is open


async def test_a_command_that_took_all_its_time_is_not_sent_again(ask: Any) -> None:
    def slow(_: int) -> httpx.Response:
        raise httpx.ReadTimeout("nothing came")

    upstream = Upstream(slow)
    body = await ask(upstream)
    assert (code_of(body), upstream.calls) == ("UPSTREAM_UNAVAILABLE", 1)
    assert "same idempotencyKey" in body["errors"][0]["extensions"]["message"]["en"]


async def test_a_refusal_keeps_its_fields_citations_and_words(ask: Any) -> None:
    parts = [{"pointer": "/body/known_at", "code": "timezone_aware", "message": "no offset"}]
    cited = [{"document": "d-1", "quote": "原文"}]
    body = await ask(Upstream(lambda _: problem(422, errors=parts)))
    (error,) = body["data"]["runPayroll"]["errors"]
    assert (error["code"], error["field"]) == ("input.unreadable", ["input", "knownAt"])
    assert error["message"] == {"zh": "knownAt须带时区，请更正：no offset", "en": "no offset"}
    body = await ask(Upstream(lambda _: problem(409, citations=cited)))
    (error,) = body["data"]["runPayroll"]["errors"]
    assert error == {
        "code": "x.y", "field": None, "message": {"zh": "不行", "en": "no"}, "citations": [{"document": "d-1"}],
    }  # fmt: skip
