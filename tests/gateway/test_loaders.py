import asyncio
from collections.abc import Mapping

import pytest

from gateway.errors import Code, GatewayError
from gateway.loaders import AT_ONCE, absent, each, optional, required


class Shelf:
    """A batch read that answers even numbers and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def fetch(self, keys: list[str]) -> Mapping[str, str | BaseException]:
        self.asked.append(keys)
        return {key: f"v{key}" for key in keys if int(key) % 2 == 0}


async def test_what_is_asked_together_is_read_together_once() -> None:
    shelf = Shelf()
    loader = optional(shelf.fetch)
    assert await asyncio.gather(*(loader.load(key) for key in ("2", "3", "4", "2"))) == ["v2", None, "v4", "v2"]
    assert await loader.load("4") == "v4"
    assert shelf.asked == [["2", "3", "4"]]


async def test_a_batch_holds_at_most_a_thousand_keys() -> None:
    shelf = Shelf()
    loader = optional(shelf.fetch)
    await asyncio.gather(*(loader.load(str(key)) for key in range(2_500)))
    assert [len(keys) for keys in shelf.asked] == [1_000, 1_000, 500]


async def test_a_required_key_that_is_left_out_is_refused_alone() -> None:
    loader = required(Shelf().fetch)
    found, refused = await asyncio.gather(loader.load("2"), loader.load("3"), return_exceptions=True)
    assert found == "v2"
    assert isinstance(refused, GatewayError)
    assert refused.code is Code.NOT_FOUND


async def test_a_failing_batch_fails_all_its_keys() -> None:
    async def fail(_: list[str]) -> Mapping[str, str | BaseException]:
        raise GatewayError(Code.UPSTREAM_UNAVAILABLE, "无应答", "no answer")

    loader = optional(fail)
    answers = await asyncio.gather(loader.load("1"), loader.load("2"), return_exceptions=True)
    assert [getattr(answer, "code", None) for answer in answers] == [Code.UPSTREAM_UNAVAILABLE] * 2


async def test_single_reads_run_a_few_at_a_time_and_fail_alone() -> None:
    running = most = 0

    async def read(key: str) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        if key == "3":
            raise absent()
        if key == "4":
            raise GatewayError(Code.FORBIDDEN, "无权", "not yours")
        return f"v{key}"

    loader = optional(each(read))
    answers = await asyncio.gather(*(loader.load(str(key)) for key in range(20)), return_exceptions=True)
    assert most == AT_ONCE
    assert answers[:4] == ["v0", "v1", "v2", None]
    assert isinstance(answers[4], GatewayError)
    assert answers[19] == "v19"


@pytest.mark.parametrize("key", ["3"])
async def test_a_single_read_that_finds_nothing_is_refused_where_it_is_required(key: str) -> None:
    async def read(_: str) -> str:
        raise absent()

    with pytest.raises(GatewayError) as refused:
        await required(each(read)).load(key)
    assert refused.value.code is Code.NOT_FOUND
