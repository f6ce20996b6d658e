"""What subscriptions follow: each one event stream of one service under its caller's token, resumed where it broke."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Self

import httpx

from gateway.context import Context
from gateway.errors import Code, GatewayError
from gateway.services import refusal
from gateway.settings import GatewaySettings
from services.consultation.client import ConsultationClient
from services.payroll.client import PayrollClient
from services.runtime.client import Params, ServiceError
from services.runtime.events_client import EventsClient, refused
from services.runtime.events_schemas import EventOut
from services.runtime.log import log

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0


class Turns:
    """At most `rate` events a second for all subscriptions together, after a burst; who comes first goes first.

    An import of many thousand events to many subscriptions must not take the process from those who query.
    """

    def __init__(self, rate: int, burst: int) -> None:
        self._each_s = 1 / rate
        self._burst_s = burst / rate
        self._at = float("-inf")

    async def take(self) -> None:
        """Waits for the turn of one event."""
        now = time.monotonic()
        self._at = max(self._at, now - self._burst_s) + self._each_s
        if self._at > now:
            await asyncio.sleep(self._at - now)


class Feeds:
    """The event streams that this process has open, at most `most` at once.

    Streams are not shared between callers: what a caller may see is decided by the service, by the token the stream
    was opened with, and by nobody else.
    """

    def __init__(self, clients: Mapping[str, EventsClient], most: int, rate: int) -> None:
        self._clients = clients
        self.most = most
        self.open = 0
        self.turns = Turns(rate, burst=max(rate, most))  # one event to everybody goes out at once

    @classmethod
    def connect(cls, settings: GatewaySettings, transports: Mapping[str, httpx.AsyncBaseTransport]) -> Self:
        """Clients of their own for streams, so that these take no connection from queries."""
        most = settings.live_subscriptions
        clients = {
            "payroll": PayrollClient(settings.payroll_url, transport=transports.get("payroll"), connections=most),
            "consultation": ConsultationClient(
                settings.consultation_url, transport=transports.get("consultation"), connections=most
            ),
        }
        return cls(clients, most, settings.live_events_per_s)

    def on_behalf(self, token: str, traceparent: str | None) -> "Feed":
        """What one caller may follow."""
        views = {name: client.on_behalf(token, traceparent) for name, client in self._clients.items()}
        return Feed(self, views)

    def check_room(self) -> None:
        """Raises GatewayError when as many streams are open as this process takes."""
        if self.open >= self.most:
            raise GatewayError(
                Code.LIMIT_EXCEEDED,
                "网关的订阅数已满，请稍后重试",
                "the gateway has as many subscriptions as it takes; try again later",
                limit="subscriptions",
                maximum=self.most,
            )

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            await client.close()


@dataclass(frozen=True)
class Feed:
    """The services' events as one caller may see them."""

    feeds: Feeds
    clients: Mapping[str, EventsClient]

    async def follow(self, service: str, wanted: Params) -> AsyncGenerator[EventOut, None]:
        """Events of a service from now on, each once and in order, however often the stream breaks off meanwhile.

        A service that is away is waited for. Raises GatewayError when it refuses: no permission, the token expired.
        """
        self.feeds.check_room()
        self.feeds.open += 1
        after: str | None = None
        pause = FIRST_PAUSE_S
        try:
            while True:
                try:
                    async with aclosing(self.clients[service].follow({**wanted, "after": after})) as stream:
                        async for said in stream:
                            after, pause = said.sequence, FIRST_PAUSE_S
                            if said.event is not None:
                                await self.feeds.turns.take()
                                yield said.event
                except ServiceError as error:
                    if refused(error):
                        raise refusal(error) from error
                    log.info("live.away", service=service, code=error.code)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads those who come back
                pause = min(pause * 2, LONGEST_PAUSE_S)
        finally:
            self.feeds.open -= 1


@dataclass
class LiveContext(Context):
    """The context value of one subscription: its loaders are new for each event, its feed lasts."""

    feed: Feed = field(kw_only=True)

    def renew(self) -> None:
        """Forgets what was loaded for the event before."""
        self.__dict__.pop("loaders", None)
