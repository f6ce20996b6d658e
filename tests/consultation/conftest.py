"""The consultation service as tests meet it: its application on a real data base, spoken to through its own client."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from services.consultation.app import create_app
from services.consultation.client import ConsultationClient
from services.consultation.domain.procedures import Procedure
from services.consultation.domain.vocabulary import VOCABULARY
from services.consultation.settings import ConsultationSettings
from services.consultation.usecases.procedures import in_force
from services.runtime.packs import Packs, load
from services.runtime.settings import ROOT

SUPPLEMENTS = Path(__file__).parent / "supplements"

ClientOf: TypeAlias = Callable[..., ConsultationClient]


@pytest.fixture(scope="session")
def packs() -> Packs:
    """The five cities' packs and the nation's, as published."""
    return load(ROOT / "policies", (), {"consultation": VOCABULARY})


@pytest.fixture(scope="session")
def supplemented() -> Packs:
    """The packs with a wording of the three and three, and a deadline, entered as a supplement."""
    return load(ROOT / "policies", (SUPPLEMENTS,), {"consultation": VOCABULARY})


ON = date(2022, 3, 1)


@pytest.fixture(scope="session")
def five_steps(packs: Packs) -> Procedure:
    """Longwan's procedure."""
    return in_force(packs, "longwan", on=ON).procedure


@pytest.fixture(scope="session")
def four_min(packs: Packs) -> Procedure:
    """Kunming's procedure, as Guandu inherits it."""
    return in_force(packs, "guandu", on=ON).procedure


@pytest.fixture(scope="session")
def national_frame(packs: Packs) -> Procedure:
    """The nation's frame, as Changzhou follows it."""
    return in_force(packs, "changzhou", on=ON).procedure


@pytest.fixture(scope="session")
def screened(supplemented: Packs) -> Procedure:
    """Longwan's procedure with a wording of the three and three."""
    return in_force(supplemented, "longwan", on=ON).procedure


@pytest.fixture(scope="session")
async def application(settings_of: Any, consultation_url: str) -> AsyncIterator[FastAPI]:
    """The application, as published packs have it."""
    app = create_app(settings_of(consultation_url, ConsultationSettings))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client_of(application: FastAPI, consultation_url: str, truncate: Any, token: Any) -> AsyncIterator[ClientOf]:
    """`client_of("auditor", "530111000000")`: the service's client with such a token, on empty tables."""
    await truncate(consultation_url, "consultation")
    client = ConsultationClient(
        "http://service", transport=httpx.ASGITransport(application, raise_app_exceptions=False)
    )

    def make(role: str = "administrator", region: str = "000000000000") -> ConsultationClient:
        return client.on_behalf(token(role, region))

    yield make
    await client.close()


@pytest.fixture
def client(client_of: ClientOf) -> ConsultationClient:
    """The administrator's client."""
    return client_of()


@pytest.fixture
async def supplemented_client(settings_of: Any, consultation_url: str, token: Any) -> AsyncIterator[ConsultationClient]:
    """The administrator's client of a service that reads the supplement."""
    app = create_app(settings_of(consultation_url, ConsultationSettings, supplements=(SUPPLEMENTS,)))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = ConsultationClient("http://service", transport=transport)
        yield client.on_behalf(token("administrator", "000000000000"))
        await client.close()
