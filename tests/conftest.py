"""What every test may ask for: a PostgreSQL built by the migrations, tokens, applications, the real packs."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.runtime.database import Database
from services.runtime.migrate import SERVICES
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import issue_token
from tests.fixtures.cluster import Cluster, template_prefix
from tools.postgres import Postgres

TokenMaker: TypeAlias = Callable[..., str]
ServiceApp: TypeAlias = Callable[..., Awaitable[httpx.AsyncClient]]

_CLUSTER = "GONGZHI_TEST_CLUSTER"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Under xdist the controller starts the one cluster before its workers."""
    os.environ.setdefault(_CLUSTER, _start(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the cluster that this process started."""
    server: Postgres | None = getattr(config, "gongzhi_postgres", None)
    if server is not None:
        server.stop()
        shutil.rmtree(server.home.parent, ignore_errors=True)


def _start(config: pytest.Config) -> str:
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get(_CLUSTER)
    if given:
        return given
    server = Postgres(Path(tempfile.mkdtemp(prefix="gz-test-", dir="/tmp")) / "pg", durable=False)
    config.gongzhi_postgres = server  # type: ignore[attr-defined]
    return server.start()


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """The session's PostgreSQL: TEST_DATABASE_URL if set, else one of our own without fsync."""
    made = Cluster(_start(pytestconfig))
    yield made
    alone = "PYTEST_XDIST_WORKER" not in os.environ  # another worker may still copy a template
    made.drop_all(template_prefix() if alone else "")


@pytest.fixture(scope="session")
def database_url(cluster: Cluster) -> str:
    """A data base with the schemas of all three services (one for each xdist worker)."""
    return cluster.clone(*SERVICES)


@pytest.fixture(scope="session")
def staffing_url(cluster: Cluster) -> str:
    """A data base with staffing's schema."""
    return cluster.clone("staffing")


@pytest.fixture(scope="session")
def payroll_url(cluster: Cluster) -> str:
    """A data base with payroll's schema."""
    return cluster.clone("payroll")


@pytest.fixture(scope="session")
def consultation_url(cluster: Cluster) -> str:
    """A data base with consultation's schema."""
    return cluster.clone("consultation")


@pytest.fixture(scope="session")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of the session's own; the development issuer's key lies there."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def settings(data_home: Path) -> ServiceSettings:
    """Settings without a data base: enough for tokens and for applications that need none."""
    return ServiceSettings(home=data_home, log_level="ERROR")


SettingsOf: TypeAlias = Callable[..., Any]


@pytest.fixture(scope="session")
def settings_of(data_home: Path) -> SettingsOf:
    """`settings_of(url, StaffingSettings, pool_size=2)`: settings of a kind on a data base."""

    def make(url: str | None, kind: type[ServiceSettings] = ServiceSettings, **values: Any) -> ServiceSettings:
        return kind(**{"home": data_home, "log_level": "ERROR", "database_url": url, "pool_size": 4, **values})

    return make


async def _opened(settings_of: SettingsOf, url: str, schema: str) -> AsyncIterator[Database]:
    async with Database.open(settings_of(url), schema) as database:
        yield database


@pytest.fixture(scope="session")
async def staffing_database(settings_of: SettingsOf, staffing_url: str) -> AsyncIterator[Database]:
    """Staffing's data base, as its own role; `truncate` cleans up after a test."""
    async for database in _opened(settings_of, staffing_url, "staffing"):
        yield database


@pytest.fixture(scope="session")
async def payroll_database(settings_of: SettingsOf, payroll_url: str) -> AsyncIterator[Database]:
    """Payroll's data base, as its own role."""
    async for database in _opened(settings_of, payroll_url, "payroll"):
        yield database


@pytest.fixture(scope="session")
async def consultation_database(settings_of: SettingsOf, consultation_url: str) -> AsyncIterator[Database]:
    """Consultation's data base, as its own role."""
    async for database in _opened(settings_of, consultation_url, "consultation"):
        yield database


Truncate: TypeAlias = Callable[[str, str], Awaitable[None]]


@pytest.fixture
def truncate() -> Truncate:
    """`await truncate(url, "staffing")`: empties every table of a schema, as the owner."""

    async def empty(url: str, schema: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            names = await connection.fetch(
                "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
                "WHERE schemaname = $1 AND tablename <> 'alembic_version'",
                schema,
            )
            if names:
                await connection.execute(f"TRUNCATE {', '.join(row['name'] for row in names)} CASCADE")
        finally:
            await connection.close()

    return empty


@pytest.fixture(scope="session")
def token(settings: ServiceSettings) -> TokenMaker:
    """`token("auditor", "530100000000", worker_id=None, subject=None)`: a bearer token of the development issuer."""

    def make(role: str, region: str, worker_id: UUID | None = None, subject: str | None = None) -> str:
        return issue_token(settings, role, region, worker_id, subject=subject)

    return make


@pytest.fixture(scope="session")
async def service_app() -> AsyncIterator[ServiceApp]:
    """`client = await service_app(create_app(settings), token(...))`: an httpx client that speaks to the application.

    The application's lifespan runs until the session ends. Without a token the client sends none.
    """
    async with AsyncExitStack() as stack:
        started: dict[int, FastAPI] = {}

        async def make(app: FastAPI, bearer: str | None = None) -> httpx.AsyncClient:
            if id(app) not in started:
                await stack.enter_async_context(app.router.lifespan_context(app))
                started[id(app)] = app
            headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers)
            return await stack.enter_async_context(client)

        yield make
