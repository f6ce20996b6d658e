import asyncio
from collections.abc import Mapping

import httpx

from gateway.errors import Code, GatewayError
from gateway.loaders import Loaders, optional, required
from gateway.services import Services
from gateway.settings import GatewaySettings


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


async def test_a_payslip_that_cannot_be_explained_is_refused_alone(lonely_settings: GatewaySettings) -> None:
    key, other = "01a201b8-7963-7000-8000-55836669ae43", "01a201b8-7963-7000-8000-55836669ae44"
    words = {"zh": "没有保存该版本的政策包", "en": "the packs are not kept"}
    told = {"id": key, "status": 404, "code": "pack_snapshot.not_found", "message": words}
    way = httpx.MockTransport(lambda _: httpx.Response(200, json={"items": [], "refused": [told]}))
    services = Services.connect(lonely_settings, {"payroll": way})
    loader = Loaders(services).payslip_explanation
    refused, left_out = await asyncio.gather(loader.load(key), loader.load(other), return_exceptions=True)
    assert isinstance(refused, GatewayError)
    assert (refused.code, refused.zh, refused.details["problem"]) == (Code.NOT_FOUND, words["zh"], told["code"])
    assert isinstance(left_out, GatewayError)
    assert left_out.code is Code.NOT_FOUND
    await services.close()
