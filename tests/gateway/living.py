"""The gateway and the three services served for real on loopback, and small clients of both transports."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.app import create_app
from gateway.live.operations import Live
from gateway.services import Services
from gateway.settings import GatewaySettings
from services.consultation.app import create_app as create_consultation
from services.consultation.schemas.issues import IssueDetailOut, StepIn
from services.consultation.settings import ConsultationSettings
from services.payroll.app import create_app as create_payroll
from services.payroll.settings import PayrollSettings
from services.staffing.app import create_app as create_staffing
from services.staffing.settings import StaffingSettings
from tests.conftest import SettingsOf, TokenMaker
from tests.fixtures.serving import Served, until
from tests.gateway.register import SHIHUGUAN, issue, load
from tools.dev import SUPPLEMENTS

PROTOCOL = "graphql-transport-ws"
EVENTS = {"event_heartbeat_s": 0.4, "event_poll_s": 0.5}
CHANGES = "subscription($i: ID, $r: DivisionCode) { issueChanged(issueId: $i, region: $r) %s }"
SHORT = CHANGES % "{ kind toState stepNumber issueId }"


@dataclass(frozen=True)
class Living:
    """Four served applications, and who speaks to them."""

    gateway: Served
    staffing: Served
    payroll: Served
    consultation: Served
    services: Services
    token: TokenMaker

    @property
    def live(self) -> Live:
        """What the gateway's transports share."""
        live: Live = self.gateway.app.state.live
        return live

    def bearer(self, role: str = "administrator", region: str = "000000000000") -> dict[str, str]:
        """The header of a caller."""
        return {"Authorization": f"Bearer {self.token(role, region)}"}

    async def raised(self, title: str, community: str = SHIHUGUAN) -> IssueDetailOut:
        """A new issue."""
        return await self.services.consultation.raise_issue(issue(community, title, 5), str(uuid4()))

    async def withdrawn(self, raised: IssueDetailOut) -> IssueDetailOut:
        """An issue's end."""
        step = StepIn.model_validate({
            "step": "withdraw", "actor": {"kind": "resident"}, "at": "2026-03-08T09:00:00+08:00",
            "evidence": {"reason": "已解决"},
        })  # fmt: skip
        return await self.services.consultation.take_step(raised.id, step, str(uuid4()))

    async def streams(self, count: int, service: str = "consultation") -> None:
        """Wait until so many streams of a service are open."""
        relay = getattr(self, service).app.state.relay
        await until(lambda: relay.subscribers == count)

    async def quiet(self) -> None:
        """Wait until nothing is open: no socket, no operation, no stream of a service."""
        await until(lambda: self.live.sockets == self.live.feeds.open == 0)
        for service in ("consultation", "payroll"):
            await self.streams(0, service)

    @asynccontextmanager
    async def socket(self, payload: Mapping[str, object] | None = None, **options: Any) -> AsyncIterator["Socket"]:
        """A WebSocket whose connection has been acknowledged, as an administrator unless a payload is given."""
        async with self.raw(**options) as socket:
            await socket.send({"type": "connection_init", "payload": payload or self.bearer()})
            assert await socket.get() == {"type": "connection_ack"}
            yield socket

    @asynccontextmanager
    async def raw(self, *, answers: bool = True, **options: Any) -> AsyncIterator["Socket"]:
        """A WebSocket on which nothing has been said; it answers pings unless told not to."""
        options = {"subprotocols": [Subprotocol(PROTOCOL)], "proxy": None, **options}
        async with connect(self.gateway.url.replace("http", "ws") + "/graphql", **options) as opened:
            socket = Socket(opened, answers=answers)
            try:
                yield socket
            finally:
                await socket.end()

    @asynccontextmanager
    async def sse(
        self, document: str, variables: Mapping[str, object] | None = None, method: str = "POST", **headers: str
    ) -> AsyncIterator["Stream"]:
        """An operation as a stream of events, as an administrator unless a header is given."""
        sent = {"Accept": "text/event-stream", **(headers or self.bearer())}
        async with httpx.AsyncClient(base_url=self.gateway.url, trust_env=False, timeout=10) as client:
            if method == "GET":
                query = {"query": document, "variables": orjson.dumps(variables or {}).decode()}
                asking = client.stream("GET", "/graphql", params=query, headers=sent)
            else:
                body = {"query": document, "variables": variables}
                asking = client.stream("POST", "/graphql", json=body, headers=sent)
            async with asking as answer:
                yield Stream(answer)


