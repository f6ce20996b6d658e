"""The payroll process: the only file that knows all of its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.payroll.api import events, imports, pay_calculations, payroll_runs, payslips, reads
from services.payroll.domain.policy import SECTION, VOCABULARY
from services.payroll.settings import PayrollSettings
from services.runtime.events_api import relaying
from services.runtime.rules_api import rules_router
from services.runtime.server import alone, create_base
from services.runtime.settings import read_settings
from services.staffing.client import StaffingClient

DESCRIPTION = (
    "薪酬方案、工资发放批次、工资条：每一行都能追溯到事实、规则和原文。 / "
    "Pay schemes, runs and payslips: every line leads back to facts, rules and their sentences."
)


def create_app(settings: PayrollSettings, staffing: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The payroll service; `staffing` replaces the network to the staffing service in tests."""
    nouns = (reads, payroll_runs, payslips, pay_calculations, imports, events)
    app = create_base(
        settings,
        title="薪酬服务 Payroll",
        description=DESCRIPTION,
        schema="payroll",
        routers=[*(noun.router for noun in nouns), rules_router({SECTION: VOCABULARY})],
    )
    base = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[None]:
        client = StaffingClient(settings.staffing_url, transport=staffing, timeout_s=settings.roster_timeout_s)
        started.state.staffing = client
        try:
            async with base(started):
                yield
        finally:
            await client.close()

    app.router.lifespan_context = lifespan
    return relaying(app, events.KINDS)


def main() -> FastAPI:
    """The service with settings from the environment, for `uvicorn --factory`."""
    return alone(create_app(read_settings(PayrollSettings)))
