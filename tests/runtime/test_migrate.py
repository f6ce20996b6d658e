"""Migrations: a schema, a role and a history for each service, safe when started twice."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from services.runtime import migrate
from tests.fixtures.cluster import Cluster, run_apart

ROOT = Path(__file__).parents[2]
MIGRATION = '''"""One."""
from alembic import op
revision, down_revision, branch_labels, depends_on = "{revision}", {down}, None, None
def upgrade(): op.execute("{up}")
def downgrade(): op.execute("{down_sql}")
'''


@pytest.fixture
def ini(tmp_path: Path) -> Iterator[Path]:
    """A migrations folder of the test's own, with the real env.py."""
    folder = tmp_path / "migrations"
    (folder / "payroll").mkdir(parents=True)
    (folder / "alembic.ini").write_text((ROOT / "migrations" / "alembic.ini").read_text().replace("/..", ""))
    (folder / "env.py").write_text((ROOT / "migrations" / "env.py").read_text())
    steps = [
        {
            "revision": "0001",
            "down": "None",
            "up": "CREATE TABLE payroll.slips (id int)",
            "down_sql": "DROP TABLE slips",
        },
        {"revision": "0002", "down": "'0001'", "up": "ALTER TABLE payroll.slips ADD net int", "down_sql": "SELECT 1"},
    ]
    for step in steps:
        (folder / "payroll" / f"{step['revision']}.py").write_text(MIGRATION.format(**step))
    return folder / "alembic.ini"


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    async def work() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return run_apart(work)


def test_a_schema_a_role_and_a_history(cluster: Cluster, ini: Path) -> None:
    url = cluster.clone()
    assert migrate.head("payroll", ini) == "0002"
    assert migrate.head("staffing", ini) is None
    migrate.upgrade(url, "payroll", ini=ini)
    migrate.upgrade(url, "payroll", ini=ini)
    assert ask(url, "SELECT version_num FROM payroll.alembic_version") == [("0002",)]
    rights = ask(
        url,
        "SELECT has_table_privilege('gongzhi_payroll', 'payroll.slips', 'INSERT'), "
        "has_table_privilege('gongzhi_payroll', 'payroll.alembic_version', 'SELECT'), "
        "has_table_privilege('gongzhi_payroll', 'payroll.alembic_version', 'UPDATE'), "
        "has_schema_privilege('gongzhi_payroll', 'payroll', 'CREATE'), "
        "(SELECT rolcanlogin FROM pg_roles WHERE rolname = 'gongzhi_payroll')",
    )
    assert rights == [(True, True, False, False, False)]
    assert ask(url, """SELECT 'b'::text <@ '{["a","c")}'::payroll.textmultirange""") == [(True,)]
    migrate.downgrade(url, "payroll", "base", ini=ini)
    assert ask(url, "SELECT to_regclass('payroll.slips') IS NULL") == [(True,)]


def test_upgrades_that_start_together_both_succeed(cluster: Cluster, ini: Path) -> None:
    url = cluster.clone()
    failures: list[subprocess.CalledProcessError] = []

    def work() -> None:
        try:
            env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-m", "alembic", "-c", str(ini), "-n", "payroll", "upgrade", "head"]
            subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            failures.append(error)

    both = [threading.Thread(target=work) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.stderr for one in failures] == []
    assert ask(url, "SELECT version_num FROM payroll.alembic_version") == [("0002",)]


def test_a_failure_reaches_the_caller(cluster: Cluster, ini: Path) -> None:
    url = cluster.clone()
    bad = MIGRATION.format(revision="0003", down="'0002'", up="SELECT nonsense", down_sql="SELECT 1")
    (ini.parent / "payroll" / "0003.py").write_text(bad)
    with pytest.raises(Exception, match="nonsense"):
        migrate.upgrade(url, "payroll", ini=ini)
    assert ask(url, "SELECT version_num FROM payroll.alembic_version") == [("0002",)]


def test_tables_that_drifted_from_their_migrations_are_found(cluster: Cluster, ini: Path) -> None:
    url = cluster.clone()
    migrate.upgrade(url, "payroll", ini=ini)
    with pytest.raises(Exception, match=r"(?i)new upgrade operations|MetaData"):
        migrate.check(url, "payroll", ini)


async def test_inside_a_running_loop(cluster: Cluster, ini: Path) -> None:
    migrate.upgrade(cluster.clone(), "payroll", ini=ini)


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(ValueError, match="one of staffing, payroll, consultation"):
        migrate.head("tax")
