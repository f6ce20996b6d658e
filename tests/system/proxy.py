"""A line between two processes that can be made bad: slow, cut after so many bytes, reset, or silent."""

import asyncio
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

ASKED = re.compile(rb"^(?:GET|POST|PUT|PATCH|DELETE) ([^ ?]+)\S* HTTP/1\.1\r\n", re.MULTILINE)
TRACE = re.compile(rb"^traceparent: 00-([0-9a-f]{32})-", re.MULTILINE | re.IGNORECASE)
PIECE = 64 * 1024


@dataclass(frozen=True)
class Fault:
    """What befalls a reply: it comes `delay_s` late; after `cut` bytes the line closes, is reset, or says no more."""

    delay_s: float = 0.0
    cut: int | None = None
    how: str = "close"  # "close", "reset", or "silence" until the asker gives up
    times: int = 1_000_000  # for so many requests


@dataclass
class Lane:
    """One connection: where the reply under way stands, and what is to befall it."""

    fault: Fault | None = None
    passed: int = 0
    owed: bool = False  # a request of which no reply has been passed on, or only a piece


@dataclass
class Proxy:
    """Forwards one port to another; counts what is asked through it.

    `fault` befalls every reply, one of `by_trace` the replies to the requests of one trace id.
    """

    host: str
    target: int
    port: int = 0
    fault: Fault | None = None
    by_trace: dict[str, Fault] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    impatient: int = 0  # requests sent on a connection that still owed the reply to another
    cuts: list[int] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _served: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def to(cls, target: int, port: int = 0) -> AsyncIterator[Self]:
        """A proxy on `port` (any free one) in front of a port of this machine."""
        made = cls("127.0.0.1", target)
        server = await asyncio.start_server(made.accept, "127.0.0.1", port)
        made.port = server.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            server.close()
            made.drop()
            for task in made._tasks:
                task.cancel()
            await asyncio.gather(*made._served, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def heal(self) -> None:
        """All is well again; counts start anew."""
        self.fault = None
        self.by_trace.clear()
        self.asked.clear()
        self.impatient = 0
        self.cuts.clear()

    def drop(self) -> None:
        """Every connection breaks, and whatever was on its way is lost."""
        for writer in self._open:
            writer.transport.abort()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self.serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there = await asyncio.open_connection(self.host, self.target)
        except OSError:
            writer.transport.abort()
            return
        lane, ends = Lane(), (writer, there)
        self._open.update(ends)
        both = [
            asyncio.ensure_future(self.requests(lane, reader, there)),
            asyncio.ensure_future(self.replies(lane, there_reader, writer)),
        ]
        self._tasks.update(both)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self._tasks.difference_update(both)
            for end in ends:
                end.transport.abort() if end.transport.get_write_buffer_size() else end.close()
            self._open.difference_update(ends)

    async def requests(self, lane: Lane, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(PIECE):
            if named := ASKED.findall(data):
                self.asked.update(name.decode() for name in named)
                self.impatient += lane.owed
                lane.fault, lane.passed, lane.owed = self.fault_of(data), 0, True
            sink.write(data)
            await sink.drain()

    def fault_of(self, data: bytes) -> Fault | None:
        """What is to befall the reply to a request; used up once more."""
        found = TRACE.search(data)
        trace = found[1].decode() if found else ""
        fault = self.by_trace.get(trace, self.fault)
        if fault is None or fault.times <= 0:
            return None
        if trace in self.by_trace:
            self.by_trace[trace] = Fault(fault.delay_s, fault.cut, fault.how, fault.times - 1)
        return fault

    async def replies(self, lane: Lane, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(PIECE):
            fault = lane.fault
            if fault is not None and not lane.passed:
                await asyncio.sleep(fault.delay_s)
            if fault is not None and fault.cut is not None and lane.passed + len(data) > fault.cut:
                sink.write(data[: max(0, fault.cut - lane.passed)])
                self.cuts.append(fault.cut)
                await self.end(fault.how, sink)
                return
            lane.passed += len(data)
            lane.owed = False
            sink.write(data)
            await sink.drain()

    async def end(self, how: str, sink: asyncio.StreamWriter) -> None:
        """No more of this reply."""
        await sink.drain()
        if how == "silence":
            await asyncio.Event().wait()
        if how == "reset":
            sock: socket.socket = sink.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
