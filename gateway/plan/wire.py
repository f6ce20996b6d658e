"""A small HTTP/1.1 client for one kind of request: a JSON body posted over kept connections, the whole reply read.

A general client costs more than the rest of a planned query together. A reply that breaks off is never a reply.
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit

FIRST = re.compile(rb"HTTP/1\.(\d) ([1-5]\d\d)[ \r]")
HEADERS = re.compile(rb"\r\n(connection|content-length|transfer-encoding)[ \t]*:([^\r\n]*)", re.IGNORECASE)
MOST_HEAD = 64 * 1024
MOST_BODY = 64 * 1024 * 1024
MOST_SIZE_LINE = 1024  # of the line before a chunk, with its extensions
HEX = re.compile(rb"[0-9a-fA-F]+")


class Broken(Exception):
    """No reply, or not the whole of it, or not one of HTTP/1.1."""


class Line(Protocol):
    """What carries a request to a service and its reply back."""

    async def post(self, headers: Mapping[str, str], body: bytes, *, fresh: bool, until: float) -> tuple[int, bytes]:
        """Status and body of the reply; over a new connection when `fresh`.

        Raises Broken, and TimeoutError when there is none `until` then, in the event loop's seconds.
        """

    async def close(self) -> None:
        """Let go of all connections."""


@dataclass(slots=True)
class Reply:
    """A reply as far as it has come."""

    buffer: bytes | bytearray = b""
    status: int = 0
    length: int = -1  # of the body, -1 for chunks
    start: int = -1  # of the body in the buffer, -1 while the head is not there
    keeps: bool = True

    def add(self, data: bytes) -> None:
        """More of it has come; most replies come in one piece, which is not copied."""
        if not self.buffer:
            self.buffer = data
        elif isinstance(self.buffer, bytearray):
            self.buffer += data
        else:
            self.buffer = bytearray(self.buffer) + data

    def head(self) -> bool:
        """Whether the head is there; reads it once. Raises Broken."""
        if self.start >= 0:
            return True
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MOST_HEAD:
                raise Broken("head too long")
            return False
        first = FIRST.match(self.buffer)
        if first is None:
            raise Broken("not HTTP/1.1")
        self.status, self.start, self.keeps = int(first[2]), end + 4, first[1] == b"1"
        self.read({name.lower(): value.strip() for name, value in HEADERS.findall(self.buffer, 0, end + 2)})
        return True

    def read(self, headers: Mapping[bytes, bytes]) -> None:
        """How long the body is, and whether the connection is kept. Raises Broken."""
        self.keeps = self.keeps and headers.get(b"connection", b"").lower() != b"close"
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return
        length = headers.get(b"content-length", b"0" if self.status == 204 else b"")
        if not length.isdigit() or int(length) > MOST_BODY:
            raise Broken("no usable length")
        self.length = int(length)

    def body(self) -> bytes | None:
        """The whole body, None while some of it is missing. Raises Broken."""
        if not self.head():
            return None
        if self.length < 0:
            return self.chunks()
        end = self.start + self.length
        if len(self.buffer) > end:
            raise Broken("more than the body")
        return bytes(self.buffer[self.start : end]) if len(self.buffer) == end else None

    def chunks(self) -> bytes | None:
        """The body out of its chunks, None while some are missing. Raises Broken."""
        parts, at = bytearray(), self.start
        while (end := self.buffer.find(b"\r\n", at)) >= 0:
            size = chunk_size(bytes(self.buffer[at:end]))
            at = end + 2 + size + 2
            if size == 0:
                return self.last(parts, end + 2)
            if len(parts) + size > MOST_BODY:
                raise Broken("body too long")
            if len(self.buffer) < at:
                return None
            if self.buffer[at - 2 : at] != b"\r\n":
                raise Broken("not the end of a chunk")
            parts += self.buffer[end + 2 : at - 2]
        if len(self.buffer) - at > MOST_SIZE_LINE:
            raise Broken("not a chunk")
        return None

    def last(self, parts: bytearray, at: int) -> bytes | None:
        """The body once what follows the last chunk is there: trailers, if any, and an empty line. Raises Broken."""
        left = bytes(self.buffer[at:])
        if left == b"\r\n" or (left.endswith(b"\r\n\r\n") and left.index(b"\r\n\r\n") == len(left) - 4):
            return bytes(parts)
        if left.startswith(b"\r\n") or b"\r\n\r\n" in left or len(left) > MOST_HEAD:
            raise Broken("more than the body")
        return None


def chunk_size(line: bytes) -> int:
    """The size a chunk announces. Raises Broken."""
    digits = line.partition(b";")[0].strip()
    if len(digits) > 8 or not HEX.fullmatch(digits):
        raise Broken("not a chunk")
    return int(digits, 16)


class Connection(asyncio.Protocol):
    """One connection: one request under way at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reply: Reply | None = None
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it

    @property
    def open(self) -> bool:
        """Whether a request may be sent."""
        return self.transport is not None and not self.transport.is_closing()

    async def send(self, request: bytes, until: float) -> tuple[int, bytes]:
        """Status and body of the reply. Raises Broken, and TimeoutError for one that is not there `until` then."""
        if self.transport is None or self.transport.is_closing():
            raise Broken("closed")
        loop = asyncio.get_running_loop()
        self.reply = Reply()
        self.waiting = loop.create_future()
        timer = loop.call_at(until, self.late)  # a third of what `asyncio.timeout` costs
        self.transport.write(request)
        try:
            return await self.waiting
        finally:
            timer.cancel()

    def late(self) -> None:
        """The time for a reply is over."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(TimeoutError())
        self.close()

    def data_received(self, data: bytes) -> None:
        reply, waiting = self.reply, self.waiting
        if reply is None or waiting is None or waiting.done():
            self.close()  # nobody asked
            return
        reply.add(data)
        try:
            body = reply.body()
        except Broken as error:
            self.close()
            waiting.set_exception(error)
            return
        if body is not None:
            if not reply.keeps:
                self.close()
            waiting.set_result((reply.status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(Broken(f"connection lost: {exc}"))

    def close(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()
            self.transport = None


class KeptLine:
    """Connections to one address, kept and used again; the one used last is used next, so that spare ones end."""

    def __init__(self, url: str, path: str, connections: int = 32) -> None:
        address = urlsplit(url)
        self.host = address.hostname or "127.0.0.1"
        self.tls = ssl.create_default_context() if address.scheme == "https" else None
        self.port = address.port or (443 if self.tls else 80)
        self.head = (
            f"POST {address.path.rstrip('/')}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
        )
        self.idle: list[Connection] = []
        self.free = connections
        self.turns: deque[asyncio.Future[None]] = deque()

    async def post(self, headers: Mapping[str, str], body: bytes, *, fresh: bool, until: float) -> tuple[int, bytes]:
        """Status and body of the reply; over a new connection when `fresh`. Raises Broken, TimeoutError."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        request = f"{self.head}{lines}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body
        while self.free <= 0:
            await self.turn(until)
        self.free -= 1
        try:
            connection = None if fresh else self.kept()
            if connection is None:
                connection = await self.connected(until)
            try:
                answer = await connection.send(request, until)
            except BaseException:
                connection.close()
                raise
            if connection.open:
                self.idle.append(connection)
            return answer
        finally:
            self.free += 1
            self.wake()

    async def turn(self, until: float) -> None:
        """Wait until a request may go out. Raises TimeoutError."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.turns.append(turn)
        try:
            async with asyncio.timeout_at(until):
                await turn
        except BaseException:
            if turn in self.turns:
                self.turns.remove(turn)
            else:
                self.wake()  # it was given too late, and is the next one's
            raise

    def wake(self) -> None:
        """Let the next one go that waits for its turn."""
        while self.turns and self.free > 0:
            turn = self.turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def kept(self) -> Connection | None:
        """A kept connection that is still open."""
        while self.idle:
            kept = self.idle.pop()
            if kept.open:
                return kept
        return None

    async def connected(self, until: float) -> Connection:
        """A new connection. Raises Broken, TimeoutError."""
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout_at(until):
                _, made = await loop.create_connection(Connection, self.host, self.port, ssl=self.tls)
        except TimeoutError:
            raise
        except OSError as error:
            raise Broken(str(error)) from error
        return made

    async def close(self) -> None:
        """Let go of all connections."""
        while self.idle:
            self.idle.pop().close()
