"""Bulk in and out of a real data base, policies kept, and the Arrow stream over HTTP."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import numpy as np
import pyarrow as pa
import pytest

from services.kernel.errors import Forbidden
from services.runtime.database import NATION, Database
from services.runtime.migrate import preparation_sql
from services.runtime.rls import region_policy_sql
from services.runtime.transfer import arrow_response, copy_arrow, copy_block, fetch_arrow, read_arrow, read_block
from services.runtime.wire import Layout
from tests.conftest import SettingsOf
from tests.fixtures.cluster import Cluster
from tests.runtime.test_wire import ALL, block_of

TABLE = "payroll.slips"
GUANDU = (("530111000000", "530112"),)
QUERY = 'SELECT id, code, small, fen, sum, "on", urban, amounts FROM payroll.slips ORDER BY code'


@pytest.fixture(scope="session")
async def slips(cluster: Cluster, settings_of: SettingsOf) -> AsyncIterator[Database]:
    url = cluster.clone()
    cluster.execute(
        *preparation_sql("payroll"),
        'CREATE TABLE payroll.slips (id uuid, code text COLLATE "C" PRIMARY KEY, small int2, fen int4, sum int8, '
        '"on" date, urban bool, amounts int4[], tier text)',
        *region_policy_sql("payroll", "slips", "code"),
        "CREATE TABLE payroll.open_slips (LIKE payroll.slips)",
        "GRANT TRUNCATE ON payroll.slips, payroll.open_slips TO gongzhi_payroll",
        url=url,
    )
    async with Database.open(settings_of(url), "payroll") as database:
        yield database


@pytest.fixture
async def connection(slips: Database) -> AsyncIterator[asyncpg.Connection]:
    async with slips.bulk(NATION) as one:
        await one.execute("TRUNCATE payroll.slips, payroll.open_slips")
        yield one


@pytest.mark.parametrize("direct", [False, True])
async def test_a_block_goes_in_and_comes_out(connection: asyncpg.Connection, direct: bool) -> None:
    table = "payroll.open_slips" if direct else TABLE
    block = block_of(1000)
    assert await copy_block(connection, table, ALL, block, direct=direct) == 1000
    found = await read_block(connection, ALL, QUERY.replace(TABLE, table))
    for name, values in block.items():
        assert np.array_equal(found[name], values), name
    assert await connection.fetchval(f"SELECT amounts[2] FROM {table} ORDER BY code LIMIT 1") == block["amounts"][0, 1]


async def test_a_null_cannot_come_out_as_a_number(connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO payroll.slips (code) VALUES ('530111001001')")
    with pytest.raises(ValueError, match="NULL"):
        await read_block(connection, ALL, QUERY)


def arrow_table() -> pa.Table:
    return pa.table({
        "id": pa.array([UUID(int=7).bytes, None, UUID(int=2**128 - 1).bytes], pa.binary(16)),
        "code": ["530111001001", "530111001002", "530111001003"],
        "fen": pa.array([1, None, -3], pa.int32()),
        "on": pa.array([date(2026, 1, 1), None, date(1999, 12, 31)]),
        "urban": [True, None, False],
        "amounts": pa.array([[1, 2], None, []], pa.list_(pa.int32())),
        "tier": pa.array(['a "quoted", 中', "", None]).dictionary_encode(),
    })  # fmt: skip


@pytest.mark.parametrize("direct", [False, True])
async def test_an_arrow_table_goes_in_whole(connection: asyncpg.Connection, direct: bool) -> None:
    table = "payroll.open_slips" if direct else TABLE
    assert await copy_arrow(connection, table, arrow_table(), direct=direct) == 3
    rows = await connection.fetch(f'SELECT id, fen, "on", urban, amounts, tier FROM {table} ORDER BY code')
    assert [tuple(row) for row in rows] == [
        (UUID(int=7), 1, date(2026, 1, 1), True, [1, 2], 'a "quoted", 中'),
        (None, None, None, None, None, ""),
        (UUID(int=2**128 - 1), -3, date(1999, 12, 31), False, [], None),
    ]


async def test_a_slice_is_the_slice(connection: asyncpg.Connection) -> None:
    await copy_arrow(connection, TABLE, arrow_table().slice(2))
    assert await connection.fetchval("SELECT id FROM payroll.slips") == UUID(int=2**128 - 1)


async def test_what_is_there_already_may_be_passed_over(connection: asyncpg.Connection) -> None:
    for expected in (3, 0):
        assert await copy_arrow(connection, TABLE, arrow_table(), on_conflict="ON CONFLICT DO NOTHING") == expected


async def test_bulk_keeps_to_the_scope(slips: Database) -> None:
    outside = arrow_table().set_column(1, "code", pa.array(["530111991001", "530111991002", "330303991001"]))
    with pytest.raises(Forbidden):
        async with slips.bulk(GUANDU) as connection:
            await copy_arrow(connection, TABLE, outside)
    async with slips.bulk(GUANDU) as connection:
        assert await connection.fetchval("SELECT count(*) FROM payroll.slips WHERE code LIKE '530111991%'") == 0


async def test_names_that_are_not_plain_are_refused(connection: asyncpg.Connection) -> None:
    with pytest.raises(ValueError, match="not a plain SQL name"):
        await copy_arrow(connection, "payroll.slips; DROP", arrow_table())
    with pytest.raises(ValueError, match="not a plain SQL name"):
        await copy_arrow(connection, TABLE, pa.table({'co"de': ["x"]}))


SCHEMA = pa.schema([
    ("id", pa.binary(16)), ("code", pa.string()), ("fen", pa.int32()), ("tier", pa.dictionary(pa.int8(), pa.string())),
])  # fmt: skip


async def test_rows_stream_as_arrow_in_batches(connection: asyncpg.Connection) -> None:
    await copy_arrow(connection, TABLE, arrow_table())
    batches = fetch_arrow(connection, SCHEMA, "SELECT id, code, fen, tier FROM payroll.slips ORDER BY code", rows=2)
    response = arrow_response(SCHEMA, batches)
    chunks = [bytes(chunk) async for chunk in response.body_iterator]  # type: ignore[arg-type]
    assert len(chunks) == 3
    assert response.media_type == "application/vnd.apache.arrow.stream"
    table = read_arrow(b"".join(chunks))
    assert table.column("tier").to_pylist() == ['a "quoted", 中', "", None]
    assert table.column("id").to_pylist() == [UUID(int=7).bytes, None, UUID(int=2**128 - 1).bytes]
    with pytest.raises(ValueError, match="cut off"):
        read_arrow(b"".join(chunks[:-1]))
    with pytest.raises(ValueError, match="not an Arrow stream"):
        read_arrow(b"x" * 64 + chunks[-1][-8:])


async def test_no_rows_are_an_empty_stream(connection: asyncpg.Connection) -> None:
    response = arrow_response(SCHEMA, fetch_arrow(connection, SCHEMA, "SELECT id, code, fen, tier FROM payroll.slips"))
    table = read_arrow(b"".join([bytes(chunk) async for chunk in response.body_iterator]))  # type: ignore[arg-type]
    assert (table.num_rows, table.schema) == (0, SCHEMA)


def test_layouts_are_values() -> None:
    assert Layout(ALL.fields) == ALL
