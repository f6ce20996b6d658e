"""Sparse reads of payslips on the data base: what a statement sees without its scope, and how it is planned."""

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import pytest

from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.payroll.settings import PayrollSettings
from services.payroll.storage.reads import NEWEST, SCHEMES
from services.payroll.usecases.reads import ENTITIES
from services.runtime.reads_pool import ReadPool
from services.runtime.selection_sql import ONE, compile_selection, joined, scoped
from tests.conftest import SettingsOf
from tests.payroll.conftest import COMMUNITY, GUANDU, Payroll, Rosters, roster_of, worker_id

(PAYSLIP,) = ENTITIES
SET = re.compile(r"set_config\('app\.\w+', \$(\d+), true\)")
NARROWED = ("self_worker", "pay_lo", "pay_hi")
GIVEN = {"worker": ((), ("month",), ("newest",), ("older",)), "id": ((), ("own_month",))}
SHAPES = [
    (by, frozenset((*given, *narrowed, *one)))
    for one in ((), (ONE,))
    for by, parts in GIVEN.items()
    for given in parts
    for narrowed in ((), NARROWED)
]
SCOPE = {"scope_lo": "0", "scope_hi": ":", "scope_all": ""}


@pytest.fixture
async def pool(settings_of: SettingsOf, payroll_url: str) -> AsyncIterator[ReadPool]:
    made = ReadPool(settings_of(payroll_url, PayrollSettings), "payroll")
    yield made
    await made.close()


@pytest.fixture
async def values(payroll: Payroll, rosters: Rosters, payroll_url: str) -> dict[str, Any]:
    """One payslip of January, and the parameters that find it in every shape."""
    clerk, street = await payroll(), COMMUNITY["guandu"]
    base = f"worker,community,scheme,base,rate,start,end\n{worker_id(1)},{street},social_insurance,4500,,2026-01,\n"
    await clerk.import_rows("contribution_bases", base.encode())
    rosters.by_month["2026-01"] = roster_of({"worker": 1, "community": street})
    run = await clerk.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-01"), "k")
    owner = await asyncpg.connect(payroll_url)
    number = await owner.fetchval("SELECT attempt_number FROM payroll.payroll_runs WHERE id = $1", run.id)
    slip = await owner.fetchval("SELECT id FROM payroll.payslips")
    await owner.close()
    january = date(2026, 1, 1)
    months = {"month": january, "newest": january, "older": date(2026, 2, 1), "own_month": january}
    keys = {"worker": [str(worker_id(1))], "id": [str(slip)]}
    return {**SCOPE, **months, "by": keys, "numbers": [number], "self_worker": None, "pay_lo": ["0"], "pay_hi": [":"]}


@pytest.mark.parametrize(("by", "given"), SHAPES)
async def test_a_statement_without_its_scope_sees_nothing(
    pool: ReadPool, values: dict[str, Any], by: str, given: frozenset[str]
) -> None:
    statement = compile_selection(PAYSLIP, by, tuple(PAYSLIP.fields), given).rows
    whole = statement.values({**values, "keys": joined(values["by"][by]), "key": values["by"][by][0]})
    assert len(await pool.fetch(statement.sql, whole)) == 1
    unset = SET.sub(lambda match: f"${match[1]}::text", statement.sql)
    assert "set_config" not in unset
    assert await pool.fetch(unset, whole) == []
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {statement.sql}", whole))
    assert not re.search(r"(Hash|Merge) (Left )?Join", plan), plan  # of a table of three rows any scan is right


@pytest.mark.parametrize("select", [NEWEST, SCHEMES])
async def test_so_do_the_statements_beside(pool: ReadPool, values: dict[str, Any], select: str) -> None:
    statement = scoped(select)
    whole = statement.values(values)
    assert len(await pool.fetch(statement.sql, whole)) == 1
    assert await pool.fetch(SET.sub(lambda match: f"${match[1]}::text", statement.sql), whole) == []


async def test_runs_between_two_regions_are_not_seen(pool: ReadPool, values: dict[str, Any]) -> None:
    statement = scoped(NEWEST)
    for every, seen in (('{["530100000000","530200000000")}', 1), ('{["5300","5301"),["5302","5303")}', 0)):
        hull = {"scope_lo": "5300", "scope_hi": "5303", "scope_all": every}
        assert len(await pool.fetch(statement.sql, statement.values(hull))) == seen
