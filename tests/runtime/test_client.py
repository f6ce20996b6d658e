"""Calls between processes: retries of reads, a breaker, refusals in the other's words."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.runtime import client as clients
from services.runtime.client import Breaker, ServiceClient, ServiceError
from services.runtime.transfer import read_arrow

GUANDU = "530111000000"


class Notes(ServiceClient):
    service = "notes"


class Other:
    """The other side of a wire: answers from a list, remembers what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


Opener = Callable[..., Notes]


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    made: list[Notes] = []

    def make(*answers: httpx.Response | Exception) -> Notes:
        other = Other(*answers)
        client = Notes("http://notes", transport=httpx.MockTransport(other))
        client.other = other  # type: ignore[attr-defined]
        made.append(client)
        return client

    yield make
    for one in made:
        await one.close()


async def test_it_speaks_to_a_real_service(notes_app: FastAPI, service: Any, token: Any) -> None:
    await service()
    client = Notes("http://notes", transport=httpx.ASGITransport(notes_app))
    mine = client.on_behalf(token("street_office", GUANDU), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert await mine.post("/v1/notes", {"community": "530111001001", "words": "w"})
    assert await mine.get("/v1/notes") == [{"community": "530111001001", "words": "w"}]
    table = read_arrow(await mine.read_all("/v1/notes/stream/all"))
    assert table.to_pydict() == {"community": ["530111001001"], "words": ["w"]}
    note = {"community": "530111001001", "words": "once"}
    assert await mine.post("/v1/notes/once", note, idempotency_key="c1") == note
    with pytest.raises(ServiceError) as caught:
        await mine.get("/v1/notes/999999")
    assert (caught.value.status, caught.value.code, caught.value.zh) == (
        404,
        "note.not_found",
        "没有这条记录，请核对编号。",
    )
    with pytest.raises(ServiceError) as caught:
        await client.get("/v1/notes")
    assert caught.value.status == 401
    await client.close()


async def test_token_trace_and_parameters_are_sent(opened: Opener) -> None:
    client = opened(httpx.Response(200, json={"a": 1}))
    view = client.on_behalf("t1", "00-trace")
    assert await view.get("/x", {"id": ["1", "2"], "on": None, "limit": 5}) == {"a": 1}
    request = client.other.requests[0]  # type: ignore[attr-defined]
    assert request.url.query == b"id=1&id=2&limit=5"
    assert request.headers["authorization"] == "Bearer t1"
    assert request.headers["traceparent"] == "00-trace"
    await client.on_behalf(None).get("/x")
    assert "authorization" not in client.other.requests[1].headers  # type: ignore[attr-defined]


async def test_a_read_is_tried_twice_a_write_once(opened: Opener) -> None:
    ok = httpx.Response(200, json=1)
    assert await opened(httpx.ConnectError("x"), ok).get("/x") == 1
    assert await opened(httpx.Response(503), ok).get("/x") == 1
    for answers in ([httpx.ConnectError("x"), ok], [httpx.Response(503), ok]):
        with pytest.raises(ServiceError):
            await opened(*answers).post("/x", {})


async def test_a_late_reply_is_not_waited_for_twice(opened: Opener) -> None:
    client = opened(httpx.ReadTimeout("late"), httpx.Response(200, json=1))
    with pytest.raises(ServiceError) as caught:
        await client.get("/x")
    assert (caught.value.code, caught.value.status) == ("service.timeout", 0)
    assert len(client.other.requests) == 1  # type: ignore[attr-defined]
    assert await client.get("/x") == 1


async def test_a_reply_that_trickles_in_is_late_and_opens_the_breaker() -> None:
    asked = 0

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while await reader.read(1):
            pass
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    client = Notes(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=0.1)
    codes = []
    for _ in range(6):
        with pytest.raises(ServiceError) as caught:
            await client.get("/x")
        codes.append(caught.value.code)
    assert codes == ["service.timeout"] * 5 + ["service.breaker_open"]
    assert asked == 5
    await client.close()
    server.close()


async def test_refusals_are_not_tried_again(opened: Opener) -> None:
    body = {"code": "a.b", "message": {"zh": "不", "en": "no"}}
    client = opened(httpx.Response(409, json=body))
    with pytest.raises(ServiceError, match="no"):
        await client.get("/x")
    assert len(client.other.requests) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, content=b"<html>"), httpx.Response(404, json={"detail": "x"}), httpx.Response(404, json=[])],
)
async def test_a_reply_that_cannot_be_read_is_the_services_fault(opened: Opener, answer: httpx.Response) -> None:
    with pytest.raises(ServiceError) as caught:
        await opened(answer).get("/x")
    assert (caught.value.code, caught.value.http_status) == ("service.bad_reply", 503)


async def test_nothing_to_say_is_none_and_raw_content_goes_as_it_is(opened: Opener) -> None:
    client = opened(httpx.Response(204))
    assert await client.post("/x", content=b"a,b", content_type="text/csv") is None
    request = client.other.requests[0]  # type: ignore[attr-defined]
    assert (request.content, request.headers["content-type"]) == (b"a,b", "text/csv")


async def test_after_five_failures_the_breaker_answers_at_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened(httpx.ConnectError("x"))
    for _ in range(5):
        with pytest.raises(ServiceError):
            await client.post("/x")
    with pytest.raises(ServiceError) as caught:
        await client.get("/x")
    assert caught.value.code == "service.breaker_open"
    assert len(client.other.requests) == 5  # type: ignore[attr-defined]
    client.other.answers = [httpx.Response(200, json=1)]  # type: ignore[attr-defined]
    later = time.monotonic() + 3
    monkeypatch.setattr(clients.time, "monotonic", lambda: later)
    assert await client.on_behalf("t").get("/x") == 1
    assert await client.get("/x") == 1


def test_half_open_lets_one_try() -> None:
    breaker = Breaker(most=1, rest_s=0)
    breaker.note(ok=False)
    assert breaker.allows()
    resting = Breaker(most=1, rest_s=60)
    resting.note(ok=False)
    assert not resting.allows()


async def test_a_stream_that_breaks_off_is_an_error(opened: Opener) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        raise httpx.ReadError("cut")

    with pytest.raises(ServiceError) as caught:
        await opened(httpx.Response(200, content=parts())).read_all("/x")
    assert caught.value.code == "service.unavailable"
