"""The processes of the measurement: PostgreSQL, the three services, two gateways and the floor, each started afresh."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.runtime.migrate import SERVICES, upgrade
from tools.children import StartError
from tools.postgres import Postgres

GATEWAY, ORDINARY, FLOOR = "gateway", "ordinary", "floor"
FACTORIES = {
    **{name: f"services.{name}.app:main" for name in SERVICES},
    GATEWAY: "gateway.app:main",
    ORDINARY: "gateway.app:main",
    FLOOR: "benchmarks.gateway.floor:main",
}
STACKS: Mapping[str, tuple[str, ...]] = {
    "product": (GATEWAY, *SERVICES),
    "ordinary": (ORDINARY, *SERVICES),
    "floor": (FLOOR,),
}
SUPPLEMENTS = Path(__file__).parent / "supplements"
PROFILER = "benchmarks.gateway.profiling:main"
PATIENT = {  # the ordinary executor at concurrency 16 needs longer than a caller of the product is made to wait
    "GONGZHI_PLANS": "false",
    "GONGZHI_UPSTREAM_TIMEOUT_S": "60",
    "GONGZHI_CLIENT_TIMEOUT_S": "60",
    "GONGZHI_EXECUTION_TIMEOUT_S": "60",
}
QUIET = ("--no-access-log", "--log-level", "warning")
START_SECONDS = 90.0
STOP_SECONDS = 15.0


@dataclass(slots=True)
class Server:
    """One uvicorn process; its output goes to `log`."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        """Base URL on the loopback interface."""
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        """Whether /readyz answers 200. StartError with the end of the log when the process has ended."""
        if self.process.poll() is not None:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise StartError(f"{self.name} ended with {self.process.returncode}\n{tail}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as reply:  # noqa: S310 - the loopback
                return bool(reply.status == 200)
        except (OSError, urllib.error.URLError):
            return False


@dataclass(slots=True)
class Stack:
    """What runs, under one data folder. The data base is started durable, with the settings `make run` gives it."""

    home: Path
    profiled: frozenset[str] = frozenset()
    postgres: Postgres = field(init=False)
    servers: dict[str, Server] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.home / "pg")

    @property
    def urls(self) -> dict[str, str]:
        """Base URL of each process."""
        return {name: server.url for name, server in self.servers.items()}

    @property
    def database_pid(self) -> int:
        """The root of PostgreSQL's process tree."""
        if self.postgres.pid is None:
            raise StartError("PostgreSQL has ended")
        return self.postgres.pid

    def start(self) -> None:
        """Data base, migrations and every process, until each answers /readyz. StartError or PostgresError in words."""
        url = self.postgres.start()
        for service in SERVICES:
            upgrade(url, service)
        ports = free_ports(len(FACTORIES))
        env = self._environment(url, dict(zip(FACTORIES, ports, strict=True)))
        for (name, factory), port in zip(FACTORIES.items(), ports, strict=True):
            self.servers[name] = self._serve(name, factory, port, env)
        wait_ready(list(self.servers.values()))

    def _environment(self, url: str, ports: Mapping[str, int]) -> dict[str, str]:
        return {
            **os.environ,
            "GONGZHI_HOME": str(self.home),
            "GONGZHI_DATABASE_URL": url,
            "GONGZHI_SUPPLEMENTS": str(SUPPLEMENTS),
            "GONGZHI_LOG_LEVEL": "WARNING",
            **{f"GONGZHI_{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}" for name in SERVICES},
        }

    def _serve(self, name: str, factory: str, port: int, env: Mapping[str, str]) -> Server:
        log = self.home / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        own = {**env, "GONGZHI_PORT": str(port), **(PATIENT if name == ORDINARY else {})}
        if name in self.profiled:
            own |= {"BENCHMARK_FACTORY": factory, "BENCHMARK_PROFILE": str(self.home / f"{name}.prof")}
            factory = PROFILER
        code = "import sys; from tools.children import serve; serve(sys.argv[1], int(sys.argv[2]), {}, sys.argv[3])"
        command = [sys.executable, "-c", code, factory, str(port), str(log)]
        if name == FLOOR:  # bare: uvicorn as it comes, nothing of ours around it
            command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--port", str(port), *QUIET]
        return Server(name, port, log, subprocess.Popen(command, env=own))  # noqa: S603 - our own interpreter

    def stop(self) -> None:
        """End what this object started, and nothing else."""
        running = [server.process for server in self.servers.values()]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.postgres.stop()


def free_ports(count: int) -> list[int]:
    """Ports nobody holds now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def wait_ready(servers: list[Server]) -> None:
    """Return when every server answers; StartError naming those that do not."""
    deadline = time.monotonic() + START_SECONDS
    while servers := [server for server in servers if not server.is_ready()]:
        if time.monotonic() > deadline:
            raise StartError(f"not ready: {', '.join(server.name for server in servers)}; see {servers[0].log}")
        time.sleep(0.1)
