"""What the data base itself holds: no change of a payslip, no row of another region, months as partitions."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import asyncpg
import numpy as np
import pytest

from services.kernel.errors import Conflict, Forbidden
from services.kernel.period import Month
from services.payroll.domain.payslip_ids import payslip_id, payslip_id_column
from services.payroll.storage import payroll_runs, payslips
from services.payroll.storage.payslips import PayslipBlock
from services.runtime.database import Database
from tests.conftest import Truncate

GUANDU, CHAOYANG = (("530111", "530112"),), (("211300", "211400"),)
MONTH = Month(2026, 3)


def block(community: str, rows: int = 2) -> PayslipBlock:
    workers = np.arange(rows * 16, dtype=np.uint8).reshape(rows, 16)
    fen = np.full(rows, 100, dtype=np.int64)
    return PayslipBlock(
        payslip_id_column(workers, MONTH, 1), workers, np.full(rows, community, dtype="S12"), 0, fen, fen, fen,
        np.full((rows, 3), 7, dtype=np.int64), np.zeros((rows, 14), dtype=np.int32),
    )  # fmt: skip


@pytest.fixture
async def database(payroll_database: Database, payroll_url: str, truncate: Truncate) -> AsyncIterator[Database]:
    async with payroll_database.bulk(GUANDU) as connection:
        await payroll_runs.lock_month(connection, MONTH)
        await payslips.add(connection, block("530111001011"), MONTH, 1)
    yield payroll_database
    await truncate(payroll_url, "payroll")


@pytest.mark.parametrize("statement", ["UPDATE payslips SET net_fen = 0", "DELETE FROM payslips", "TRUNCATE payslips"])
async def test_payslips_are_append_only(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.bulk(GUANDU) as connection:
            await connection.execute(statement)


@pytest.mark.parametrize("table", ["contribution_bases", "tax_deductions", "run_faults", "run_attempts"])
async def test_histories_are_append_only(database: Database, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET community = community"):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedColumnError)):
            async with database.bulk(GUANDU) as connection:
                await connection.execute(statement)


async def test_a_partition_is_reached_through_its_parent_only(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.bulk(GUANDU) as connection:
            await connection.fetch("SELECT * FROM payslips_2026_03")


async def test_another_regions_rows_are_not_there(database: Database) -> None:
    for scope, seen in ((GUANDU, 2), (CHAOYANG, 0), ((("0", ":"),), 2)):
        async with database.bulk(scope, read_only=True) as connection:
            assert await connection.fetchval("SELECT count(*) FROM payslips") == seen


async def test_a_row_of_another_region_cannot_be_written(database: Database) -> None:
    with pytest.raises(Forbidden):
        async with database.bulk(CHAOYANG) as connection:
            await payslips.add(connection, block("530111001011"), MONTH, 2)


async def test_the_same_payslip_is_not_stored_twice(database: Database) -> None:
    with pytest.raises(Conflict):
        async with database.bulk(GUANDU) as connection:
            await payslips.add(connection, block("530111001011"), MONTH, 1)


async def test_no_payslips_before_the_tax_law(database: Database) -> None:
    with pytest.raises(asyncpg.RaiseError, match="no payslips for 2017"):
        async with database.bulk(GUANDU) as connection:
            await connection.execute("SELECT payroll.open_month($1)", date(2017, 12, 1))


async def test_whoever_opens_a_month_keeps_nobody_from_reading_others(database: Database, payroll_url: str) -> None:
    new = Month(2031, 1)
    async with database.bulk(GUANDU) as run:
        await payroll_runs.lock_month(run, new)
        async with asyncio.timeout(5), database.bulk(GUANDU, read_only=True) as reader:
            assert await reader.fetchval("SELECT count(*) FROM payslips") == 2
        await payslips.add(run, block("530111001011"), new, 1)
    owner = await asyncpg.connect(payroll_url)
    try:
        made = await owner.fetchrow(
            "SELECT relispartition, relrowsecurity, relforcerowsecurity, "
            "has_table_privilege('gongzhi_payroll', oid, 'SELECT') FROM pg_class WHERE relname = 'payslips_2031_01'"
        )
    finally:
        await owner.close()
    assert tuple(made) == (True, True, True, False)


async def test_what_is_not_there(database: Database) -> None:
    async with database.transaction(GUANDU) as session:
        assert await payroll_runs.attempts(session, []) == {}
        assert await payslips.get_many(session, [uuid4(), payslip_id(uuid4(), MONTH, 1)]) == []
