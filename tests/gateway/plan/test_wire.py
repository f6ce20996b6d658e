"""The small client against real sockets: what is kept, what breaks, what is never taken for an answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.plan.upstreams import Upstream
from gateway.plan.wire import Broken, KeptLine
from services.runtime.client import Breaker, ServiceError


def soon() -> float:
    """Ten seconds from now, on the event loop's clock."""
    return asyncio.get_running_loop().time() + 10.0


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request(reader: asyncio.StreamReader) -> bytes:
    """One request as it came; empty when the client has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@dataclass
class Served:
    """A server's address, and the lines to it."""

    url: str
    lines: list[KeptLine] = field(default_factory=list)

    def line(self) -> KeptLine:
        made = KeptLine(self.url, "/v1/reads")
        self.lines.append(made)
        return made

    def upstream(self, timeout_s: float = 2.0) -> Upstream:
        return Upstream("payroll", self.line(), timeout_s, Breaker(most=4, rest_s=60))


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Served]:
    """A server on a free port of this machine; in the end nothing of it is open."""
    writers: list[asyncio.StreamWriter] = []

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await handler(reader, writer)

    server = await asyncio.start_server(noted, "127.0.0.1", 0)
    served = Served(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield served
    finally:
        for line in served.lines:
            await line.close()
        for writer in writers:
            writer.close()
        server.close()
        await asyncio.sleep(0.01)


def answering(*replies: bytes, seen: list[bytes] | None = None, connections: list[int] | None = None) -> Handler:
    """Gives the replies in turn, the last one for ever; an empty reply closes the connection."""
    left = list(replies)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connections is not None:
            connections.append(1)
        while asked := await request(reader):
            if seen is not None:
                seen.append(asked)
            reply = left.pop(0) if len(left) > 1 else left[0]
            writer.write(reply)
            await writer.drain()
            if not reply or reply.endswith(b"<cut>") or b"connection: close" in reply:
                break
        writer.close()

    return handle


async def test_a_connection_is_used_again() -> None:
    seen: list[bytes] = []
    connections: list[int] = []
    async with serving(answering(ok(b"{}"), seen=seen, connections=connections)) as served:
        line = served.line()
        for _ in range(3):
            assert await line.post({"Authorization": "Bearer t"}, b'{"a": 1}', fresh=False, until=soon()) == (
                200,
                b"{}",
            )
    assert len(connections) == 1
    assert seen[0].startswith(b"POST /v1/reads HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Bearer t\r\n" in seen[0]
    assert seen[0].endswith(b'\r\n\r\n{"a": 1}')


async def test_a_reply_in_pieces_and_one_in_chunks() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n"

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await request(reader):
            for at in range(0, len(chunked), 7):
                writer.write(chunked[at : at + 7])
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    async with serving(slowly) as served:
        line = served.line()
        assert await line.post({}, b"", fresh=False, until=soon()) == (200, b"abcde")
        assert await line.post({}, b"", fresh=False, until=soon()) == (200, b"abcde")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{<cut>",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab<cut>",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab<cut>",
        CHUNKED + b"\r\n2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"1 2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\nA: b\r\n\r\n0\r\n\r\n",
        CHUNKED + b"ffffffff\r\nab",
        CHUNKED + b"fffffffffff\r\nab",
        CHUNKED + b"2" + b" " * 2_000,
        b"HTTP/1.1 200 OK\r\n\r\n{}<cut>",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}<cut>",
        b"SSH-2.0-OpenSSH\r\n\r\n<cut>",
        b"x" * 70_000 + b"<cut>",
    ],
)
async def test_what_is_not_a_whole_reply_is_none(reply: bytes) -> None:
    async with serving(answering(reply)) as served:
        line = served.line()
        with pytest.raises(Broken):
            await line.post({}, b"", fresh=False, until=soon())
        assert not line.idle


async def test_a_chunked_reply_may_end_in_trailers() -> None:
    async with serving(answering(CHUNKED + b"2\r\nab\r\n0\r\nA: b\r\nC: d\r\n\r\n")) as served:
        line = served.line()
        assert await line.post({}, b"", fresh=False, until=soon()) == (200, b"ab")
        assert len(line.idle) == 1


@pytest.mark.parametrize(
    "whole",
    [
        ok(b'{"answers": []}'),
        CHUNKED + b'c;x=1\r\n{"answers": \r\n3\r\n[]}\r\n0\r\n\r\n',
        CHUNKED + b"1\r\n1\r\n0\r\nA: b\r\n\r\n",
    ],
)
async def test_a_reply_cut_after_any_byte_is_never_an_answer(whole: bytes) -> None:
    left = iter(range(len(whole)))

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(whole[: next(left)])
        writer.close()

    async with serving(handle) as served:
        line = served.line()
        for _ in whole:
            with pytest.raises(Broken):
                await line.post({}, b"", fresh=False, until=soon())
            assert not line.idle


