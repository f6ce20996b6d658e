"""The schema: mappings equal tables, regions are closed, overlaps of current knowledge are impossible."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from services.runtime.database import NATION, Database
from services.runtime.migrate import downgrade, upgrade
from services.staffing.client import StaffingClient
from services.staffing.storage.tables import StaffingBase

REGIONAL = [name for name in StaffingBase.metadata.tables if name != "staffing.divisions"]


async def count(database: Database, table: str, scope: tuple[tuple[str, str], ...]) -> int:
    async with database.transaction(scope, read_only=True) as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_mappings_equal_tables(staffing_url: str) -> None:
    connection = await asyncpg.connect(staffing_url)
    rows = await connection.fetch(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'staffing' AND table_name NOT IN ('alembic_version', 'idempotency_keys')"
    )
    await connection.close()
    mapped = {(name, column.name) for name, table in StaffingBase.metadata.tables.items() for column in table.columns}
    assert {tuple(row) for row in rows} == mapped


@pytest.mark.parametrize("table", REGIONAL)
async def test_a_scope_shows_its_region_only(filled: StaffingClient, staffing_database: Database, table: str) -> None:
    everything = await count(staffing_database, table, NATION)
    assert everything > 0
    assert await count(staffing_database, table, (("440000000000", "450000000000"),)) == 0
    both = (("211300000000", "211400000000"), ("320400000000", "530200000000"))
    assert await count(staffing_database, table, both) == everything
    assert await count(staffing_database, table, ()) == 0


async def test_the_data_base_itself_refuses_a_second_grade_at_a_time(
    filled: StaffingClient, staffing_database: Database
) -> None:
    statement = (
        "INSERT INTO staffing.gradings (id, worker, community, tier, step, valid) "
        "SELECT gen_random_uuid(), worker, community, 'head', 1, daterange('2025-01-01', NULL) FROM staffing.gradings"
    )
    with pytest.raises(Exception, match="clashes"):
        async with staffing_database.transaction(NATION) as session:
            await session.execute(text(statement))


async def test_down_and_up_again(cluster: Any) -> None:
    url = cluster.clone("staffing")
    downgrade(url, "staffing", "base")
    connection = await asyncpg.connect(url)
    left = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'staffing'")
    await connection.close()
    assert left == 1  # alembic's own
    upgrade(url, "staffing")
