"""The gateway in front of nothing, and in front of the real services."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.services import Services
from gateway.settings import GatewaySettings
from services.consultation.app import create_app as create_consultation
from services.consultation.settings import ConsultationSettings
from services.payroll.app import create_app as create_payroll
from services.payroll.settings import PayrollSettings
from services.runtime.migrate import SERVICES
from services.staffing.app import create_app as create_staffing
from services.staffing.settings import StaffingSettings
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.gateway.living import Living, living
from tests.gateway.register import load
from tools.dev import SUPPLEMENTS

NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens


@pytest.fixture(scope="session")
def lonely_settings(settings_of: SettingsOf) -> GatewaySettings:
    """Settings of a gateway whose services are all away."""
    made = settings_of(None, GatewaySettings, staffing_url=NOBODY, payroll_url=NOBODY, consultation_url=NOBODY)
    assert isinstance(made, GatewaySettings)
    return made


@pytest.fixture
async def lonely(lonely_settings: GatewaySettings, service_app: ServiceApp) -> httpx.AsyncClient:
    """A client of a gateway whose services are all away."""
    return await service_app(create_app(lonely_settings))


@dataclass(frozen=True)
class System:
    """The gateway over the three services, each as an application on one data base."""

    gateway: FastAPI
    calls: list[httpx.URL]
    token: TokenMaker
    client_of: ServiceApp
    ways: Mapping[str, "Counted"]

    async def ask(
        self, document: str, variables: dict[str, Any] | None = None, bearer: str | None = None
    ) -> dict[str, Any]:
        """The answer of the gateway, as an administrator of the nation unless a token is given."""
        self.calls.clear()
        client = await self.client_of(self.gateway, bearer or self.token("administrator", "000000000000"))
        answer = await client.post("/graphql", json={"query": document, "variables": variables})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body


class Counted(httpx.ASGITransport):
    """The way to an application, noting every call; the next `lost` answers are lost on their way back."""

    lost = 0

    def __init__(self, app: FastAPI, calls: list[httpx.URL]) -> None:
        super().__init__(app, raise_app_exceptions=False)
        self.calls = calls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url)
        answer = await super().handle_async_request(request)
        if self.lost:
            self.lost -= 1
            raise httpx.ReadError("the connection broke after the work was done")
        return answer


@pytest.fixture(scope="session")
async def system(settings_of: SettingsOf, database_url: str, service_app: ServiceApp, token: TokenMaker) -> System:
    """All four applications with the small register loaded."""
    joined, services = await join(settings_of, database_url, service_app, token)
    await load(services)
    return joined


@pytest.fixture(scope="session")
async def everything(settings_of: SettingsOf, cluster: Cluster, token: TokenMaker) -> AsyncIterator[Living]:
    """All four applications served for real, with the small register loaded: for what goes on and on."""
    quick = {"live_heartbeat_s": 1.0, "live_init_timeout_s": 0.6, "live_per_connection": 3, "live_subscriptions": 8}
    more = {**quick, "allowed_origins": ("https://front.example",)}
    async with living(settings_of, cluster.clone(*SERVICES), token, **more) as served:
        yield served


@pytest.fixture
async def alive(everything: Living) -> AsyncIterator[Living]:
    """Everything served; when the test is over nothing of it may be left open."""
    yield everything
    await everything.quiet()


@pytest.fixture(scope="session")
def written_url(cluster: Cluster) -> str:
    """A data base of the commands' own: what is written here disturbs nobody."""
    return cluster.clone(*SERVICES)


@pytest.fixture(scope="session")
async def written(written_url: str, settings_of: SettingsOf, service_app: ServiceApp, token: TokenMaker) -> System:
    """All four applications with the small register, to be written to."""
    joined, services = await join(settings_of, written_url, service_app, token)
    await load(services)
    return joined


async def join(
    settings_of: SettingsOf, database_url: str, service_app: ServiceApp, token: TokenMaker
) -> tuple[System, Services]:
    """All four applications on one data base, and the services as an administrator of the nation reaches them."""
    calls: list[httpx.URL] = []
    demo = {"supplements": (SUPPLEMENTS,)}
    staffing = create_staffing(settings_of(database_url, StaffingSettings))
    to_staffing = Counted(staffing, calls)
    payroll = create_payroll(settings_of(database_url, PayrollSettings, **demo), to_staffing)
    consultation = create_consultation(settings_of(database_url, ConsultationSettings, **demo))
    ways = {
        "staffing": to_staffing,
        "payroll": Counted(payroll, calls),
        "consultation": Counted(consultation, calls),
    }
    patient = {"upstream_timeout_s": 20.0, "client_timeout_s": 20.0}
    settings = settings_of(None, GatewaySettings, plans=False, **patient)  # tests/gateway/plan holds plans equal to it
    gateway = create_app(settings, ways)
    for app in (staffing, payroll, consultation, gateway):
        await service_app(app)
    services = Services.connect(settings, dict(ways))
    administrator = services.on_behalf(token("administrator", "000000000000"), None)
    return System(gateway, calls, token, service_app, ways), administrator


def errors(body: dict[str, Any]) -> list[tuple[str, Any]]:
    """The code and path of each error of an answer."""
    return [(error["extensions"]["code"], error["path"]) for error in body.get("errors", [])]