async def test_a_connection_that_closes_is_not_kept() -> None:
    connections: list[int] = []
    reply = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    async with serving(answering(reply, connections=connections)) as served:
        line = served.line()
        for _ in range(2):
            assert await line.post({}, b"", fresh=False, until=soon()) == (200, b"{}")
    assert len(connections) == 2


async def test_a_stale_connection_is_tried_again_on_a_fresh_one() -> None:
    async with serving(answering(ok(b"1"), b"", ok(b"2"))) as served:
        one = served.upstream()
        assert await one.ask({}, b"", soon()) == b"1"
        assert await one.ask({}, b"", soon()) == b"2"


async def test_an_absence_is_told_after_two_tries_and_opens_the_breaker() -> None:
    connections: list[int] = []
    async with serving(answering(b"", connections=connections)) as served:
        one = served.upstream()
        for _ in range(2):
            with pytest.raises(ServiceError) as refused:
                await one.ask({}, b"", soon())
            assert (refused.value.status, refused.value.code) == (0, "service.unavailable")
        with pytest.raises(ServiceError) as refused:
            await one.ask({}, b"", soon())
        assert refused.value.code == "service.breaker_open"
    assert len(connections) == 4


async def test_nobody_there() -> None:
    with pytest.raises(ServiceError):
        await Served("http://127.0.0.1:9").upstream().ask({}, b"", soon())


async def test_a_hung_service_is_given_up_in_time() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()
        writer.close()

    async with serving(hang) as served:
        one = served.upstream(timeout_s=0.1)
        with pytest.raises(ServiceError) as refused:
            await one.ask({}, b"", soon())
        assert refused.value.status == 0


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_service_that_is_starting_is_asked_again(status: int) -> None:
    away = b"HTTP/1.1 %d Away\r\ncontent-length: 0\r\n\r\n" % status
    async with serving(answering(away, ok(b"{}"))) as served:
        assert await served.upstream().ask({}, b"", soon()) == b"{}"


async def test_a_refusal_keeps_its_words_and_one_without_words_is_an_absence() -> None:
    problem = b'{"code": "read.fields", "message": {"zh": "\xe4\xb8\x8d", "en": "no"}}'
    refusing = b"HTTP/1.1 422 No\r\ncontent-length: %d\r\n\r\n%s" % (len(problem), problem)
    bare = b"HTTP/1.1 500 No\r\ncontent-length: 6\r\n\r\n<html>"
    async with serving(answering(refusing, bare)) as served:
        one = served.upstream()
        with pytest.raises(ServiceError) as refused:
            await one.ask({}, b"", soon())
        assert (refused.value.status, refused.value.code, refused.value.en) == (422, "read.fields", "no")
        with pytest.raises(ServiceError) as refused:
            await one.ask({}, b"", soon())
        assert (refused.value.status, refused.value.code) == (0, "service.bad_reply")


async def test_more_requests_than_connections_take_turns() -> None:
    connections: list[int] = []
    async with serving(answering(ok(b"{}"), connections=connections)) as served:
        line = served.line()
        line.free = 3
        posts = [line.post({}, b"", fresh=False, until=soon()) for _ in range(20)]
        assert await asyncio.gather(*posts) == [(200, b"{}")] * 20
        assert (line.free, len(line.turns)) == (3, 0)
    assert len(connections) == 3


async def test_a_turn_that_does_not_come_is_a_time_out_and_is_passed_on() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()
        writer.close()

    async with serving(silent) as served:
        line = served.line()
        line.free = 1
        now = asyncio.get_running_loop().time()
        posts = [asyncio.ensure_future(line.post({}, b"", fresh=False, until=now + 0.2)) for _ in range(3)]
        posts[1].cancel()
        found = await asyncio.gather(*posts, return_exceptions=True)
        assert [type(one) for one in found] == [TimeoutError, asyncio.CancelledError, TimeoutError]
        assert (line.free, len(line.turns)) == (1, 0)


async def test_the_end_of_the_requests_own_time_is_no_fault_of_the_service() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()
        writer.close()

    async with serving(silent) as served:
        one = served.upstream(timeout_s=5)
        for _ in range(6):
            with pytest.raises(TimeoutError):
                await one.ask({}, b"", asyncio.get_running_loop().time() + 0.01)
        assert one.breaker.allows()
