"""The small client on the loop that serves in production: uvloop differs from asyncio in what it takes and gives."""

import asyncio

import uvloop

from gateway.plan.wire import KeptLine


async def answered() -> list[tuple[int, bytes]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        line = KeptLine(f"http://127.0.0.1:{port}", "/")
        until = asyncio.get_running_loop().time() + 2.0
        found = [await line.post({}, b"{}", fresh=fresh, until=until) for fresh in (False, False, True)]
        server.close()
        await line.close()
        return found


async def test_requests_are_answered_on_uvloop() -> None:
    assert await asyncio.to_thread(uvloop.run, answered()) == [(200, b"ok")] * 3
