"""What a slow service costs whoever does not need it: `.venv/bin/python -m benchmarks.slow_service` (under 2 minutes).

Two like gateways over the same services, each with a line of its own to payroll; on one line every reply of payroll
comes late. Both are asked for pay five times a second; in turn, in short rounds, they are asked for what is not pay.
A pair of rounds gives one ratio, slow over good, of the median time and of the gateway's CPU a request; half way the
lines change places, so that neither process is always the slow one. The bar: + 20 %.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

import httpx
import orjson

from benchmarks.gateway import data
from benchmarks.gateway.client import packed, request
from benchmarks.gateway.cpu import Meter
from benchmarks.gateway.stack import SUPPLEMENTS, free_ports
from services.runtime.migrate import SERVICES, upgrade
from services.runtime.settings import ServiceSettings, read_settings
from services.runtime.tokens import issue_token
from tests.system.proxy import Fault, Proxy
from tools import children
from tools.children import Child
from tools.postgres import Postgres
from tools.talk import TIMEOUT, Talk

NATION = "000000000000"
BAR = 1.20
COMMUNITIES = 40
GATEWAYS = ("one", "other")
DELAYS_S = (2.0, 1.5)  # as long as a gateway waits, so that pay is absent; and a little less, so that it comes
PAIRS = 12  # of each delay
ROUND_S = 1.0
CONCURRENCY = 4
PAY_EVERY_S = 0.2
SETTLE_S = 2.5  # a breaker rests two seconds
SEED = 20261122

ELSEWHERE = """query Elsewhere($code: DivisionCode!) { community(code: $code) {
  name headcount quota { posts } workers(first: 12) { nodes { number name post } }
  issues(first: 5) { nodes { title state openedAt } } } }"""
PAY = """query Pay($code: DivisionCode!) { community(code: $code) {
  workers(first: 12) { nodes { latestPayslip { month net } } } } }"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One round: the median of the times in milliseconds, milliseconds of CPU of the gateway a request, how many."""

    p50_ms: float
    cpu_ms: float
    count: int


