"""`gongzhi run` with real processes on shifted ports: start, restart of what dies, clean stop, second start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools import background, children, dev

ROOT = Path(__file__).parents[2]


def free_base() -> int:
    """Four free ports in a row, below the ports that outgoing connections take; each test process looks elsewhere."""
    first = 12000 + os.getpid() % 2000 * 8
    for base in range(first, 32000, 8):
        try:
            children.free_or_complain(dev.Options(base).ports)
        except children.StartError:
            continue
        return base
    raise AssertionError("no free ports")


@contextmanager
def started(options: dev.Options) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    environment |= {"PORT_BASE": str(options.port_base), "GONGZHI_HOME": str(options.home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.cli", "run", "--no-demo"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("ready"):
            return line
    raise AssertionError("".join(lines))


def family(pid: int) -> list[int]:
    """The processes started by `pid`, directly or not."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        parents.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(text.split()[0]))
    found, todo = [], [pid]
    while todo:
        more = parents.get(todo.pop(), [])
        found += more
        todo += more
    return found


def gone(pids: list[int], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}/exe").exists() and _runs(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dev.Options:
    return dev.Options(free_base(), tmp_path_factory.mktemp("run") / "home", demo=False)


def test_it_starts_restarts_what_dies_and_stops_without_a_trace(options: dev.Options) -> None:
    with started(options) as process:
        line = until_ready(process)
        assert all(url in line for url in options.urls.values())
        assert background.answers(options)
        mine = family(process.pid)
        victim = next(pid for pid in mine if _listens(pid, options.ports["consultation"]))
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not background.answers(options) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert background.answers(options)
        mine += family(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert gone(mine)
    children.free_or_complain(options.ports)
    assert sorted(path.name for path in options.home.iterdir()) == ["dev-issuer.pem", "log", "pg"]


def _listens(pid: int, port: int) -> bool:
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    try:
        return any(str(link.readlink())[8:-1] in inodes for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def test_a_killed_supervisor_leaves_nothing_running_and_starts_again(options: dev.Options) -> None:
    with started(options) as process:
        until_ready(process)
        mine = family(process.pid)
        process.kill()
        process.wait()
        assert gone(mine)
    with started(options) as process:
        until_ready(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_bad_policy_pack_ends_the_start_in_words(
    tmp_path: Path, options: dev.Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "packs" / "nowhere"
    bad.mkdir(parents=True)
    (bad / "documents.yaml").write_text("region: 12\n")
    monkeypatch.setenv("GONGZHI_PACKS_DIR", str(bad.parent))
    with started(options) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "documents.yaml" in output
    assert "ready" not in [line[:5] for line in output.splitlines()]


class TestBackground:
    def test_a_system_is_started_for_the_time_of_the_asking(
        self, options: dev.Options, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("DATABASE_URL", "GONGZHI_DATABASE_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(background, "RUN", (*background.RUN, "--no-demo"))
        with background.running(options):
            assert background.answers(options)
            with background.running(options):  # the one that runs is used
                assert background.answers(options)
        assert not background.answers(options)

    def test_a_start_that_fails_is_told(self, tmp_path: Path) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = min(holder.getsockname()[1], 65532)
            with (
                pytest.raises(background.NotStarted, match="PORT_BASE"),
                background.running(dev.Options(port, tmp_path)),
            ):
                pass


def test_the_environment_of_the_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GONGZHI_SUPPLEMENTS", "/own")
    env = dev.environment(dev.Options(9000, tmp_path), "postgresql://x/y")
    assert env["GONGZHI_PAYROLL_URL"] == "http://127.0.0.1:9002"
    assert env["GONGZHI_SUPPLEMENTS"].split(os.pathsep) == ["/own", str(dev.SUPPLEMENTS)]
    assert "GONGZHI_SUPPLEMENTS" not in dev.environment(dev.Options(9000, tmp_path, demo=False), "postgresql://x/y")


def test_a_given_database_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    system = dev.System(dev.Options(9000, tmp_path), said.append)
    assert dev.database(system) == "postgresql://elsewhere/db"
    assert system.postgres is None
    assert "DATABASE_URL" in said[0]


async def test_statistics_are_taken(database_url: str) -> None:
    await asyncio.to_thread(dev.analyze, database_url)


def test_a_service_that_keeps_dying_ends_the_run(tmp_path: Path) -> None:
    said: list[str] = []
    system = dev.System(dev.Options(9000, tmp_path), said.append)
    child = children.Child("little", "no.such:main", 1, {}, tmp_path / "little.log")
    system.children = [child]
    child.start()
    with pytest.raises(children.StartError, match="little"):
        dev.watch(system)
    assert len([line for line in said if "starting it again" in line]) == children.RESTARTS


def test_urls_follow_the_base() -> None:
    assert dev.Options(9000).urls["gateway"] == "http://127.0.0.1:9000"