class Socket:
    """A client's end of graphql-transport-ws, for tests: answers pings as they come, hands over all else."""

    def __init__(self, wire: ClientConnection, *, answers: bool) -> None:
        self.wire = wire
        self.pings = 0
        self._answers = answers
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._pump = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.wire:
                message = orjson.loads(text)
                if message != {"type": "ping"}:
                    self._inbox.put_nowait(message)
                    continue
                self.pings += 1
                if self._answers:
                    await self.send({"type": "pong"})

    async def send(self, message: object) -> None:
        """Say something; text and bytes as they are."""
        await self.wire.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    async def subscribe(self, name: str, document: str, **variables: object) -> None:
        """Begin an operation."""
        payload = {"query": document, "variables": variables}
        await self.send({"id": name, "type": "subscribe", "payload": payload})

    async def get(self) -> Any:
        """The next message that is no ping, within ten seconds."""
        async with asyncio.timeout(10):
            return await self._inbox.get()

    async def next(self, name: str) -> Any:
        """The data of an operation's next answer."""
        message = await self.get()
        assert (message["type"], message["id"]) == ("next", name), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int, str]:
        """The code and reason with which the other side closes, within ten seconds."""
        async with asyncio.timeout(10):
            await asyncio.wait({self._pump})
        assert self.wire.close_code is not None
        return self.wire.close_code, self.wire.close_reason or ""

    async def end(self) -> None:
        """Read no more."""
        self._pump.cancel()
        await asyncio.wait({self._pump})


class Stream:
    """A client's end of a stream of events, for tests."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.comments = 0
        self._lines = answer.aiter_lines()

    async def get(self) -> tuple[str, Any]:
        """The next event's name and data, within ten seconds."""
        name, data = "", ""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line.startswith("event:"):
                    name = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                elif name:
                    return name, orjson.loads(data) if data else None
        raise EOFError

    async def next(self) -> Any:
        """The data of the next answer."""
        name, body = await self.get()
        assert name == "next", (name, body)
        assert "errors" not in body, body
        return body["data"]


@asynccontextmanager
async def living(settings_of: SettingsOf, url: str, token: TokenMaker, **values: Any) -> AsyncIterator[Living]:
    """Everything served, with the small register loaded."""
    demo = {"supplements": (SUPPLEMENTS,), **EVENTS}
    async with AsyncExitStack() as stack:

        async def serve(app: Any) -> Served:
            one = Served(app)
            await one.start()
            stack.push_async_callback(one.stop)
            return one

        staffing = await serve(create_staffing(settings_of(url, StaffingSettings)))
        payroll = await serve(create_payroll(settings_of(url, PayrollSettings, staffing_url=staffing.url, **demo)))
        consultation = await serve(create_consultation(settings_of(url, ConsultationSettings, **demo)))
        settings = settings_of(
            None, GatewaySettings, staffing_url=staffing.url, payroll_url=payroll.url,
            consultation_url=consultation.url, upstream_timeout_s=20.0, client_timeout_s=20.0, **values,
        )  # fmt: skip
        gateway = await serve(create_app(settings))
        services = Services.connect(settings)
        stack.push_async_callback(services.close)
        administrator = services.on_behalf(token("administrator", "000000000000"), None)
        await load(administrator)
        yield Living(gateway, staffing, payroll, consultation, administrator, token)
