"""Sparse reads of issues and sessions on the data base: what a statement sees without its scope, how it is planned."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.settings import ConsultationSettings
from services.consultation.usecases.reads import ISSUES
from services.consultation.usecases.reads_sessions import SESSIONS
from services.runtime.reads_pool import ReadPool
from services.runtime.selection import Entity
from services.runtime.selection_sql import CURSOR, ONE, compile_selection
from tests.conftest import SettingsOf
from tests.consultation.api.test_issues import GUANDU, raised
from tests.consultation.api.test_sessions import item, session_in

SET = re.compile(r"set_config\('app\.\w+', \$(\d+), true\)")
WHERE: dict[str, list[tuple[str, ...]]] = {
    "issue": [(), ("state",), ("states", "process"), ("ids", "communities")],
    "session": [(), ("ids",), ("communities",), ("ids", "communities")],
}
SHAPES = [
    (entity, by, frozenset((*paging, *where, *one)))
    for one in ((), (ONE,))
    for entity in (ISSUES, SESSIONS)
    for by, lookup in entity.lookups.items()
    for paging in ([(), ("backward",), ("after", "before")] if lookup.order else [()])
    for where in WHERE[entity.name]
    if by != "region" or one
]
EARLY, LATE = ("2000-01-01T00:00:00+00:00", "00000000-0000-0000-0000-000000000000"), (
    "2100-01-01T00:00:00+00:00", "ffffffff-ffff-ffff-ffff-ffffffffffff",
)  # fmt: skip


def shape_id(value: object) -> str:
    return value.name if isinstance(value, Entity) else "-".join(sorted(value)) if isinstance(value, frozenset) else ""


@pytest.fixture
async def pool(settings_of: SettingsOf, consultation_url: str) -> AsyncIterator[ReadPool]:
    made = ReadPool(settings_of(consultation_url, ConsultationSettings), "consultation")
    yield made
    await made.close()


@pytest.mark.parametrize(("entity", "by", "given"), SHAPES, ids=shape_id)
async def test_a_statement_without_its_scope_sees_nothing(
    pool: ReadPool, client: ConsultationClient, entity: Entity, by: str, given: frozenset[str]
) -> None:
    issue = await raised(client, community=GUANDU)
    held = await client.record_session(session_in(items=[item(issue.id)]), "s")
    own = str(issue.id if entity is ISSUES else held.id)
    key = {"id": own, "session": str(held.id)}.get(by, GUANDU)
    falls = entity.lookups[by].order[:1] and entity.lookups[by].order[0].descending
    after, before = (LATE, EARLY) if falls else ((EARLY[1],) * 2, (LATE[1],) * 2)
    values: dict[str, Any] = {
        "scope_lo": "0", "scope_hi": ":", "scope_all": "", "limit": 5, "state": "open", "states": ["open"],
        "process": issue.process, "ids": [own], "communities": [GUANDU], "lo": "53", "hi": "54", "keys": key,
        "key": key, "after_0": after[0], "after_1": after[1], "before_0": before[0], "before_1": before[1],
    }  # fmt: skip
    fields = (*entity.fields, *([CURSOR] if entity.lookups[by].order else []))
    selection = compile_selection(entity, by, fields, given)
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
