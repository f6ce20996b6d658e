"""The whole system as real processes over its own PostgreSQL; every link between them can be made bad."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.services import Services
from gateway.settings import GatewaySettings
from tests.conftest import SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.gateway.register import SHIHUGUAN, load
from tests.gateway.test_graph import JOIN
from tests.system.block import load_block
from tests.system.proxy import Proxy
from tools.dev import FACTORIES, SUPPLEMENTS
from tools.postgres import Postgres

SERVICES = ("staffing", "payroll", "consultation")
GATEWAYS = ("gateway", "executor")  # by plans, and by the ordinary executor alone
NAMES = (*GATEWAYS, *SERVICES)
NATION = "000000000000"
EXECUTED = re.compile(rb"duration: [\d.]+ ms  (?:execute [^:]*|statement): ?(.*)")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all held at once while they are chosen."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def bar(seconds: float) -> float:
    """A bar as it stands while each core has at most two busy processes; on a busier machine in proportion."""
    told = Path("/proc/loadavg").read_text(encoding="ascii").split()
    busy = max(float(told[0]), float(told[3].partition("/")[0]))
    return seconds * max(1.0, busy / (2 * (os.cpu_count() or 1)))


@dataclass
class Running:
    """The processes, the lines between them, and how to ask a gateway."""

    urls: dict[str, str]
    env: dict[str, str]
    folder: Path
    token: str
    postgres: Postgres
    client: httpx.AsyncClient
    lines: dict[str, Proxy] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, kind: str | None = None, more: Mapping[str, str] | None = None) -> None:
        """Start one process, of the kind its name says or of another; its words go to a file of its own."""
        port = self.urls[name].rpartition(":")[2]
        factory = FACTORIES[kind or ("gateway" if name in GATEWAYS else name)]
        command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--host", "127.0.0.1", "--port", port]
        command += ["--http", "services.runtime.guard:Guarded", "--no-access-log", "--ws-max-size", "131072"]
        command += ["--timeout-graceful-shutdown", "5"]
        env = {**self.env, "GONGZHI_PLANS": "false" if name.endswith("executor") else "true", **(more or {})}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def words(self, name: str) -> str:
        """The end of what a process has said."""
        return (self.folder / f"{name}.log").read_text()[-3000:]

    async def ready(self, name: str, seconds: float = 120) -> None:
        """Wait until a process answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.processes[name].poll() is None, self.words(name)
            try:
                if (await self.client.get(f"{self.urls[name]}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(self.words(name))

    def end(self, name: str) -> None:
        """End one process and wait for it."""
        process = self.processes[name]
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self, name: str) -> None:
        """End one process without a word of warning."""
        self.processes[name].kill()
        self.processes[name].wait()

    async def post(self, name: str, body: Mapping[str, Any], trace: str | None = None) -> tuple[httpx.Response, float]:
        """A gateway's answer to a body, and the seconds it took."""
        headers = {"authorization": f"Bearer {self.token}"}
        if trace is not None:
            headers["traceparent"] = f"00-{trace}-b7ad6b7169203331-01"
        started = time.perf_counter()
        answer = await self.client.post(f"{self.urls[name]}/graphql", json=body, headers=headers)
        return answer, time.perf_counter() - started

    async def ask(
        self, document: str, variables: Mapping[str, Any], name: str = "gateway", trace: str | None = None
    ) -> tuple[dict[str, Any], float]:
        """What a gateway answers to a document, and the seconds it took."""
        answer, seconds = await self.post(name, {"query": document, "variables": variables}, trace)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body, seconds

    async def whole(self, name: str, seconds: float) -> None:
        """Wait until a gateway has everything again: every service answers and no breaker rests."""
        deadline = time.monotonic() + bar(seconds)
        while True:
            body, _ = await self.ask(JOIN, {"code": SHIHUGUAN}, name)
            if "errors" not in body:
                return
            assert time.monotonic() < deadline, body["errors"]
            await asyncio.sleep(0.05)

    def statements(self) -> list[bytes]:
        """Every statement the data base has been given so far."""
        return EXECUTED.findall((self.postgres.home / "log").read_bytes())

    def resident_mib(self, name: str) -> float:
        """The memory of a process."""
        return int(Path(f"/proc/{self.processes[name].pid}/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.fixture(scope="session")
async def running(
    settings_of: SettingsOf, token: TokenMaker, data_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """Two gateways and three services with the registers loaded through their front doors."""
    folder = tmp_path_factory.mktemp("system")
    urls = dict(zip(NAMES, (f"http://127.0.0.1:{port}" for port in free_ports(len(NAMES))), strict=True))
    postgres = Postgres(folder / "pg", durable=False)
    cluster = Cluster(postgres.start())
    url = cluster.clone(*SERVICES)
    cluster.execute(f'ALTER DATABASE "{url.partition("?")[0].rpartition("/")[2]}" SET log_min_duration_statement = 0')
    env = {
        **os.environ,
        "GONGZHI_HOME": str(data_home),
        "GONGZHI_DATABASE_URL": url,
        "GONGZHI_SUPPLEMENTS": str(SUPPLEMENTS),
        "GONGZHI_POOL_SIZE": "4",
    }
    async with AsyncExitStack() as stack:
        stack.callback(postgres.stop)
        each_anew = httpx.Limits(max_keepalive_connections=0)
        client = await stack.enter_async_context(httpx.AsyncClient(limits=each_anew, timeout=30, trust_env=False))
        started = Running(urls, env, folder, token("administrator", NATION), postgres, client)
        for name in SERVICES:
            port = int(urls[name].rpartition(":")[2])
            line = started.lines[name] = await stack.enter_async_context(Proxy.to(port))
            env[f"GONGZHI_{name.upper()}_URL"] = line.url
        try:
            for name in NAMES:
                started.start(name)
            for name in NAMES:
                await started.ready(name)
            await fill(started, settings_of)
            yield started
        finally:
            for name in started.processes:
                started.end(name)


async def fill(running: Running, settings_of: SettingsOf) -> None:
    """Load both registers."""
    addresses = {f"{name}_url": running.urls[name] for name in SERVICES}
    patient = {"client_timeout_s": 60.0, "upstream_timeout_s": 60.0}
    services = Services.connect(settings_of(None, GatewaySettings, **addresses, **patient))
    try:
        await load(services.on_behalf(running.token, None))
        await load_block(services.on_behalf(running.token, None))
    finally:
        await services.close()


@pytest.fixture
async def system(running: Running) -> AsyncIterator[Running]:
    """The system with every line good, every process awake and no breaker resting, before and after."""
    yield running
    for line in running.lines.values():
        line.heal()
    for name in NAMES:
        if running.processes[name].poll() is None:
            running.processes[name].send_signal(signal.SIGCONT)
        else:
            running.start(name)
        await running.ready(name)
    for name in GATEWAYS:
        await running.whole(name, 15)
