"""What payroll tells of its runs: how far a calculation is while it lasts, and each state reached."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from services.payroll.api.events import KINDS
from services.payroll.client import PayrollClient
from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.payroll.usecases import progress
from services.payroll.usecases.rosters import RosterBlock, roster_blocks
from services.runtime.client import ServiceError
from services.runtime.events_api import Kind
from services.runtime.events_schemas import EventOut
from tests.fixtures.serving import until
from tests.payroll.api import test_payroll_runs as runs
from tests.payroll.conftest import CHAOYANG, COMMUNITY, GUANDU, Payroll, Rosters, roster_of, worker_id

FORMS = {kind.name: kind.data for kind in KINDS}
MONTH = PayrollRunIn(authority=GUANDU, month="2026-01")


@pytest.fixture
async def clerk(payroll: Payroll, rosters: Rosters) -> PayrollClient:
    """Who may run Guandu's pay; January's roster has four workers, one of whom cannot be paid."""
    rosters.by_month["2026-01"] = roster_of(runs.HEAD, runs.STAFF, runs.HALF, runs.NO_STEP)
    made = await payroll()
    bases = runs.bases(COMMUNITY["guandu"], (1, "5000.00"), (2, "3500"), (3, "3500"), (4, "3500"))
    await made.import_rows("contribution_bases", bases)
    return made


async def told(client: PayrollClient, **params: Any) -> list[EventOut]:
    """The events, each in the form that the catalogue gives its type."""
    items = (await client.events({"limit": 500, **params})).items
    assert all(earlier.sequence < later.sequence for earlier, later in pairwise(items))
    assert all(earlier.time <= later.time for earlier, later in pairwise(items))
    for one in items:
        FORMS[one.type].model_validate(one.data, extra="forbid")
    return items


def named(events: list[EventOut]) -> list[str]:
    return [one.type.removeprefix("payroll_run.") for one in events]


async def reached(client: PayrollClient, done: int) -> bool:
    """Whether so many workers have been told as gone through."""
    return any(one.data.get("done") == done for one in await told(client))


async def test_a_run_is_told_from_its_start_to_its_close(clerk: PayrollClient, payroll: Payroll) -> None:
    run = await clerk.run_payroll(MONTH, "k1")
    checker = await payroll(subject="checker")
    for number, step in enumerate(("check", "return", "check", "approval", "payment", "closing")):
        await checker.step_run(run.id, step, f"s{number}")
    events = [one for one in await told(clerk) if one.type != "payroll_run.calculating"]
    assert named(events) == [
        "started", "calculated", "checked", "returned", "checked", "approved", "paid", "closed",
    ]  # fmt: skip
    assert {(one.subject, one.region) for one in events} == {(str(run.id), GUANDU)}
    assert [one.data["state"] for one in events][:4] == ["open", "calculated", "checked", "calculated"]
    calculated = events[1].data
    assert (calculated["workers"], calculated["faulted"], calculated["changed"]) == (3, 1, True)


async def test_calculating_again_to_the_same_end_says_so(clerk: PayrollClient) -> None:
    run = await clerk.run_payroll(MONTH, "k1")
    seen = (await told(clerk))[-1].sequence
    await clerk.run_payroll(MONTH, "k2")
    await clerk.run_payroll(MONTH, "k2")  # the same again: nothing happens, nothing is told
    events = await told(clerk, after=seen, subject=str(run.id))
    assert [one for one in named(events) if one != "calculating"] == ["started", "calculated"]
    assert events[-1].data["changed"] is False


async def test_progress_is_seen_while_the_calculation_lasts(
    clerk: PayrollClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PAUSE_S", 0.01)
    gate = asyncio.Event()

    async def slowly(*_given: object) -> AsyncIterator[RosterBlock]:
        for block in roster_blocks(roster_of(runs.HEAD, runs.STAFF, runs.HALF, runs.NO_STEP), 1):
            if block.workers[0].tobytes() == worker_id(3).bytes:
                await gate.wait()
            yield block

    monkeypatch.setattr("services.payroll.api.payroll_runs._roster", slowly)
    running = asyncio.create_task(clerk.run_payroll(MONTH, "k1"))
    await until(lambda: reached(clerk, 2))
    events = await told(clerk)
    assert not running.done()
    assert (events[-1].type, events[-1].data["total"]) == ("payroll_run.calculating", 4)
    assert (await clerk.payroll_runs()).items == []  # the outcome itself is not there yet
    gate.set()
    run = await running
    events = await told(clerk)
    assert {one.subject for one in events} == {str(run.id)}
    assert named(events)[0] == "started"
    assert named(events)[-1] == "calculated"
    done = [one.data["done"] for one in events if one.type == "payroll_run.calculating"]
    assert done == sorted(done)


async def test_a_calculation_that_fails_is_told_as_failed(clerk: PayrollClient, rosters: Rosters) -> None:
    rosters.status = 500
    with pytest.raises(ServiceError):
        await clerk.run_payroll(MONTH, "k1")
    events = await told(clerk)
    assert named(events) == ["started", "failed"]
    assert (events[-1].data["code"], events[-1].data["state"]) == ("x.y", "open")
    assert (await clerk.payroll_runs()).items == []


async def test_a_run_that_may_not_be_calculated_tells_nothing(clerk: PayrollClient, payroll: Payroll) -> None:
    run = await clerk.run_payroll(MONTH, "k1")
    await (await payroll(subject="checker")).step_run(run.id, "check", "c")
    seen = (await told(clerk))[-1].sequence
    with pytest.raises(ServiceError):
        await clerk.run_payroll(MONTH, "k2")
    with pytest.raises(ServiceError):
        await clerk.step_run(run.id, "payment", "p")
    assert await told(clerk, after=seen) == []


async def test_progress_that_cannot_be_stored_does_not_stop_the_calculation(
    clerk: PayrollClient, payroll_url: str
) -> None:
    owner = await asyncpg.connect(payroll_url)
    try:  # whoever holds the turn keeps every telling waiting
        await owner.execute("SELECT pg_advisory_lock(hashtext('outbox'), hashtext('payroll'))")
        running = asyncio.create_task(clerk.run_payroll(MONTH, "k1"))
        await asyncio.sleep(progress.LONGEST_S + 1)
        assert not running.done()  # only its own commit waits
        await owner.execute("SELECT pg_advisory_unlock(hashtext('outbox'), hashtext('payroll'))")
        assert (await running).state == "calculated"
    finally:
        await owner.close()
    assert named(await told(clerk)) == ["calculated"]


async def test_each_reader_sees_the_runs_of_his_regions(clerk: PayrollClient, payroll: Payroll) -> None:
    await clerk.run_payroll(MONTH, "k1")
    assert await told(await payroll("auditor", GUANDU))
    assert await told(await payroll("auditor", "530100000000"))
    assert await told(await payroll("auditor", CHAOYANG)) == []
    assert await told(await payroll("auditor", COMMUNITY["guandu"])) == []  # a run is its district's affair
    with pytest.raises(ServiceError) as refusal:
        await (await payroll("resident", GUANDU)).events()
    assert refusal.value.code == "permission.missing"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_the_catalogue_has_the_form_it_shows(kind: Kind) -> None:
    examples = kind.data.model_json_schema()["examples"]
    assert [kind.data.model_validate(one, extra="forbid") for one in examples]
