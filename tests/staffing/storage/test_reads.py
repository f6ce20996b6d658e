"""Sparse reads on the data base: what a statement sees without its scope, how it is planned, what it leaves behind."""

import itertools
import re
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from services.runtime.reads_pool import ReadPool
from services.runtime.selection import Entity
from services.runtime.selection_sql import CURSOR, ONE, Statement, compile_selection, joined
from services.staffing.settings import StaffingSettings
from services.staffing.usecases.reads import ENTITIES

ON = date(2026, 10, 1)
CODES = ["530111001011", "320402001001"]
SHAPES = [
    (entity, by, frozenset((*given, *one)))
    for one in ((), (ONE,))
    for entity in ENTITIES
    for by, lookup in entity.lookups.items()
    for paging in ([(), ("backward",), ("after", "before")] if lookup.order else [()])
    for given in [paging, (*paging, "known_at")]
]
HIDDEN = [one for one in SHAPES if one[0].name != "division"]
"""All but the code book, which is public."""
SET = re.compile(r"set_config\('app\.\w+', \$(\d+), true\)")


def shape_id(value: object) -> str:
    return value.name if isinstance(value, Entity) else "-".join(sorted(value)) if isinstance(value, frozenset) else ""


@pytest.fixture
async def pool(settings_of, staffing_url):
    made = ReadPool(settings_of(staffing_url, StaffingSettings), "staffing")
    yield made
    await made.close()


@pytest.fixture
async def keys(filled, staffing_url) -> dict[str, list[str]]:
    owner = await asyncpg.connect(staffing_url)
    try:
        ids = {
            table: [str(row[0]) for row in await owner.fetch(f"SELECT DISTINCT id FROM staffing.{table}")]
            for table in ("communities", "workers")
        }
    finally:
        await owner.close()
    return {"community": ids["communities"], "worker": ids["workers"]}


def values(entity: Entity, by: str, keys: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "scope_lo": "0", "scope_hi": ":", "scope_all": "", "on": ON, "known_at": datetime(2100, 1, 1, tzinfo=UTC),
        "keys": joined(several := keys[entity.name] if by == "id" else CODES), "los": ["0"], "his": [":"], "limit": 50,
        "after_0": "0", "before_0": "Z", "after_1": "", "before_1": "Z", "key": several[0], "lo": "0", "hi": ":",
    }  # fmt: skip


def fields(entity: Entity, by: str) -> tuple[str, ...]:
    return (*entity.fields, *([CURSOR] if entity.lookups[by].order else []))


@pytest.mark.parametrize(("entity", "by", "given"), HIDDEN, ids=shape_id)
async def test_a_statement_without_its_scope_sees_nothing(pool, keys, entity, by, given) -> None:
    selection = compile_selection(entity, by, fields(entity, by), given)
    whole = values(entity, by, keys)
    assert await pool.fetch(selection.rows.sql, selection.rows.values(whole))
    for statement in (selection.rows, selection.count, selection.beyond):
        if statement is None:
            continue
        unset = SET.sub(lambda match: f"${match[1]}::text", statement.sql)
        assert "set_config" not in unset
        rows = await pool.fetch(unset, statement.values(whole))
        found = [row for row in rows if statement is selection.rows or row["n"]]
        assert found == []


@pytest.mark.parametrize(("entity", "by", "given"), SHAPES, ids=shape_id)
async def test_every_plan_is_a_chain_of_index_look_ups_in_the_order_of_the_keys(pool, keys, entity, by, given) -> None:
    selection = compile_selection(entity, by, fields(entity, by), given)
    asked: Statement = selection.rows
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {asked.sql}", asked.values(values(entity, by, keys))))
    assert not re.search(r"Hash Join|Merge Join|Hash Left Join|Gather", plan), plan
    above = itertools.takewhile(lambda line: "Nested Loop" not in line, plan.splitlines())
    assert not any("Sort" in line for line in above), "nothing is sorted on top: nested loops keep the keys' order"


async def test_nothing_that_a_statement_sets_stays_on_the_connection(pool, filled) -> None:
    selection = compile_selection(ENTITIES[0], "code", ("code",), frozenset())
    assert len(await pool.fetch(selection.rows.sql, selection.rows.values(values(ENTITIES[0], "code", {})))) == 2
    left = "SELECT current_setting('app.lo'), current_setting('app.hi'), current_setting('app.scopes')"
    assert [tuple(row) for row in await pool.fetch(left, [])] == [("0", ":", "{}")]
    for table in ("communities", "community_measures", "workers", "employments", "appointments", "managements"):
        assert await pool.fetch(f"SELECT 1 FROM staffing.{table}", []) == []


async def test_the_connections_write_nothing(pool, filled) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.fetch("DELETE FROM staffing.workers", [])
    assert await pool.fetch("SELECT 1 AS one", [])
