"""A page of a community's sessions comes from the index that has its order: of many only those of the page are read."""

import re

import asyncpg
import pytest

from services.consultation.settings import ConsultationSettings
from services.consultation.usecases.reads_sessions import SESSIONS
from services.runtime.reads_pool import ReadPool
from services.runtime.selection_sql import compile_selection, joined
from tests.conftest import SettingsOf, Truncate
from tests.consultation.api.test_issues import GUANDU, LONGWAN

MANY = """
INSERT INTO consultation.sessions
    (community, id, number, title, held_at, recorded_at, recorded_by, tier, participants, minutes)
SELECT community, gen_random_uuid(), n::text, 't', timestamptz '2020-01-01' + n * interval '1 day', now(), 'x',
       'community', '[]', repeat('m', 300)
FROM unnest($1::text[]) AS c (community), generate_series(1, 100) AS s (n)
"""


@pytest.mark.parametrize("backward", [False, True])
async def test_of_many_sessions_only_those_of_the_page_are_read(
    settings_of: SettingsOf, consultation_url: str, truncate: Truncate, backward: bool
) -> None:
    await truncate(consultation_url, "consultation")
    owner = await asyncpg.connect(consultation_url)
    pool = ReadPool(settings_of(consultation_url, ConsultationSettings), "consultation")
    try:
        await owner.execute(MANY, [GUANDU, LONGWAN, *(f"530111002{number:03}" for number in range(80))])
        await owner.execute("VACUUM ANALYZE consultation.sessions")
        given = frozenset({"backward"} if backward else ())
        selection = compile_selection(SESSIONS, "community", ("id", "title"), given)
        scope = {"scope_lo": "0", "scope_hi": ":", "scope_all": ""}
        values = selection.rows.values({**scope, "keys": joined([GUANDU, LONGWAN]), "limit": 6})
        sql = f"EXPLAIN (ANALYZE, COSTS OFF) {selection.rows.sql}"
        plan = "\n".join(row[0] for row in await pool.fetch(sql, values))
    finally:
        await owner.close()
        await pool.close()
        await truncate(consultation_url, "consultation")
    read = re.search(r"Index Scan.* using sessions_held .*actual time=\S+ rows=([\d.]+) loops=2", plan)
    assert read is not None, plan
    assert float(read[1]) == 6
    assert "Sort" not in plan
