"""GraphQL over server-sent events, each operation on a connection of its own (graphql-sse, distinct connections)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from gateway.asked import JSON, Asked, Unreadable, header, read
from gateway.endpoint import refused_whole, reply
from gateway.errors import GatewayError, entry
from gateway.live.operations import Guest, Live, Refused, bearer, expired
from services.runtime.envelope import MEASURED_AS

MEDIA = "text/event-stream"
COMPLETE = b"event: complete\ndata:\n\n"
ALIVE = b":\n\n"


def wants_stream(request: Request) -> bool:
    """Whether a request asks for its answer as a stream of events."""
    return MEDIA in header(request.scope, b"accept")


async def respond(request: Request, live: Live) -> Response:
    """The stream of an operation; 401 without a good token, 4xx for a request that cannot be read.

    Refusals of the document come in the stream, as the protocol has it: a browser would not read them otherwise.
    """
    try:
        guest = await live.admit(request, bearer(header(request.scope, b"authorization")))
    except GatewayError as refused:
        request_id = request.scope["request_id"]
        return reply(refused_whole([entry(refused, request_id)]), 401, JSON, {"www-authenticate": "Bearer"})
    try:
        asked = await read(request)
    except Unreadable as refused:
        return reply(refused_whole([entry(refused, guest.request_id)]), refused.status, JSON)
    return Stream(live, asked, guest, queries_only=request.scope["method"] == "GET")


class Stream(StreamingResponse):
    """The reply of one operation, alive as long as it is."""

    def __init__(self, live: Live, asked: Asked, guest: Guest, *, queries_only: bool) -> None:
        self._live = live
        self._guest = guest
        self._results = live.results(asked, guest, queries_only=queries_only)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept, authorization"}
        self._told = self._chunks()
        super().__init__(self._told, headers=headers, media_type=MEDIA)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until either side ends it; a client that takes nothing for half a minute is left."""

        scope[MEASURED_AS] = "/graphql (stream)"

        async def patient(message: Message) -> None:
            async with asyncio.timeout(self._live.settings.live_send_timeout_s):
                await send(message)

        try:
            await super().__call__(scope, receive, patient)
        except TimeoutError:
            pass
        finally:
            await self._told.aclose()

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        yield ALIVE  # the head of the reply goes out at once: the operation may be silent for long
        try:
            async with aclosing(self._bodies()) as bodies:
                async for body in bodies:
                    yield ALIVE if body is None else _next(body)
        except Refused as refused:
            yield _next(refused_whole(refused.errors))
        if not self._live.stopping:  # else the client comes back, to the process that follows
            yield COMPLETE

    async def _bodies(self) -> AsyncGenerator[Mapping[str, Any] | None, None]:
        """The answers; None where nothing came for a while. Raises Refused, also when the token runs out."""
        async with aclosing(self._results) as results:
            while True:
                coming = asyncio.ensure_future(anext(results, END))
                try:
                    while not coming.done():
                        await self._wait(coming)
                        if self._live.stopping:
                            return
                        if not coming.done():
                            yield None
                finally:
                    if not coming.done():
                        coming.cancel()
                        await asyncio.wait({coming})
                body = coming.result()
                if body is END:
                    return
                yield body

    async def _wait(self, coming: asyncio.Future[Mapping[str, Any]]) -> None:
        """Until an answer comes, the process is told to stop, or a while has gone by. Raises Refused."""
        left = min(self._live.settings.live_heartbeat_s, max(self._guest.left_s, 0.0))
        either: tuple[asyncio.Future[Any], ...] = (coming, self._live.end)
        await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if self._guest.left_s <= 0:
            raise Refused([entry(expired(), self._guest.request_id)])


END: Mapping[str, Any] = {}


def _next(body: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: %b\n\n" % orjson.dumps(body)
