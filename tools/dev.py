"""`make run`: PostgreSQL, migrations, four processes, demo data, tokens; then watch them until told to stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import asyncpg

from services.runtime import packs, server, transfer
from services.runtime.migrate import SERVICES, upgrade
from services.runtime.settings import ROOT, ServiceSettings, plain_dsn, read_settings
from services.runtime.tokens import issue_token
from tools import children
from tools.children import Child, StartError
from tools.postgres import Postgres
from tools.postgres_binaries import PostgresError

NATION = "000000000000"
OFFSETS = {"gateway": 0, "staffing": 1, "payroll": 2, "consultation": 3}
FACTORIES = {
    "gateway": "gateway.app:main",
    **{name: f"services.{name}.app:main" for name in SERVICES},
}
SUPPLEMENTS = Path(__file__).parent / "demo" / "supplements"
WATCH_SECONDS = 0.5
SHARED = (packs, server, transfer)  # imported here once, so that the forked processes need not
Settle = Callable[[], None]
Loading = Callable[[Mapping[str, str], ServiceSettings, Callable[[str, str], None], Settle], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: the first of four ports, the data folder, with or without the demo."""

    port_base: int = 8000
    home: Path = ROOT / ".data"
    demo: bool = True

    @property
    def ports(self) -> dict[str, int]:
        """Port of each process: gateway, staffing, payroll, consultation in this order."""
        return {name: self.port_base + offset for name, offset in OFFSETS.items()}

    @property
    def urls(self) -> dict[str, str]:
        """Base URL of each process on the loopback interface."""
        return {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}


@dataclass(slots=True)
class System:
    """What runs: the database (None when DATABASE_URL names another) and the processes."""

    options: Options
    say: Callable[[str], None]
    postgres: Postgres | None = None
    url: str = ""
    children: list[Child] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def tell(self, zh: str, en: str) -> None:
        """One line of progress with the seconds since the start."""
        self.say(f"[{time.monotonic() - self.started:5.1f} s] {zh} / {en}")


def environment(options: Options, database_url: str) -> dict[str, str]:
    """The settings every process gets; what the caller's own environment says of them is kept where it may differ."""
    env = {
        "GONGZHI_HOME": str(options.home),
        "GONGZHI_DATABASE_URL": database_url,
        **{f"GONGZHI_{name.upper()}_URL": url for name, url in options.urls.items()},
    }
    if options.demo:
        own = os.environ.get("GONGZHI_SUPPLEMENTS")
        env["GONGZHI_SUPPLEMENTS"] = os.pathsep.join([*([own] if own else []), str(SUPPLEMENTS)])
    return env


def database(system: System) -> str:
    """The URL of the database: DATABASE_URL if set, else our own PostgreSQL, started in the data folder."""
    given = os.environ.get("GONGZHI_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if given:
        system.tell("使用 DATABASE_URL 的数据库", "using the database of DATABASE_URL")
        return given
    system.postgres = Postgres(system.options.home / "pg")
    url = system.postgres.start()
    system.tell("数据库已启动", "database started")
    return url


def start(system: System) -> None:
    """Database, migrations and the four processes, until each answers /readyz. StartError or PostgresError in words."""
    options = system.options
    children.free_or_complain(options.ports)
    logs = options.home / "log"
    logs.mkdir(parents=True, exist_ok=True)
    system.url = database(system)
    for service in SERVICES:
        upgrade(system.url, service)
    system.tell("数据库结构已是最新", "migrations applied")
    env = environment(options, system.url)
    for name, port in options.ports.items():
        child = Child(name, FACTORIES[name], port, {**env, "GONGZHI_PORT": str(port)}, logs / f"{name}.log")
        child.start()
        system.children.append(child)
    children.wait_ready(system.children)
    system.tell("四个进程已就绪", "four processes answer")


def settings(options: Options) -> ServiceSettings:
    """Settings for issuing tokens: the development key lies in the data folder."""
    return read_settings(ServiceSettings).model_copy(update={"home": options.home})


def announce(system: System) -> None:
    """Print a token to try with, how to make others, and the line starting `ready`."""
    options = system.options
    token = issue_token(settings(options), "administrator", NATION)
    system.say(f"token (administrator, 12 h): {token}")
    system.say("其他令牌 / other tokens: .venv/bin/gongzhi token --role auditor --region 530111000000")
    urls = options.urls
    places = [f"{urls['gateway']}/graphql"] + [f"{name} {urls[name]}/docs" for name in SERVICES]
    system.say("ready " + " · ".join(places))


def analyze(url: str) -> None:
    """Have the database count anew what its tables hold: until then it plans as if freshly filled ones were empty."""

    async def work() -> None:
        connection = await asyncpg.connect(plain_dsn(url))
        try:
            await connection.execute("ANALYZE")
        finally:
            await connection.close()

    asyncio.run(work())


def watch(system: System) -> None:
    """Restart what dies, at most three times a minute each; StartError when that does not help."""
    while True:
        time.sleep(WATCH_SECONDS)
        if system.postgres is not None and system.postgres.owns and system.postgres.pid is None:
            system.tell("数据库意外退出，正在重启", "the database ended unexpectedly; starting it again")
            system.postgres.start()
        for child in system.children:
            if child.ended:
                _restart(system, child)


def _restart(system: System, child: Child) -> None:
    if not child.mourn(time.monotonic()):
        raise StartError(child.obituary())
    system.tell(f"服务 {child.name} 意外退出，正在重启", f"{child.name} ended unexpectedly; starting it again")
    system.say(child.obituary())
    child.start()


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does; while stopping, further signals are ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop(system: System) -> None:
    """Stop the processes, then the database; further signals wait until that is done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children.stop(system.children)
    if system.postgres is not None:
        system.postgres.stop()
    system.tell("已停止", "stopped")


def run(options: Options, load: Loading | None = None) -> int:
    """Run until Ctrl-C or SIGTERM (0); 1 with the reason on standard error when something cannot start.

    `load(urls, settings, tell, settle)` brings the demo data: asked at every start, it loads what is missing, and calls
    `settle()` to have the database look at its tables after much was written.
    """
    system = System(options, _say)
    with _stoppable():
        try:
            start(system)
            if load is not None and options.demo:
                load(options.urls, settings(options), system.tell, lambda: analyze(system.url))
            announce(system)
            watch(system)
        except KeyboardInterrupt:
            return 0
        except (StartError, PostgresError) as reason:
            print(reason, file=sys.stderr, flush=True)
            return 1
        finally:
            stop(system)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
