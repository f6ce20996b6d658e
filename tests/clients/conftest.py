"""Real clients under Node against real processes. Collected on demand: `make test-clients` sets GONGZHI_CLIENTS."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gateway.services import Services
from gateway.settings import GatewaySettings
from services.runtime.settings import ServiceSettings
from tests.clients.system import Processes, identity_provider, processes
from tests.conftest import SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.gateway.register import LONGWAN, SHIHUGUAN, load, unit
from tools.clients import PROJECT
from tools.demo.rows import csv_text
from tools.dev import FACTORIES, NATION, SUPPLEMENTS

collect_ignore_glob = [] if os.environ.get("GONGZHI_CLIENTS") else ["test_*.py"]

REGION = "530111009000"  # a street of its own: thirteen units, three pages of four and one left over
UNITS = [unit(f"530111009{number:03d}", f"第{number}社区") for number in range(1, 14)]
NODE_SECONDS = 100

Program: TypeAlias = Callable[..., dict[str, Any]]


def run(*command: str, **env: str) -> str:
    """What a command prints in the project of the clients. AssertionError with all it said when it fails."""
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=NODE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def generated() -> Path:
    """The folder of the code that was generated from the schema and the OpenAPI documents."""
    run("npm", "run", "generate")
    return PROJECT / "generated"


@pytest.fixture(scope="session")
def built(generated: Path) -> Path:
    """The folder of the programs, bundled."""
    run("npm", "run", "build")
    return PROJECT / "dist"


@pytest.fixture(scope="session")
def started(
    cluster: Cluster, token: TokenMaker, data_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """Gateway and three services on an empty data base."""
    env = {
        "GONGZHI_HOME": str(data_home),
        "GONGZHI_DATABASE_URL": cluster.clone("staffing", "payroll", "consultation"),
        "GONGZHI_SUPPLEMENTS": str(SUPPLEMENTS),
        "GONGZHI_POOL_SIZE": "4",
        "GONGZHI_UPSTREAM_TIMEOUT_S": "20",  # how fast it answers is for other tests
        "GONGZHI_CLIENT_TIMEOUT_S": "20",
    }
    given = Processes({}, env, token("administrator", NATION), tmp_path_factory.mktemp("clients"))
    with processes(tuple(FACTORIES), given) as running:
        yield running


@pytest.fixture(scope="session")
async def system(started: Processes, settings_of: SettingsOf) -> Processes:
    """The running system with the small register and a street of thirteen communities more."""
    addresses = {f"{name}_url": url for name, url in started.urls.items() if name != "gateway"}
    patient = {"client_timeout_s": 60.0, "upstream_timeout_s": 60.0}
    services = Services.connect(settings_of(None, GatewaySettings, **addresses, **patient))
    bound = services.on_behalf(started.token, None)
    await load(bound)
    report = await bound.staffing.load("communities", csv_text(UNITS).encode())
    assert not report.errors, report
    await services.close()
    return started


@pytest.fixture(scope="session")
def production(
    system: Processes, settings: ServiceSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """A second gateway before the same services, in production."""
    with identity_provider(settings.dev_key_file) as keys:
        env = {
            **system.env,
            "GONGZHI_ENVIRONMENT": "production",
            "GONGZHI_OIDC_ISSUER": settings.token_issuer,
            "GONGZHI_OIDC_JWKS_URL": keys,
            "GONGZHI_OIDC_ALGORITHMS": "ES256",
        }
        given = replace(system, env=env, folder=tmp_path_factory.mktemp("production"))
        with processes(("gateway",), given) as running:
            yield running


@pytest.fixture(scope="session")
def trusting(production: Processes, generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A third one, in production too, that takes the documents of the Relay program and no others."""
    only = {"GONGZHI_TRUSTED_DOCUMENTS": str(generated / "trusted"), "GONGZHI_TRUSTED_ONLY": "true"}
    given = replace(production, env={**production.env, **only}, folder=tmp_path_factory.mktemp("trusting"))
    with processes(("gateway",), given) as running:
        yield running


@pytest.fixture(scope="session")
def program(system: Processes, built: Path) -> Program:
    """`program("apollo")`: what a program reports, run against the gateway; `at` names another."""

    def start(name: str, at: Processes = system) -> dict[str, Any]:
        asked = {"TOKEN": at.token, "REGION": REGION, "CODE": SHIHUGUAN, "LONGWAN": LONGWAN}
        urls = {service.upper(): url for service, url in at.urls.items()}
        told = run("node", f"dist/{name}.mjs", **urls, **asked)
        found: dict[str, Any] = json.loads(told.splitlines()[-1])
        return found

    return start
