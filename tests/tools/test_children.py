"""Child processes: ports, readiness, death, stopping."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from tools import children

APP = """
import os

def main():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": int(os.environ.get("ANSWER", "200")), "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
    return app

def broken():
    raise RuntimeError("no settings")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> children.Child:
    (tmp_path / "little_app.py").write_text(textwrap.dedent(APP))
    monkeypatch.syspath_prepend(tmp_path)
    return children.Child("little", "little_app:main", free_port(), {}, tmp_path / "little.log")


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(children.StartError, match=f"port {port} .gateway. cannot be used.*PORT_BASE"):
            children.free_or_complain({"gateway": port})


def test_a_port_past_the_last_is_refused() -> None:
    with pytest.raises(children.StartError, match="port 70000"):
        children.free_or_complain({"gateway": 70000})


def test_free_ports_pass() -> None:
    children.free_or_complain({"gateway": free_port()})


def test_a_child_starts_answers_and_stops(child: children.Child) -> None:
    child.start()
    children.wait_ready([child], 20)
    assert child.is_ready()
    assert child.process is not None
    children.stop([child])
    assert child.ended
    assert child.process.exitcode in {0, -signal.SIGTERM}
    assert child.url.endswith(str(child.port))


def test_a_child_that_cannot_start_says_why(child: children.Child) -> None:
    child.factory = "little_app:broken"
    child.start()
    with pytest.raises(children.StartError, match="no settings"):
        children.wait_ready([child], 20)


def test_a_child_that_is_never_ready_is_named(child: children.Child) -> None:
    child.env = {**child.env, "ANSWER": "503"}
    child.start()
    try:
        with pytest.raises(children.StartError, match="not ready within 2 s"):
            children.wait_ready([child], 2)
    finally:
        children.stop([child])


def test_a_child_never_started_has_an_obituary(child: children.Child) -> None:
    with pytest.raises(children.StartError, match="little"):
        child.is_ready()


def test_the_fourth_death_in_a_minute_is_the_last(child: children.Child) -> None:
    assert [child.mourn(at) for at in (0.0, 1.0, 2.0, 3.0)] == [True, True, True, False]
    assert child.mourn(100.0)


def test_a_deaf_child_is_killed(child: children.Child) -> None:
    context = multiprocessing.get_context("fork")
    heard = context.Event()
    child.process = context.Process(target=_deaf, args=(heard,))
    child.process.start()
    assert heard.wait(10)
    children.stop([child], 0.2)
    assert child.process.exitcode == -signal.SIGKILL


def _deaf(heard: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    heard.set()
    time.sleep(60)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux")
def test_a_child_dies_with_a_killed_parent(child: children.Child, tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import pathlib, sys, time
        from tools import children
        sys.path.insert(0, {str(tmp_path)!r})
        log = pathlib.Path({str(child.log)!r})
        child = children.Child("little", "little_app:main", {child.port}, {dict(child.env)!r}, log)
        child.start()
        children.wait_ready([child], 20)
        print(child.process.pid, flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
