"""Lanes: the few routes asked all day answer past the framework, with the limits and measurements of every request."""

import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime.envelope import MEASURED_AS, Body, Meter, Reply, trace_of
from services.runtime.log import log
from services.runtime.problem import http_problem, internal_error
from services.runtime.settings import ServiceSettings

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


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
        reply = Reply(send, trace, _HEADERS)
        body = Body(receive, self._limit, self._body_timeout_s)
        meter, started = self._meter, time.perf_counter()
        meter.in_hand += 1
        try:
            await self._app(scope, body, reply)
        except HTTPException as error:
            await (await http_problem(Request(scope), error))(scope, body, reply)
        except Exception as error:
            log.error("unforeseen", kind=type(error).__name__, request_id=trace, exc_info=error)
            if reply.status:
                raise
            await internal_error(Request(scope))(scope, body, reply)
        finally:
            meter.in_hand -= 1
            meter.record("POST", scope.get(MEASURED_AS, self._route), reply.status, time.perf_counter() - started)
            if reply.status >= 500:
                log.info("request", method="POST", route=self._route, status=reply.status, request_id=trace)
