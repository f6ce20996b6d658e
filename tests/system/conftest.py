"""The whole system as real processes on free ports, over a temporary data base; each is ended by its own id."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.services import Services
from gateway.settings import GatewaySettings
from tests.conftest import SettingsOf, TokenMaker
from tests.gateway.register import load
from tools.dev import FACTORIES, SUPPLEMENTS

NAMES = ("gateway", "staffing", "payroll", "consultation")
NATION = "000000000000"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all held at once while they are chosen."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass
class Running:
    """Four processes, and how to ask the gateway among them."""

    urls: dict[str, str]
    env: dict[str, str]
    folder: Path
    token: str
    processes: dict[str, subprocess.Popen[bytes]]

    def start(self, name: str) -> None:
        """Start one process; its words go to a file of its own."""
        port = self.urls[name].rpartition(":")[2]
        command = [sys.executable, "-m", "uvicorn", "--factory", FACTORIES[name], "--host", "127.0.0.1", "--port", port]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)

    async def ready(self, name: str, seconds: float = 60) -> None:
        """Wait until a process answers."""
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(trust_env=False) as client:
            while time.monotonic() < deadline:
                assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()[-3000:]
                try:
                    if (await client.get(f"{self.urls[name]}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        raise AssertionError((self.folder / f"{name}.log").read_text()[-3000:])

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

    async def ask(self, document: str, variables: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """The gateway's answer, and the seconds it took."""
        headers = {"authorization": f"Bearer {self.token}"}
        started = time.perf_counter()
        async with httpx.AsyncClient(base_url=self.urls["gateway"], headers=headers, trust_env=False) as client:
            answer = await client.post("/graphql", json={"query": document, "variables": variables}, timeout=30)
        seconds = time.perf_counter() - started
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body, seconds


@pytest.fixture(scope="session")
async def running(
    cluster: Any, settings_of: SettingsOf, token: TokenMaker, data_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """Gateway and three services with the small register loaded through their front doors."""
    urls = dict(zip(NAMES, (f"http://127.0.0.1:{port}" for port in free_ports(4)), strict=True))
    env = {
        **os.environ,
        "GONGZHI_HOME": str(data_home),
        "GONGZHI_DATABASE_URL": cluster.clone("staffing", "payroll", "consultation"),
        "GONGZHI_SUPPLEMENTS": str(SUPPLEMENTS),
        "GONGZHI_POOL_SIZE": "4",
        **{f"GONGZHI_{name.upper()}_URL": url for name, url in urls.items() if name != "gateway"},
    }
    started = Running(urls, env, tmp_path_factory.mktemp("system"), token("administrator", NATION), {})
    try:
        for name in NAMES:
            started.start(name)
        for name in NAMES:
            await started.ready(name)
        addresses = {f"{name}_url": url for name, url in urls.items() if name != "gateway"}
        slow = {"client_timeout_s": 60.0, "upstream_timeout_s": 60.0}
        services = Services.connect(settings_of(None, GatewaySettings, **addresses, **slow))
        await load(services.on_behalf(started.token, None))
        await services.close()
        yield started
    finally:
        for name in started.processes:
            started.end(name)
