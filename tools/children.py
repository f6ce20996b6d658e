"""Child processes of the supervisor: start, wait until ready, notice death, stop; none outlives its parent."""

import ctypes
import http.client
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import uvicorn

UVICORN: Mapping[str, Any] = {
    "http": "services.runtime.guard:Guarded",
    "timeout_graceful_shutdown": 5,
    "access_log": False,  # our own log has a line
    "proxy_headers": False,  # nothing here depends on the client's address or scheme
    "server_header": False,
    "ws_max_size": 128 * 1024,
}
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10.0
RESTARTS, RESTART_WINDOW = 3, 60.0


class StartError(Exception):
    """Something needed for the start is missing; the message says what and what to do, in Chinese and English."""


def free_or_complain(ports: Mapping[str, int], host: str = "127.0.0.1") -> None:
    """Return if every port can be bound on `host`; StartError naming the first that cannot."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as reason:
                raise StartError(
                    f"端口 {port}({name})不可用，请停止占用它的程序，或改用 PORT_BASE=9000 / "
                    f"port {port} ({name}) cannot be used ({reason}); stop what holds it, or set PORT_BASE=9000"
                ) from reason


def _die_with_parent() -> None:
    """SIGTERM when the supervisor dies, however it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def serve(factory: str, port: int, env: Mapping[str, str], log: str) -> None:
    """Runs in the child: one uvicorn with `env` added to the environment and all output in `log`.

    In a session of its own, so that Ctrl-C reaches the supervisor only.
    """
    os.setsid()
    _die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, place in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(fd, place)
    sys.stdout, sys.stderr = (os.fdopen(place, "w", buffering=1, encoding="utf-8") for place in (1, 2))
    os.environ.update(env)
    uvicorn.run(factory, factory=True, host="127.0.0.1", port=port, **UVICORN)


@dataclass(slots=True)
class Child:
    """One uvicorn process of one service; its output goes to `log`.

    Forked, not started anew: what the processes have in common is imported once, which halves the time to start.
    """

    name: str
    factory: str
    port: int
    env: Mapping[str, str]
    log: Path
    process: BaseProcess | None = None
    deaths: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Base URL on the loopback interface."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ended(self) -> bool:
        """True when the process was started and is gone (it is then reaped)."""
        return self.process is not None and not self.process.is_alive()

    def start(self) -> None:
        """Start the process; to be called from the main thread, which the death signal follows."""
        fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
        make = fork.Process if sys.platform == "linux" else spawn.Process
        self.process = make(target=serve, args=(self.factory, self.port, dict(self.env), str(self.log)), name=self.name)
        self.process.start()

    def is_ready(self) -> bool:
        """True when /readyz answers 200. StartError when the process has ended."""
        if self.process is None or self.ended:
            raise StartError(self.obituary())
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == http.client.OK
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return False

    def obituary(self) -> str:
        """Why the process is gone, with the end of its log."""
        code = None if self.process is None else self.process.exitcode
        tail = (
            b"\n".join(self.log.read_bytes().splitlines()[-12:]).decode("utf-8", "replace") if self.log.exists() else ""
        )
        return f"服务 {self.name} 已退出(代码 {code}) / service {self.name} ended with {code}; log: {self.log}\n{tail}"

    def mourn(self, now: float) -> bool:
        """Record a death at `now` (monotonic seconds); False when it is the fourth within a minute: give up."""
        self.deaths = [*(at for at in self.deaths if now - at < RESTART_WINDOW), now]
        return len(self.deaths) <= RESTARTS


def wait_ready(children: list[Child], seconds: float = 60.0) -> None:
    """Return when every child answers; StartError when one ends or does not answer within `seconds`."""
    deadline, waiting = time.monotonic() + seconds, list(children)
    while waiting:
        waiting = [child for child in waiting if not child.is_ready()]
        if waiting and time.monotonic() > deadline:
            names = ", ".join(child.name for child in waiting)
            raise StartError(
                f"服务 {names} 在 {seconds:.0f} 秒内没有就绪，请看日志 {waiting[0].log} / "
                f"{names} not ready within {seconds:.0f} s; see the log {waiting[0].log}"
            )
        if waiting:
            time.sleep(0.05)


def stop(children: list[Child], seconds: float = STOP_SECONDS) -> None:
    """SIGTERM to all, then SIGKILL to what is left after `seconds`; returns when all are reaped."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + seconds
    for process in running:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
