"""The three services as plans ask them: one endpoint each, a time limit, one retry on a fresh connection, a breaker."""

import asyncio
import random
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import httpx
import orjson

from gateway.plan.together import Together
from gateway.plan.wire import Broken, KeptLine, Line
from gateway.settings import GatewaySettings
from gateway.ways import Ask, Reply
from services.runtime.client import Breaker, ServiceError

PATH = "/v1/reads"
AWAY = frozenset({502, 503, 504})


class TransportLine:
    """The way through an httpx transport, for tests that replace the network."""

    def __init__(self, transport: httpx.AsyncBaseTransport, url: str) -> None:
        self.http = httpx.AsyncClient(transport=transport, base_url=url, trust_env=False)

    async def post(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        fresh: bool,  # noqa: ARG002
        until: float,
    ) -> tuple[int, bytes]:
        """Status and body of the reply. Raises Broken, TimeoutError."""
        sent = {**headers, "Content-Type": "application/json"}
        try:
            async with asyncio.timeout_at(until):
                reply = await self.http.post(PATH, content=body, headers=sent)
        except httpx.HTTPError as error:
            raise Broken(str(error)) from error
        return reply.status_code, reply.content

    async def close(self) -> None:
        """Nothing is kept open: the transport is its owner's."""


@dataclass
class Upstream:
    """One service."""

    service: str
    line: Line
    timeout_s: float
    breaker: Breaker = field(default_factory=Breaker)
    together: Together = field(default_factory=Together)
    requests: int = 0

    async def ask(self, headers: Mapping[str, str], body: bytes, end: float) -> bytes:
        """The reply to reads, at the `end` of the request's own time at the latest.

        Raises ServiceError: the service's own refusal, or its absence with status 0 or 5xx; TimeoutError at the end.
        """
        self.requests += 1
        loop = asyncio.get_running_loop()
        until = min(loop.time() + self.timeout_s, end)
        try:
            status, content = await self.tried(headers, body, until)
        except TimeoutError:
            if until == end:
                raise
            self.breaker.note(ok=False)
            raise self.away() from None
        if status != 200:
            raise self.refusal(status, content)
        return content

    async def tried(self, headers: Mapping[str, str], body: bytes, until: float) -> tuple[int, bytes]:
        """Status and body, at the second try at the latest.

        Raises ServiceError, also while the breaker is open, and TimeoutError.
        """
        for again in (False, True):
            if not self.breaker.allows():
                raise self.away("service.breaker_open")
            if again:
                await asyncio.sleep(0.02 + random.random() * 0.05)  # noqa: S311 - spreads retries, protects nothing
            try:
                status, content = await self.line.post(headers, body, fresh=again, until=until)
            except Broken:
                status, content = 0, b""
            self.breaker.note(ok=status != 0 and status not in AWAY)
            if status != 0 and (again or status not in AWAY):
                return status, content
        raise self.away()

    def refusal(self, status: int, content: bytes) -> ServiceError:
        """The service's problem in its own words; one that cannot be read is an absence."""
        try:
            body = orjson.loads(content)
            words = body["message"]
            return ServiceError(self.service, status, str(body["code"]), str(words["zh"]), str(words["en"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return self.away("service.bad_reply")

    def away(self, code: str = "service.unavailable") -> ServiceError:
        """The service does not answer."""
        zh = f"{self.service} 服务暂时无法访问，请稍后重试。"
        return ServiceError(self.service, 0, code, zh, f"The {self.service} service is away for now; try again later.")


@dataclass(slots=True)
class CallersWay:
    """One service under one caller's token."""

    upstream: Upstream
    token: str
    headers: Mapping[str, str]

    def ask(self, ask: Ask, end: float) -> Awaitable[Reply]:
        """The reply of POST /v1/reads, asked for together with others where that can be.

        Raises ServiceError, Unreadable, and TimeoutError at the `end` of the request's time.
        """
        return self.upstream.together.ask(self.token, ask, end, self.send)

    def send(self, body: bytes, end: float) -> Awaitable[bytes]:
        """The text of a reply, under this request's trace. Raises ServiceError, TimeoutError."""
        return self.upstream.ask(self.headers, body, end)


class CallersWays(Mapping[str, CallersWay]):
    """The services by name under one caller's token, each made when it is asked."""

    __slots__ = ("headers", "services", "token")

    def __init__(self, services: Mapping[str, Upstream], token: str, headers: Mapping[str, str]) -> None:
        self.services = services
        self.token = token
        self.headers = headers

    def __getitem__(self, service: str) -> CallersWay:
        return CallersWay(self.services[service], self.token, self.headers)

    def __iter__(self) -> Iterator[str]:
        return iter(self.services)

    def __len__(self) -> int:
        return len(self.services)


def is_safe(text: str) -> bool:
    """Whether a text may stand in a header: visible ASCII without a blank."""
    return text.isascii() and text.isprintable() and " " not in text


@dataclass(frozen=True)
class Upstreams:
    """The services by name."""

    services: Mapping[str, Upstream]

    @classmethod
    def connect(cls, settings: GatewaySettings, transports: Mapping[str, httpx.AsyncBaseTransport]) -> Self:
        """The services at the addresses of the settings; `transports` replaces the network by service name."""
        urls = {
            "staffing": settings.staffing_url,
            "payroll": settings.payroll_url,
            "consultation": settings.consultation_url,
        }
        timeout_s = min(settings.client_timeout_s, settings.upstream_timeout_s)
        made = {}
        for name, url in urls.items():
            line = TransportLine(transports[name], url) if name in transports else KeptLine(url, PATH)
            made[name] = Upstream(name, line, timeout_s)
        return cls(made)

    def on_behalf(self, token: str | None, traceparent: str | None) -> Mapping[str, CallersWay] | None:
        """The same services under one caller's token and trace; None for text that may not stand in a header."""
        if not (is_safe(token or "") and is_safe(traceparent or "")):
            return None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if traceparent:
            headers["traceparent"] = traceparent
        return CallersWays(self.services, token or "", headers)

    async def close(self) -> None:
        """Let go of all connections."""
        for one in self.services.values():
            await one.line.close()
