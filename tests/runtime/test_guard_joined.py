"""A reply's head goes out with its body; alone, it goes out at the end of the turn, and never later than the close."""

import asyncio
from typing import Any

import pytest

from services.runtime.guard import MOST_COPIED, Joined

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire:
    """What a connection was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.told.append(parts)

    def write_eof(self) -> None:
        self.told.append("eof")

    def close(self) -> None:
        self.told.append("close")

    def is_closing(self) -> bool:
        return "close" in self.told

    def get_extra_info(self, name: str) -> str:
        return name


@pytest.fixture
async def both() -> tuple[Wire, Joined]:
    wire = Wire()
    return wire, Joined(wire, asyncio.get_running_loop())


async def test_head_and_body_are_one(both: tuple[Wire, Joined]) -> None:
    wire, joined = both
    joined.write(HEAD)
    assert wire.told == []
    joined.write(b"{}")
    await asyncio.sleep(0)
    assert wire.told == [HEAD + b"{}"]
    joined.write(b"HTTP is no head")
    assert wire.told[1:] == [b"HTTP is no head"]


async def test_a_large_body_is_not_copied(both: tuple[Wire, Joined]) -> None:
    wire, joined = both
    body = b"x" * (MOST_COPIED + 1)
    joined.write(HEAD)
    joined.write(body)
    assert wire.told == [(HEAD, body)]


async def test_a_head_alone_goes_out_at_the_end_of_the_turn(both: tuple[Wire, Joined]) -> None:
    wire, joined = both
    joined.write(HEAD)
    await asyncio.sleep(0)
    assert wire.told == [HEAD]


@pytest.mark.parametrize("end", ["close", "eof"])
async def test_nothing_is_lost_at_the_end(both: tuple[Wire, Joined], end: str) -> None:
    wire, joined = both
    joined.write(HEAD)
    joined.close() if end == "close" else joined.write_eof()
    assert wire.told == [HEAD, end]
    assert joined.is_closing() is (end == "close")
    assert joined.get_extra_info("peername") == "peername"
