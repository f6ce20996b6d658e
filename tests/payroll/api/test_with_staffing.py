"""A month paid from staffing's own roster stream: both services, two schemas, real PostgreSQL."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.payroll.app import create_app
from services.payroll.client import PayrollClient
from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.payroll.settings import PayrollSettings
from services.staffing.app import create_app as create_staffing
from services.staffing.client import StaffingClient
from services.staffing.settings import StaffingSettings
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.payroll.conftest import GUANDU, SUPPLEMENTS
from tests.staffing.conftest import FILES

NATION = "000000000000"


@pytest.fixture
async def services(
    settings_of: SettingsOf, cluster: Cluster, service_app: ServiceApp, token: TokenMaker
) -> tuple[StaffingClient, PayrollClient]:
    database_url = cluster.clone("staffing", "payroll")  # of its own: other tests fill the shared one
    staffing_app = create_staffing(settings_of(database_url, StaffingSettings))
    await service_app(staffing_app)
    settings = settings_of(database_url, PayrollSettings, supplements=(SUPPLEMENTS,))
    payroll_app = create_app(settings, staffing=httpx.ASGITransport(staffing_app))
    await service_app(payroll_app)
    staffing = StaffingClient("http://staffing", transport=httpx.ASGITransport(staffing_app), timeout_s=60)
    payroll = PayrollClient("http://payroll", transport=httpx.ASGITransport(payroll_app), timeout_s=60)
    return staffing.on_behalf(token("administrator", NATION)), payroll.on_behalf(token("district_payroll", GUANDU))


async def test_the_roster_of_a_month_is_paid(services: tuple[StaffingClient, PayrollClient]) -> None:
    staffing, payroll = services
    for kind, text in FILES.items():
        await staffing.load(kind, text.encode())
    table = await staffing.roster("2026-10", authority=GUANDU)
    rows: list[dict[str, Any]] = table.to_pylist()
    workers = {UUID(bytes=row["worker_id"]): row for row in rows}
    bases = "worker,community,scheme,base,start\n" + "".join(
        f"{worker},{row['community']},social_insurance,5000,2026-01\n" for worker, row in workers.items()
    )
    await payroll.import_rows("contribution_bases", bases.encode())
    run = await payroll.run_payroll(PayrollRunIn(authority=GUANDU, month="2026-10"), "october")
    assert (run.workers, run.faulted) == (2, 1)
    assert run.faults[0].code == "pay_scheme.none"
    slips = {slip.worker: slip for slip in await payroll.payslips(list(workers), latest=True)}
    heads = [slips[worker] for worker, row in workers.items() if row["tier"] == "both_posts"]
    amounts = {line.code: line.amount for line in heads[0].lines}
    assert (amounts["base"], amounts["grade_pay"], amounts["certificate_allowance"]) == ("2000.00", "1480.00", "400.00")
    assert amounts["housing_fund_employer"] == "250.00"  # eight years and a certificate
    for slip in slips.values():
        assert (await payroll.payslip_explanation(slip.id)).matches
