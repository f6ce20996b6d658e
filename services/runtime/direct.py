"""A request that is all there and a reply that is ready, without uvicorn's messages in between: for lanes.

The messages of ASGI cost more than a look-up. Wherever the server is not uvicorn, or the case is not the plain one,
they are used as always.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from starlette.types import Receive, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from services.runtime.guard import Joined

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


def body_at_once(receive: Receive) -> bytes | None:
    """The body, when the server has the whole of it; None to ask for it in messages."""
    cycle = getattr(receive, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.more_body or cycle.disconnected or cycle.response_complete:
        return None
    if cycle.waiting_for_100_continue:
        return None
    body = bytes(cycle.body)
    cycle.body = bytearray()
    cycle.flow.resume_reading()
    return body


def reply_at_once(send: Send, status: int, headers: Headers, request_id: str, body: bytes) -> bool:
    """Sends a whole reply in one write; False, and nothing sent, where it has to go in messages.

    The headers are the program's own and few: their text is made once, and nothing in them is checked.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.response_started or cycle.disconnected or cycle.access_log:
        return False
    if cycle.flow.write_paused or not isinstance(cycle.transport, Joined):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    close = b"" if cycle.keep_alive else b"connection: close\r\n"
    head = b"%b%b%bx-request-id: %b\r\ncontent-length: %d\r\n%b\r\n" % (
        STATUS_LINE[status], _defaults(cycle.default_headers), _lines(headers), request_id.encode(), len(body), close,
    )  # fmt: skip
    cycle.transport.write_whole(head, body)
    cycle.message_event.set()
    if close:
        cycle.transport.close()
    cycle.on_response()
    return True


@lru_cache(256)
def _lines(headers: Headers) -> bytes:
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


class _Last:
    """The server's own headers as text; it makes a new list of them each second."""

    headers: Sequence[tuple[bytes, bytes]] = ()
    text = b""


def _defaults(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    if headers is not _Last.headers:
        _Last.headers, _Last.text = headers, b"".join([b"%b: %b\r\n" % pair for pair in headers])
    return _Last.text
