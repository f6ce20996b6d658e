"""Transactions see the caller's regions only, commit once, and fail in words."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from services.kernel.errors import Conflict, Forbidden
from services.runtime.database import NATION, Database, refusal_of
from services.runtime.problem import Unavailable
from services.runtime.rls import Scope
from services.runtime.settings import SettingsError
from tests.conftest import SettingsOf
from tests.fixtures.lingering import ended, lingering

KUNMING, GUANDU, LONGWAN = "530100000000", "530111000000", "330303000000"
IN_GUANDU, IN_PANLONG, IN_LONGWAN = "530111001001", "530103001001", "330303001001"
GUANDU_SCOPE: Scope = (("530111000000", "530112"),)


async def fill(database: Database) -> None:
    async with database.transaction(NATION) as session:
        await session.execute(text("DELETE FROM notes"))
        for code in (IN_GUANDU, IN_PANLONG, IN_LONGWAN):
            await session.execute(text("INSERT INTO notes (community, words) VALUES (:code, :code)"), {"code": code})


async def seen(database: Database, scope: Scope) -> list[str]:
    async with database.transaction(scope, read_only=True) as session:
        return list(await session.scalars(text("SELECT community FROM notes ORDER BY community")))


async def test_a_route_reads_and_writes_within_the_callers_region(service: Any, token: Any) -> None:
    mine = await service(token("street_office", GUANDU))
    theirs = await service(token("street_office", LONGWAN))
    assert (await mine.post("/v1/notes", json={"community": IN_GUANDU, "words": "井盖"})).status_code == 201
    assert (await mine.get("/v1/notes")).json() == [{"community": IN_GUANDU, "words": "井盖"}]
    assert (await theirs.get("/v1/notes")).json() == []


async def test_a_row_cannot_be_written_into_another_region(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    reply = await client.post("/v1/notes", json={"community": IN_LONGWAN, "words": "x"})
    assert reply.status_code == 403
    assert reply.json()["code"] == "region.outside"


async def test_a_refusal_after_a_write_rolls_it_back(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    reply = await client.post("/v1/notes", json={"community": IN_GUANDU, "words": "fail"})
    assert reply.status_code == 404
    assert reply.json()["details"] == {"asked": "fail"}
    assert (await client.get("/v1/notes")).json() == []


async def test_a_read_cannot_write(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    assert (await client.get("/v1/writes-while-reading")).status_code == 500
    assert (await client.get("/v1/notes")).json() == []


async def test_bulk_and_stream_in_scope(service: Any, token: Any) -> None:
    mine = await service(token("street_office", GUANDU))
    assert (await mine.post("/v1/notes/bulk")).json() == 2
    theirs = await service(token("street_office", LONGWAN))
    assert (await theirs.post("/v1/notes/bulk")).status_code == 403
    assert len((await mine.get("/v1/notes/stream/all")).content) > len(
        (await theirs.get("/v1/notes/stream/all")).content
    )


async def test_clashes_are_conflicts(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    note = {"community": IN_GUANDU, "words": "twice"}
    await client.post("/v1/notes", json=note)
    reply = await client.post("/v1/notes", json=note)
    assert (reply.status_code, reply.json()["code"]) == (409, "database.conflict")
    assert "twice" not in reply.text


@pytest.mark.parametrize(
    ("scope", "codes"),
    [
        (NATION, [IN_LONGWAN, IN_PANLONG, IN_GUANDU]),
        (GUANDU_SCOPE, [IN_GUANDU]),
        ((*GUANDU_SCOPE, ("330303", "330304")), [IN_LONGWAN, IN_GUANDU]),
        ((), []),
        ((("530111001001", "530111001001"),), []),
    ],
)
async def test_row_level_security_shows_the_scope_only(database: Database, scope: Scope, codes: list[str]) -> None:
    await fill(database)
    assert await seen(database, scope) == codes


async def test_a_connection_without_scope_sees_nothing(database: Database) -> None:
    await fill(database)
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM notes"))).scalar_one() == 0
        await connection.rollback()
        await connection.execute(text("SELECT set_config('app.lo', '', true), set_config('app.hi', '', true)"))
        assert (await connection.execute(text("SELECT count(*) FROM notes"))).scalar_one() == 0


async def test_no_scope_leaks_through_the_pool(database: Database) -> None:
    await fill(database)

    async def ask(number: int) -> None:
        scope = GUANDU_SCOPE if number % 2 else (("330303", "330304"),)
        task = asyncio.create_task(seen(database, scope))
        if number % 5 == 0:
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            assert await task == ([IN_GUANDU] if number % 2 else [IN_LONGWAN])

    await asyncio.gather(*(ask(number) for number in range(200)))
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM notes"))).scalar_one() == 0


async def test_every_connection_has_the_services_own_role(database: Database) -> None:
    async with database.transaction(NATION) as session:
        row = (await session.execute(text("SELECT current_user, current_schema, current_setting('TimeZone')"))).one()
        assert tuple(row) == ("gongzhi_consultation", "consultation", "UTC")
    async with database.bulk(NATION) as connection:
        assert await connection.fetchval("SELECT current_user") == "gongzhi_consultation"
        assert (
            await connection.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            is False
        )


async def test_a_connection_that_died_while_idle_is_replaced(database: Database, plain_url: str) -> None:
    await fill(database)
    async with database.bulk(NATION) as connection:
        await connection.execute("SELECT 1")
    async with database.transaction(NATION) as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    owner = await asyncpg.connect(plain_url)
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    await owner.close()
    assert await seen(database, GUANDU_SCOPE) == [IN_GUANDU]


async def test_a_connection_told_of_its_end_is_replaced_before_it_hangs_up(
    settings_of: SettingsOf, plain_url: str, tmp_path: Path
) -> None:
    """Between the server's last words and its hanging up the driver refuses to work, in words of its own."""
    async with lingering(plain_url, tmp_path) as line, Database.open(settings_of(line.url), "consultation") as database:
        await fill(database)
        await asyncio.gather(*(seen(database, GUANDU_SCOPE) for _ in range(3)))
        async with database.bulk(NATION) as connection:
            await connection.execute("SELECT 1")
        async with ended(plain_url, line):
            assert await asyncio.gather(*(seen(database, GUANDU_SCOPE) for _ in range(2))) == [[IN_GUANDU]] * 2
            with pytest.raises(Unavailable) as caught:
                async with database.bulk(NATION):
                    pass
            assert caught.value.code == "database.unavailable"
            async with database.bulk(NATION) as connection:
                assert await connection.fetchval("SELECT 1") == 1


