"""Payroll's own fixtures: the packs with test supplements, rosters as Arrow, the application and its client."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import httpx
import pyarrow as pa
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response

from services.payroll.app import create_app
from services.payroll.client import PayrollClient
from services.payroll.domain.policy import VOCABULARY
from services.payroll.settings import PayrollSettings
from services.runtime.packs import Packs, load
from services.runtime.settings import ROOT
from services.staffing.schemas.roster import ROSTER
from tests.conftest import ServiceApp, SettingsOf, TokenMaker, Truncate

SUPPLEMENTS = Path(__file__).parent / "data" / "supplements"
GUANDU, KUNMING, CHAOYANG = "530111000000", "530100000000", "211300000000"
COMMUNITY = {"guandu": "530111001011", "kunming": "530102001001", "chaoyang": "211302001001"}
WORKER = {
    "category": "full_time_community_worker",
    "entry_route": "openly_recruited",
    "post": "staff",
    "tier": "staff",
    "step": 1,
    "certificate": "none",
    "education": "college",
    "continuous_years": 2,
    "continuous_years_as_head": 0,
    "hired_on": "2023-03-01",
    "urban": True,
    "in_state_establishment": False,
    "part_time": False,
    "subsidised": True,
    "holds_both_posts": False,
    "days_in_post": 31,
    "days_in_month": 31,
}


@pytest.fixture(scope="session")
def packs() -> Packs:
    """The real packs with the tests' supplements, every formula checked."""
    return load(ROOT / "policies", [SUPPLEMENTS], {"payroll": VOCABULARY})


@pytest.fixture(scope="session")
def printed_packs() -> Packs:
    """The real packs alone: what the documents print, no more."""
    return load(ROOT / "policies", [], {"payroll": VOCABULARY})


def worker_id(number: int) -> UUID:
    """A version 7 identifier of a test worker."""
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)


def roster_of(*rows: Mapping[str, Any]) -> pa.Table:
    """A roster in staffing's schema; each row needs `worker` (a number) and `community`, the rest has defaults."""
    full = [{**WORKER, **row} for row in rows]
    columns = []
    for field in ROSTER:
        if field.name == "worker_id":
            values: list[Any] = [worker_id(row["worker"]).bytes for row in full]
        else:
            values = [row[field.name] for row in full]
        if pa.types.is_date32(field.type):
            columns.append(pa.array(values, pa.string()).cast(pa.date32()))
        elif pa.types.is_dictionary(field.type):
            columns.append(pa.array(values, pa.string()).dictionary_encode().cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=ROSTER)


class Rosters:
    """Stands where staffing stands: an HTTP application that answers /v1/roster with recorded Arrow streams."""

    def __init__(self) -> None:
        self.by_month: dict[str, pa.Table] = {}
        self.asked: list[Mapping[str, str]] = []
        self.status = 200
        self.app = FastAPI()
        self.app.add_api_route("/v1/roster", self._answer)

    async def _answer(self, request: Request) -> Response:
        self.asked.append(dict(request.query_params))
        if self.status != 200:
            return Response('{"code": "x.y", "message": {"zh": "不行", "en": "no"}}', self.status)
        table = self.by_month[request.query_params["month"]]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, ROSTER) as writer:
            writer.write_table(table)
        return Response(sink.getvalue().to_pybytes(), media_type="application/vnd.apache.arrow.stream")


@pytest.fixture(scope="session")
def shared_rosters() -> Rosters:
    return Rosters()


@pytest.fixture
def rosters(shared_rosters: Rosters) -> Iterator[Rosters]:
    """Recorded rosters, emptied after each test."""
    yield shared_rosters
    shared_rosters.by_month.clear()
    shared_rosters.asked.clear()
    shared_rosters.status = 200


@pytest.fixture(scope="session")
def payroll_app(payroll_url: str, settings_of: SettingsOf, shared_rosters: Rosters) -> FastAPI:
    """The application on payroll's data base, staffing replaced by recorded rosters."""
    settings = settings_of(payroll_url, PayrollSettings, supplements=(SUPPLEMENTS,))
    return create_app(settings, staffing=httpx.ASGITransport(shared_rosters.app))


Payroll: TypeAlias = Callable[..., Awaitable[PayrollClient]]


@pytest.fixture
async def payroll(
    payroll_app: FastAPI, payroll_url: str, service_app: ServiceApp, token: TokenMaker, truncate: Truncate
) -> Any:
    """`await payroll("district_payroll", GUANDU, subject="maker")`: payroll's own client as that caller."""
    await service_app(payroll_app)

    async def make(
        role: str = "district_payroll",
        region: str = GUANDU,
        *,
        subject: str = "maker",
        worker: UUID | None = None,
    ) -> PayrollClient:
        base = PayrollClient("http://payroll", transport=httpx.ASGITransport(payroll_app), timeout_s=60)
        return base.on_behalf(token(role, region, worker, subject=subject))

    yield make
    await truncate(payroll_url, "payroll")
