"""The latest issues of a range: the same pages by either arm, and of many issues only those of the page are read."""

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest

from services.consultation.settings import ConsultationSettings
from services.consultation.storage import reads
from services.consultation.storage.reads import ISSUE
from services.runtime.reads_pool import ReadPool
from services.runtime.selection_sql import ONE, compile_selection
from tests.conftest import SettingsOf, Truncate

COMMUNITIES = ("330303001001", "330303001002", "330304001001", "340104001001")
CITY, DISTRICT = ("3303", "3304"), ("330303", "330304")
INSERT = """
INSERT INTO consultation.issues (community, id, number, process, title, text, proposer_kind, proposer_anonymous,
    procedure, opened_at, recorded_at, state, step, tier, final, sequence, updated_at)
SELECT community, id, id::text, process, 't', 't', 'resident', false, 'd', at, at, state, 'open', 'community',
       state = 'closed', 1, at
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[]) AS n (community, id, at, state, process)
"""


class Known(NamedTuple):
    """An issue as the test knows it."""

    community: str
    id: UUID
    at: datetime
    state: str
    process: str


def drawn(count: int) -> list[Known]:
    """So many issues, some opened in the same moment."""
    dice = random.Random(20261122)
    day = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Known(
            dice.choice(COMMUNITIES),
            UUID(int=dice.getrandbits(128)),
            day + timedelta(minutes=dice.randrange(count)),
            dice.choice(("open", "open", "screened", "closed")),
            dice.choice(("consultation", "service_order")),
        )
        for _ in range(count)
    ]


async def bring(url: str, issues: list[Known]) -> None:
    """Into the table as they are: their histories are not looked at here."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(INSERT, *[list(column) for column in zip(*issues, strict=True)])
        await connection.execute("VACUUM ANALYZE consultation.issues")
    finally:
        await connection.close()


@pytest.fixture
async def pool(settings_of: SettingsOf, consultation_url: str, truncate: Truncate) -> AsyncIterator[ReadPool]:
    await truncate(consultation_url, "consultation")
    made = ReadPool(settings_of(consultation_url, ConsultationSettings), "consultation")
    yield made
    await made.close()
    await truncate(consultation_url, "consultation")


def asked(bounds: tuple[str, str], limit: int, **more: Any) -> dict[str, Any]:
    scope = {"scope_lo": "0", "scope_hi": ":", "scope_all": ""}
    return {"lo": bounds[0], "hi": bounds[1], "limit": limit, **scope, **more}


def given_of(values: dict[str, Any], *, backward: bool) -> frozenset[str]:
    names = {name for name in ("state", "states", "process", "communities") if name in values}
    names |= {side for side in ("after", "before") if f"{side}_0" in values}
    return frozenset({ONE, *names, *(["backward"] if backward else [])})


async def page(pool: ReadPool, values: dict[str, Any], *, backward: bool = False) -> list[str]:
    selection = compile_selection(ISSUE, "region", ("id",), given_of(values, backward=backward))
    return [row[1] for row in await pool.fetch(selection.rows.sql, selection.rows.values(values))]


def wanted(one: Known, where: dict[str, Any]) -> bool:
    def is_in(state: str) -> bool:
        return one.state != "closed" if state == "open" else one.state == state

    return (
        ("state" not in where or is_in(where["state"]))
        and ("states" not in where or any(is_in(state) for state in where["states"]))
        and ("process" not in where or one.process == where["process"])
        and ("communities" not in where or one.community in where["communities"])
    )


@pytest.mark.parametrize("many", [0, 20, 10**6])
@pytest.mark.parametrize(
    "where",
    [
        {},
        {"state": "open"},
        {"state": "screened"},
        {"state": "nothing"},
        {"states": ["screened", "open"]},
        {"process": "service_order", "state": "open"},
        {"communities": [COMMUNITIES[0], COMMUNITIES[3]]},
    ],
    ids=str,
)
async def test_pages_both_ways_are_the_same_however_many_there_are(
    pool: ReadPool, consultation_url: str, monkeypatch: pytest.MonkeyPatch, many: int, where: dict[str, Any]
) -> None:
    monkeypatch.setattr(reads, "MANY", many)
    issues = drawn(120)
    await bring(consultation_url, issues)
    for lo, hi in (CITY, DISTRICT, ("0", ":"), ("44", "45")):
        inside = [one for one in issues if lo <= one.community < hi and wanted(one, where)]
        order = sorted(inside, key=lambda one: (one.at, one.id), reverse=True)
        names = [str(one.id) for one in order]
        assert await page(pool, asked((lo, hi), 7, **where)) == names[:7]
        assert await page(pool, asked((lo, hi), 7, **where), backward=True) == names[::-1][:7]
        if len(order) > 9:
            here = order[5]
            mark = {"after_0": here.at.isoformat(), "after_1": str(here.id)}
            assert await page(pool, asked((lo, hi), 4, **mark, **where)) == names[6:10]
            mark = {"before_0": here.at.isoformat(), "before_1": str(here.id)}
            assert await page(pool, asked((lo, hi), 3, **mark, **where), backward=True) == names[2:5][::-1]
        selection = compile_selection(ISSUE, "region", ("id",), given_of(where, backward=False))
        (counted,) = await pool.fetch(selection.count.sql, selection.count.values(asked((lo, hi), 1, **where)))
        assert counted["n"] == len(order)


@pytest.mark.parametrize("where", [{}, {"state": "open"}], ids=str)
@pytest.mark.parametrize("backward", [False, True])
async def test_of_many_issues_only_those_of_the_page_are_read(
    pool: ReadPool, consultation_url: str, where: dict[str, Any], backward: bool
) -> None:
    await bring(consultation_url, drawn(6000))
    values = asked(CITY, 5, **where)
    selection = compile_selection(ISSUE, "region", ("id", "title"), given_of(values, backward=backward))
    sql, parameters = selection.rows.sql, selection.rows.values(values)
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", parameters))
    by_time = re.search(r"Index Scan.* using issues_latest .*actual time=\S+ rows=([\d.]+)", plan)
    assert by_time is not None, plan
    assert float(by_time[1]) < 20, plan
    read = re.findall(r"Index Scan using issues_\w+ on issues .*actual time=\S+ rows=([\d.]+)", plan)
    assert [rows for rows in read if float(rows) > 20] == [], plan


async def test_of_few_issues_none_elsewhere_are_looked_at(pool: ReadPool, consultation_url: str) -> None:
    few = Known("110101001001", UUID(int=7), datetime(2025, 1, 1, tzinfo=UTC), "open", "consultation")
    await bring(consultation_url, [few, *drawn(6000)])
    values = asked(("11", "12"), 5)
    selection = compile_selection(ISSUE, "region", ("id",), given_of(values, backward=False))
    sql, parameters = selection.rows.sql, selection.rows.values(values)
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", parameters))
    assert re.search(r"using issues_latest .*never executed", plan), plan
    assert await page(pool, values) == [str(few.id)]


@pytest.mark.parametrize("given", [frozenset[str](), frozenset({"state"}), frozenset({"state", "backward"})])
def test_what_is_counted_is_not_put_in_order(given: frozenset[str]) -> None:
    selection = compile_selection(ISSUE, "region", ("id",), given | {ONE})
    assert "issues" in selection.count.sql
    assert not re.search("UNION|ORDER BY", selection.count.sql)
    assert "UNION" in selection.rows.sql
