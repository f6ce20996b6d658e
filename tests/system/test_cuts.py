"""F-12: a line cut anywhere in a reply; nobody ever takes a piece for the whole, or another's answer for his own."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, SHIHUGUAN
from tests.system.conftest import GATEWAYS, Running, bar
from tests.system.proxy import Fault
from tests.system.test_join import codes

pytestmark = pytest.mark.xdist_group("system")
COMMUNITIES = (SHIHUGUAN, CUIZHU, HONGMEI, LONGWAN)
NAME = "query Name($code: DivisionCode!) { community(code: $code) { code name } }"
OFFSETS = {  # beyond the last byte of staffing's reply to that, which is 290 or 1,058 bytes long, its head included
    "gateway": range(310),
    "executor": range(0, 1_100, 10),
}
AWAY = {"UPSTREAM_UNAVAILABLE"}
AT_A_TIME = 4  # so that no five failures come in a row, which would open the breaker


async def names_of(system: Running) -> dict[str, Any]:
    """The right answer for each community."""
    return {code: (await system.ask(NAME, {"code": code}))[0]["data"] for code in COMMUNITIES}


async def ask_cut(system: Running, name: str, number: int, fault: Fault) -> tuple[dict[str, Any], bool]:
    """A gateway's answer about one of the communities, in time; and whether the fault befell its reply."""
    trace = uuid4().hex
    line = system.lines["staffing"]
    line.by_trace[trace] = fault
    body, seconds = await system.ask(NAME, {"code": COMMUNITIES[number % 4]}, name, trace)
    assert seconds < bar(3)
    return body, line.by_trace.pop(trace).times < fault.times


async def read_cut_once(system: Running, name: str, offset: int, how: str) -> dict[str, Any]:
    """The answer to a question whose first reply is cut; asked again only when a busy machine lets the breaker rest."""
    for _ in range(6):
        body, cut = await ask_cut(system, name, offset, Fault(cut=offset, how=how, times=1))
        if cut and codes(body) != AWAY:
            break
        await asyncio.sleep(1)
    return body


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("name", GATEWAYS)
async def test_cut_once_anywhere_the_read_is_tried_again_and_right(system: Running, name: str, how: str) -> None:
    """Every offset of the reply (every tenth of the executor's); four at a time, each about another community."""
    right = await names_of(system)
    every, wrong = iter(OFFSETS[name]), []

    async def work() -> None:
        for offset in every:
            body = await read_cut_once(system, name, offset, how)
            if "errors" in body or body["data"] != right[COMMUNITIES[offset % 4]]:
                wrong.append((offset, body))

    await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
    assert wrong == []
    line = system.lines["staffing"]
    assert max(line.cuts) > OFFSETS[name][-1] * 0.9  # to the reply's very end; of several together it is longer
    line.cuts.clear()
    await read_cut_once(system, name, OFFSETS[name][-1], how)
    assert not line.cuts  # beyond it: alone, a reply is not as long


@pytest.mark.parametrize("name", GATEWAYS)
async def test_cut_again_it_is_an_absence_and_nothing_else(system: Running, name: str) -> None:
    right = await names_of(system)
    for number, offset in enumerate((0, 1, 12, 40, 100, 130, 150, 170, 190, 200)):
        body, _ = await ask_cut(system, name, number, Fault(cut=offset, how=("close", "reset")[number % 2]))
        assert codes(body) == AWAY
        assert body["data"] == {"community": None}
        assert [error["path"] for error in body["errors"]] == [["community"]]
        await system.whole(name, 5)
        body, _ = await system.ask(NAME, {"code": SHIHUGUAN}, name)
        assert body["data"] == right[SHIHUGUAN]


@pytest.mark.parametrize("name", GATEWAYS)
async def test_a_reply_that_stops_half_way_is_given_up_and_its_line_is_not_used_again(
    system: Running, name: str
) -> None:
    """The rest of a late reply must never be the answer to the next question."""
    right = await names_of(system)
    line = system.lines["staffing"]
    late = Fault(cut=150, how="silence", times=1), Fault(delay_s=2.4, times=1)
    lost = [asyncio.ensure_future(ask_cut(system, name, number, late[number % 2])) for number in range(4)]
    bodies = await asyncio.gather(*lost)
    assert all(codes(body) == AWAY for body, _ in bodies)
    for code in COMMUNITIES * 2:  # while the late replies arrive
        body, _ = await system.ask(NAME, {"code": code}, name)
        assert body["data"] == right[code]
        await asyncio.sleep(0.1)
    assert not line.impatient


@pytest.mark.parametrize("name", GATEWAYS)
async def test_in_the_worst_weather_every_answer_is_its_own(system: Running, name: str) -> None:
    """Two hundred questions a dozen at a time over lines that are cut, reset and late by chance (seed 20261122)."""
    chance = random.Random(20261122)
    right = await names_of(system)
    every, seen = iter(range(200)), []

    async def work() -> None:
        for number in every:
            how = chance.choice(("close", "reset"))
            cut = chance.choice((None, chance.randrange(400)))
            fault = Fault(chance.random() * 0.05, cut, how, chance.choice((1, 1, 2)))
            body, _ = await ask_cut(system, name, number, fault)
            own = body["data"] == right[COMMUNITIES[number % 4]] and "errors" not in body
            assert own or (body["data"] == {"community": None} and codes(body) == AWAY)
            seen.append(own)

    await asyncio.gather(*(work() for _ in range(12)))
    assert len(seen) == 200
    assert any(seen)


@pytest.mark.parametrize("cut", [60, 400, 1_500])
async def test_a_run_whose_roster_breaks_off_pays_nobody(system: Running, cut: int) -> None:
    """Staffing streams the roster in chunks; half a roster is no roster."""
    headers = {"authorization": f"Bearer {system.token}", "idempotency-key": str(uuid4())}
    order = {"region": "530111000000", "month": "2025-07"}
    system.lines["staffing"].fault = Fault(cut=cut)
    url = f"{system.urls['payroll']}/v1"
    answer = await system.client.post(f"{url}/payroll-runs", json=order, headers=headers)
    assert system.lines["staffing"].asked["/v1/roster"]
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "staffing.unavailable"
    runs = await system.client.get(f"{url}/payroll-runs", params={"month": "2025-07"}, headers=headers)
    assert runs.json()["items"] == []
