"""GET /v1/events: a service's events as pages and as a stream, with the life of the relay behind them."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any, NamedTuple, TypeAlias

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, StringConstraints
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from services.kernel.errors import Conflict, DomainError
from services.runtime.auth import Permission, caller_of, permit
from services.runtime.database import NATION, Database, database_of, scope_of
from services.runtime.envelope import MEASURED_AS
from services.runtime.events import PAGE, Event, Wanted, check_kept, latest, page, position_of, sequence_of, within
from services.runtime.events_purge import Purge
from services.runtime.events_relay import Relay, Subscriber
from services.runtime.events_schemas import After, CloudEvent, EventPageOut, Subjects, Types
from services.runtime.paging import MOST_IDS
from services.runtime.rls import Scope
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import LEEWAY_S, Verifier

STREAM = "text/event-stream"
EVER = 2**63 - 1
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_RETRY = b"retry: 2000\n"
_EXAMPLE = (
    'id: 0000000000000000042\ndata: {"specversion":"1.0","type":"issue.opened","sequence":"0000000000000000042"}\n\n'
)
Regions: TypeAlias = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^\d{12}$")]] | None,
    Query(
        max_length=MOST_IDS,
        description="只要此区划之内的，可重复 / only within this division; repeat it for several",
    ),
]


class Kind(NamedTuple):
    """An event type of a service, for its catalogue: the form of its data, and what it says in two languages."""

    name: str
    data: type[BaseModel]
    zh: str
    en: str


@dataclass(frozen=True)
class Asked:
    """Which events a request asks for, in which form."""

    wanted: Wanted
    after: int | None
    stream: bool


async def _asked(  # noqa: PLR0913, PLR0917 - what FastAPI injects
    request: Request,
    after: After = None,
    type: Types = None,  # noqa: A002 - CloudEvents' word
    subject: Subjects = None,
    region: Regions = None,
    last_event_id: Annotated[
        str | None,
        Header(max_length=40, description="断线续传，优先于 after / where a stream broke off"),
    ] = None,
    accept: Annotated[str | None, Header(max_length=1000, description=f"{STREAM} 为事件流 / for a stream")] = None,
) -> Asked:
    place = last_event_id or after
    wanted = Wanted(within(scope_of(request), region), _distinct(type), _distinct(subject))
    return Asked(wanted, position_of(place) if place else None, STREAM in (accept or ""))


def _distinct(names: list[str] | None) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(names)) if names else None


def events_router(permission: Permission, kinds: tuple[Kind, ...]) -> APIRouter:
    """The route of a service's events; `relaying` must start the relay it reads from."""
    router = APIRouter(prefix="/v1", tags=["events"])
    names = "、".join(kind.name for kind in kinds)
    told = {
        "description": f"{names}。以 Accept: {STREAM} 请求则为不断的流 / with that Accept, a stream that goes on",
        "content": {STREAM: {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }

    @router.get(
        "/events",
        dependencies=[Depends(permit(permission))],
        response_model=EventPageOut,
        responses={200: told},
        summary="事件 / events, in order",
    )
    async def list_events(
        request: Request,
        asked: Annotated[Asked, Depends(_asked)],
        limit: Annotated[int, Query(ge=1, le=PAGE, description="一页最多几条 / most items of a page")] = 100,
    ) -> Response:
        """Committed events of the caller's regions in their order: a page, or a stream that can be resumed.

        A stream begins now, or after `after` (or `Last-Event-ID`); each event's `id:` is its sequence, which stays
        valid for as long as events are kept. It ends with `event: dropped` for a reader that is too slow and
        `event: expired` with the token; come back with the last id and nothing is missed, or the refusal
        `events.sequence_purged` says so.

        调用者辖区内已提交的事件，依次列出：一页，或可以续传的流。
        """
        if asked.stream:
            return await _opened(request, asked)
        return await _page(request, asked, limit)

    return router


async def _page(request: Request, asked: Asked, limit: int) -> Response:
    database = database_of(request)
    async with database.transaction(NATION, read_only=True) as session:
        last = await latest(session)  # first: whatever is committed up to here, the page will see
    if asked.after is not None and asked.after > last:
        raise _ahead()
    async with database.transaction(scope_of(request), read_only=True) as session:
        found = await page(session, asked.wanted, asked.after, EVER, limit + 1)
    source = request.app.state.schema
    items = [orjson.Fragment(event.cloud(source)) for event in found[:limit]]
    following = found[limit - 1].sequence if len(found) > limit else None
    read_to = following or sequence_of(max([last, *(event.position for event in found)]))
    body = {"items": items, "next": following, "read_to": read_to}
    return Response(orjson.dumps(body), media_type="application/json")


async def _opened(request: Request, asked: Asked) -> Response:
    state = request.app.state
    verifier: Verifier = state.verifier
    claims = await verifier.claims((await caller_of(request)).token)
    relay: Relay = state.relay
    subscriber = await relay.join(asked.wanted)
    try:
        after = subscriber.since if asked.after is None else asked.after
        if after != relay.at:  # which may be a moment behind what a page, or another process, has told
            await _check_place(state.database, after)
    except DomainError:
        relay.leave(subscriber)
        raise
    reading = Reading(
        database=state.database,
        relay=relay,
        subscriber=subscriber,
        scope=scope_of(request),
        heartbeat_s=state.settings.event_heartbeat_s,
        deadline=time.monotonic() + float(claims["exp"]) + LEEWAY_S - time.time(),
    )
    return EventStream(reading, after)


async def _check_place(database: Database, after: int) -> None:
    async with database.transaction(NATION, read_only=True) as session:
        if after > await latest(session):
            raise _ahead()
        await check_kept(session, after)


@dataclass(frozen=True)
class Reading:
    """One reader's stream of events: what lies behind first, then what comes."""

    database: Database
    relay: Relay
    subscriber: Subscriber
    scope: Scope
    heartbeat_s: float
    deadline: float

    async def chunks(self, after: int) -> AsyncIterator[bytes]:
        """The bytes of the stream; it ends when the reader is dropped, the token expires or the process stops."""
        yield _RETRY + _mark(after)
        try:
            async for events in self._behind(after):
                yield self._told(events)
        except Conflict as refusal:  # a reader so slow that what was before him went away under his eyes
            yield _notice("purged", refusal.code, refusal.zh, refusal.en)
            return
        while not self.subscriber.ended:
            left = self.deadline - time.monotonic()
            if left <= 0:
                yield _EXPIRED
                return
            at = self.relay.at  # before the wait: all up to here is taken, or is being taken now
            taken = await self.subscriber.take(min(self.heartbeat_s, left))
            if events := [event for event in taken if event.position > after]:
                yield self._told(events)
            elif not taken and not self.subscriber.dropped:
                yield _mark(max(at, after))
            if self.subscriber.dropped:
                yield _DROPPED
                return

    async def _behind(self, after: int) -> AsyncIterator[list[Event]]:
        """Events from before the subscription, a page and a short transaction at a time."""
        upto = self.subscriber.since
        while after < upto:
            async with self.database.transaction(self.scope, read_only=True) as session:
                found = await page(session, self.subscriber.wanted, after, upto)
            if found:
                yield found
            after = found[-1].position if len(found) == PAGE else upto

    def _told(self, events: list[Event]) -> bytes:
        source = self.database.schema
        return b"".join(b"id: %b\ndata: %b\n\n" % (one.sequence.encode(), one.cloud(source)) for one in events)


class EventStream(StreamingResponse):
    """The reply of a stream; the subscriber leaves however it ends."""

    def __init__(self, reading: Reading, after: int) -> None:
        super().__init__(reading.chunks(after), headers=_HEADERS, media_type=STREAM)
        self._reading = reading

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Sends until either side ends it."""
        scope[MEASURED_AS] = "/v1/events (stream)"
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._reading.relay.leave(self._reading.subscriber)


def _mark(position: int) -> bytes:
    """A heartbeat: nothing for the reader's program, but the place to resume from."""
    return b"id: %b\n:\n\n" % sequence_of(position).encode()


def _notice(name: str, code: str, zh: str, en: str) -> bytes:
    body = orjson.dumps({"code": code, "message": {"zh": zh, "en": en}})
    return b"event: %b\ndata: %b\n\n" % (name.encode(), body)


_EXPIRED = _notice(
    "expired", "token.rejected", "令牌已到期，请换新令牌后从最后的 id 续传。", "The token has expired; get a new one."
)
_DROPPED = _notice(
    "dropped", "events.too_slow", "读取过慢，已断开，请从最后的 id 续传。", "Too slow; go on from the last id."
)


def _ahead() -> Conflict:
    return Conflict(
        "events.sequence_ahead",
        "此序号尚未产生（数据可能已从备份恢复）。请重新读取数据，再不带序号订阅。",
        "No event has this sequence yet (the data may have been restored). Read the data again, then begin without it.",
    )


def relaying(app: FastAPI, kinds: tuple[Kind, ...]) -> FastAPI:
    """The application with the relay behind its events, their catalogue among its webhooks, and their purge."""
    settings: ServiceSettings = app.state.settings
    inner = app.router.lifespan_context
    for kind in kinds:
        _catalogue(app, kind)

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[None]:
        async with inner(started):
            relay: Relay = started.state.relay
            relay.stopping = False
            with on_stop(relay.stop):
                async with purge.at_work(started.state.database):
                    yield
            await relay.close()

    purge = Purge(settings, app.state.meter.registry)
    app.state.relay = Relay(settings, app.state.schema, app.state.meter.registry)
    app.router.lifespan_context = lifespan
    return app


def _catalogue(app: FastAPI, kind: Kind) -> None:
    async def told(event: Any) -> None:  # noqa: ANN401 - the annotation is made below
        """Only described: events are fetched from `/v1/events`."""

    told.__annotations__["event"] = CloudEvent[kind.data]  # type: ignore[name-defined]
    app.webhooks.add_api_route(
        kind.name,
        told,
        methods=["POST"],
        name=kind.name,
        operation_id=f"on_{kind.name.replace('.', '_')}",
        summary=f"{kind.zh} / {kind.en}",
        tags=["events"],
        status_code=204,
    )


@contextmanager
def on_stop(act: Callable[[], None]) -> Iterator[None]:
    """Acts when the process is told to stop, before its server waits for open replies to end: streams never would.

    The server's own handler runs after it. Outside the main thread, or where nobody handles the signals, nothing is
    changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    kept: dict[int, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        kept[number](number, frame)

    for number in (signal.SIGTERM, signal.SIGINT):
        theirs = signal.getsignal(number)
        if callable(theirs) and theirs is not signal.default_int_handler:
            kept[number] = theirs
            signal.signal(number, handle)
    try:
        yield
    finally:
        for told, theirs in kept.items():
            if signal.getsignal(told) is handle:
                signal.signal(told, theirs)
