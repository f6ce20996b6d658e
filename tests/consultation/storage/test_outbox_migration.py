"""The outbox as it was is brought along, and the version that still serves while it is goes on writing."""

import asyncpg
import pytest

from services.runtime.migrate import downgrade, upgrade
from services.runtime.outbox import channel
from tests.fixtures.cluster import Cluster, run_apart

OLD = "INSERT INTO consultation.outbox (id, type, subject, data) VALUES (gen_random_uuid(), 'issue.step_taken', 's', "
SCOPE = (
    "SELECT set_config('app.lo', '{}', false), set_config('app.hi', '{}', false), set_config('app.scopes', '', false)"
)


@pytest.fixture
def url(cluster: Cluster) -> str:
    """Consultation's schema as it stood before events had a region, with two of them."""
    made = cluster.clone()
    upgrade(made, "consultation", "0002")
    cluster.execute(
        OLD + '\'{"community": "530111001011"}\')',
        OLD + '\'{"kind": "issues"}\')',
        url=made,
    )
    return made


def seen(url: str, lo: str, hi: str, *first: str) -> list[str]:
    """The regions of the events that the service's role sees in a scope, after having said something else first."""

    async def work() -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET ROLE gongzhi_consultation")
            await connection.execute(SCOPE.format(lo, hi))
            for statement in first:
                await connection.execute(statement)
            rows = await connection.fetch("SELECT region FROM consultation.outbox ORDER BY position")
            return [row["region"] for row in rows]
        finally:
            await connection.close()

    return run_apart(work)


def test_events_from_before_get_the_region_of_their_community_else_the_nations(url: str) -> None:
    upgrade(url, "consultation")
    assert seen(url, "0", ":") == ["530111001011", "000000000000"]
    assert seen(url, "530111000000", "530112") == ["530111001011"]
    assert seen(url, "11", "12") == []


def test_the_version_before_writes_for_its_callers_region_meanwhile(url: str) -> None:
    upgrade(url, "consultation")
    assert seen(url, "530111000000", "530112", OLD + "'{}')") == ["530111001011", "530111000000"]


def test_nobody_writes_for_a_region_he_has_not(url: str) -> None:
    upgrade(url, "consultation")
    foreign = OLD.replace("data)", "data, region)") + "'{}', '110105001001')"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        seen(url, "530111000000", "530112", foreign)


def test_a_step_back_keeps_the_events(url: str, cluster: Cluster) -> None:
    upgrade(url, "consultation")
    downgrade(url, "consultation", "0002")
    assert len(_all(url)) == 2
    upgrade(url, "consultation")
    assert len(_all(url)) == 2
    assert channel("consultation") == "consultation_outbox"


def _all(url: str) -> list[asyncpg.Record]:
    async def work() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch("SELECT * FROM consultation.outbox")
            return rows
        finally:
            await connection.close()

    return run_apart(work)
