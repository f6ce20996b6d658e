"""The command `gongzhi`: run, migrate, import, token, verify, conformance."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import typer

from services.kernel.errors import DomainError
from services.runtime.auth import ROLES
from services.runtime.migrate import SERVICES, upgrade
from services.runtime.settings import ServiceSettings, SettingsError, read_settings
from services.runtime.tokens import DevIssuerRefused, issue_token
from tools import dev, importing

app = typer.Typer(
    name="gongzhi",
    help="共治：社区治理规则的运行、导入与核对 / Gongzhi: run the system, import registers, check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

LAST_BASE = 65532
PortBase = Annotated[
    int,
    typer.Option(envvar="PORT_BASE", min=1, max=LAST_BASE, help="四个端口的第一个 / the first of the four ports"),
]
Noun = StrEnum("Noun", {name.replace("-", "_").upper(): name for name in importing.NOUNS})  # type: ignore[misc]


class Accept(StrEnum):
    """What to take of a file with bad rows."""

    ALL = "all"
    GOOD = "good"


@app.command()
def run(
    port_base: PortBase = 8000,
    demo: Annotated[bool, typer.Option(help="载入演示数据 / load the demo data")] = True,
) -> None:
    """在本机启动全部服务,Ctrl-C 停止 / Start everything on this machine; Ctrl-C stops it.

    启动 PostgreSQL(或使用 DATABASE_URL)、迁移、四个进程和演示数据，最后一行以 ready 开头。
    Starts PostgreSQL (or uses DATABASE_URL), migrations, four processes and the demo data; ends with a line `ready`.
    """
    from tools.demo.load import load_missing  # noqa: PLC0415 - the generators are heavy and needed here only

    raise typer.Exit(dev.run(dev.Options(port_base, _settings().home.absolute(), demo), load_missing))


@app.command()
def migrate(
    service: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(SERVICES)};不写为全部 / all when absent")
    ] = None,
) -> None:
    """把数据库结构升到最新 / Bring the database (DATABASE_URL) to the newest migration of each service."""
    settings = _settings()
    for name in service or SERVICES:
        if name not in SERVICES:
            _fail(f"没有服务 {name} / no service {name}; one of {', '.join(SERVICES)}", 2)
        try:
            upgrade(settings.direct_dsn(), name)
        except SettingsError as reason:
            _fail(str(reason), 2)
        except Exception as reason:  # noqa: BLE001 - a driver's or a migration's error, told without its stack
            _fail(f"{name}: {type(reason).__name__}: {reason}", 1)
        typer.echo(f"{name}: 已是最新 / up to date")


@app.command("import")
def import_(
    noun: Annotated[Noun, typer.Argument(help="登记的种类 / what the rows are")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, UTF-8")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 / check only, write nothing")] = False,
    accept: Annotated[
        Accept, typer.Option(help="all:有一行不合格就全部不收;good:只收合格的 / all or nothing, or only the good rows")
    ] = Accept.ALL,
    url: Annotated[str | None, typer.Option(help="服务地址 / the service's address")] = None,
    token: Annotated[str | None, typer.Option(envvar="GONGZHI_TOKEN", help="令牌 / bearer token")] = None,
) -> None:
    """导入 CSV,逐行报告问题 / Import a CSV; every bad row is told with its column, reason and remedy.

    退出码 exit codes: 0 全部收下 all in, 1 有不合格的行 rows refused, 2 用法 usage,
    3 服务拒绝 refused by the service, 4 无法连接 unreachable. PORT_BASE 同 run / PORT_BASE as for run.
    """
    query = {"dry_run": str(dry_run).lower(), "accept": accept.value}
    bearer = token or _token("administrator", dev.NATION)
    base_url = (url or importing.service_url(noun.value, _port_base())).rstrip("/")
    outcome = importing.import_file(noun.value, file, query, bearer, base_url)
    for line in outcome.lines:
        typer.echo(line)
    raise typer.Exit(outcome.code)


@app.command()
def token(
    role: Annotated[str, typer.Option(help="角色，如 auditor / the role, such as auditor")],
    region: Annotated[str, typer.Option(help="12位区划代码；全国为12个0 / 12-digit code, twelve zeros for the nation")],
    worker: Annotated[UUID | None, typer.Option(help="本人的工作者编号 / the worker the bearer is")] = None,
) -> None:
    """签发开发用令牌(12小时) / Issue a token of the development issuer (12 hours)."""
    if role not in ROLES:
        _fail(f"没有角色 {role} / no role {role}; one of {', '.join(ROLES)}", 2)
    typer.echo(_token(role, region, worker))


@app.command()
def verify(port_base: PortBase = 8000) -> None:
    """核对运行中的系统 / Check the running system against itself.

    分项之和等于合计；重算的说明等于已存的；空的读法不改变结果；演示数据等于文件中的总数。
    Sums of lines, recomputed explanations, empty readings, and the demo's totals.
    """
    from tools import verify as checks  # noqa: PLC0415 - needed here only

    options = dev.Options(port_base, _settings().home.absolute())
    results = checks.run(options.urls, _token("administrator", dev.NATION))
    for result in results:
        typer.echo(result.line())
    failed = sum(not result.ok for result in results)
    typer.echo(f"{len(results) - failed} 项相符 hold, {failed} 项不符 do not")
    raise typer.Exit(1 if failed else 0)


@app.command()
def conformance(
    rows: Annotated[
        list[str] | None, typer.Argument(help="行号，如 GD-21;不写为全部 / row ids, all when absent")
    ] = None,
    port_base: PortBase = 8000,
) -> None:
    """向系统提出五份文件的每一句话 / Ask the system every sentence of the five documents; starts one if none runs."""
    from tools import background  # noqa: PLC0415 - needed here only
    from tools import conformance as asks  # noqa: PLC0415 - needed here only

    settings = _settings()
    options = dev.Options(port_base, settings.home.absolute())
    try:
        with background.running(options):
            report = asks.run(
                options.urls, lambda role, region: issue_token(settings, role, region), settings.packs_dir, rows or ()
            )
    except (background.NotStarted, ValueError) as reason:
        _fail(str(reason), 2)
    typer.echo(asks.render(report))
    raise typer.Exit(0 if report.ok else 1)


def _settings() -> ServiceSettings:
    try:
        return read_settings(ServiceSettings)
    except SettingsError as reason:
        _fail(str(reason), 2)


def _token(role: str, region: str, worker: UUID | None = None) -> str:
    try:
        return issue_token(_settings(), role, region, worker)
    except (DomainError, DevIssuerRefused) as reason:
        _fail(str(reason), 2)


def _port_base() -> int:
    text = os.environ.get("PORT_BASE") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= LAST_BASE:
        _fail(
            f"PORT_BASE 应为 1 到 {LAST_BASE} 的整数 / PORT_BASE must be a whole number from 1 to {LAST_BASE}: {text}",
            2,
        )
    return int(text)


def _fail(text: str, code: int) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    app()
