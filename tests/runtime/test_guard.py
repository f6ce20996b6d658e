"""The guard over real sockets: heads, bodies and readers that take their time lose the line; everyone else keeps it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Self

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from services.runtime import guard
from services.runtime.server import create_base
from services.runtime.settings import ServiceSettings
from tests.fixtures.serving import Served, served, until

HEAD = b"POST /echo HTTP/1.1\r\nhost: x\r\n"
LARGE = 8 * 1024 * 1024


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process with little patience."""
    for name, value in {"HEAD_TIMEOUT_S": "0.3", "WRITE_TIMEOUT_S": "0.3", "MAX_HEAD_BYTES": "4096"}.items():
        monkeypatch.setenv(f"GONGZHI_{name}", value)
    guard._limits.cache_clear()
    yield
    guard._limits.cache_clear()


@pytest.fixture
async def server(hasty: None, settings: ServiceSettings) -> AsyncIterator[Served]:
    quick = settings.model_copy(update={"max_body_bytes": 100_000, "body_timeout_s": 0.5})
    app = create_base(quick, title="G", description="", schema=None, routers=[])
    add_routes(app)
    async with served(app) as one:
        yield one


def add_routes(app: FastAPI) -> None:
    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    @app.post("/deaf")
    async def deaf() -> Response:
        return Response(b"no")

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)


class Peer:
    """A client that may do as it pleases."""

    def __init__(self, server: Served) -> None:
        self._port = server.port

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**16)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def end(self) -> bytes:
        """Everything that comes until the line is closed; TimeoutError when it stays open."""
        async with asyncio.timeout(5):
            got = b""
            try:
                while data := await self.reader.read(2**16):
                    got += data
            except ConnectionError:
                pass
            return got

    async def reply(self) -> bytes:
        """One reply with a short body."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            return head.split(b"\r\n")[0] + b" " + await self.reader.readexactly(int(length.split(b":")[1]))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (b"", b""),
        (b"POST /echo HT", b"HTTP/1.1 408 "),
        (HEAD + b"x-drip: ", b"HTTP/1.1 408 "),
        (b"\r\n", b""),
        (HEAD + b"x-long: " + b"a" * 5_000, b"HTTP/1.1 431 "),
        (b"POST /" + b"a" * 5_000, b"HTTP/1.1 431 "),
    ],
)
async def test_a_head_that_does_not_come_closes_the_line(server: Served, words: bytes, answer: bytes) -> None:
    async with Peer(server) as peer:
        peer.say(words)
        assert (await peer.end()).startswith(answer)
    await until(lambda: not guard.Guarded.waiting)


async def test_a_head_in_drops_is_closed_all_the_same(server: Served) -> None:
    async with Peer(server) as peer:
        ended = asyncio.ensure_future(peer.end())
        for drop in HEAD + b"x-drip: " + b"a" * 1_000:
            peer.say(bytes([drop]))
            await asyncio.sleep(0.02)
            if ended.done():
                break
        assert (await ended).startswith(b"HTTP/1.1 408 ")


async def test_long_heads_in_pieces_are_refused(server: Served) -> None:
    async with Peer(server) as peer:
        peer.say(HEAD)
        for _ in range(10):
            peer.say(b"x-more: " + b"a" * 500 + b"\r\n")
            await asyncio.sleep(0.005)
        assert (await peer.end()).startswith(b"HTTP/1.1 431 ")


async def test_a_kept_line_has_the_same_time_for_its_next_head(server: Served) -> None:
    async with Peer(server) as peer:
        for _ in range(3):
            peer.say(HEAD + b"content-length: 2\r\n\r\nab")
            assert await peer.reply() == b"HTTP/1.1 200 OK ab"
        peer.say(b"\r\n")
        assert await peer.end() == b""
    async with Peer(server) as peer:
        peer.say(HEAD + b"content-length: 2\r\n\r\nab" + HEAD)
        assert await peer.reply() == b"HTTP/1.1 200 OK ab"
        assert (await peer.end()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_in_drops_is_refused_and_closed(server: Served) -> None:
    async with Peer(server) as peer:
        peer.say(HEAD + b"content-length: 1000\r\n\r\n")
        ended = asyncio.ensure_future(peer.reply())
        while not ended.done():
            peer.say(b"a")
            await asyncio.sleep(0.05)
        assert (await ended).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_flows_has_the_time_it_needs(server: Served) -> None:
    async with Peer(server) as peer:
        peer.say(HEAD + b"content-length: 80000\r\n\r\n")
        for _ in range(16):
            peer.say(b"a" * 5_000)
            await asyncio.sleep(0.05)
        assert (await peer.reply()).startswith(b"HTTP/1.1 200 OK aaa")


@pytest.mark.parametrize("path", [b"/echo", b"/deaf", b"/nowhere"])
async def test_an_endless_body_is_answered_and_cut_off(server: Served, path: bytes) -> None:
    async with Peer(server) as peer:
        peer.say(b"POST " + path + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        piece = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
        sent = 0
        while sent < 2**24 and not peer.writer.transport.is_closing():
            peer.say(piece)
            with contextlib.suppress(ConnectionError):
                await peer.writer.drain()
            sent += len(piece)
            await asyncio.sleep(0)
        assert sent < 100_000 + guard.LINGER_BYTES + 8 * 2**20  # the limit, what lingers, what sockets hold


async def test_an_unwanted_body_that_ends_leaves_the_line_as_it_was(server: Served) -> None:
    async with Peer(server) as peer:
        peer.say(b"POST /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
        assert await peer.reply() == b"HTTP/1.1 200 OK no"
        peer.say(b"cd" + HEAD + b"content-length: 2\r\n\r\nab")
        assert await peer.reply() == b"HTTP/1.1 200 OK ab"


async def test_who_does_not_read_is_let_go(server: Served) -> None:
    async with Peer(server) as peer:
        peer.say(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(0.8)
        assert len(await peer.end()) < LARGE
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert len((await client.get("/large")).content) == LARGE


async def test_the_oldest_silent_line_makes_room(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_WAITING", 5)
    async with Peer(server) as first:
        peers = [Peer(server) for _ in range(5)]
        for peer in peers:
            await peer.__aenter__()
        started = asyncio.get_running_loop().time()
        assert await first.end() == b""
        assert asyncio.get_running_loop().time() - started < 0.25  # not by its own time
        peers[-1].say(HEAD + b"content-length: 2\r\n\r\nab")
        assert await peers[-1].reply() == b"HTTP/1.1 200 OK ab"
        for peer in peers:
            await peer.__aexit__()
    await until(lambda: not guard.Guarded.waiting)
