"""Sparse reads of issues on the data base: what a statement sees without its scope, and how it is planned."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.settings import ConsultationSettings
from services.consultation.usecases.reads import ENTITIES
from services.runtime.reads_pool import ReadPool
from services.runtime.selection_sql import CURSOR, ONE, compile_selection
from tests.conftest import SettingsOf
from tests.consultation.api.test_issues import LONGWAN, raised

(ISSUE,) = ENTITIES
SET = re.compile(r"set_config\('app\.\w+', \$(\d+), true\)")
SHAPES = [
    (by, frozenset((*paging, *state, *one)))
    for one in ((), (ONE,))
    for by in ISSUE.lookups
    for paging in ([(), ("backward",), ("after", "before")] if ISSUE.lookups[by].order else [()])
    for state in ((), ("state",), ("states", "process"), ("ids", "communities"))
    if by != "region" or one
]
EARLY, LATE = ("2000-01-01T00:00:00+00:00", "00000000-0000-0000-0000-000000000000"), (
    "2100-01-01T00:00:00+00:00", "ffffffff-ffff-ffff-ffff-ffffffffffff",
)  # fmt: skip


@pytest.fixture
async def pool(settings_of: SettingsOf, consultation_url: str) -> AsyncIterator[ReadPool]:
    made = ReadPool(settings_of(consultation_url, ConsultationSettings), "consultation")
    yield made
    await made.close()


@pytest.mark.parametrize(("by", "given"), SHAPES)
async def test_a_statement_without_its_scope_sees_nothing(
    pool: ReadPool, client: ConsultationClient, by: str, given: frozenset[str]
) -> None:
    issue = await raised(client)
    values: dict[str, Any] = {
        "scope_lo": "0", "scope_hi": ":", "scope_all": "", "limit": 5, "state": "open",
        "states": ["open"], "process": issue.process, "ids": [str(issue.id)], "communities": [LONGWAN],
        "lo": "33", "hi": "34",
        "keys": (key := str(issue.id) if by == "id" else LONGWAN), "key": key,
        "after_0": LATE[0], "after_1": LATE[1], "before_0": EARLY[0], "before_1": EARLY[1],
    }  # fmt: skip
    fields = (*ISSUE.fields, *([CURSOR] if ISSUE.lookups[by].order else []))
    selection = compile_selection(ISSUE, by, fields, given)
    assert len(await pool.fetch(selection.rows.sql, selection.rows.values(values))) == 1
    for statement in (selection.rows, selection.count, selection.beyond):
        if statement is None:
            continue
        unset = SET.sub(lambda match: f"${match[1]}::text", statement.sql)
        assert "set_config" not in unset
        found = await pool.fetch(unset, statement.values(values))
        assert [row for row in found if statement is selection.rows or row["n"]] == []
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {selection.rows.sql}", selection.rows.values(values)))
    assert not re.search(r"(Hash|Merge) (Left )?Join", plan), plan
