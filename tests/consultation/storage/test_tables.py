"""What the data base itself refuses, whoever asks: the proof does not rest on the application's good will."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.consultation.client import ConsultationClient
from services.kernel.errors import Conflict
from services.runtime.database import NATION, Database
from services.runtime.migrate import downgrade, upgrade
from services.runtime.rls import Scope
from tests.consultation.api.test_issues import GUANDU, raised
from tests.fixtures.cluster import Cluster

LONGWAN_ONLY: Scope = (("330303000000", "330304000000"),)


async def run(database: Database, sql: str, scope: Scope = NATION) -> int:
    async with database.transaction(scope) as session:
        result = await session.execute(text(sql))
        return int(result.scalar_one()) if result.returns_rows else 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE issue_events SET step = 'close'",
        "DELETE FROM issue_events",
        "UPDATE sessions SET title = 'x'",
        "DELETE FROM issues",
        "UPDATE issues SET title = 'x'",
        "UPDATE procedures SET body = '{}'",
        "UPDATE outbox SET type = 'x'",
    ],
)
async def test_the_record_is_append_only(client: ConsultationClient, consultation_database: Database, sql: str) -> None:
    await raised(client)
    with pytest.raises(DBAPIError, match="permission denied"):
        await run(consultation_database, sql)


async def test_a_state_set_by_hand_is_refused(client: ConsultationClient, consultation_database: Database) -> None:
    await raised(client)
    with pytest.raises(Conflict):
        await run(consultation_database, "UPDATE issues SET state = 'closed', sequence = 9")


@pytest.mark.parametrize(
    ("sequence", "from_state", "at"),
    [(3, "'proposed'", "now()"), (2, "'decided'", "now()"), (2, "NULL", "now()"), (2, "'proposed'", "'2020-01-01'")],
)
async def test_an_event_out_of_its_chain_is_refused(
    client: ConsultationClient, consultation_database: Database, sequence: int, from_state: str, at: str
) -> None:
    issue = await raised(client, community=GUANDU)
    sql = (
        "INSERT INTO issue_events (community, issue, sequence, id, step, outcome, actor_kind, actor_anonymous, at, "
        "recorded_at, recorded_by, from_state, to_state, tier, evidence) "
        f"VALUES ('{GUANDU}', '{issue.id}', {sequence}, gen_random_uuid(), 'decide', '', 'resident', false, {at}, "
        f"now(), 'x', {from_state}, 'decided', 'community', '{{}}')"
    )  # fmt: skip
    with pytest.raises(Conflict):
        await run(consultation_database, sql)


@pytest.mark.parametrize("table", ["issues", "issue_events", "outbox"])
async def test_rows_of_other_regions_do_not_exist(
    client: ConsultationClient, consultation_database: Database, table: str
) -> None:
    await raised(client, community=GUANDU)
    count = f"SELECT count(*) FROM {table}"
    assert await run(consultation_database, count) == 1
    assert await run(consultation_database, count, LONGWAN_ONLY) == 0
    assert await run(consultation_database, count, ()) == 0


async def test_each_step_has_one_event_in_the_outbox(
    client: ConsultationClient, consultation_database: Database
) -> None:
    await raised(client)
    assert await run(consultation_database, "SELECT count(*) FROM outbox WHERE type = 'issue.opened'") == 1
    assert await run(consultation_database, "SELECT count(*) FROM outbox WHERE data::text LIKE '%张三%'") == 0


def test_migrations_go_back_and_forth(cluster: Cluster) -> None:
    url = cluster.clone("consultation")
    downgrade(url, "consultation", "base")
    upgrade(url, "consultation")
