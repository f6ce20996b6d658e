"""The relay on a real PostgreSQL: order, late commits, lost connections, slow readers."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from services.runtime import events_relay
from services.runtime.database import NATION, Database
from services.runtime.events import Event, Wanted
from services.runtime.events_relay import Relay, Subscriber
from services.runtime.outbox import append
from services.runtime.problem import Unavailable
from tests.conftest import SettingsOf
from tests.fixtures.lingering import ended, lingering
from tests.fixtures.serving import until
from tests.runtime.conftest import SCHEMA

HERE, THERE = "530111001011", "110105001001"
ALL = Wanted(NATION)


@pytest.fixture
async def relay(settings_of: SettingsOf, plain_url: str, truncate: Any) -> AsyncIterator[Relay]:
    await truncate(plain_url, SCHEMA)
    made = Relay(settings_of(plain_url, event_poll_s=0.5), SCHEMA, CollectorRegistry())
    yield made
    await made.close()


async def tell(database: Database, *subjects: str, region: str = HERE) -> None:
    async with database.transaction(NATION) as session:
        for subject in subjects:
            append(session, "x.y", subject, {}, region)


async def heard(subscriber: Subscriber, count: int) -> list[str]:
    """The subjects of so many events, as they come."""
    found: list[Event] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            found += await subscriber.take(1)
    positions = [event.position for event in found]
    assert positions == sorted(set(positions))
    return [event.subject for event in found]


async def connections(url: str) -> int:
    """How many sessions listen for the schema's events."""
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            " OR pid <> pg_backend_pid() AND query LIKE '%FROM outbox%LIMIT $2%' AND datname = current_database()"
        )
        return count
    finally:
        await connection.close()


async def gone(url: str) -> bool:
    """Whether nothing listens any more."""
    return await connections(url) == 0


async def test_what_is_committed_comes_in_order_and_what_is_not_never_does(database: Database, relay: Relay) -> None:
    await tell(database, "before")
    subscriber = await relay.join(ALL)
    await tell(database, "a", "b")
    with pytest.raises(RuntimeError):
        await _fail(database)
    await tell(database, "c")
    assert await heard(subscriber, 3) == ["a", "b", "c"]
    assert await subscriber.take(0.1) == []


async def _fail(database: Database) -> None:
    async with database.transaction(NATION) as session:
        append(session, "x.y", "never", {}, HERE)
        raise RuntimeError


async def test_a_transaction_that_commits_late_is_not_skipped(database: Database, relay: Relay) -> None:
    subscriber = await relay.join(ALL)
    async with database.transaction(NATION) as late:
        await late.execute(text("INSERT INTO notes (community, words) VALUES (:c, 'late')"), {"c": HERE})
        append(late, "x.y", "late", {}, HERE)
        await tell(database, "early")  # began later, commits sooner
        assert await heard(subscriber, 1) == ["early"]
    assert await heard(subscriber, 1) == ["late"]


async def test_many_writers_of_any_length_and_two_processes_agree_on_one_order(
    settings_of: SettingsOf, database: Database, relay: Relay, plain_url: str
) -> None:
    other = Relay(settings_of(plain_url, event_poll_s=0.5), SCHEMA, CollectorRegistry())
    readers = [await relay.join(ALL), await other.join(ALL)]
    dice = random.Random(20261122)
    async with Database.open(settings_of(plain_url, pool_size=8), SCHEMA) as crowd:

        async def write(writer: int) -> list[str]:
            kept = []
            for number in range(12):
                names = [f"{writer}-{number}-{part}" for part in range(dice.randint(1, 3))]
                with suppress(RuntimeError):
                    async with crowd.transaction(NATION) as session:
                        await session.execute(text("SELECT pg_current_xact_id()"))  # as if it had written long ago
                        for name in names:
                            append(session, "x.y", name, {}, HERE)
                            await asyncio.sleep(dice.random() * 0.02)
                        if dice.random() < 0.2:
                            raise RuntimeError
                        kept += names
            return kept

        written = [name for names in await asyncio.gather(*(write(one) for one in range(8))) for name in names]
    stories = [await heard(reader, len(written)) for reader in readers]
    assert stories[0] == stories[1]
    assert sorted(stories[0]) == sorted(written)
    for writer in range(8):
        mine = [name for name in stories[0] if name.startswith(f"{writer}-")]
        assert mine == [name for name in written if name.startswith(f"{writer}-")]
    await other.close()


