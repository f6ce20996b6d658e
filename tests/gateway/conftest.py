"""The gateway in front of nothing, and in front of the real services."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.conftest import ServiceApp, SettingsOf

NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens
Ask = Callable[..., Awaitable[dict[str, Any]]]


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
