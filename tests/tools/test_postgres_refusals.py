"""What the launcher says when it cannot go on, and how it takes over from a supervisor that goes away."""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import postgres
from tools.postgres import Postgres
from tools.postgres_binaries import Binaries, PostgresError


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gz-pg-", dir="/tmp") as folder:
        yield Path(folder)


def programs(folder: Path, **scripts: str) -> Binaries:
    """An installation whose programs are one-line scripts."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return Binaries(folder, 18)


def test_another_users_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(PostgresError, match="belongs to another user"):
        Postgres(home / "pg").start()


def test_no_way_to_be_anyone_but_root(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("an ordinary user runs it directly")
    with pytest.raises(PostgresError, match="cannot be run as anyone but root"):
        Postgres(home / "pg", binaries=programs(home, postgres="exit 1")).start()


def test_an_initdb_that_fails_tells_its_words(home: Path) -> None:
    home.chmod(0o755)
    with pytest.raises(PostgresError, match="initdb failed: no room"):
        Postgres(home / "pg", binaries=programs(home, postgres="exit 0", initdb="echo no room >&2; exit 1")).start()


def hold(home: Path) -> int:
    (home / "pg").mkdir()
    handle = os.open(home / "pg" / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_a_supervisor_that_never_gets_ready_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = hold(home)
    monkeypatch.setattr(postgres, "START_SECONDS", 0.2)
    with pytest.raises(PostgresError, match="its server is not ready"):
        Postgres(home / "pg", durable=False).start()
    os.close(handle)


def test_one_that_waits_takes_over_when_the_first_goes_away(home: Path) -> None:
    handle = hold(home)

    def leave() -> None:
        time.sleep(0.3)
        os.close(handle)

    threading.Thread(target=leave).start()
    with Postgres(home / "pg", durable=False) as server:
        assert server.owns


def test_a_system_without_proc_asks_ps(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: str(path) != "/proc/self/stat" and real(path))
    assert not postgres._runs(os.getpid(), home)
