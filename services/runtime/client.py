"""How a process calls another: short time limit, one retry of reads, a breaker, refusals in the other's own words."""

import asyncio
import copy
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias

import httpx
import orjson

from services.kernel.errors import DomainError

Params: TypeAlias = Mapping[str, str | int | bool | Sequence[str] | None]
_AWAY = frozenset({502, 503, 504})
_RELAYED = frozenset({400, 401, 403, 404, 409, 422})
_NOT_AGAIN = frozenset({"service.breaker_open", "service.timeout"})  # a second wait helps nobody


class ServiceError(DomainError):
    """Another service refused or could not answer. `status` is its HTTP status, 0 when it could not be reached.

    `problem` is the whole of what it said: errors of fields, citations, details.
    """

    def __init__(
        self, service: str, status: int, code: str, zh: str, en: str, problem: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code, zh, en, service=service)
        self.service = service
        self.status = status
        self.problem: Mapping[str, Any] = problem or {}

    @property
    def http_status(self) -> int:
        """What our own caller is told: the other's refusal as it is, anything else as 503."""
        return self.status if self.status in _RELAYED else 503


class Breaker:
    """Opens after `most` failures in a row; after `rest_s` lets one call try, and closes when it succeeds."""

    def __init__(self, most: int = 5, rest_s: float = 2.0) -> None:
        self._most = most
        self._rest_s = rest_s
        self._failures = 0
        self._opened_at = 0.0

    def allows(self) -> bool:
        """Whether a call may go out now; in half-open, the first asker is the trial."""
        if self._failures < self._most:
            return True
        if time.monotonic() - self._opened_at >= self._rest_s:
            self._opened_at = time.monotonic()
            return True
        return False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, a trial now and then aside."""
        return self._failures >= self._most

    def note(self, *, ok: bool) -> None:
        """Counts the outcome of a call."""
        self._failures = 0 if ok else self._failures + 1
        if self._failures >= self._most:
            self._opened_at = time.monotonic()


class ServiceClient:
    """The base of each service's `client.py`. One instance per process and service; `on_behalf` gives a caller's view.

    `transport` replaces the network in tests (httpx.ASGITransport). Replies are parsed JSON (`orjson`).
    """

    service = "service"

    def __init__(
        self,
        base_url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_s: float = 2.0,
        connections: int = 32,
    ) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.AsyncClient(
            base_url=base_url, transport=transport, timeout=timeout_s, limits=limits, trust_env=False
        )
        self._timeout_s = timeout_s
        self._breaker = Breaker()
        self._headers: Mapping[str, str] = {}
        self._patience: Mapping[str, float | None] | None = None

    def on_behalf(self, token: str | None, traceparent: str | None = None) -> Self:
        """The same client, sending this token and trace: one per request, sharing connections and breaker."""
        view = copy.copy(self)
        sent = {"Authorization": f"Bearer {token}" if token else None, "traceparent": traceparent}
        view._headers = {name: value for name, value in sent.items() if value}
        return view

    def patient(self, timeout_s: float) -> Self:
        """The same client, waiting so long for every answer: for commands, which take their time."""
        view = copy.copy(self)
        view._patience = httpx.Timeout(timeout_s).as_dict()
        return view

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: Params | None = None) -> Any:  # noqa: ANN401 - JSON
        """A read; tried a second time when the service is away, not when it is slow. ServiceError for every refusal.

        The time limit is that of the whole reply: one that trickles in is late as well.
        """
        try:
            return self._parsed(await self._in_time(path, params))
        except ServiceError as error:
            if error.status not in {0, *_AWAY} or error.code in _NOT_AGAIN:
                raise
        await asyncio.sleep(0.02 + random.random() * 0.05)  # noqa: S311 - spreads retries, protects nothing
        return self._parsed(await self._in_time(path, params))

    async def post(
        self,
        path: str,
        body: object = None,
        *,
        params: Params | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        idempotency_key: str | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """A write or a question with a body, sent once; `content` goes as it is, `body` as JSON."""
        data = orjson.dumps(body) if content is None else content
        headers = {"Content-Type": content_type}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return self._parsed(await self._send(self._request("POST", path, params, data, headers)))

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params | None = None, timeout_s: float = 120.0
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of a long reply as they come; ServiceError when it is refused or breaks off."""
        request = self._request("GET", path, params)
        request.extensions["timeout"] = httpx.Timeout(timeout_s).as_dict()
        response = await self._send(request, stream=True)
        try:
            yield response.aiter_bytes()
        except httpx.HTTPError as error:
            raise self._away() from error
        finally:
            await response.aclose()

    async def read_all(self, path: str, params: Params | None = None, timeout_s: float = 120.0) -> bytes:
        """A long reply as a whole, such as an Arrow stream for `transfer.read_arrow`."""
        async with self.stream(path, params, timeout_s) as chunks:
            return b"".join([chunk async for chunk in chunks])

    def _request(
        self,
        method: str,
        path: str,
        params: Params | None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        sent = {name: value for name, value in (params or {}).items() if value is not None}
        extensions = {"timeout": self._patience} if self._patience else None
        sent_with = {**self._headers, **(headers or {})}
        return self._http.build_request(
            method, path, params=sent or None, content=content, headers=sent_with, extensions=extensions
        )

    async def _in_time(self, path: str, params: Params | None) -> httpx.Response:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(self._request("GET", path, params))
        except TimeoutError as error:
            self._breaker.note(ok=False)
            raise self._away("service.timeout") from error

    async def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        if not self._breaker.allows():
            raise self._away("service.breaker_open")
        try:
            response = await self._http.send(request, stream=stream)
        except httpx.TimeoutException as error:
            self._breaker.note(ok=False)
            raise self._away("service.timeout") from error
        except httpx.HTTPError as error:
            self._breaker.note(ok=False)
            raise self._away() from error
        self._breaker.note(ok=response.status_code not in _AWAY)
        if response.status_code >= 400:
            await response.aread()
            await response.aclose()
            raise self._refusal(response)
        return response

    def _parsed(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if response.status_code == 204:
            return None
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise self._bad_reply(response.status_code) from None

    def _refusal(self, response: httpx.Response) -> ServiceError:
        try:
            body = orjson.loads(response.content)
            code, words = str(body["code"]), body["message"]
            return ServiceError(self.service, response.status_code, code, str(words["zh"]), str(words["en"]), body)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return self._bad_reply(response.status_code)

    def _bad_reply(self, status: int) -> ServiceError:
        zh, en = f"{self.service} 服务的答复无法读取。", f"The reply of the {self.service} service cannot be read."
        return ServiceError(self.service, 502 if status < 500 else status, "service.bad_reply", zh, en)

    def _away(self, code: str = "service.unavailable") -> ServiceError:
        zh = f"{self.service} 服务暂时无法访问，请稍后重试。"
        return ServiceError(self.service, 0, code, zh, f"The {self.service} service is away for now; try again later.")
