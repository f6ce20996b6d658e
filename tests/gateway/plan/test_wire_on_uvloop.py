"""The small client on the loop that serves in production: uvloop differs from asyncio in what it takes and gives."""

import asyncio
from contextlib import suppress

import uvloop

from gateway.plan.wire import KeptLine


async def answered() -> list[tuple[int, bytes]]:
    served: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(ended := asyncio.get_running_loop().create_future())
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the client has gone
            while await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(2)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        writer.transport.abort()
        ended.set_result(None)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        line = KeptLine(f"http://127.0.0.1:{port}", "/")
        until = asyncio.get_running_loop().time() + 2.0
        found = [await line.post({}, b"{}", fresh=fresh, until=until) for fresh in (False, False, True)]
        server.close()
        await line.close()
        async with asyncio.timeout(5):  # uvloop does not close while anything is open
            await asyncio.gather(*served)
            await asyncio.sleep(0.01)
        return found


async def test_requests_are_answered_on_uvloop() -> None:
    assert await asyncio.to_thread(uvloop.run, answered()) == [(200, b"ok")] * 3