@dataclass
class Lines:
    """The lines to payroll and what was heard of pay through them, in a thread of their own."""

    ports: dict[str, int]
    payroll: int
    gateways: dict[str, str]
    requests: list[dict[str, object]]
    headers: dict[str, str]
    proxies: dict[str, Proxy] = field(default_factory=dict)
    heard: dict[str, Counter[str]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def slow(self, name: str, delay_s: float) -> None:
        """From now on this line is late, and no other."""
        for one, proxy in self.proxies.items():
            proxy.fault = Fault(delay_s=delay_s) if one == name else None

    def listen(self) -> None:
        """What was heard so far is forgotten."""
        self.heard = {name: Counter() for name in self.gateways}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The lines are there until the block ends, and each gateway is asked for pay all the while."""
        async with AsyncExitStack() as stack:
            for name, port in self.ports.items():
                self.proxies[name] = await stack.enter_async_context(Proxy.to(self.payroll, port))
            self.listen()
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=30, trust_env=False))
            askers = [asyncio.ensure_future(self.keep_asking(client, name)) for name in self.gateways]
            try:
                yield
            finally:
                under_way = [*askers, *self._tasks]
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    async def keep_asking(self, client: httpx.AsyncClient, name: str) -> None:
        """Ask one gateway for pay at a fixed rate, whatever becomes of the answers."""
        for body in cycle(self.requests):
            task = asyncio.ensure_future(self.ask(client, name, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(PAY_EVERY_S)

    async def ask(self, client: httpx.AsyncClient, name: str, body: dict[str, object]) -> None:
        """One question for pay."""
        start = time.perf_counter()
        with suppress(httpx.HTTPError):  # until the gateways are there
            answer = (await client.post(f"{self.gateways[name]}/graphql", json=body, headers=self.headers)).json()
            late = "late" if time.perf_counter() - start > min(DELAYS_S) * 0.9 else "at once"
            self.heard[name][f"{'absent' if 'errors' in answer else 'came'} {late}"] += 1


@contextmanager
def opened(lines: Lines) -> Iterator[None]:
    """The lines, from another thread."""
    there, over = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with lines.open():
            loops.append(asyncio.get_running_loop())
            there.set()
            await over.wait()

    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    there.wait(10)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join()


@dataclass(frozen=True)
class Bench:
    """What runs, and what the gateways are asked."""

    processes: dict[str, Child]
    requests: bytes

    def round(self, name: str, seconds: float = ROUND_S) -> Figures:
        """Ask one gateway for what is not pay."""
        child = self.processes[name]
        pid = child.process.pid if child.process is not None else None
        command = [sys.executable, "-m", "benchmarks.gateway.client", str(child.port), str(CONCURRENCY), str(seconds)]
        meter = Meter({name: pid or 0})
        meter.start()
        done = subprocess.run([*command, "1"], input=self.requests, capture_output=True, check=True, timeout=60)  # noqa: S603
        used = meter.seconds()[name]
        outcome = orjson.loads(done.stdout)
        if outcome["refused"]:
            raise RuntimeError(f"{outcome['refused']} of {len(outcome['laps_ms'])} answers of {name} lack something")
        laps = outcome["laps_ms"]
        return Figures(statistics.median(laps), used * 1000 / len(laps), len(laps))


def pairs(bench: Bench, lines: Lines, delay_s: float) -> list[tuple[Figures, Figures]]:
    """(slow, good) rounds one after the other, each first as often as the other; the lines change places half way."""
    found = []
    for slow, good in (GATEWAYS, GATEWAYS[::-1]):
        lines.slow(slow, delay_s)
        time.sleep(SETTLE_S)
        lines.listen()
        for number in range(PAIRS // 2):
            order = (slow, good) if number % 2 else (good, slow)
            rounds = {name: bench.round(name) for name in order}
            found.append((rounds[slow], rounds[good]))
        told = "; ".join(f"{name} line: {dict(lines.heard[one])}" for name, one in (("slow", slow), ("good", good)))
        print(f"  pay asked meanwhile, {told}", flush=True)
    return found


def report(delay_s: float, found: list[tuple[Figures, Figures]]) -> bool:
    """Print the ratios of the pairs; whether their median is within the bar."""
    print(f"pay {delay_s} s late, {len(found)} pairs of rounds, {sum(slow.count for slow, _ in found)} requests a side")
    kept = True
    for what, name in (("p50", "p50_ms"), ("gateway CPU a request", "cpu_ms")):
        ratios = sorted(getattr(slow, name) / getattr(good, name) for slow, good in found)
        low, middle, high = statistics.quantiles(ratios, n=4)
        usual = statistics.median(getattr(good, name) for _, good in found)
        kept &= middle <= BAR
        told = "kept" if middle <= BAR else "MISSED"
        print(f"  {what}: x {middle:.3f} (middle half {low:.3f} to {high:.3f}; good {usual:.2f} ms); bar {BAR}: {told}")
    return kept


def start(home: Path, postgres: Postgres, ports: dict[str, int]) -> dict[str, Child]:
    """The services and two gateways, ready."""
    url = postgres.start()
    for service in SERVICES:
        upgrade(url, service)
    env = {
        "GONGZHI_HOME": str(home),
        "GONGZHI_DATABASE_URL": url,
        "GONGZHI_SUPPLEMENTS": str(SUPPLEMENTS),
        "GONGZHI_LOG_LEVEL": "WARNING",
        **{f"GONGZHI_{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}" for name in SERVICES},
    }
    made = {name: Child(name, f"services.{name}.app:main", ports[name], env, home / f"{name}.log") for name in SERVICES}
    for name in GATEWAYS:
        own = {**env, "GONGZHI_PAYROLL_URL": f"http://127.0.0.1:{ports[f'line {name}']}"}
        made[name] = Child(name, "gateway.app:main", ports[name], own, home / f"{name}.log")
    return made


def load(home: Path, ports: dict[str, int]) -> list[str]:
    """Bring a few communities with everything; their codes."""
    settings = read_settings(ServiceSettings).model_copy(update={"home": home})
    maker, checker = (issue_token(settings, "administrator", NATION, subject=name) for name in ("maker", "checker"))
    units = data.chosen(COMMUNITIES)
    urls = {name: f"http://127.0.0.1:{ports[name]}" for name in SERVICES}
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        data.bring(Talk(urls, maker, client), Talk(urls, checker, client), units)
    return [unit.code for unit in units]


def run(home: Path) -> bool:
    """Start, load, measure, stop; whether every ratio is within the bar."""
    names = [*SERVICES, *GATEWAYS, *(f"line {name}" for name in GATEWAYS)]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    postgres, processes = Postgres(home / "pg"), dict[str, Child]()
    try:
        processes |= start(home, postgres, ports)
        for child in processes.values():
            child.start()
        children.wait_ready([processes[name] for name in SERVICES])
        codes = load(home, ports)
        settings = read_settings(ServiceSettings).model_copy(update={"home": home})
        token = {"Authorization": f"Bearer {issue_token(settings, 'auditor', NATION, subject='benchmark')}"}
        Random(SEED).shuffle(codes)
        asked = [orjson.dumps({"query": ELSEWHERE, "variables": {"code": code}}) for code in codes]
        bench = Bench(processes, packed([request("/graphql", body, token) for body in asked]))
        lines = Lines(
            ports={name: ports[f"line {name}"] for name in GATEWAYS},
            payroll=ports["payroll"],
            gateways={name: processes[name].url for name in GATEWAYS},
            requests=[{"query": PAY, "variables": {"code": code}} for code in codes],
            headers=token,
        )
        with opened(lines):
            children.wait_ready(list(processes.values()))
            for name in GATEWAYS * 2:
                bench.round(name)
            kept = [report(delay_s, pairs(bench, lines, delay_s)) for delay_s in DELAYS_S]
            return all(kept)
    finally:
        children.stop(list(processes.values()))
        postgres.stop()


def main() -> int:
    """0 when the bar is kept, else 1."""
    home = Path(tempfile.mkdtemp(prefix="gongzhi-slow-"))
    print(f"a slow service: {COMMUNITIES} real communities; {os.cpu_count()} cores", flush=True)
    try:
        return 0 if run(home) else 1
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
