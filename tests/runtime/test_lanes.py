"""Lanes: past the framework, under the same limits, measured and refused in the same words."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException

from services.runtime.envelope import Body
from services.runtime.server import create_base

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def answers(scope, receive, send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    if body == b"crash":
        raise RuntimeError("secret words")
    told = f"{scope['request_id']} {scope['traceparent']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    if body == b"late crash":
        raise RuntimeError("secret words")
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def app(settings) -> FastAPI:
    router = APIRouter()

    async def ask() -> str:
        return "by the framework"

    ask.lane = answers
    router.add_api_route("/ask", ask, methods=["POST", "GET"])
    limits = settings.model_copy(update={"max_body_bytes": 1024, "body_timeout_s": 0.1})
    return create_base(limits, title="Lanes", description="Of the tests", schema=None, routers=[router])


@pytest.fixture
def client(app) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://lane")


async def test_the_lane_carries_the_trace_on_and_is_measured(client) -> None:
    reply = await client.post("/ask", content=b"x", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    request_id, traceparent = reply.text.split()
    assert request_id == TRACE == reply.headers["x-request-id"]
    assert traceparent.startswith(f"00-{TRACE}-")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"
    await client.post("/ask", content=b"y")
    metrics = (await client.get("/metrics")).text
    assert 'gongzhi_requests_total{method="POST",route="/ask",status="200"} 2.0' in metrics
    assert 'gongzhi_request_seconds_count{method="POST",route="/ask"} 2.0' in metrics


async def test_another_method_or_path_takes_the_ordinary_road(client) -> None:
    assert (await client.get("/ask")).json() == "by the framework"
    assert (await client.post("/asked")).status_code == 404
    assert (await client.get("/livez")).text == "ok"


async def test_a_body_too_large_is_a_problem(client) -> None:
    reply = await client.post("/ask", content=b"x" * 1025)
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_body_too_slow_is_a_problem(app) -> None:
    sent = []

    async def receive():
        await asyncio.sleep(5)

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/ask", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    assert sent[0]["status"] == 408


@dataclass
class Cycle:
    """uvicorn's way to receive: it tells whether more of the body is still to come."""

    body: bytes
    more_body: bool

    async def receive(self) -> dict[str, object]:
        return {"type": "http.request", "body": self.body, "more_body": self.more_body}


@pytest.mark.parametrize("more", [False, True])
async def test_a_body_that_is_there_is_not_timed_but_measured(monkeypatch: pytest.MonkeyPatch, more: bool) -> None:
    timed: list[float] = []
    real = asyncio.timeout_at
    monkeypatch.setattr(asyncio, "timeout_at", lambda until: timed.append(until) or real(until))
    assert (await Body(Cycle(b"x" * 10, more).receive, 10, 0.1)())["body"] == b"x" * 10
    assert bool(timed) is more
    with pytest.raises(HTTPException) as refused:
        await Body(Cycle(b"x" * 11, more).receive, 10, 0.1)()
    assert refused.value.status_code == 413


async def test_the_unforeseen_is_a_bare_problem(client) -> None:
    reply = await client.post("/ask", content=b"crash")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "secret" not in reply.text


async def test_what_fails_after_its_first_byte_is_not_made_to_look_whole(app) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lane") as client:
        with pytest.raises(RuntimeError):
            await client.post("/ask", content=b"late crash")
