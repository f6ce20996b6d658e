"""Hostile requests to a real gateway: each refused at once, the process stays small and answers everyone else."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.gateway.register import SHIHUGUAN
from tests.system.conftest import Running, bar
from tests.system.hostile_requests import BODIES, document, repeat

pytestmark = pytest.mark.xdist_group("system")
MOST_SECONDS = 1.0
MOST_MIB = 50
ORDINARY = document("query Name($code: DivisionCode!) { community(code: $code) { name } }", code=SHIHUGUAN)
SWITCHES = [
    "id", "code", "name", "kind", "unitType", "urbanRural", "provenance", "synthetic", "source",
    "residentHouseholds", "registeredHouseholds", "headcount",
]  # fmt: skip


async def send(system: Running, body: bytes) -> tuple[httpx.Response, float]:
    """The gateway's answer to a body, and the seconds it took."""
    headers = {"authorization": f"Bearer {system.token}", "content-type": "application/json"}
    started = time.perf_counter()
    answer = await system.client.post(f"{system.urls['gateway']}/graphql", content=body, headers=headers)
    return answer, time.perf_counter() - started


async def check_ordinary(system: Running) -> None:
    """An ordinary request is answered at once."""
    answer, seconds = await send(system, ORDINARY)
    assert answer.json()["data"] == {"community": {"name": "世纪城社区"}}
    assert seconds < bar(MOST_SECONDS)


async def check_refused(system: Running, name: str) -> None:
    """A hostile request is refused as it should be, in time."""
    body, status, codes = BODIES[name]
    answer, seconds = await send(system, body)
    assert answer.status_code == status, (name, answer.text[:500])
    told = answer.json()
    assert {error["extensions"]["code"] for error in told.get("errors", [])} == codes, (name, answer.text[:500])
    assert told.get("data") is None
    assert len(answer.content) < 100_000, name  # no long echo of what was sent
    assert seconds < bar(MOST_SECONDS), name


async def test_every_hostile_request_is_refused_and_the_next_one_answered(system: Running) -> None:
    """Section 4 of the anchors and our own inventions, one after the other."""
    assert len(BODIES) > 60
    await check_ordinary(system)
    before = system.resident_mib("gateway")
    for name in BODIES:
        await check_refused(system, name)
        await check_ordinary(system)
    assert system.resident_mib("gateway") - before < MOST_MIB


async def test_everyone_else_is_answered_while_hostile_requests_come(system: Running) -> None:
    names = itertools.cycle(BODIES)
    enough = asyncio.Event()

    async def attack() -> None:
        while not enough.is_set():
            await send(system, BODIES[next(names)][0])

    before = system.resident_mib("gateway")
    attackers = [asyncio.ensure_future(attack()) for _ in range(3)]
    for _ in range(30):
        await check_ordinary(system)
    enough.set()
    await asyncio.gather(*attackers)
    assert system.resident_mib("gateway") - before < MOST_MIB


def distinct(number: int) -> bytes:
    """A large document with a plan of its own that asks no service for anything."""
    fields = " ".join(SWITCHES) + " measures { premisesSqm }"
    parts = repeat(10, f"fragment f# on Community {{ {fields} w#: workers(first: 1) {{ nodes {{ name }} }} }}")
    spread = repeat(10, "...f#")
    return document(f'query q{number} {{ node(id: "x") {{ ... on Community {{ {spread} }} }} }} {parts}')


def switched(number: int) -> bytes:
    """One document of 2 ** 12 shapes."""
    declared = " ".join(f"$v{place}: Boolean!" for place in range(len(SWITCHES)))
    fields = " ".join(f"{name} @include(if: $v{place})" for place, name in enumerate(SWITCHES))
    given = {f"v{place}": bool(number >> place & 1) for place in range(len(SWITCHES))}
    return document(f'query q({declared}) {{ node(id: "x") {{ ... on Community {{ {fields} }} }} }}', **given)


@pytest.mark.parametrize(("flood", "count"), [(distinct, 200), (switched, 700)])
async def test_what_is_kept_of_a_flood_is_bounded(system: Running, flood: Callable[[int], bytes], count: int) -> None:
    """Documents and plans; far more of each than may be kept, and than would fit into the bar."""
    await send(system, flood(0))
    before = system.resident_mib("gateway")
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            answer, _ = await send(system, flood(number))
            assert "errors" not in answer.json(), answer.text[:500]

    workers: list[Awaitable[None]] = [work() for _ in range(4)]
    await asyncio.gather(*workers)
    assert system.resident_mib("gateway") - before < MOST_MIB
    await check_ordinary(system)


async def test_a_wide_reply_to_introspection_is_no_longer_than_tools_need(system: Running) -> None:
    """What tools ask of a schema is answered, twice that is not."""
    inside = "name description fields { name description args { name type { name } } type { name ofType { name } } }"
    one = f"types {{ {inside} }}"
    answer, _ = await send(system, document(f"{{ __schema {{ {one} }} }}"))
    assert answer.json()["data"]["__schema"]["types"]
    many = " ".join(f"a{number}: {one}" for number in range(15))
    answer, _ = await send(system, document(f"{{ __schema {{ {many} }} }}"))
    assert json.loads(answer.content)["errors"][0]["extensions"]["limit"] == "introspection"
