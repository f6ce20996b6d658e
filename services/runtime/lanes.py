"""Lanes: the few routes asked all day answer past the framework, with the limits and measurements of every request."""

import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.envelope import Body, Meter, trace_of
from services.runtime.log import log
from services.runtime.problem import http_problem, internal_error
from services.runtime.settings import ServiceSettings

_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


class Lane:
    """One POST route as plain ASGI: what `Envelope` gives every request, but for what only pages and logs need.

    Requests are counted and timed like all others; a line is logged only for those that fail (status 500 and above).
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings, meter: Meter, route: str) -> None:
        self._app = app
        self._limit = settings.max_body_bytes
        self._body_timeout_s = settings.body_timeout_s
        self._meter = meter
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; a failure nobody foresaw becomes the bare problem 500."""
        trace, span = trace_of(scope)
        scope["request_id"] = trace
        scope["traceparent"] = f"00-{trace}-{span}-01"
        status = 0

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                added = [each for each in _HEADERS if each[0] not in own]
                message["headers"] = [*message["headers"], *added, (b"x-request-id", trace.encode())]
            await send(message)

        body = Body(receive, self._limit, self._body_timeout_s)
        started = time.perf_counter()
        self._meter.in_hand.inc()
        try:
            await self._app(scope, body, reply)
        except HTTPException as error:
            await (await http_problem(Request(scope), error))(scope, body, reply)
        except Exception as error:
            log.error("unforeseen", kind=type(error).__name__, request_id=trace, exc_info=error)
            if status:
                raise
            await internal_error(Request(scope))(scope, body, reply)
        finally:
            self._meter.in_hand.dec()
            seconds = time.perf_counter() - started
            self._meter.record("POST", self._route, status, seconds)
            if status >= 500:
                log.info("request", method="POST", route=self._route, status=status, request_id=trace)
