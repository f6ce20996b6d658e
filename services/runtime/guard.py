"""uvicorn's HTTP/1.1 with what it lacks: no head, body or reply may hold a connection for as long as its peer likes.

Chosen where a process starts: `--http services.runtime.guard:Guarded`. The body's own limits are `envelope.Body`'s.
"""

import asyncio
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from services.runtime.settings import ServiceSettings, read_settings

LINGER_BYTES = 1024 * 1024  # of a body nobody wants any more: read so that the reply arrives, then the line is closed
LINGER_SECONDS = 5.0
MOST_COPIED = 16 * 1024  # bytes of a body that are cheaper to copy than to send beside
MOST_WAITING = 1_000  # connections that have not said yet what they want; the oldest makes room


@cache
def _limits() -> ServiceSettings:
    return read_settings(ServiceSettings)


class Joined:
    """A connection that sends a reply's head together with what follows it: one system call, one wake of the peer.

    uvicorn writes them apart. A head waits for the next write, or for the end of the event loop's turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the connection has
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more will be sent."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send, or keep for a moment what begins like a head."""
        if self._head:
            head, self._head = self._head, b""
            self.write_whole(head, data)
            return
        if data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def write_whole(self, head: bytes, body: bytes) -> None:
        """Send a whole reply."""
        self._flush()
        if len(body) > MOST_COPIED:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head + body)

    def close(self) -> None:
        """Close once everything is out."""
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        """Tell the peer that nothing more will come."""
        self._flush()
        self._transport.write_eof()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class Guarded(HttpToolsProtocol):
    """One connection, which no peer can hold.

    It is closed when a head takes longer than `head_timeout_s` (408) or more than `max_head_bytes` (431), when the peer
    reads nothing of a reply for `write_timeout_s`, and when a body goes on and on after its answer.
    """

    waiting: dict["Guarded", None] = {}  # noqa: RUF012 - all connections of the process, the oldest first

    _clock: asyncio.TimerHandle | None = None  # for the head, or for the end of an unwanted body
    _stuck: asyncio.TimerHandle | None = None  # for a peer that does not read
    _in_head = False
    _in_body = False
    _head_bytes = 0
    _refused = False
    _linger = -1  # bytes still read of an unwanted body, -1 while every body is wanted

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A peer has come; it has the time for a head to say what it wants."""
        super().connection_made(cast("asyncio.Transport", Joined(transport, self.loop)))
        self._expect_head()
        self.waiting[self] = None
        if len(self.waiting) > MOST_WAITING:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer has gone."""
        self.waiting.pop(self, None)
        self._stop()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a head, of a body, or of several."""
        if self._linger >= 0:
            self._linger -= len(data)
            if self._linger < 0:
                self.transport.close()
            if self._linger < 0 or self._refused:
                return
        began = self._in_head
        super().data_received(data)
        if self._in_head:
            self._head_bytes = self._head_bytes + len(data) if began else len(data)
            if self._head_bytes > _limits().max_head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._clock is None and self._says_nothing():
            self._expect_head()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head, self._in_body = False, True
        self._stop()
        self.waiting.pop(self, None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._in_body = False
        if self._linger >= 0:
            self._linger = -1
            self._stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is out; a body that is still coming is read for a moment only."""
        super().on_response_complete()
        if self._in_body and not self.transport.is_closing():
            self._end_soon()
        elif self._in_head and self._clock is None:
            self._expect_head()

    def pause_writing(self) -> None:
        """The peer does not read as fast as we write."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(_limits().write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer has read."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _says_nothing(self) -> bool:
        """Whether no request is under way: a head that is not whole yet, or bytes that begin none."""
        cycle: RequestResponseCycle | None = self.cycle
        answered = cycle is None or cycle.response_complete
        return answered and not self._in_body and self.transport.get_protocol() is self

    def _expect_head(self) -> None:
        self._clock = self.loop.call_later(_limits().head_timeout_s, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _end_soon(self) -> None:
        """Read a little more and throw it away: a line closed at once would take the answer with it."""
        self._stop()
        self._linger = LINGER_BYTES
        self._clock = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _refuse(self, status: HTTPStatus) -> None:
        self._stop()
        if not self._in_head:  # a peer that never said a word gets none
            self.transport.close()
        elif not self.transport.is_closing():
            self._refused = True
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode("ascii"))
            self.transport.write_eof()
            self._end_soon()
