"""Plans beside the ordinary executor, over the same services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from gateway.asked import Asked
from gateway.context import Context
from gateway.endpoint import GraphQLEndpoint
from gateway.limits import Limits
from gateway.loaders import Loaders
from gateway.persisted import Documents
from gateway.plan.planner import Planner
from gateway.plan.upstreams import Upstreams
from gateway.prepare import Preparer
from gateway.schema import Schema, build
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.ways import Way
from services.consultation.app import create_app as create_consultation
from services.consultation.settings import ConsultationSettings
from services.payroll.app import create_app as create_payroll
from services.payroll.settings import PayrollSettings
from services.staffing.app import create_app as create_staffing
from services.staffing.settings import StaffingSettings
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tools.dev import SUPPLEMENTS

Body = dict[str, Any]
PATIENCE_S = 20.0


class Away(httpx.AsyncBaseTransport):
    """A way that leads nowhere while `away`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, away: bool = False) -> None:
        self.inner = inner
        self.away = away
        self.calls: list[tuple[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.url.path, request.content))
        if self.away:
            raise httpx.ConnectError("nobody there")
        return await self.inner.handle_async_request(request)


@dataclass
class Both:
    """The planner and the executor side by side: an endpoint with plans, and one without."""

    schema: Schema
    planner: Planner
    planning: GraphQLEndpoint
    endpoint: GraphQLEndpoint
    services: Services
    upstreams: Upstreams
    ways: Mapping[str, Away]
    token: TokenMaker

    def context(self, bearer: str | None, ways: Mapping[str, Way] | None) -> Context:
        return Context("r", lambda: Loaders(self.services.on_behalf(bearer, None)), ways=ways)

    async def executed(self, asked: Asked, bearer: str | None = None) -> Body:
        """The executor's answer; as an administrator of the nation unless a token is given."""
        bearer = bearer or self.token("administrator", "000000000000")
        body, _ = await self.endpoint.answer(asked, self.context(bearer, None))
        return body

    async def planned(self, asked: Asked, bearer: str | None = None) -> Body | None:
        """The plan's answer, None when there is no plan; as an administrator of the nation unless a token is given."""
        bearer = bearer or self.token("administrator", "000000000000")
        before = self.planner.fallen_back.total()
        body, _ = await self.planning.answer(asked, self.context(bearer, self.upstreams.on_behalf(bearer, None)))
        return body if self.planner.fallen_back.total() == before else None


async def side_by_side(
    settings_of: SettingsOf, url: str, service_app: ServiceApp, token: TokenMaker, limits: Limits | None = None
) -> Both:
    """Both paths over the three services on one data base, within the usual limits or others."""
    demo = {"supplements": (SUPPLEMENTS,)}
    staffing = create_staffing(settings_of(url, StaffingSettings))
    to_staffing = httpx.ASGITransport(staffing, raise_app_exceptions=False)
    payroll = create_payroll(settings_of(url, PayrollSettings, **demo), to_staffing)
    consultation = create_consultation(settings_of(url, ConsultationSettings, **demo))
    apps: Mapping[str, FastAPI] = {"staffing": staffing, "payroll": payroll, "consultation": consultation}
    ways = {name: Away(httpx.ASGITransport(app, raise_app_exceptions=False)) for name, app in apps.items()}
    settings = patient(settings_of)
    for app in apps.values():
        await service_app(app)
    schema = build()
    services = Services.connect(settings, dict(ways))
    preparer = Preparer(schema.core, limits or settings.limits(), 512)
    documents, planner = Documents(preparer, 512), Planner(schema.core, 512)
    planning = GraphQLEndpoint(schema, documents, PATIENCE_S, planner=planner)
    endpoint = GraphQLEndpoint(schema, documents, PATIENCE_S)
    upstreams = Upstreams.connect(settings, ways)
    return Both(schema, planner, planning, endpoint, services, upstreams, ways, token)


def patient(settings_of: SettingsOf) -> GatewaySettings:
    """Settings of a gateway that waits for its services."""
    settings = settings_of(None, GatewaySettings, upstream_timeout_s=PATIENCE_S, client_timeout_s=PATIENCE_S)
    assert isinstance(settings, GatewaySettings)
    return settings
