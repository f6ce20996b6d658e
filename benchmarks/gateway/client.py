"""The load client: keep-alive connections, prepared requests, in a process of its own; what it costs is not counted.

    python -m benchmarks.gateway.client PORT CONCURRENCY SECONDS LEAST < requests.bin

Reads length-prefixed HTTP requests, sends them round and round over CONCURRENCY connections for SECONDS, at least LEAST
of them, and prints one line of JSON: requests, seconds, milliseconds of each, bytes and how many were refused.
"""

import asyncio
import struct
import sys
import time
from collections.abc import Iterator
from itertools import cycle

import orjson

HOST = "127.0.0.1"


def packed(requests: list[bytes]) -> bytes:
    """Requests as the client reads them."""
    return b"".join(struct.pack("<I", len(one)) + one for one in requests)


def unpacked(data: bytes) -> list[bytes]:
    """What `packed` packed."""
    found, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST of JSON as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Tally:
    """What the connections did."""

    def __init__(self) -> None:
        self.laps: list[float] = []
        self.refused = 0
        self.bytes = 0


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> tuple[int, bytes]:
    """Send one request and read its answer: status and body."""
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    low = head.lower()
    at = low.index(b"content-length:") + 15
    body = await reader.readexactly(int(low[at : low.index(b"\r\n", at)]))
    return int(head[9:12]), body


async def worker(port: int, requests: Iterator[bytes], until: float, least: list[int], tally: Tally) -> None:
    """One connection, one request at a time, until the time is over and enough were sent."""
    reader, writer = await asyncio.open_connection(HOST, port)
    while time.perf_counter() < until or least[0] > 0:
        least[0] -= 1
        start = time.perf_counter()
        status, body = await exchange(reader, writer, next(requests))
        tally.laps.append(time.perf_counter() - start)
        tally.bytes += len(body)
        tally.refused += status != 200 or b'"errors":' in body[-4096:] or b'"errors":' in body[:64]
    writer.close()


async def run(port: int, concurrency: int, seconds: float, least: int, requests: list[bytes]) -> dict[str, object]:
    """The figures of one round."""
    tally, turns, left = Tally(), cycle(requests), [least]
    start = time.perf_counter()
    await asyncio.gather(*(worker(port, turns, start + seconds, left, tally) for _ in range(concurrency)))
    return {
        "seconds": time.perf_counter() - start,
        "laps_ms": [round(lap * 1000, 3) for lap in tally.laps],
        "refused": tally.refused,
        "bytes": tally.bytes,
    }


def main() -> None:
    """Run as told by the command line."""
    port, concurrency, seconds, least = sys.argv[1:5]
    requests = unpacked(sys.stdin.buffer.read())
    outcome = asyncio.run(run(int(port), int(concurrency), float(seconds), int(least), requests))
    sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n")


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    main()