async def test_one_who_inserts_early_makes_others_wait_and_nothing_is_skipped(
    database: Database, relay: Relay, plain_url: str
) -> None:
    subscriber = await relay.join(ALL)
    owner = await asyncpg.connect(plain_url)
    try:
        async with owner.transaction():
            await owner.execute(
                f"INSERT INTO {SCHEMA}.outbox (id, type, subject, region, data) "
                "VALUES (gen_random_uuid(), 'x.y', 'held', '530111001011', '{}')"
            )
            other = asyncio.create_task(tell(database, "waiting"))
            assert await subscriber.take(0.7) == []  # longer than the poll: neither can be seen yet
            assert not other.done()
        await other
    finally:
        await owner.close()
    assert await heard(subscriber, 2) == ["held", "waiting"]


async def test_a_long_transaction_elsewhere_holds_nothing_up(database: Database, relay: Relay) -> None:
    subscriber = await relay.join(ALL)
    async with database.transaction(NATION) as long:
        await long.execute(text("INSERT INTO notes (community, words) VALUES (:c, 'long')"), {"c": HERE})
        await tell(database, "meanwhile")
        assert await heard(subscriber, 1) == ["meanwhile"]


async def test_each_reader_gets_his_regions(database: Database, relay: Relay) -> None:
    here = await relay.join(Wanted((("530111000000", "530112"),)))
    there = await relay.join(Wanted((("11", "12"),)))
    await tell(database, "h")
    await tell(database, "t", region=THERE)
    assert await heard(here, 1) == ["h"]
    assert await heard(there, 1) == ["t"]
    assert await here.take(0.1) == []
    assert await there.take(0.1) == []


async def test_notify_wakes_it_and_without_notify_it_looks_all_the_same(
    database: Database, settings_of: SettingsOf, plain_url: str, relay: Relay
) -> None:
    patient = Relay(settings_of(plain_url, event_poll_s=30), SCHEMA, CollectorRegistry())
    try:
        woken = await patient.join(ALL)
        await tell(database, "woken")
        assert await heard(woken, 1) == ["woken"]  # within five seconds, not thirty
    finally:
        await patient.close()
    looking = await relay.join(ALL)
    owner = await asyncpg.connect(plain_url)
    try:  # a trigger that is off sends no NOTIFY
        await owner.execute(f"ALTER TABLE {SCHEMA}.outbox DISABLE TRIGGER turn")
        await tell(database, "unheard")
        assert await heard(looking, 1) == ["unheard"]
    finally:
        await owner.execute(f"ALTER TABLE {SCHEMA}.outbox ENABLE TRIGGER turn")
        await owner.close()


async def test_a_lost_connection_is_made_again_and_nothing_is_missed(
    database: Database, relay: Relay, plain_url: str
) -> None:
    subscriber = await relay.join(ALL)
    await tell(database, "one")
    assert await heard(subscriber, 1) == ["one"]
    owner = await asyncpg.connect(plain_url)
    try:
        ended = await owner.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%FROM outbox%LIMIT $2%'"
        )
        assert ended >= 1
    finally:
        await owner.close()
    await tell(database, "two")
    assert await heard(subscriber, 1) == ["two"]
    assert relay.listening


async def test_a_connection_whose_server_has_ended_is_made_again_though_it_does_not_know_it(
    settings_of: SettingsOf, database: Database, plain_url: str, tmp_path: Path
) -> None:
    async with lingering(plain_url, tmp_path) as line:
        relay = Relay(settings_of(line.url, event_poll_s=0.1), SCHEMA, CollectorRegistry())
        try:
            subscriber = await relay.join(ALL)
            async with ended(plain_url, line):
                await tell(database, "a")
                assert await heard(subscriber, 1) == ["a"]
        finally:
            await relay.close()


