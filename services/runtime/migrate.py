"""Brings a service's schema to its newest migration, and makes its role: for tools, tests and /readyz."""

import threading
import zlib
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from services.runtime.settings import ROOT

SERVICES = ("staffing", "payroll", "consultation")
_PREPARATION = (
    "CREATE SCHEMA IF NOT EXISTS {service}",
    # roles belong to the whole cluster: another data base's migration may make it in the same moment
    """DO $$ BEGIN CREATE ROLE {role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""",
    """DO $$ BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN GRANT {role} TO current_user; END IF;
    EXCEPTION WHEN unique_violation THEN NULL; END $$""",
    "GRANT USAGE ON SCHEMA {service} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                   WHERE t.typname = 'textrange' AND n.nspname = '{service}')
    THEN CREATE TYPE {service}.textrange AS RANGE (subtype = text, collation = "C"); END IF; END $$""",
)
_INI = ROOT / "migrations" / "alembic.ini"


def upgrade(url: str, service: str, revision: str = "head", ini: Path = _INI) -> None:
    """Runs the migrations of one service; safe when several start at once, and from inside a running event loop."""
    config = _config(service, ini)
    config.attributes["url"] = url
    _apart(lambda: command.upgrade(config, revision))


def downgrade(url: str, service: str, revision: str, ini: Path = _INI) -> None:
    """Takes migrations back to the revision (`base`: all of them)."""
    config = _config(service, ini)
    config.attributes["url"] = url
    _apart(lambda: command.downgrade(config, revision))


def check(url: str, service: str, ini: Path = _INI) -> None:
    """Raises when the service's tables and its migrations have drifted apart."""
    config = _config(service, ini)
    config.attributes["url"] = url
    _apart(lambda: command.check(config))


def head(service: str, ini: Path = _INI) -> str | None:
    """The newest migration of the service; None when there is none yet."""
    return ScriptDirectory.from_config(_config(service, ini)).get_current_head()


def preparation_sql(service: str) -> list[str]:
    """What a schema needs before its first migration: schema, role, rights, and the text range type."""
    return [statement.format(service=service, role=f"gongzhi_{service}") for statement in _PREPARATION]


def lock_number(service: str) -> int:
    """The advisory lock that one migration of the service holds."""
    return zlib.crc32(f"gongzhi-migrate-{service}".encode())


def _config(service: str, ini: Path) -> Config:
    if service not in SERVICES:
        raise ValueError(f"unknown service {service!r}: one of {', '.join(SERVICES)}")
    config = Config(str(ini), ini_section=service)
    folder = ini.parent / service
    if not folder.exists():
        folder.mkdir()
    return config


def _apart(work: Callable[[], object]) -> None:
    """Runs the work in a thread of its own, because alembic starts an event loop."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="migrate")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
