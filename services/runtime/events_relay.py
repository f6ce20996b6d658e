"""One process's ear on its outbox: one LISTEN connection, every committed event once and in order, to many readers."""

import asyncio
import time
from collections import deque
from contextlib import suppress

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.runtime.database import connect_options
from services.runtime.events import FOLLOWING, LATEST, PAGE, Batch, Event, Wanted
from services.runtime.log import log
from services.runtime.outbox import channel
from services.runtime.problem import Unavailable
from services.runtime.settings import ServiceSettings

MOST_WAITING = 1000
PATIENCE_S = 1.0
LONGEST_PAUSE_S = 5.0
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
_NATION = {"app.lo": "0", "app.hi": ":", "app.scopes": ""}  # the relay sees all; each reader gets what is his


class Subscriber:
    """One reader's place: what is wanted, and the events that wait for him; too many, and he is dropped."""

    def __init__(self, wanted: Wanted, since: int) -> None:
        self.wanted = wanted
        self.since = since
        self.dropped = False
        self.ended = False
        self._waiting: deque[Event] = deque()
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, events: list[Event]) -> bool:
        """Puts events before the reader; False, and he is dropped, when too many would wait."""
        self.dropped = len(self._waiting) + len(events) > MOST_WAITING
        if not self.dropped:
            self._waiting.extend(events)
        self._news.set()
        return not self.dropped

    def drop(self) -> None:
        """Something has passed him by: he is to come back and say where he is."""
        self.dropped = True
        self._news.set()

    def end(self) -> None:
        """No more will come: this process is about to stop."""
        self.ended = True
        self._news.set()

    async def take(self, seconds: float) -> list[Event]:
        """What waits, in order, as soon as anything does; nothing after so many seconds without, or at the end."""
        if not self._waiting and not self.dropped and not self.ended:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class Relay:
    """Reads committed events in their order while anybody listens, and puts them before everyone who wants them.

    The connection is made for the first subscriber and goes a few seconds after the last. NOTIFY only wakes the relay,
    which looks every few seconds anyway; a lost connection is made again and nothing is missed in between.
    """

    def __init__(self, settings: ServiceSettings, schema: str, registry: CollectorRegistry) -> None:
        self._dsn = settings.direct_dsn
        options = connect_options(settings, schema)
        self._options = {**options, "server_settings": {**options["server_settings"], **_NATION}}
        self._channel = channel(schema)
        self._poll_s = settings.event_poll_s
        self._most = settings.event_streams
        self._timeout_s = settings.pool_timeout_s
        self._subscribers: set[Subscriber] = set()
        self._at: int | None = None
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stopping = False
        gauge = Gauge("gongzhi_event_subscribers", "Readers of the event stream", registry=registry)
        gauge.set_function(lambda: self.subscribers)
        self._relayed = Counter("gongzhi_events_relayed", "Events read from the outbox", registry=registry)
        self._dropped = Counter("gongzhi_event_subscribers_dropped", "Readers too slow", registry=registry)

    @property
    def at(self) -> int:
        """The position up to which every committed event has been put before its readers."""
        return self._at or 0

    @property
    def subscribers(self) -> int:
        """How many are told of every event from now on; those do not count who wait for the relay to begin."""
        return len(self._subscribers) if self._started.is_set() else 0

    @property
    def listening(self) -> bool:
        """Whether the relay is at work, with its connection."""
        return self._task is not None and not self._task.done()

    async def join(self, wanted: Wanted) -> Subscriber:
        """A subscriber who gets every wanted event after his `since`; `leave` must follow.

        Unavailable when the process has as many as it takes, stops, or the data base cannot be reached.
        """
        if self.stopping or len(self._subscribers) >= self._most:
            raise _full()
        subscriber = Subscriber(wanted, self.at)
        self._subscribers.add(subscriber)
        if not self.listening:
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._started.wait()
        except BaseException as error:
            self.leave(subscriber)
            if isinstance(error, TimeoutError):
                raise _away() from None
            raise
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Forgets a subscriber; nothing happens for one who has left."""
        self._subscribers.discard(subscriber)

    def stop(self) -> None:
        """Ends every stream and takes no new ones: for the moment the process is told to stop."""
        self.stopping = True
        for subscriber in self._subscribers:
            subscriber.end()

    async def close(self) -> None:
        """Ends the relay and its connection."""
        self.stop()
        self._subscribers.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause = 0.1
        try:
            while self._subscribers:
                began = time.monotonic()
                try:
                    await self._follow()
                except _AWAY as error:
                    log.warning("relay", reason=type(error).__name__)
                    pause = 0.1 if time.monotonic() - began > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
                    await asyncio.sleep(pause)
        finally:
            self._at = None
            self._started.clear()

    async def _follow(self) -> None:
        """Reads and passes on until nobody listens; raises what ends the connection."""
        connection = await asyncpg.connect(self._dsn(), **self._options)
        news = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: news.set())
            await connection.add_listener(self._channel, lambda *_: news.set())
            if self._at is None:
                await self._begin(connection)
            while self._subscribers:
                news.clear()
                while await self._pass_on(connection):
                    await self._wait_for_the_slow()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await news.wait()
        finally:
            connection.terminate()

    async def _begin(self, connection: asyncpg.Connection) -> None:
        self._at = await connection.fetchval(LATEST)
        for subscriber in self._subscribers:
            subscriber.since = self.at
        self._started.set()

    async def _pass_on(self, connection: asyncpg.Connection) -> bool:
        """One page before its readers; whether more may follow at once."""
        rows = await connection.fetch(FOLLOWING, self._at, PAGE)
        if not rows:
            return False
        batch = Batch([Event.of(row) for row in rows])
        # no await from here: whoever joins is either offered this page, or told a `since` that covers it
        if (rows[0]["purged"] or 0) > self.at:
            self._missed()
        for subscriber in tuple(self._subscribers):
            self._offer(subscriber, batch)
        self._at = batch.events[-1].position
        self._relayed.inc(len(rows))
        return len(rows) == PAGE

    def _missed(self) -> None:
        """The data base was out of reach for so long that events came and went meanwhile."""
        for subscriber in self._subscribers:
            subscriber.drop()
        self._dropped.inc(len(self._subscribers))

    def _offer(self, subscriber: Subscriber, batch: Batch) -> None:
        found = [] if subscriber.dropped else batch.of(subscriber.wanted)
        if found and not subscriber.offer(found):
            self._dropped.inc()

    async def _wait_for_the_slow(self) -> None:
        """Between pages of a great many events: up to a second for those who read, so that only the slow are lost."""
        deadline = time.monotonic() + PATIENCE_S
        while any(len(one) > MOST_WAITING - PAGE for one in self._subscribers if not one.dropped):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.02)


def _full() -> Unavailable:
    return Unavailable(
        "events.full",
        "事件流的连接数已满或服务即将停止，请稍后重试，或改用分页读取。",
        "No further event stream can be opened now; try again later, or read pages.",
        retry_after=5,
    )


def _away() -> Unavailable:
    return Unavailable(
        "database.unavailable",
        "数据库暂时无法连接，请稍后重试；若持续，请管理员检查数据库。",
        "The data base cannot be reached for now; try again, and if it lasts ask the administrator to look at it.",
        retry_after=2,
    )
