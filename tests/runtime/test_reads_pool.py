"""The pool of sparse reads: one retry on a fresh connection, refusals that leave a connection good, turns, limits."""

import asyncio

import asyncpg
import pytest

from services.runtime import reads_pool
from services.runtime.problem import Unavailable
from services.runtime.reads_pool import ReadPool
from tests.fixtures.lingering import ended, lingering
from tests.runtime.conftest import SCHEMA


@pytest.fixture
def pool_of(settings_of, plain_url):
    def make(url: str = plain_url, **values: object) -> ReadPool:
        return ReadPool(settings_of(url, **{"pool_size": 2, **values}), SCHEMA)

    return make


async def number(pool: ReadPool) -> int:
    return int((await pool.fetch("SELECT pg_backend_pid() AS pid", []))[0]["pid"])


async def kill(url: str, *pids: int) -> None:
    owner = await asyncpg.connect(url)
    try:
        for pid in pids:
            await owner.fetchval("SELECT pg_terminate_backend($1, 2000)", pid)
    finally:
        await owner.close()


@pytest.mark.parametrize("statement_cache", [True, False])
async def test_a_connection_is_used_again_and_replaced_when_it_has_died(pool_of, plain_url, statement_cache) -> None:
    pool = pool_of(statement_cache=statement_cache)
    first = await number(pool)
    assert await number(pool) == first
    both = await asyncio.gather(*(pool.fetch("SELECT pg_backend_pid() AS pid, pg_sleep(0.1)", []) for _ in "ab"))
    pids = {rows[0]["pid"] for rows in both}
    assert len(pids) == 2
    await kill(plain_url, *pids)
    assert await number(pool) not in pids
    await pool.close()


async def test_a_connection_told_of_its_end_is_replaced_before_it_hangs_up(pool_of, plain_url, tmp_path) -> None:
    async with lingering(plain_url, tmp_path) as line:
        pool = pool_of(line.url)
        first = await number(pool)
        async with ended(plain_url, line):
            assert await number(pool) != first
        await pool.close()


async def test_a_refused_statement_leaves_its_connection_good(pool_of) -> None:
    pool = pool_of()
    first = await number(pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await pool.fetch("SELECT 1 / $1::int", [0])
    with pytest.raises(asyncpg.DataError):
        await pool.fetch("SELECT $1::int", ["no number"])
    assert await number(pool) == first
    await pool.close()


async def test_values_that_cannot_be_sent_leave_no_transaction_open(pool_of, plain_url) -> None:
    pool = pool_of()
    with pytest.raises(asyncpg.DataError):
        await pool.fetch("SELECT $1::int, pg_backend_pid()", ["no number"])
    (line,) = pool._idle
    owner = await asyncpg.connect(plain_url)
    try:
        pid = line.connection.get_server_pid()
        assert await owner.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid) == "idle"
    finally:
        await owner.close()
        await pool.close()


async def test_a_cancelled_read_gives_its_place_back(pool_of) -> None:
    pool = pool_of(pool_size=1)
    first = await number(pool)
    slow = asyncio.ensure_future(pool.fetch("SELECT pg_sleep(30)", []))
    await asyncio.sleep(0.1)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await number(pool) != first
    await pool.close()


async def test_a_migration_going_by_is_not_noticed(pool_of, plain_url) -> None:
    pool = pool_of()
    owner = await asyncpg.connect(plain_url)
    try:
        await owner.execute(f"CREATE TABLE {SCHEMA}.passing (a int); GRANT SELECT ON {SCHEMA}.passing TO PUBLIC")
        await owner.execute(f"INSERT INTO {SCHEMA}.passing VALUES (1)")
        assert [tuple(row) for row in await pool.fetch("SELECT * FROM passing", [])] == [(1,)]
        await owner.execute(f"ALTER TABLE {SCHEMA}.passing ADD COLUMN b text")
        assert [tuple(row) for row in await pool.fetch("SELECT * FROM passing", [])] == [(1, None)]
    finally:
        await owner.execute(f"DROP TABLE {SCHEMA}.passing")
        await owner.close()
        await pool.close()


async def test_who_waits_is_served_in_turn_and_who_waits_too_long_is_told(pool_of) -> None:
    pool = pool_of(pool_size=1, pool_timeout_s=0.3)
    quick = await asyncio.gather(*(number(pool) for _ in range(5)))
    assert len(set(quick)) == 1
    slow = asyncio.ensure_future(pool.fetch("SELECT pg_sleep(0.8)", []))
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable) as refused:
        await number(pool)
    assert refused.value.code == "database.busy"
    await slow
    assert await number(pool) == quick[0]
    await pool.close()


async def test_a_turn_given_to_one_who_has_gone_goes_to_the_next(pool_of) -> None:
    pool = pool_of(pool_size=1)
    slow = asyncio.ensure_future(pool.fetch("SELECT pg_sleep(0.2)", []))
    await asyncio.sleep(0.05)
    gone, next_one = (asyncio.ensure_future(number(pool)) for _ in "ab")
    await asyncio.sleep(0)
    await slow
    gone.cancel()
    assert await asyncio.wait_for(next_one, 2)
    await asyncio.gather(gone, return_exceptions=True)
    await pool.close()


async def test_a_data_base_that_is_away_is_a_503_in_words(pool_of) -> None:
    pool = pool_of("postgresql://nobody@127.0.0.1:1/nothing")
    for _ in range(3):
        with pytest.raises(Unavailable) as refused:
            await number(pool)
        assert refused.value.code == "database.unavailable"


async def test_only_so_many_statements_stay_prepared(pool_of, monkeypatch) -> None:
    monkeypatch.setattr(reads_pool, "MOST_STATEMENTS", 3)
    pool = pool_of(pool_size=1)
    for at in range(8):
        assert (await pool.fetch(f"SELECT {at} AS n", []))[0]["n"] == at
    (line,) = pool._idle
    assert len(line.statements) <= 3
    await pool.close()


async def test_after_a_death_a_refusal_is_a_refusal_and_a_second_death_is_told(pool_of, plain_url) -> None:
    pool = pool_of(pool_size=1)
    await kill(plain_url, await number(pool))
    with pytest.raises(asyncpg.DataError):
        await pool.fetch("SELECT $1::int", ["no number"])
    await kill(plain_url, await number(pool))
    pool._dsn = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(Unavailable):
        await number(pool)
    pool._dsn = plain_url
    assert await number(pool)
    await pool.close()
