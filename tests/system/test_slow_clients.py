"""F-24 and F-25: clients that send too much, too slowly or not at all, against real processes with little patience."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from tests.fixtures.serving import until
from tests.system.conftest import Running, bar, free_ports

pytestmark = pytest.mark.xdist_group("system")
PATIENCE_S = 1.5
PATHS = {"gateway": "/graphql", "staffing": "/v1/reads"}
SOCKETS = 300
MIB = 2**20


@pytest.fixture(scope="module", params=PATHS)
async def hasty(request: pytest.FixtureRequest, running: Running) -> AsyncIterator[tuple[str, int, str]]:
    """One more process of a kind, which waits a second and a half where others wait half a minute."""
    kind = request.param
    name = f"hasty {kind}"
    running.urls[name] = f"http://127.0.0.1:{free_ports(1)[0]}"
    patience = dict.fromkeys(("GONGZHI_HEAD_TIMEOUT_S", "GONGZHI_BODY_TIMEOUT_S"), str(PATIENCE_S))
    running.start(name, kind, patience)
    try:
        await running.ready(name)
        yield name, int(running.urls[name].rpartition(":")[2]), PATHS[kind]
    finally:
        running.end(name)
        del running.urls[name], running.processes[name]


Lines = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


async def held(port: int, words: bytes, count: int) -> Lines:
    """So many connections that have said this and no more."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in lines:
        writer.write(words)
    return lines


async def closed(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has closed a connection, whatever it said before."""
    try:
        async with asyncio.timeout(0.01):
            while await reader.read(65536):
                pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


async def test_half_requests_hold_no_connection_and_nobody_up(running: Running, hasty: tuple[str, int, str]) -> None:
    """300 sockets: silent ones, half heads, announced bodies, bodies and heads in drops."""
    name, port, path = hasty
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token}\r\n".encode()
    body = head + b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    before = running.resident_mib(name)
    half = [await held(port, words, SOCKETS // 5) for words in (b"", b"POST / HT", body, body, head + b"x-drip: ")]
    started = time.monotonic()
    lines = [line for group in half for line in group]
    dripped = half[3] + half[4]
    while lines:
        for _, writer in dripped:
            if not writer.is_closing():
                writer.write(b"a")
        asked = time.perf_counter()
        assert (await running.client.get(f"{running.urls[name]}/readyz")).status_code == 200
        assert time.perf_counter() - asked < bar(2)
        lines = [line for line in lines if not await closed(line[0])]
        assert time.monotonic() - started < bar(35)
    assert time.monotonic() - started >= PATIENCE_S * 0.9
    assert running.resident_mib(name) - before < 50
    for group in half:
        for _, writer in group:
            writer.transport.abort()


@pytest.mark.parametrize("length", [None, 62 * MIB])
@pytest.mark.parametrize("where", ["", "/nowhere"])
async def test_endless_bodies_are_refused_and_cut_off(
    running: Running, hasty: tuple[str, int, str], where: str, length: int | None
) -> None:
    """Chunks without end, or 62 MB told honestly: answered at the limit, read a megabyte further, then cut off."""
    name, port, own = hasty
    limit = 128 * 1024 if own == "/graphql" else 4 * MIB
    before = running.resident_mib(name)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    writer.write(f"POST {where or own} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{size}\r\n".encode())
    writer.write(f"authorization: Bearer {running.token}\r\n\r\n".encode())
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n" if length is None else b" " * 65536
    for _ in range(0, 1 if where else limit + 65536, 65536):
        writer.write(piece)
    async with asyncio.timeout(bar(5)):
        assert (await reader.readuntil(b"\r\n")).split()[1] == (b"404" if where else b"413")
    sent = 0
    with suppress(ConnectionError):
        while sent < 62 * MIB and not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    assert sent < MIB + 12 * MIB  # some of them in the sockets between us
    assert running.resident_mib(name) - before < 50
    writer.transport.abort()
    assert (await running.client.get(f"{running.urls[name]}/livez")).status_code == 200


async def test_a_process_ends_in_time_with_half_requests_open(running: Running, hasty: tuple[str, int, str]) -> None:
    name, port, path = hasty
    lines = await held(port, f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n".encode(), 5)
    lines += await held(port, b"POST", 5)
    with suppress(httpx.TransportError):
        await running.client.get(f"{running.urls[name]}/livez")
    process = running.processes[name]
    os.kill(process.pid, signal.SIGTERM)
    await until(lambda: process.poll() is not None, 10)
    for _, writer in lines:
        writer.transport.abort()
