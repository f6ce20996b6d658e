"""Events that were kept long enough go, and nothing else does; who comes for them is told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.kernel.errors import Conflict
from services.runtime import events_purge
from services.runtime.database import NATION, Database
from services.runtime.events import Wanted, latest, page, sequence_of
from services.runtime.events_purge import Purge
from services.runtime.outbox import append
from tests.conftest import SettingsOf
from tests.fixtures.cluster import Cluster
from tests.fixtures.serving import until
from tests.runtime.conftest import SCHEMA

HERE = "530111001011"
ALL = Wanted(NATION)
EVER = 2**63 - 1
INSERT = (
    "INSERT INTO outbox (id, type, subject, region, data, time) "
    f"VALUES (gen_random_uuid(), 'x.y', 'new', '{HERE}', '{{}}', now())"
)


@asynccontextmanager
async def owner(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def tell(database: Database, *subjects: str) -> None:
    async with database.transaction(NATION) as session:
        for subject in subjects:
            append(session, "x.y", subject, {}, HERE)


async def age(url: str, days: float, *subjects: str) -> None:
    """As if these events had been recorded so many days earlier than they were."""
    async with owner(url) as connection:
        await connection.execute(
            f"UPDATE {SCHEMA}.outbox SET time = time - make_interval(secs => $1) WHERE subject = ANY ($2)",
            days * 86400.0,
            list(subjects),
        )


async def left(database: Database) -> list[str]:
    async with database.transaction(NATION, read_only=True) as session:
        return [event.subject for event in await page(session, ALL, None, EVER)]


def purge_of(settings_of: SettingsOf, days: int = 30) -> Purge:
    return Purge(settings_of(None, event_keep_days=days), CollectorRegistry())


@pytest.fixture(autouse=True)
async def emptied(truncate: Any, plain_url: str) -> None:
    await truncate(plain_url, SCHEMA)


async def test_what_is_older_goes_and_what_is_younger_stays(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    await tell(database, "a", "b", "c", "d")
    await age(plain_url, 30.001, "a", "b")
    await age(plain_url, 29.999, "c")
    registry = CollectorRegistry()
    purge = Purge(settings_of(None), registry)
    assert await purge.once(database) == 2
    assert await left(database) == ["c", "d"]
    assert await purge.once(database) == 0
    assert registry.get_sample_value("gongzhi_events_purged_total") == 2
    assert await purge_of(settings_of, 29).once(database) == 1
    assert await left(database) == ["d"]


async def test_a_stepped_clock_never_takes_younger_ones_along(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    await tell(database, "young", "stamped long ago")
    await age(plain_url, 400, "stamped long ago")
    assert await purge_of(settings_of).once(database) == 0
    assert await left(database) == ["young", "stamped long ago"]


async def test_many_go_in_batches_while_writers_write(
    settings_of: SettingsOf, database: Database, plain_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_purge, "BATCH", 3)
    monkeypatch.setattr(events_purge, "BREATH_S", 0.0)
    old = [f"old{number}" for number in range(10)]
    await tell(database, *old)
    await age(plain_url, 31, *old)
    async with database.transaction(NATION) as writer:
        await writer.execute(text(INSERT))  # has the writers' turn from here to its commit
        async with asyncio.timeout(5):
            assert await purge_of(settings_of).once(database) == 10
    assert await left(database) == ["new"]


async def test_a_writer_does_not_wait_for_a_purge(database: Database, plain_url: str) -> None:
    await tell(database, "old")
    await age(plain_url, 31, "old")
    async with owner(plain_url) as connection, connection.transaction():
        assert await connection.fetchval(f"SELECT {SCHEMA}.purge_outbox(30, 10)") == 1
        async with asyncio.timeout(2):
            await tell(database, "new")
    assert await left(database) == ["new"]


async def test_of_several_processes_one_purges_and_none_waits(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    await tell(database, "a", "b")
    await age(plain_url, 31, "a", "b")
    async with owner(plain_url) as other, other.transaction():
        assert await other.fetchval(f"SELECT {SCHEMA}.purge_outbox(30, 1)") == 1
        async with asyncio.timeout(2):
            assert await purge_of(settings_of).once(database) == 0
    assert await left(database) == ["b"]
    assert await purge_of(settings_of).once(database) == 1


async def test_a_page_after_what_is_gone_is_refused_by_name(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    await tell(database, "a", "b", "c")
    async with database.transaction(NATION, read_only=True) as session:
        first, second, _ = [event.position for event in await page(session, ALL, None, EVER)]
    await age(plain_url, 31, "a", "b")
    await purge_of(settings_of).once(database)
    async with database.transaction(NATION, read_only=True) as session:
        assert [event.subject for event in await page(session, ALL, second, EVER)] == ["c"]
        assert [event.subject for event in await page(session, ALL, None, EVER)] == ["c"]
        for after in (0, first):
            with pytest.raises(Conflict) as refusal:
                await page(session, ALL, after, EVER)
            assert refusal.value.code == "events.sequence_purged"
            assert refusal.value.details == {"kept_after": sequence_of(second)}


async def test_a_purge_in_the_midst_of_a_page_is_not_passed_over(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    await tell(database, "a", "b")
    async with database.transaction(NATION, read_only=True) as session:
        await age(plain_url, 31, "a")
        await purge_of(settings_of).once(database)
        with pytest.raises(Conflict):
            await page(session, ALL, 0, EVER)


async def test_the_last_place_stays_known_when_all_are_gone(
    settings_of: SettingsOf, database: Database, plain_url: str
) -> None:
    async with database.transaction(NATION, read_only=True) as session:
        assert await latest(session) == 0
    await tell(database, "a")
    async with database.transaction(NATION, read_only=True) as session:
        before = await latest(session)
    await age(plain_url, 31, "a")
    await purge_of(settings_of).once(database)
    async with database.transaction(NATION, read_only=True) as session:
        assert await latest(session) == before > 0
        assert await page(session, ALL, before, EVER) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox",
        "UPDATE outbox SET time = '2000-01-01'",
        "UPDATE outbox_purged SET position = 0",
        "INSERT INTO outbox_purged (position) VALUES (1)",
        "DELETE FROM outbox_purged",
        "TRUNCATE outbox_purged",
    ],
)
async def test_the_service_itself_may_do_nothing_else(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(NATION) as session:
            await session.execute(text(statement))


@pytest.mark.parametrize("arguments", ["0, 10", "-1, 10", "30, 0"])
async def test_not_even_through_its_function_within_a_day(database: Database, arguments: str) -> None:
    with pytest.raises(DBAPIError, match="a day at least"):
        async with database.transaction(NATION) as session:
            await session.execute(text(f"SELECT purge_outbox({arguments})"))


async def test_nobody_else_may_call_it(plain_url: str) -> None:
    async with owner(plain_url) as connection:
        assert await connection.fetchval(
            f"SELECT proacl::text[] FROM pg_proc WHERE oid = '{SCHEMA}.purge_outbox'::regproc"
        ) == ["gongzhi=X/gongzhi", f"gongzhi_{SCHEMA}=X/gongzhi"]


async def test_an_owner_without_special_rights_purges_every_region_and_the_callers_scope_stays(
    settings_of: SettingsOf, cluster: Cluster, database: Database, plain_url: str
) -> None:
    await tell(database, "a", "b")
    await age(plain_url, 31, "a")
    plain = "gongzhi_plain_owner"
    parts = ("TABLE {}.outbox", "TABLE {}.outbox_purged", "FUNCTION {}.purge_outbox")
    async with owner(plain_url) as connection:
        mine = await connection.fetchval("SELECT current_user")
        await connection.execute(f"CREATE ROLE {plain}; GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {plain}")
        try:
            for part in parts:
                await connection.execute(f"ALTER {part.format(SCHEMA)} OWNER TO {plain}")
            async with database.transaction((("11", "12"),)) as session:
                assert await session.scalar(text("SELECT purge_outbox(30, 10)")) == 1
                assert await session.scalar(text("SELECT current_setting('app.lo')")) == "11"
        finally:
            for part in parts:
                await connection.execute(f"ALTER {part.format(SCHEMA)} OWNER TO {mine}")
            await connection.execute(f"REVOKE ALL ON SCHEMA {SCHEMA} FROM {plain}; DROP ROLE {plain}")
    assert await left(database) == ["b"]


async def test_the_process_looks_by_itself_and_goes_on_after_a_failure(
    settings_of: SettingsOf, database: Database, plain_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_purge, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(events_purge, "PAUSE_S", 0.05)
    await tell(database, "a", "b")
    await age(plain_url, 31, "a")

    async def done() -> bool:
        return await left(database) == ["b"]

    async with owner(plain_url) as connection:
        await connection.execute(f"ALTER FUNCTION {SCHEMA}.purge_outbox RENAME TO elsewhere")
        async with purge_of(settings_of).at_work(database):
            try:
                await asyncio.sleep(0.3)
                assert not await done()
            finally:
                await connection.execute(f"ALTER FUNCTION {SCHEMA}.elsewhere RENAME TO purge_outbox")
            await until(done)
