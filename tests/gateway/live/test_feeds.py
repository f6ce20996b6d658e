"""A subscription outlives the service behind it: nothing is lost, nothing told twice, and a refusal ends it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from gateway.errors import Code, GatewayError
from gateway.live.feeds import Feeds, Turns
from gateway.settings import GatewaySettings
from services.runtime import outbox
from services.runtime.database import NATION, Database
from services.runtime.events_purge import Purge
from services.runtime.events_schemas import EventOut
from tests.conftest import SettingsOf
from tests.fixtures.serving import until
from tests.gateway.living import SHORT, Living
from tests.gateway.register import SHIHUGUAN


@asynccontextmanager
async def beside(living: Living) -> AsyncIterator[Database]:
    """Consultation's data base without its service."""
    settings = living.consultation.app.state.settings
    async with Database.open(settings, "consultation") as database:
        yield database


async def tell(database: Database, numbers: range) -> None:
    """Steps of issues nobody has, each in a transaction of its own."""
    for number in numbers:
        data = {
            "issue": str(uuid4()), "community": SHIHUGUAN, "sequence": number + 1, "step": "screen", "outcome": None,
            "from_state": "a", "to_state": "b", "tier": "community", "final": False, "at": "2026-03-01T00:00:00Z",
        }  # fmt: skip
        async with database.transaction(NATION) as session:
            outbox.append(session, "issue.step_taken", data["issue"], data, SHIHUGUAN)  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", ["socket", "stream"])
async def test_a_service_that_is_away_for_a_while_costs_no_event(alive: Living, transport: str) -> None:
    document = "subscription { issueChanged { stepNumber issue { id } } }"
    async with beside(alive) as database:
        if transport == "socket":
            async with alive.socket() as socket:
                await socket.subscribe("1", document)
                await _away_and_back(alive, database, lambda: socket.next("1"))
        else:
            async with alive.sse(document) as stream:
                await _away_and_back(alive, database, stream.next)


async def _away_and_back(alive: Living, database: Database, following: Any) -> None:
    await alive.streams(1)
    await tell(database, range(2))
    told = [await following(), await following()]
    await alive.consultation.stop()
    await tell(database, range(2, 5))  # nobody hears
    await alive.consultation.start()
    told += [await following() for _ in range(3)]
    await alive.streams(1)
    await tell(database, range(5, 6))
    told.append(await following())
    assert [one["issueChanged"]["stepNumber"] for one in told] == [1, 2, 3, 4, 5, 6]
    assert all(one["issueChanged"]["issue"] is None for one in told)


async def test_however_often_it_breaks_off_each_event_comes_once_and_in_order(alive: Living) -> None:
    count = 120
    async with beside(alive) as database, alive.socket() as socket:
        await socket.subscribe("1", SHORT)
        await alive.streams(1)

        async def trouble() -> None:
            for _ in range(3):
                await asyncio.sleep(0.3)
                await alive.consultation.stop()
                await alive.consultation.start()

        telling = asyncio.create_task(tell(database, range(count)))
        troubling = asyncio.create_task(trouble())
        numbers = []
        async with asyncio.timeout(30):
            while len(numbers) < count:
                numbers.append((await socket.next("1"))["issueChanged"]["stepNumber"])
        assert numbers == list(range(1, count + 1))
        await telling
        await troubling


async def test_a_subscription_to_a_service_that_is_away_begins_when_it_is_back(alive: Living) -> None:
    await alive.consultation.stop()
    async with beside(alive) as database, alive.socket() as socket:
        await socket.subscribe("1", SHORT)
        await until(lambda: alive.live.feeds.open == 1)
        await alive.consultation.start()
        await alive.streams(1)
        await tell(database, range(1))
        assert (await socket.next("1"))["issueChanged"]["stepNumber"] == 1


async def test_a_sequence_from_before_a_restore_ends_the_subscription(alive: Living) -> None:
    async with beside(alive) as database:
        feed = alive.live.feeds.on_behalf(alive.token("administrator", "000000000000"), None)
        async with aclosing(feed.follow("consultation", {})) as events:
            first = asyncio.create_task(anext(events))
            await alive.streams(1)
            await tell(database, range(1))
            event: EventOut = await first
            client = feed.clients["consultation"]
            with pytest.raises(Exception, match="sequence"):
                await anext(client.follow({"after": str(int(event.sequence) + 10**6)}))


async def test_what_was_purged_meanwhile_ends_the_subscription_by_name(alive: Living) -> None:
    feeds = alive.live.feeds
    feed = feeds.on_behalf(alive.token("administrator", "000000000000"), None)
    async with beside(alive) as database, aclosing(feed.follow("consultation", {})) as events:
        first = asyncio.create_task(anext(events))
        await alive.streams(1)
        await tell(database, range(1))
        await first
        await alive.consultation.stop()
        await tell(database, range(1, 3))  # nobody hears, for longer than events are kept
        owner = await asyncpg.connect(alive.consultation.app.state.settings.dsn())  # as who owns the tables
        await owner.execute("UPDATE consultation.outbox SET time = time - interval '31 days'")
        await owner.close()
        await Purge(alive.consultation.app.state.settings, CollectorRegistry()).once(database)
        await alive.consultation.start()
        with pytest.raises(GatewayError) as refusal:
            await anext(events)
    assert refusal.value.code is Code.CONFLICT
    assert refusal.value.details["problem"] == "events.sequence_purged"
    assert feeds.open == 0


async def test_a_refusal_ends_it_and_gives_back_its_place(alive: Living) -> None:
    feeds = alive.live.feeds
    feed = feeds.on_behalf(alive.token("district_payroll", "530111000000"), None)
    with pytest.raises(GatewayError) as refusal:
        await anext(feed.follow("consultation", {}))
    assert refusal.value.code is Code.FORBIDDEN
    assert feeds.open == 0


async def test_a_token_that_a_service_no_longer_takes_ends_it(alive: Living) -> None:
    feed = alive.live.feeds.on_behalf("not.a.token", None)
    with pytest.raises(GatewayError) as refusal:
        await anext(feed.follow("payroll", {}))
    assert refusal.value.code is Code.UNAUTHENTICATED


async def test_a_flood_of_events_goes_out_at_its_rate_after_a_burst() -> None:
    turns = Turns(rate=100, burst=20)
    began = time.monotonic()
    for _ in range(20):
        await turns.take()
    assert time.monotonic() - began < 0.1
    await asyncio.gather(*(turns.take() for _ in range(30)))
    assert 0.28 < time.monotonic() - began < 2


async def test_so_many_streams_and_no_more(settings_of: SettingsOf, alive: Living) -> None:
    settings = settings_of(
        None, GatewaySettings, live_subscriptions=1, consultation_url=alive.consultation.url,
        payroll_url=alive.payroll.url,
    )  # fmt: skip
    feeds = Feeds.connect(settings, {})
    token = alive.token("auditor", "000000000000")
    async with aclosing(feeds.on_behalf(token, None).follow("consultation", {})) as events:
        waiting = asyncio.create_task(anext(events))
        await alive.streams(1)
        with pytest.raises(GatewayError) as refusal:
            await anext(feeds.on_behalf(token, None).follow("payroll", {}))
        assert (refusal.value.code, refusal.value.details["maximum"]) == (Code.LIMIT_EXCEEDED, 1)
        waiting.cancel()
        await asyncio.wait({waiting})
    assert feeds.open == 0
    await feeds.close()
