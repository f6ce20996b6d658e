"""The launcher with real processes: as root and as a user, on 18 and 15, killed in every way, nothing left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import asyncpg
import pytest

from tests.fixtures.cluster import run_apart
from tools import postgres, postgres_child
from tools.postgres import Postgres
from tools.postgres_binaries import Binaries, PostgresError, find_binaries, major_of, wheel_folders

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
NOBODY = 65534
INSTALLED = [
    found
    for folder in [*wheel_folders(), *Path("/usr/lib/postgresql").glob("*/bin")]
    if (found := Binaries(folder, major_of(folder))).major in (15, 18)
]


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gz-pg-", dir="/tmp") as folder:
        yield Path(folder)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def server_pid(data: Path) -> int:
    return int((data / "data" / "postmaster.pid").read_text().splitlines()[0])


def answer(url: str, question: str = "SELECT current_setting('server_version_num')::int / 10000") -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return run_apart(ask)


SUPERVISOR = """
import sys, time
from pathlib import Path
from tools.postgres import Postgres
server = Postgres(Path(sys.argv[1]), durable=False)
print(server.start(), flush=True)
print(server.owns, flush=True)
sys.stdin.read()
server.stop()
"""


def supervise(data: Path) -> subprocess.Popen[str]:
    """A supervisor in a process of its own: prints the URL and whether it owns; ends when its input does."""
    command = [sys.executable, "-c", SUPERVISOR, str(data)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def supervise_as(uid: int, home: Path, data: Path) -> subprocess.Popen[str]:
    """The same as another user, with a copy of the launcher and a Python that this user may run; else a skip."""
    home.chmod(0o777)
    tools = home / "tools"
    tools.mkdir(mode=0o755)
    for name in ("__init__.py", "postgres.py", "postgres_binaries.py", "postgres_child.py"):
        (tools / name).write_bytes((ROOT / "tools" / name).read_bytes())
        (tools / name).chmod(0o644)
    who = {"user": uid, "group": uid, "extra_groups": [], "cwd": home}
    env = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    for python, binaries in product((sys.executable, "/usr/bin/python3"), INSTALLED):
        env["GONGZHI_PG_BIN"] = str(binaries.folder)
        try:
            check = "import sys, tools.postgres_binaries as b; b.find_binaries(); 1 / (sys.version_info > (3, 11))"
            usable = subprocess.run([python, "-c", check], env=env, capture_output=True, check=False, **who)
        except OSError:
            continue
        if usable.returncode == 0:
            command = [python, "-c", SUPERVISOR, str(data)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            return subprocess.Popen(command, text=True, env=env, **pipes, **who)
    pytest.skip("an ordinary user can reach no Python and PostgreSQL here")


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=30)


@pytest.mark.parametrize("binaries", INSTALLED, ids=lambda one: str(one.major))
def test_a_server_starts_answers_stops_and_starts_again(home: Path, binaries: Binaries) -> None:
    server = Postgres(home / "pg", binaries=binaries, durable=False)
    with server:
        assert answer(server.url()) == binaries.major
        assert answer(server.url(), "SELECT current_database()") == "gongzhi"
        assert server.start() == server.url(), "a second start changes nothing"
        answer(server.url(), "CREATE TABLE kept AS SELECT 7 AS seven")
    assert server.pid is None
    assert sorted(path.name for path in (home / "pg").iterdir()) == ["data", "database", "lock", "log", "password"]
    with server:
        assert answer(server.url(), "SELECT seven FROM kept") == 7
        assert answer(server.url(), "SHOW fsync") == "off"


def test_the_version_that_made_the_data_must_run_it(home: Path) -> None:
    if len(INSTALLED) < 2:
        pytest.skip("only one version of PostgreSQL is installed here")
    first, second = INSTALLED[:2]
    with Postgres(home / "pg", binaries=first, durable=False):
        pass
    with pytest.raises(PostgresError, match=f"made by PostgreSQL {first.major}"):
        Postgres(home / "pg", binaries=second, durable=False).start()


def test_the_password_is_wanted_and_closed_to_others(home: Path) -> None:
    with Postgres(home / "pg", durable=False) as server:
        assert (home / "pg" / "password").stat().st_mode & 0o777 == 0o600
        assert (home / "pg" / "run").stat().st_mode & 0o777 == 0o700
        password = (home / "pg" / "password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            answer(server.url().replace(password, "guess"))


def test_a_second_supervisor_attaches_and_leaves_the_server_alone(home: Path) -> None:
    first = supervise(home / "pg")
    url = line(first)
    assert line(first) == "True"
    second = Postgres(home / "pg", durable=False)
    assert second.start() == url
    assert not second.owns
    second.stop()
    assert answer(url, "SELECT 1") == 1
    end(first)


def test_supervisors_that_start_together_share_one_server(home: Path) -> None:
    both = [supervise(home / "pg"), supervise(home / "pg")]
    urls = {line(one) for one in both}
    assert len(urls) == 1
    assert sorted(line(one) for one in both) == ["False", "True"]
    for one in both:
        end(one)


def test_a_killed_supervisor_orphans_nothing(home: Path) -> None:
    first = supervise(home / "pg")
    line(first)
    pid = server_pid(home / "pg")
    kill(first)
    wait_for(lambda: not postgres._runs(pid, home / "pg" / "data"))
    with Postgres(home / "pg", durable=False) as server:
        assert answer(server.url(), "SELECT 1") == 1


def test_one_that_starts_while_the_old_server_still_ends_waits_for_it(home: Path) -> None:
    first = supervise(home / "pg")
    line(first)
    kill(first)
    with Postgres(home / "pg", durable=False) as server:
        assert answer(server.url(), "SELECT 1") == 1


def test_a_killed_server_is_started_again(home: Path) -> None:
    with Postgres(home / "pg", durable=False) as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_for(lambda: server.pid is None)
        assert answer(server.ensure(), "SELECT 1") == 1


def test_supervisor_and_server_killed_at_once(home: Path) -> None:
    first = supervise(home / "pg")
    line(first)
    os.kill(server_pid(home / "pg"), signal.SIGKILL)
    kill(first)
    with Postgres(home / "pg", durable=False) as server:
        assert answer(server.url(), "SELECT 1") == 1


def test_a_pid_file_that_names_another_process_is_stale(home: Path) -> None:
    with Postgres(home / "pg", durable=False):
        pass
    (home / "pg" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}\n1\n5432\n\n\n\nready\n")
    with Postgres(home / "pg", durable=False) as server:
        assert answer(server.url(), "SELECT 1") == 1


def test_an_orphan_that_nobody_holds_is_ended_first(home: Path) -> None:
    data = home / "pg"
    with Postgres(data, durable=False) as server:
        command = server._as_server_user([find_binaries().path("postgres"), "-D", str(data / "data"), "-k", str(data)])
    (data / "data" / "postmaster.pid").unlink(missing_ok=True)
    orphan = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    wait_for(lambda: (data / "data" / "postmaster.pid").exists() and server._status() == "ready")
    with Postgres(data, durable=False) as again:
        assert orphan.wait(timeout=10) == 0
        assert answer(again.url(), "SELECT 1") == 1


def test_an_initdb_that_was_killed_is_made_again(home: Path) -> None:
    (home / "pg" / "data.new").mkdir(parents=True)
    (home / "pg" / "data.new" / "PG_VERSION").write_text("18")
    with Postgres(home / "pg", durable=False) as server:
        assert answer(server.url(), "SELECT 1") == 1
    assert not (home / "pg" / "data.new").exists()


def test_a_deep_folder_gets_short_sockets_that_go_away(home: Path) -> None:
    deep = home / ("deep" * 25) / "pg"
    with Postgres(deep, durable=False) as server:
        folder = Path((deep / "socket").read_text())
        assert len(str(folder)) < 60
        assert folder.stat().st_mode & 0o777 == 0o700
        assert answer(server.url(), "SELECT 1") == 1
    assert not folder.exists()


def test_a_long_log_is_begun_anew(home: Path) -> None:
    with Postgres(home / "pg", durable=False):
        pass
    log = home / "pg" / "log"
    log.write_bytes(b"x" * 10_000_001)
    with Postgres(home / "pg", durable=False):
        assert log.stat().st_size < 10_000


def test_a_server_that_cannot_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Postgres(home / "pg", durable=False):
        pass
    monkeypatch.setattr(postgres, "START_SECONDS", 0.5)
    (home / "pg" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresError, match="no_such_setting"):
        Postgres(home / "pg", durable=False).start()
    assert not (home / "pg" / "run").exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root has to become someone else")
class TestAsRoot:
    def test_in_a_user_namespace_the_files_stay_roots(self, home: Path) -> None:
        with Postgres(home / "pg", durable=False) as server:
            if server._way != postgres_child.NAMESPACE:
                pytest.skip("no user namespaces here")
            assert (home / "pg" / "data" / "PG_VERSION").stat().st_uid == 0
            assert answer(server.url(), "SELECT 1") == 1

    def test_without_namespaces_as_nobody_even_below_a_closed_folder(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "NAMESPACE", "refused")
        monkeypatch.setattr(postgres_child, "NAMESPACE", "refused")
        real = Postgres._as_server_user

        def refusing(self: Postgres, command: list[str]) -> list[str]:
            return ["/bin/false"] if self._way == "refused" else real(self, command)

        monkeypatch.setattr(Postgres, "_as_server_user", refusing)
        home.chmod(0o700)
        with Postgres(home / "pg", durable=False) as server:
            assert server._way == postgres_child.DROP
            assert server.pid is not None
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
            assert answer(server.url(), "SELECT 1") == 1
        monkeypatch.setattr(Postgres, "_as_server_user", real)
        with Postgres(home / "pg", durable=False) as server:
            assert server._way == postgres_child.DROP, "the folder's owner keeps it"

    def test_as_the_ordinary_owner_of_the_folder(self, home: Path) -> None:
        home.chmod(0o755)
        (home / "pg").mkdir(mode=0o700)
        os.chown(home / "pg", 1, 1)
        with Postgres(home / "pg", durable=False) as server:
            assert server.pid is not None
            assert Path(f"/proc/{server.pid}").stat().st_uid == 1
            assert answer(server.url(), "SELECT 1") == 1

    def test_an_ordinary_user_runs_it_directly_and_is_not_orphaned(self, home: Path) -> None:
        first = supervise_as(NOBODY, home, home / "pg")
        url = line(first)
        assert url.startswith("postgresql://")
        pid = server_pid(home / "pg")
        assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
        assert answer(url, "SELECT 1") == 1
        kill(first)
        wait_for(lambda: not postgres._runs(pid, home / "pg" / "data"))

    def test_a_user_without_a_name_runs_it_in_a_namespace(self, home: Path) -> None:
        first = supervise_as(54321, home, home / "pg")
        assert line(first).startswith("postgresql://")
        end(first)

    def test_a_strangers_folder_is_refused_in_words(self, home: Path) -> None:
        (home / "pg").mkdir(mode=0o755)
        first = supervise_as(NOBODY, home, home / "pg")
        assert "belongs to another user (uid 0)" in first.communicate(timeout=30)[1]

    def test_a_closed_folder_is_refused_in_words(self, home: Path) -> None:
        (home / "closed").mkdir(mode=0o700)
        first = supervise_as(NOBODY, home, home / "closed" / "pg")
        assert "set GONGZHI_HOME" in first.communicate(timeout=30)[1]


class TestBinaries:
    def test_the_wheel_comes_first(self) -> None:
        assert find_binaries({}).major == 18

    def test_a_forced_folder_wins(self) -> None:
        forced = INSTALLED[-1]
        assert find_binaries({"GONGZHI_PG_BIN": str(forced.folder)}) == forced

    def test_none_is_an_error_in_words(self, home: Path) -> None:
        with pytest.raises(PostgresError, match="set DATABASE_URL or GONGZHI_PG_BIN"):
            find_binaries({"GONGZHI_PG_BIN": str(home)})

    @pytest.mark.parametrize("says", ["echo postgres (PostgreSQL) 14.9", "echo nonsense", "exit 1"])
    def test_too_old_or_broken_is_none(self, home: Path, says: str) -> None:
        program = home / "postgres"
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
        with pytest.raises(PostgresError):
            find_binaries({"GONGZHI_PG_BIN": str(home)})
