"""The graphql-transport-ws protocol: operations of one caller over one WebSocket.

The server's side of https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, with its close codes.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from gateway.asked import asked_of
from gateway.errors import Code, GatewayError, entry, internal
from gateway.live.operations import Guest, Live, Refused, bearer
from services.runtime.log import log

PROTOCOL = "graphql-transport-ws"
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_PROTOCOL, TIMEOUT, TAKEN, TWICE = 4400, 4401, 4403, 4406, 4408, 4409, 4429
TOO_BIG, TRY_LATER = 1009, 1013
MOST_REASON = 123  # bytes that a close frame holds
LEFT = (TimeoutError, WebSocketDisconnect, WebSocketDisconnected)


class Gone(Exception):
    """The client has left, or takes nothing any more."""


class Closed(Exception):
    """What ends the connection: a close code and its reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def allowed(socket: WebSocket, origins: tuple[str, ...]) -> bool:
    """Whether the page that opens the socket may: our own, one of the list, or no page at all but a program.

    The token is not sent by the browser by itself, so this is a second lock; the first is the token.
    """
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    return origin in origins or urlsplit(origin).netloc == socket.headers.get("host")


async def serve(socket: WebSocket, live: Live) -> None:
    """One connection from its opening to its end."""
    if not allowed(socket, live.settings.allowed_origins):
        await socket.close(HTTPStatus.FORBIDDEN)  # before it is accepted: 403
        return
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(PROTOCOL if PROTOCOL in offered else None)
    if PROTOCOL not in offered:
        await socket.close(NO_PROTOCOL, "Subprotocol not acceptable")
    elif live.stopping or live.sockets >= live.settings.live_subscriptions:
        await socket.close(TRY_LATER, "Try again later")
    else:
        live.sockets += 1
        try:
            await Connection(socket, live).run()
        finally:
            live.sockets -= 1


class Connection:
    """One caller's operations over one socket."""

    def __init__(self, socket: WebSocket, live: Live) -> None:
        self._socket = socket
        self._live = live
        self._settings = live.settings
        self._guest: Guest | None = None
        self._begun = asyncio.Event()
        self._opened = False
        self._heard = True
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Answers messages until either side closes; then nothing of it goes on."""
        keeper = asyncio.create_task(self._keep())
        try:
            while True:
                await self._handle(await self._receive())
        except Closed as closed:
            await self._close(closed)
        except Gone:
            await self._close(Closed(TRY_LATER, "Too slow"))
        finally:
            await _end({keeper, *self._operations.values()})

    async def _keep(self) -> None:
        """Closes what never begins, outlives its token, or has gone without a word; says that we live."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.live_init_timeout_s):
                await self._begun.wait()
        try:
            await self._beat()
        except Closed as closed:
            await self._close(closed)
        except Gone:
            await self._close(Closed(TRY_LATER, "Too slow"))

    async def _beat(self) -> None:
        """Raises Closed when the connection must end."""
        if self._guest is None:
            raise Closed(TIMEOUT, "Connection initialisation timeout")
        while self._guest.left_s > 0:
            if not self._heard:
                raise Closed(TIMEOUT, "No answer to ping")
            self._heard = False
            await self._send({"type": "ping"})
            await asyncio.sleep(min(self._settings.live_heartbeat_s, max(self._guest.left_s, 0.0)))
        raise Closed(FORBIDDEN, "Forbidden: the token has expired")

    async def _receive(self) -> Mapping[str, Any]:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        self._heard = True
        text = message.get("text")
        if text is None:
            raise Closed(BAD_REQUEST, "Messages are text")
        if len(text) > self._settings.max_body_bytes:
            raise Closed(TOO_BIG, "Message too big")
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closed(BAD_REQUEST, "Messages are JSON") from None
        if not isinstance(found, dict):
            raise Closed(BAD_REQUEST, "Messages are JSON objects")
        return found

    async def _handle(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._init(message.get("payload"))
        elif kind == "ping":
            await self._send({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            await self._complete(message)
        elif kind != "pong":
            raise Closed(BAD_REQUEST, "Unknown message type")

    async def _init(self, payload: object) -> None:
        if self._opened:
            raise Closed(TWICE, "Too many initialisation requests")
        self._opened = True
        if payload is not None and not isinstance(payload, dict):
            raise Closed(BAD_REQUEST, "The payload of connection_init is an object")
        try:
            self._guest = await self._live.admit(self._socket, self._token(payload or {}))
        except GatewayError as refused:
            raise Closed(FORBIDDEN, f"Forbidden: {refused.en}") from refused
        await self._send({"type": "connection_ack"})
        self._begun.set()

    def _token(self, payload: Mapping[str, Any]) -> str | None:
        """From `Authorization: Bearer ...` in the payload, or in the headers, which only programs can set."""
        given = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
        return bearer(self._socket.headers.get("authorization") if given is None else given)

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        if self._guest is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        name = message.get("id")
        if not isinstance(name, str) or not name or len(name) > MOST_REASON:
            raise Closed(BAD_REQUEST, "An operation has an id, a text")
        if name in self._operations:
            raise Closed(TAKEN, f"Subscriber for {name} already exists")
        most = self._settings.live_per_connection
        if len(self._operations) >= most:
            await self._send({"id": name, "type": "error", "payload": [entry(_too_many(most), self._guest.request_id)]})
            return
        self._operations[name] = asyncio.create_task(self._run(name, message.get("payload"), self._guest))

    async def _complete(self, message: Mapping[str, Any]) -> None:
        name = message.get("id")
        task = self._operations.pop(name, None) if isinstance(name, str) else None
        if task is not None:
            await _end({task})

    async def _run(self, name: str, payload: object, guest: Guest) -> None:
        """One operation to its end, which frees its id before it is told."""
        ending: dict[str, Any] = {"type": "complete"}
        try:
            async with aclosing(self._live.results(asked_of(payload), guest)) as bodies:
                async for body in bodies:
                    await self._send({"id": name, "type": "next", "payload": body})
        except GatewayError as refused:  # the payload is no request
            ending = {"type": "error", "payload": [entry(refused, guest.request_id)]}
        except Refused as refused:
            ending = {"type": "error", "payload": refused.errors}
        except Gone:
            await self._close(Closed(TRY_LATER, "Too slow"))
            return
        except Exception as error:  # noqa: BLE001 - a defect of ours ends one operation, told and logged
            log.error("live", kind=type(error).__name__, request_id=guest.request_id, exc_info=error)
            ending = {"type": "error", "payload": [entry(internal(), guest.request_id)]}
        if self._operations.get(name) is asyncio.current_task():
            del self._operations[name]
        with suppress(Gone):
            await self._send({"id": name, **ending})

    async def _send(self, message: Mapping[str, Any]) -> None:
        """Raises Gone, also for a client that takes nothing for half a minute."""
        try:
            async with asyncio.timeout(self._settings.live_send_timeout_s):
                await self._socket.send_text(orjson.dumps(message).decode())
        except LEFT:
            raise Gone from None

    async def _close(self, closed: Closed) -> None:
        reason = closed.reason.encode()[:MOST_REASON].decode("utf-8", "ignore")
        with suppress(*LEFT):  # closed already, or gone
            async with asyncio.timeout(1):
                await self._socket.close(closed.code, reason)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Ends tasks and waits until what they held is free."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _too_many(most: int) -> GatewayError:
    return GatewayError(
        Code.LIMIT_EXCEEDED,
        f"一个连接至多同时有 {most} 个操作",
        f"a connection has at most {most} operations at once",
        limit="operations",
        maximum=most,
    )
