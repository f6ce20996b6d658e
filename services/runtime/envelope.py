"""What wraps every request: its id and trace, limits on its body, headers, one log line, one measurement."""

import asyncio
import random
import re
import time
from bisect import bisect_left
from collections.abc import Awaitable, Iterator
from functools import lru_cache
from itertools import accumulate

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.direct import Headers, body_at_once, reply_at_once
from services.runtime.log import log
from services.runtime.problem import internal_error
from services.runtime.settings import ServiceSettings

_TRACE = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_BOUNDS = Histogram.DEFAULT_BUCKETS[:-1]  # seconds; the last is infinite
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            b"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
)
SLOWEST = 64 * 1024  # bytes a second that a body has to come at, after its first seconds
_IMPORTS = "/v1/imports/"
MEASURED_AS = "measured_as"  # in the scope: a stream's name in place of its route, whose times it would spoil
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


class Meter:
    """Requests by method, route and status; durations; requests in hand. One registry per application.

    Plain numbers that become metrics when they are asked for: one thread counts and tells, so none needs a lock.
    """

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        self.in_hand = 0
        self._answered: dict[tuple[str, str, int], int] = {}
        self._laps: dict[tuple[str, str], _Laps] = {}
        Gauge("gongzhi_process", "Which process this is", ("name",), registry=self.registry).labels(process).set(1)
        self.registry.register(self)

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Adds one answered request; `route` is the template, never the path."""
        answered = method, route, status
        self._answered[answered] = self._answered.get(answered, 0) + 1
        laps = self._laps.get((method, route))
        if laps is None:
            laps = self._laps[method, route] = _Laps()
        laps.sum += seconds
        laps.counts[bisect_left(_BOUNDS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """What has been counted, as the registry asks for it."""
        labels = ("method", "route")
        in_hand = GaugeMetricFamily("gongzhi_requests_in_hand", "Requests being answered", value=self.in_hand)
        answered = CounterMetricFamily("gongzhi_requests", "Requests answered", labels=(*labels, "status"))
        seconds = HistogramMetricFamily("gongzhi_request_seconds", "Time to the last byte", labels=labels)
        for (method, route, status), count in self._answered.items():
            answered.add_metric((method, route, str(status)), count)
        for label, laps in self._laps.items():
            up_to = zip((*map(floatToGoString, _BOUNDS), "+Inf"), accumulate(laps.counts), strict=True)
            seconds.add_metric(label, list(up_to), laps.sum)
        yield from (in_hand, answered, seconds)

    def text(self) -> bytes:
        """The measurements in the Prometheus text format."""
        return generate_latest(self.registry)


class _Laps:
    """How long requests took: their sum in seconds, and how many by the first bound that they did not exceed."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.sum = 0.0
        self.counts = [0] * (len(_BOUNDS) + 1)


class Envelope:
    """The outermost layer of an application; plain ASGI, because streams must pass through untouched."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, meter: Meter) -> None:
        self._app = app
        self._settings = settings
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; a failure nobody foresaw becomes the bare problem 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = trace_of(scope)
        scope["request_id"] = trace[0]
        scope["traceparent"] = f"00-{trace[0]}-{trace[1]}-01"
        reply = Reply(send, trace[0], _HEADERS)
        body = Body(receive, self._limit(scope["path"]), self._settings.body_timeout_s)
        started = time.perf_counter()
        self._meter.in_hand += 1
        with structlog.contextvars.bound_contextvars(request_id=trace[0]):
            try:
                await self._app(scope, body, reply)
            except Exception as error:
                log.error("unforeseen", kind=type(error).__name__, exc_info=error)
                if reply.status:
                    raise
                await internal_error(Request(scope))(scope, body, reply)
            finally:
                self._meter.in_hand -= 1
                self._record(scope, reply.status, time.perf_counter() - started)

    def _limit(self, path: str) -> int:
        return self._settings.max_import_bytes if path.startswith(_IMPORTS) else self._settings.max_body_bytes

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get(MEASURED_AS) or getattr(scope.get("route"), "path", None) or "(none)"
        self._meter.record(scope["method"], route, status, seconds)
        if route not in _QUIET:
            log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


class Body:
    """`receive` that refuses a body that is too large (413) or too slow (408).

    It has so many seconds as a whole and one more for each 64 KiB that came, so that one that drips is not waited for.
    """

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._left = limit
        self._seconds = seconds
        self._until: float | None = None
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        if getattr(getattr(self._receive, "__self__", None), "more_body", True) is False:
            return self._checked(await self._receive())  # uvicorn has all of it: nothing to wait for, nor to time
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        self._until += len(message.get("body", b"")) / SLOWEST
        return self._checked(message)

    def at_once(self) -> bytes | None:
        """The body when the whole of it is there, None otherwise. HTTPException 413."""
        if self._complete:
            return None
        body = body_at_once(self._receive)
        if body is not None:
            self._checked({"body": body})
        return body

    def _checked(self, message: Message) -> Message:
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        self._complete = not message.get("more_body", False)
        return message


class Reply:
    """`send` that notes the status and adds the headers that every reply carries, but for those it has already."""

    def __init__(self, send: Send, request_id: str, headers: Headers) -> None:
        self._send = send
        self._request_id = request_id
        self._headers = headers
        self.status = 0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            sent = [*message["headers"], (b"x-request-id", self._request_id.encode())]
            present = {name for name, _ in sent}
            message["headers"] = sent + [pair for pair in self._headers if pair[0] not in present]
        return self._send(message)

    def at_once(self, status: int, headers: Headers, body: bytes) -> bool:
        """Whether a whole reply, under headers that are the program's own, has been sent; else it goes in messages."""
        sent = reply_at_once(self._send, status, _merged(headers, self._headers), self._request_id, body)
        if sent:
            self.status = status
        return sent


@lru_cache(256)
def _merged(own: Headers, common: Headers) -> Headers:
    present = {name for name, _ in own}
    return (*own, *[pair for pair in common if pair[0] not in present])


async def whole_body(receive: Receive) -> bytes:
    """The whole body. ClientDisconnect when the client goes away before its end."""
    if isinstance(receive, Body) and (body := receive.at_once()) is not None:
        return body
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A whole reply under headers that are the program's own, at once where that can be."""
    if isinstance(send, Reply) and send.at_once(status, headers, body):
        return
    length = b"content-length", b"%d" % len(body)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def trace_of(scope: Scope) -> tuple[str, str]:
    """Trace id and a new span id; the trace continues the caller's `traceparent` when that is well formed."""
    known = None
    for name, value in scope["headers"]:
        if name == b"traceparent":
            known = _TRACE.fullmatch(value)
            break
    span = f"{random.getrandbits(64):016x}"
    return (known[1].decode() if known else f"{random.getrandbits(128):032x}"), span
