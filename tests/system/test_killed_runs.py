"""F-02 in small: payroll killed at every stage of a run that was asked for by mutation; resent, it has one effect."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.fixtures.serving import until
from tests.system.block import COMMUNITIES, STREET, WORKERS_EACH
from tests.system.conftest import GATEWAYS, Running, bar
from tests.system.pauses import Pause, Place, paused
from tests.system.proxy import Fault
from tests.system.test_join import codes

pytestmark = pytest.mark.xdist_group("system")
RUN = """mutation Run($input: RunPayrollInput!) { runPayroll(input: $input) {
  payrollRun { id state attempt workers faulted madeAt totals { gross net } } errors { code } } }"""
RUNS = """query Runs($month: Month!, $region: DivisionCode!) { payrollRuns(month: $month, region: $region, first: 100) {
  nodes { id state attempt workers faulted madeAt totals { gross net } } } }"""
SLIPS = """query Slips($month: Month!, $region: DivisionCode!) { communities(region: $region, first: 100) {
  nodes { workers(first: 5) { nodes { id payslip(month: $month) { id gross net } } } } } }"""
AT_ONCE = 1.5
ALL = len(COMMUNITIES) * WORKERS_EACH
MIDDLE = COMMUNITIES[len(COMMUNITIES) // 2]
ROSTER = "/v1/roster"


@dataclass(frozen=True)
class Moment:
    """When payroll is killed: as its transaction is at a place, as the roster is on its way, or as its answer is."""

    place: Place | None = None
    roster: bool = False
    answer: bool = False


MOMENTS = {
    "opening the run": Moment(Place("payroll.payroll_runs")),
    "reading the roster": Moment(roster=True),
    "half of the payslips written": Moment(Place("payroll.payslips", when=f"NEW.community = '{MIDDLE}'")),
    "settling the run": Moment(Place("payroll.payroll_runs", "UPDATE")),
    "keeping the answer": Moment(Place("payroll.idempotency_keys", "UPDATE")),
    "committing": Moment(Place("payroll.idempotency_keys", "UPDATE", at_commit=True)),
    "answering": Moment(answer=True),
}


@dataclass(frozen=True)
class Order:
    """One mutation: a gateway, a month of the street's pay, and the key it is sent under each time."""

    system: Running
    gateway: str
    month: str
    key: str
    url: str

    async def send(self) -> tuple[dict[str, Any], float]:
        """The gateway's answer, and the monotonic second at which it was there."""
        given = {"idempotencyKey": self.key, "month": self.month, "region": STREET}
        body, _ = await self.system.ask(RUN, {"input": given}, self.gateway)
        return body, time.monotonic()

    async def runs(self) -> list[dict[str, Any]]:
        """The month's runs of the street as anyone sees them."""
        body, _ = await self.system.ask(RUNS, {"month": self.month, "region": STREET}, self.gateway)
        assert codes(body) == set(), body
        found: list[dict[str, Any]] = body["data"]["payrollRuns"]["nodes"]
        return found

    async def payslips(self) -> list[dict[str, Any] | None]:
        """Each worker's payslip of the month as anyone sees it."""
        body, _ = await self.system.ask(SLIPS, {"month": self.month, "region": STREET}, self.gateway)
        assert codes(body) == set(), body
        nodes = body["data"]["communities"]["nodes"]
        return [worker["payslip"] for node in nodes for worker in node["workers"]["nodes"]]

    async def stored(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Rows of the data base, whoever may see them."""
        connection = await asyncpg.connect(self.url)
        try:
            found: list[asyncpg.Record] = await connection.fetch(query, *values)
            return found
        finally:
            await connection.close()

    async def answer_kept(self) -> bool:
        """Whether a committed transaction has kept the answer."""
        query = "SELECT 1 FROM payroll.idempotency_keys WHERE key = $1 AND status IS NOT NULL"
        return bool(await self.stored(query, self.key))


async def reached(order: Order, moment: Moment, pause: Pause | None) -> bool:
    """Whether the run under way has come to the moment."""
    if pause is not None:
        return await pause.waiting() > 0
    if moment.roster:
        return order.system.lines["staffing"].asked[ROSTER] > 0
    return await order.answer_kept()


async def killed(order: Order, moment: Moment, pause: Pause | None) -> None:
    """Send the mutation and kill payroll at the moment: a typed refusal at once, never a success."""
    lines = order.system.lines
    for line in lines.values():
        line.heal()
    if moment.roster:
        lines["staffing"].fault = Fault(cut=0, how="silence")
    if moment.answer:
        lines["payroll"].fault = Fault(cut=0, how="silence")
    asked = asyncio.ensure_future(order.send())
    await until(lambda: reached(order, moment, pause), 30)
    order.system.kill("payroll")
    gone = time.monotonic()
    lines["payroll"].drop()
    body, there = await asked
    assert there - gone < bar(AT_ONCE)
    assert body["data"] == {"runPayroll": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UPSTREAM_UNAVAILABLE"]
    assert body["errors"][0]["extensions"]["service"] == "payroll"
    for line in lines.values():
        line.heal()


async def resent(order: Order, pause: Pause | None) -> dict[str, Any]:
    """The answer to the same mutation, sent while the dead process's transaction may still lie in the data base."""
    again = asyncio.ensure_future(order.send())
    await until(lambda: order.system.lines["payroll"].asked["/v1/payroll-runs"] > 0)
    if pause is not None:
        await pause.let_on()
    body, _ = await again
    assert codes(body) == set(), body
    assert body["data"]["runPayroll"]["errors"] == []
    run: dict[str, Any] = body["data"]["runPayroll"]["payrollRun"]
    return run


async def check_one_effect(order: Order, run: dict[str, Any]) -> None:
    """One run, one payslip of each worker, one event, one kept answer; their sums are the run's."""
    assert (run["state"], run["attempt"], run["workers"], run["faulted"]) == ("CALCULATED", 1, ALL, 0)
    assert await order.runs() == [run]
    slips = [slip for slip in await order.payslips() if slip is not None]
    assert len({slip["id"] for slip in slips}) == ALL
    first = date.fromisoformat(f"{order.month}-01")
    written = await order.stored(
        "SELECT count(*) AS slips, count(DISTINCT worker) AS workers, sum(gross_fen) AS gross, sum(net_fen) AS net, "
        "count(DISTINCT attempt_number) AS attempts FROM payroll.payslips WHERE month = $1",
        first,
    )
    (found,) = written
    assert (found["slips"], found["workers"], found["attempts"]) == (ALL, ALL, 1)
    assert run["totals"] == {name: f"{found[name] / 100:.2f}" for name in ("gross", "net")}
    for table in ("payroll_runs", "run_attempts"):
        assert len(await order.stored(f"SELECT 1 FROM payroll.{table} WHERE month = $1", first)) == 1
    told = "SELECT 1 FROM payroll.outbox WHERE type = 'payroll_run.calculated' AND data ->> 'month' = $1"
    assert len(await order.stored(told, order.month)) == 1
    assert len(await order.stored("SELECT 1 FROM payroll.idempotency_keys WHERE key = $1", order.key)) == 1


@pytest.mark.parametrize(("number", "name"), list(enumerate(MOMENTS)), ids=list(MOMENTS))
async def test_killed_at_any_moment_the_resent_run_has_one_effect(system: Running, number: int, name: str) -> None:
    moment, url = MOMENTS[name], system.env["GONGZHI_DATABASE_URL"]
    order = Order(system, GATEWAYS[number % 2], f"2026-{number + 1:02d}", str(uuid4()), url)
    async with AsyncExitStack() as stack:
        pause = await stack.enter_async_context(paused(url, moment.place)) if moment.place else None
        await killed(order, moment, pause)
        system.start("payroll")
        await system.ready("payroll")
        assert [one["state"] for one in await order.runs()] == ["CALCULATED"] * moment.answer
        assert sum(slip is not None for slip in await order.payslips()) == ALL * moment.answer
        run = await resent(order, pause)
    await check_one_effect(order, run)
    assert await resent(order, None) == run
    await check_one_effect(order, run)
