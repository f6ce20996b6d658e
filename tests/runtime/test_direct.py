"""A lane's request and reply past uvicorn's messages, over real sockets: the peer sees what it would see with them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest
from fastapi import APIRouter
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from services.runtime import direct
from services.runtime.envelope import Body, Reply, send_whole, whole_body
from services.runtime.server import create_base
from services.runtime.settings import ServiceSettings
from tests.fixtures.serving import Served, served, until

HEADERS = ((b"content-type", b"text/plain"), (b"cache-control", b"private"))
LARGE = 300_000


class App:
    """Answers with what it got, in so many copies; counts what went at once."""

    def __init__(self) -> None:
        self.copies = 1
        self.gone = 0
        self.wait = asyncio.Event()
        self.wait.set()

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await whole_body(receive)
        except ClientDisconnect:
            self.gone += 1
            raise
        await self.wait.wait()
        await send_whole(send, 200, HEADERS, body * self.copies)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def server(app: App, settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    access = logging.getLogger("uvicorn.access")
    monkeypatch.setattr(access, "hasHandlers", lambda: False)  # pytest listens where nobody else does
    router = APIRouter()

    async def echo() -> str:
        return ""

    echo.lane = app  # type: ignore[attr-defined]
    router.add_api_route("/echo", echo, methods=["POST"])
    limits = settings.model_copy(update={"max_body_bytes": LARGE})
    async with served(create_base(limits, title="D", description="", schema=None, routers=[router])) as one:
        yield one


@pytest.fixture(params=[True, False], ids=["at once", "in messages"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways must look the same from outside."""
    if not request.param:
        monkeypatch.setattr("services.runtime.envelope.body_at_once", lambda _receive: None)
        monkeypatch.setattr("services.runtime.envelope.reply_at_once", lambda *_: False)
    return bool(request.param)


def asked(body: bytes, *more: bytes, version: bytes = b"1.1") -> bytes:
    lines = [b"POST /echo HTTP/" + version, b"host: x", b"content-length: %d" % len(body), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Line:
    """A connection that reads replies one by one."""

    def __init__(self, server: Served) -> None:
        self.port = server.port

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def reply(self) -> tuple[bytes, dict[bytes, bytes], bytes]:
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].split(b"\r\n")
            headers = dict(line.split(b": ", 1) for line in lines)
            assert len(headers) == len(lines)
            return first, headers, await self.reader.readexactly(int(headers[b"content-length"]))

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            return await self.reader.read() == b""


async def test_a_reply_has_every_header_once(server: Served, at_once: bool) -> None:
    trace = b"0af7651916cd43dd8448eb211c80319c"
    async with Line(server) as line:
        for body in (b"one", b"", b"three"):
            line.writer.write(asked(body, b"traceparent: 00-" + trace + b"-b7ad6b7169203331-01"))
            first, headers, told = await line.reply()
            assert (first, told) == (b"HTTP/1.1 200 OK", body)
            assert headers.pop(b"date")
            assert headers.pop(b"server", b"uvicorn") == b"uvicorn"
            assert headers == {
                b"content-type": b"text/plain", b"cache-control": b"private", b"x-request-id": trace,
                b"x-content-type-options": b"nosniff", b"content-length": b"%d" % len(body),
            }  # fmt: skip


async def test_a_line_is_closed_when_the_peer_wants_that(server: Served, at_once: bool) -> None:
    for words in (asked(b"x", b"connection: close"), asked(b"x", version=b"1.0")):
        async with Line(server) as line:
            line.writer.write(words)
            _, headers, told = await line.reply()
            assert (headers[b"connection"], told) == (b"close", b"x")
            assert await line.ended()


async def test_the_plain_case_goes_at_once(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[bool] = []

    def spied(*given: Any) -> bool:
        went.append(direct.reply_at_once(*given))
        return went[-1]

    monkeypatch.setattr("services.runtime.envelope.reply_at_once", spied)
    async with Line(server) as line:
        line.writer.write(asked(b"x"))
        await line.reply()
    assert went == [True]


async def test_requests_sent_ahead_are_answered_in_order(server: Served, at_once: bool) -> None:
    async with Line(server) as line:
        line.writer.write(b"".join(asked(b"%d" % at) for at in range(20)))
        assert [(await line.reply())[2] for _ in range(20)] == [b"%d" % at for at in range(20)]


@pytest.mark.parametrize("size", [20_000, 200_000])
async def test_large_bodies_come_and_go_whole(server: Served, app: App, at_once: bool, size: int) -> None:
    app.copies = 3
    async with Line(server) as line:
        for letter in (b"a", b"b"):
            line.writer.write(asked(letter * size))
            assert (await line.reply())[2] == letter * size * 3


async def test_a_body_too_large_is_refused(server: Served, at_once: bool) -> None:
    async with Line(server) as line:
        line.writer.write(asked(b"x" * (LARGE + 1)))
        first, _, told = await line.reply()
        assert first.startswith(b"HTTP/1.1 413")
        assert b"request.too_large" in told


async def test_a_peer_that_waits_to_be_asked_is_asked(server: Served, at_once: bool) -> None:
    async with Line(server) as line:
        whole = asked(b"body", b"expect: 100-continue")
        line.writer.write(whole[:-4])
        async with asyncio.timeout(5):
            assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.writer.write(b"body")
        assert (await line.reply())[2] == b"body"


async def test_a_body_in_parts_is_waited_for(server: Served, at_once: bool) -> None:
    async with Line(server) as line:
        whole = asked(b"in parts")
        line.writer.write(whole[:-5])
        await asyncio.sleep(0.05)
        line.writer.write(whole[-5:])
        assert (await line.reply())[2] == b"in parts"


async def test_a_peer_that_goes_away_is_noticed(server: Served, app: App, at_once: bool) -> None:
    async with Line(server) as line:
        line.writer.write(asked(b"never whole")[:-3])
        await asyncio.sleep(0.05)
    await until(lambda: app.gone == 1)
    app.wait.clear()
    async with Line(server) as line:
        line.writer.write(asked(b"whole"))
        await asyncio.sleep(0.05)
    app.wait.set()
    async with Line(server) as line:  # the server lives on
        line.writer.write(asked(b"next"))
        assert (await line.reply())[2] == b"next"


async def test_a_server_of_another_kind_gets_messages() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x"}

    async def send(message: Any) -> None:
        sent.append(message)

    assert await whole_body(Body(receive, 10, 1.0)) == b"x"
    assert direct.body_at_once(receive) is None
    for way in (send, Reply(send, "id", ((b"a", b"b"),))):
        await send_whole(way, 201, HEADERS, b"body")
        start, body = sent
        sent.clear()
        assert (start["status"], body["body"]) == (201, b"body")
        assert (b"content-length", b"4") in start["headers"]
        assert ((b"a", b"b") in start["headers"]) is isinstance(way, Reply)


@pytest.mark.parametrize("odd", ["response_started", "disconnected", "access_log", "write_paused", "transport"])
def test_what_is_not_the_plain_case_goes_in_messages(odd: str) -> None:
    cycle = RequestResponseCycle.__new__(RequestResponseCycle)
    cycle.response_started = cycle.disconnected = cycle.access_log = False
    cycle.flow = SimpleNamespace(write_paused=odd == "write_paused")  # type: ignore[assignment]
    cycle.transport = SimpleNamespace()  # type: ignore[assignment]
    if odd not in {"write_paused", "transport"}:
        setattr(cycle, odd, True)
    assert not direct.reply_at_once(cast("Send", cycle.send), 200, HEADERS, "id", b"")