async def test_an_exhausted_pool_is_busy_not_broken(settings_of: SettingsOf, plain_url: str) -> None:
    settings = settings_of(plain_url, pool_size=1, bulk_pool_size=1, pool_timeout_s=0.2)
    async with Database.open(settings, "consultation") as database:
        async with database.transaction(NATION):
            with pytest.raises(Unavailable, match="busy"):
                await seen(database, NATION)
        async with database.bulk(NATION):
            with pytest.raises(Unavailable):
                async with database.bulk(NATION):
                    pass


async def test_a_statement_that_takes_too_long_is_busy(settings_of: SettingsOf, plain_url: str) -> None:
    async with Database.open(settings_of(plain_url, statement_timeout_s=0.1), "consultation") as database:
        with pytest.raises(Unavailable, match="took too long"):
            async with database.transaction(NATION) as session:
                await session.execute(text("SELECT pg_sleep(5)"))
        async with database.bulk(NATION) as connection:
            await connection.execute("SELECT pg_sleep(0.2)")


async def test_a_data_base_that_is_away_is_unavailable(settings_of: SettingsOf) -> None:
    away = settings_of("postgresql://u:p@/gone?host=/nonexistent")
    async with Database.open(away, "consultation") as database:
        for attempt in (database.check(), seen(database, NATION)):
            with pytest.raises(Unavailable) as caught:
                await attempt
            assert caught.value.code == "database.unavailable"


async def test_without_a_pooler_or_role_settings_still_work(settings_of: SettingsOf, plain_url: str) -> None:
    settings = settings_of(plain_url, statement_cache=False, database_role="")
    async with Database.open(settings, "consultation") as database, database.transaction(NATION) as session:
        assert await session.scalar(text("SELECT current_user")) == "gongzhi"


async def test_no_address_is_an_error_in_words(settings_of: SettingsOf) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        async with Database.open(settings_of(None), "consultation"):
            pass


async def test_check_answers_the_migration(database: Database, cluster: Any, plain_url: str) -> None:
    assert await database.check() is None
    cluster.execute(
        "CREATE TABLE consultation.alembic_version (version_num text)",
        "GRANT SELECT ON consultation.alembic_version TO gongzhi_consultation",
        "INSERT INTO consultation.alembic_version VALUES ('0007')",
        url=plain_url,
    )
    try:
        assert await database.check() == "0007"
    finally:
        cluster.execute("DROP TABLE consultation.alembic_version", url=plain_url)


def test_what_errors_mean() -> None:
    assert refusal_of(ValueError("x")) is None
    assert refusal_of(Conflict("a.b", "", "")) is None
    assert isinstance(refusal_of(asyncpg.DeadlockDetectedError("x")), Unavailable)
    assert isinstance(refusal_of(asyncpg.CannotConnectNowError("x")), Unavailable)
    assert isinstance(refusal_of(asyncpg.ExclusionViolationError("x")), Conflict)
    assert refusal_of(asyncpg.InsufficientPrivilegeError("x")) is None
    refused = refusal_of(asyncpg.InsufficientPrivilegeError('new row violates row-level security policy for table "t"'))
    assert isinstance(refused, Forbidden)
