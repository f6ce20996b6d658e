"""No field costs a call or a statement for each row: counted over pages of two sizes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.services import Services
from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.runtime.migrate import SERVICES
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.cluster import Cluster
from tests.gateway.conftest import System, join
from tests.gateway.register import MONTH, counted, issue, unit, worker
from tools.demo.rows import Appointment, Certificate, Grading, csv_text

CODES = [f"5301110010{number}" for number in range(20, 40)]
PAGE = """query Q($first: Int!) { communities(first: $first) { totalCount pageInfo { hasNextPage } nodes { code
    workers(first: 2) { totalCount nodes { name post certificate
        latestPayslip { net matches lines { code amount explanation { value } } } } }
    issues(first: 2) { totalCount nodes { title stepsDone { step } nextSteps { step } } } } } }"""


async def load_region(services: Services) -> None:
    """Twenty communities with two workers, a month's pay and two issues each."""
    communities = [unit(code, f"第{code[-2:]}社区") for code in CODES]
    workers = [worker(f"W-{code[-2:]}-{at}", f"工作者{at}", code) for code in CODES for at in (1, 2)]
    files: dict[str, list[Any]] = {
        "communities": communities,
        "measures": [counted(code, 3000, 2000) for code in CODES],
        "workers": workers,
        "appointments": [Appointment(one.number, one.community, "staff", True, one.hired_on) for one in workers],
        "gradings": [Grading(one.number, "staff", 1, one.hired_on) for one in workers],
        "certificates": [Certificate(one.number, "junior", one.hired_on) for one in workers],
    }
    for kind, rows in files.items():
        report = await services.staffing.load(kind, csv_text(rows).encode())
        assert not report.errors, report
    known = [one for page in (await services.staffing.workers_of(CODES)).communities for one in page.items]
    lines = [f"{one.id},{one.community},social_insurance,5000.00,,2026-01,2027-01" for one in known]
    bases = "\n".join(["worker,community,scheme,base,rate,start,end", *lines])
    await services.payroll.import_rows("contribution_bases", bases.encode())
    run = await services.payroll.run_payroll(PayrollRunIn(region="530111000000", month=MONTH), str(uuid4()))
    assert run.workers == 40, run
    for code in CODES:
        for day in (1, 2):
            await services.consultation.raise_issue(issue(code, f"议题{day}", day), str(uuid4()))


@pytest.fixture(scope="module")
async def region(cluster: Cluster, settings_of: SettingsOf, service_app: ServiceApp, token: TokenMaker) -> System:
    """All four applications over twenty communities."""
    joined, services = await join(settings_of, cluster.clone(*SERVICES), service_app, token)
    await load_region(services)
    return joined


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent meanwhile, those that only open a transaction left out."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "set_config" not in statement:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def page(region: System, first: int) -> tuple[list[Any], Counter[str], list[str]]:
    """The communities of a page, the calls by path and the statements they took."""
    with statements() as sent:
        body = await region.ask(PAGE, {"first": first})
    assert "errors" not in body
    return body["data"]["communities"]["nodes"], Counter(url.path for url in region.calls), sent


async def test_a_page_costs_the_same_calls_and_statements_whatever_its_size(region: System) -> None:
    await page(region, 1)
    small, large = await page(region, 1), await page(region, 20)
    assert [len(nodes) for nodes, _, _ in (small, large)] == [1, 20]
    for community in large[0]:
        assert (community["workers"]["totalCount"], community["issues"]["totalCount"]) == (2, 2)
        for one in community["workers"]["nodes"]:
            slip = one["latestPayslip"]
            assert (one["post"], one["certificate"], slip["matches"]) == ("STAFF", "JUNIOR", True)
            assert [line["explanation"]["value"] for line in slip["lines"]] == [
                line["amount"] for line in slip["lines"]
            ]
        assert all(one["stepsDone"] and one["nextSteps"] for one in community["issues"]["nodes"])
    assert large[1] == {
        "/v1/communities": 1,
        "/v1/workers-of-communities": 1,
        "/v1/issues-of-communities": 1,
        "/v1/payslips": 1,
        "/v1/payslip-explanations": 1,
        "/v1/issue-details": 1,
    }
    assert small[1] == large[1]
    assert len(small[2]) == len(large[2]) <= 12, large[2]
