"""WebSockets that want to hurt a real gateway: hostile documents, hundreds of subscriptions, leaving without a word."""

import asyncio
import json
import re
import time
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.gateway.hostile import HOSTILE
from tests.gateway.register import SHIHUGUAN
from tests.system.conftest import Running, bar

pytestmark = pytest.mark.xdist_group("system")
CHANGES = "subscription Changes { issueChanged { __typename } }"
NAME = "query Name($code: DivisionCode!) { community(code: $code) { name } }"


def opening(system: Running) -> connect:
    """A connection to be opened."""
    url = system.urls["gateway"].replace("http", "ws")
    return connect(f"{url}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None)


async def begin(system: Running, socket: ClientConnection) -> None:
    """Say who we are."""
    await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {system.token}"}}))
    assert (await told(socket))["type"] == "connection_ack"


async def told(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is not a ping."""
    async with asyncio.timeout(10):
        while (message := json.loads(await socket.recv()))["type"] == "ping":
            await socket.send(json.dumps({"type": "pong"}))
    found: dict[str, Any] = message
    return found


async def subscribe(socket: ClientConnection, name: str, text: str) -> None:
    """Ask for something under a name."""
    await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": text}}))


async def open_streams(system: Running) -> int:
    """How many event streams the gateway follows."""
    text = (await system.client.get(f"{system.urls['gateway']}/metrics")).text
    found = re.search(r"^gongzhi_live_subscriptions (\d+)", text, re.MULTILINE)
    assert found
    return int(found[1])


async def check_ordinary(system: Running) -> None:
    """An ordinary request is answered at once."""
    body, seconds = await system.ask(NAME, {"code": SHIHUGUAN})
    assert body["data"] == {"community": {"name": "世纪城社区"}}
    assert seconds < bar(1)


async def test_hostile_documents_are_refused_there_too(system: Running) -> None:
    async with opening(system) as socket:
        await begin(system, socket)
        for name, (text, limit) in HOSTILE.items():
            if limit:
                started = time.perf_counter()
                await subscribe(socket, name, text)
                message = await told(socket)
                assert time.perf_counter() - started < bar(1), name
                assert (message["id"], message["type"]) == (name, "error")
                assert message["payload"][0]["extensions"]["limit"] == limit
        await check_ordinary(system)


async def test_many_subscriptions_are_bounded_and_gone_with_their_sockets(system: Running) -> None:
    """Ten sockets ask for thirty each; each gets its twenty, and nothing of them is left when the sockets drop."""
    before = system.resident_mib("gateway")
    sockets = [await opening(system) for _ in range(10)]
    refused = 0
    for socket in sockets:
        await begin(system, socket)
        for number in range(30):
            await subscribe(socket, str(number), CHANGES)
        for _ in range(10):
            message = await told(socket)
            refused += message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    await check_ordinary(system)
    assert refused == 100
    assert system.resident_mib("gateway") - before < 50
    for socket in sockets:
        socket.transport.abort()
    deadline = time.monotonic() + 10
    while await open_streams(system):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    await check_ordinary(system)
