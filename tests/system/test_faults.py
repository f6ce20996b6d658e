"""A service that hangs, is slow, or dies: the rest is right and in time, and all is well again by itself."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fixtures.serving import until
from tests.gateway.register import CUIZHU, LONGWAN, SHIHUGUAN
from tests.gateway.test_graph import JOIN
from tests.system.conftest import GATEWAYS, Running, bar, free_ports
from tests.system.proxy import Fault
from tests.system.test_join import codes, slips

pytestmark = pytest.mark.xdist_group("system")
PAY = {"code": SHIHUGUAN}
CONNECTIONS = 32  # of a gateway to one service
AT_ONCE = 1.5  # far below the two seconds a hung service is waited for, far above what an answer takes
PAGE = """query Page($code: DivisionCode!) { community(code: $code) {
  name headcount issues(first: 5) { nodes { title state } }
  workers(first: 10) { edges { node { name latestPayslip { month gross } } } } } }"""
ELSEWHERE = """query Elsewhere($code: DivisionCode!) { community(code: $code) {
  name headcount issues(first: 5) { nodes { title state } } } }"""
GROSS = "query Gross($id: ID!) { node(id: $id) { ... on Payslip { gross } } }"


def without_pay(body: dict[str, Any]) -> dict[str, Any]:
    """The answer's data with every payslip taken out."""
    data = {"community": {**body["data"]["community"]}}
    workers = data["community"]["workers"]
    edges = [{**edge, "node": {**edge["node"], "latestPayslip": None}} for edge in workers["edges"]]
    data["community"]["workers"] = {**workers, "edges": edges}
    return data


def check_partial(body: dict[str, Any], whole: dict[str, Any]) -> None:
    """Everything but pay is there, exactly; each payslip is null with an error of its own that says why."""
    assert body["data"] == without_pay(whole)
    paths = [["community", "workers", "edges", number, "node", "latestPayslip"] for number in range(3)]
    assert sorted(error["path"] for error in body["errors"]) == paths
    assert codes(body) == {"UPSTREAM_UNAVAILABLE"}
    assert {error["extensions"]["service"] for error in body["errors"]} == {"payroll"}


async def test_a_hung_service_costs_three_seconds_at_most_and_only_its_own_fields(system: Running) -> None:
    """F-10; payroll hangs for eight seconds, long enough for the breaker to rest and to try again."""
    whole = {name: (await system.ask(PAGE, PAY, name))[0] for name in GATEWAYS}
    payroll = system.processes["payroll"]
    payroll.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        for count in (1, 4):  # five failures of each gateway
            await asyncio.gather(*(ask_in_vain(system, name, whole[name], count) for name in GATEWAYS))
        for name in GATEWAYS:  # now nobody waits
            body, seconds = await system.ask(PAGE, PAY, name)
            check_partial(body, whole[name])
            assert seconds < bar(AT_ONCE), name
        await asyncio.gather(*(keep_asking(system, name, whole[name], stopped + 8) for name in GATEWAYS))
    finally:
        payroll.send_signal(signal.SIGCONT)
    await asyncio.gather(*(system.whole(name, 5) for name in GATEWAYS))
    for name in GATEWAYS:
        assert (await system.ask(PAGE, PAY, name))[0]["data"] == whole[name]["data"]


async def ask_in_vain(system: Running, name: str, whole: dict[str, Any], count: int) -> None:
    """Ask so often; the answers lack pay, and one asked alone comes in time."""

    async def ask(number: int) -> tuple[dict[str, Any], float]:
        await asyncio.sleep(number * 0.1)  # what is asked in one turn is one request to payroll, and one failure
        return await system.ask(PAGE, PAY, name)

    for body, seconds in await asyncio.gather(*map(ask, range(count))):
        check_partial(body, whole)
        assert seconds < bar(3) or count > 1, name


async def keep_asking(system: Running, name: str, whole: dict[str, Any], until: float) -> None:
    """Ask until then: only the breaker's trials wait for the hung service, one every two seconds."""
    waited = 0
    while time.monotonic() < until:
        body, seconds = await system.ask(PAGE, PAY, name)
        check_partial(body, whole)
        assert seconds < bar(3)
        waited += seconds > bar(AT_ONCE)
        await asyncio.sleep(0.1)
    assert waited <= 2


@pytest.fixture
async def patient(system: Running, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """One more gateway, which waits for its services far longer than the test lasts."""
    name = f"patient {request.param}"
    system.urls[name] = f"http://127.0.0.1:{free_ports(1)[0]}"
    system.start(name, "gateway", dict.fromkeys(("GONGZHI_CLIENT_TIMEOUT_S", "GONGZHI_UPSTREAM_TIMEOUT_S"), "60"))
    try:
        await system.ready(name)
        yield name
    finally:
        system.kill(name)
        del system.urls[name], system.processes[name]


@pytest.mark.parametrize("patient", GATEWAYS, indirect=True)
async def test_a_slow_service_slows_nobody_else(system: Running, patient: str) -> None:
    """F-11: more questions wait for slow pay than there are connections to payroll; all others overtake every one."""
    payslip = slips((await system.ask(JOIN, PAY, patient))[0])[0]["id"]
    line = system.lines["payroll"]
    line.heal()
    line.fault = Fault(delay_s=60)
    waiting = list[asyncio.Future[Any]]()

    async def all_wait() -> bool:  # asked one by one: what is asked in one turn is one request to payroll
        waiting.append(asyncio.ensure_future(system.ask(GROSS, {"id": payslip}, patient)))
        return line.asked.total() >= CONNECTIONS and len(waiting) >= CONNECTIONS + 8

    await until(all_wait, 60)
    for number in range(12):
        body, _ = await system.ask(ELSEWHERE, {"code": (SHIHUGUAN, CUIZHU, LONGWAN)[number % 3]}, patient)
        assert codes(body) == set()
    assert not any(one.done() for one in waiting)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("delay_s", [0.5, 2.0])
async def test_late_pay_is_pay_and_too_late_is_an_absence(system: Running, name: str, delay_s: float) -> None:
    payslip = slips((await system.ask(JOIN, PAY, name))[0])[0]["id"]
    system.lines["payroll"].fault = Fault(delay_s=delay_s)
    for body, _ in await asyncio.gather(*(system.ask(GROSS, {"id": payslip}, name) for _ in range(3))):
        assert (body["data"]["node"] is None) == bool(codes(body))
        assert codes(body) <= {"UPSTREAM_UNAVAILABLE"}
        assert codes(body) or delay_s < 2


@pytest.mark.parametrize("name", ["staffing", "payroll", "consultation"])
async def test_a_killed_service_is_missed_only_while_it_is_away(system: Running, name: str) -> None:
    """F-01 in small: killed while it is being asked, started again; nobody else is started again."""
    others = {one: process.pid for one, process in system.processes.items() if one != name}
    asked = [asyncio.ensure_future(system.ask(JOIN, PAY, gateway)) for gateway in GATEWAYS for _ in range(4)]
    await asyncio.sleep(0.02)
    system.kill(name)
    for body, seconds in await asyncio.gather(*asked):
        assert codes(body) <= {"UPSTREAM_UNAVAILABLE"}
        assert seconds < bar(3)
    for gateway in GATEWAYS:
        body, seconds = await system.ask(JOIN, PAY, gateway)
        assert codes(body) == {"UPSTREAM_UNAVAILABLE"}
        assert seconds < bar(AT_ONCE)
    system.start(name)
    await system.ready(name)
    await asyncio.gather(*(system.whole(gateway, 3) for gateway in GATEWAYS))
    assert {one: process.pid for one, process in system.processes.items() if one != name} == others
