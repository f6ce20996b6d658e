"""A street of a hundred communities with workers, pay and issues: pages long enough to count calls over."""

from uuid import uuid4

from gateway.services import Services
from services.payroll.schemas.payroll_runs import PayrollRunIn
from tests.gateway.register import issue, unit, worker
from tools.demo.rows import Appointment, Grading, csv_text

STREET = "530111009000"
COMMUNITIES = tuple(f"530111009{number:03d}" for number in range(1, 101))
WITH_ISSUE = COMMUNITIES[::10]
WORKERS_EACH = 2
MONTH = "2026-08"


async def load_block(services: Services) -> None:
    """Bring the street through the front doors: two workers in each community, an issue in some, one month's pay."""
    people = [
        worker(f"B-{code[-3:]}-{number}", f"李{code[-3:]}{number}", code)
        for code in COMMUNITIES
        for number in range(WORKERS_EACH)
    ]
    files = {
        "communities": [unit(code, f"第{code[-3:]}社区") for code in COMMUNITIES],
        "workers": people,
        "appointments": [Appointment(one.number, one.community, "staff", True, one.hired_on) for one in people],
        "gradings": [Grading(one.number, "staff", 1, one.hired_on) for one in people],
    }
    for kind, rows in files.items():
        report = await services.staffing.load(kind, csv_text(rows).encode())
        assert not report.errors, report
    paid = (await services.staffing.workers_of(list(COMMUNITIES))).communities
    lines = [
        f"{one.id},{one.community},social_insurance,5000.00,,2026-01,2027-01" for each in paid for one in each.items
    ]
    bases = "\n".join(["worker,community,scheme,base,rate,start,end", *lines])
    await services.payroll.import_rows("contribution_bases", bases.encode())
    run = await services.payroll.run_payroll(PayrollRunIn(region=STREET, month=MONTH), str(uuid4()))
    assert run.workers == len(people), run
    for code in WITH_ISSUE:
        await services.consultation.raise_issue(issue(code, f"议题{code}", 2), str(uuid4()))