async def test_what_came_and_went_while_it_was_away_is_not_passed_over(
    database: Database, relay: Relay, plain_url: str
) -> None:
    subscriber = await relay.join(ALL)
    await tell(database, "one")
    assert await heard(subscriber, 1) == ["one"]
    insert = (
        f"INSERT INTO {SCHEMA}.outbox (id, type, subject, region, data, time) "
        f"VALUES (gen_random_uuid(), 'x.y', $1, '{HERE}', '{{}}', now() - make_interval(days => $2))"
    )
    owner = await asyncpg.connect(plain_url)
    try:
        await owner.execute(f"UPDATE {SCHEMA}.outbox SET time = time - interval '31 days'")
        async with owner.transaction():  # the relay sees nothing of it until all has happened
            await owner.execute(insert, "came and went", 31)
            assert await owner.fetchval(f"SELECT {SCHEMA}.purge_outbox(30, 10)") == 2
            await owner.execute(insert, "two", 0)
    finally:
        await owner.close()
    await until(lambda: subscriber.dropped)  # he comes back with his place, and is refused by name
    assert await subscriber.take(0) == []
    again = await relay.join(ALL)
    await tell(database, "three")
    assert await heard(again, 1) == ["three"]
    assert not again.dropped


async def test_the_connection_goes_with_the_last_reader_and_comes_with_the_next(
    database: Database, relay: Relay, plain_url: str
) -> None:
    subscriber = await relay.join(ALL)
    assert relay.listening
    assert await connections(plain_url) == 1
    relay.leave(subscriber)
    relay.leave(subscriber)
    await until(lambda: not relay.listening)
    await until(lambda: gone(plain_url))
    await tell(database, "unheard")
    again = await relay.join(ALL)
    await tell(database, "heard")
    assert await heard(again, 1) == ["heard"]


async def test_a_reader_who_joins_while_the_last_leaves_misses_nothing(database: Database, relay: Relay) -> None:
    for round_ in range(20):
        subscriber = await relay.join(ALL)
        since = subscriber.since
        await tell(database, f"r{round_}")
        assert await heard(subscriber, 1) == [f"r{round_}"]
        assert subscriber.since == since
        relay.leave(subscriber)
        await asyncio.sleep(0.03 * (round_ % 20))


async def test_a_slow_reader_is_dropped_and_the_others_go_on(
    database: Database, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_relay, "PATIENCE_S", 0.2)
    slow, fast = await relay.join(ALL), await relay.join(ALL)
    many = [f"s{number}" for number in range(2600)]
    telling = asyncio.create_task(tell(database, *many))
    assert await heard(fast, len(many)) == many
    await telling
    assert slow.dropped
    assert not fast.dropped
    kept = await slow.take(0)
    assert 0 < len(kept) <= events_relay.MOST_WAITING
    assert [event.subject for event in kept] == many[: len(kept)]  # up to a point, without a gap
    await tell(database, "after")
    assert await heard(fast, 1) == ["after"]
    assert await slow.take(0) == []


async def test_a_process_takes_only_so_many_readers_and_none_when_it_stops(
    settings_of: SettingsOf, plain_url: str
) -> None:
    small = Relay(settings_of(plain_url, event_streams=1), SCHEMA, CollectorRegistry())
    first = await small.join(ALL)
    with pytest.raises(Unavailable) as full:
        await small.join(ALL)
    assert full.value.code == "events.full"
    small.leave(first)
    second = await small.join(ALL)
    small.stop()
    assert second.ended
    assert await second.take(60) == []  # at once
    small.leave(second)
    with pytest.raises(Unavailable):
        await small.join(ALL)
    await small.close()
    assert not small.listening


async def test_without_a_data_base_nobody_can_join(settings_of: SettingsOf) -> None:
    away = Relay(settings_of("postgresql://127.0.0.1:9/none", pool_timeout_s=0.5), SCHEMA, CollectorRegistry())
    with pytest.raises(Unavailable) as refusal:
        await away.join(ALL)
    assert refusal.value.code == "database.unavailable"
    assert away.subscribers == 0
    await away.close()
