"""A small register on real codes: units of three systems, workers with pay, issues; loaded through the front doors."""

from datetime import date
from uuid import uuid4

from gateway.services import Services
from services.consultation.schemas.issues import IssueIn
from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.staffing.client import StaffingClient
from tools.demo.rows import Appointment, Certificate, Community, Grading, Measure, Worker, csv_text

SHIHUGUAN, WENYI = "530111001011", "530111001012"
CUIZHU, HONGMEI, VILLAGE = "320402001001", "320402001002", "320402001200"
LONGWAN = "330303001001"
NOWHERE = "530111999999"
MONTH = "2026-09"
START = date(2016, 1, 1)


def unit(code: str, name: str) -> Community:
    return Community(code, name, "urban_community", "residents_committee", "111", START)


def worker(number: str, name: str, community: str) -> Worker:
    born, hired = date(1985, 3, 5), date(2015, 7, 1)
    return Worker(
        number, name, "female", born, "college", "full_time_community_worker", "openly_recruited", community, hired
    )


def counted(code: str, households: int, registered: int) -> Measure:
    return Measure(code, START, households, registered, households * 3, households * 3)


COMMUNITIES = [
    unit(SHIHUGUAN, "世纪城社区"),
    unit(WENYI, "文艺社区"),
    unit(CUIZHU, "翠竹社区"),
    unit(HONGMEI, "红梅社区"),
    Community(VILLAGE, "某村", "village", "villagers_committee", "220", START),
    unit(LONGWAN, "永中社区"),
]
MEASURES = [
    counted(SHIHUGUAN, 3000, 2000),
    counted(CUIZHU, 3250, 2000),
    counted(HONGMEI, 3001, 1000),
    counted(LONGWAN, 2500, 2100),
]
WORKERS = [
    worker("GD-1", "张一", SHIHUGUAN),
    worker("GD-2", "李二", SHIHUGUAN),
    worker("GD-3", "王三", SHIHUGUAN),
    worker("CZ-1", "赵四", CUIZHU),
]
POSTS = {"GD-1": "secretary", "GD-2": "member", "GD-3": "staff", "CZ-1": "staff"}
TIERS = {"GD-1": "both_posts", "GD-2": "staff", "GD-3": "staff", "CZ-1": "staff"}


DIVISIONS = """code,name,level,unit_type,start
530000000000,云南省,province,,2016-01-01
530100000000,昆明市,city,,2016-01-01
530111000000,官渡区,county,,2016-01-01
530112000000,西山区,county,,2016-01-01
530111001000,关上街道,town,,2016-01-01
320400000000,常州市,city,,2016-01-01
"""


async def load_staffing(staffing: StaffingClient) -> None:
    """Send the register through the imports."""
    posts = [Appointment(one.number, one.community, POSTS[one.number], True, one.hired_on) for one in WORKERS]
    posts.append(Appointment("GD-1", SHIHUGUAN, "director", True, date(2015, 7, 1)))
    gradings = [Grading(one.number, TIERS[one.number], 1, one.hired_on) for one in WORKERS]
    certificates = [Certificate("GD-2", "intermediate", date(2018, 1, 1))]
    files = {
        "communities": COMMUNITIES,
        "measures": MEASURES,
        "workers": WORKERS,
        "appointments": posts,
        "gradings": gradings,
        "certificates": certificates,
    }
    assert not (await staffing.load("divisions", DIVISIONS.encode())).errors
    for kind, rows in files.items():
        report = await staffing.load(kind, csv_text(rows).encode())
        assert not report.errors, report


def issue(community: str, title: str, day: int) -> IssueIn:
    """An issue raised on a day of March 2026."""
    return IssueIn.model_validate({
        "community": community,
        "title": title,
        "text": "请大家商量",
        "channel": "qr",
        "proposer": {"kind": "resident", "name": "某居民"},
        "at": f"2026-03-{day:02d}T09:00:00+08:00",
    })  # fmt: skip


async def load(services: Services) -> None:
    """Bring everything: units, workers, three issues in one community and one in another, one month's pay."""
    await load_staffing(services.staffing)
    for number, title in enumerate(["停车难", "加装电梯", "垃圾分类"], start=1):
        await services.consultation.raise_issue(issue(SHIHUGUAN, title, number), str(uuid4()))
    await services.consultation.raise_issue(issue(LONGWAN, "路灯不亮", 4), str(uuid4()))
    paid = (await services.staffing.workers_of([SHIHUGUAN])).communities[0].items
    lines = [f"{one.id},{one.community},social_insurance,5000.00,,2026-01,2027-01" for one in paid]
    bases = "\n".join(["worker,community,scheme,base,rate,start,end", *lines])
    await services.payroll.import_rows("contribution_bases", bases.encode())
    run = await services.payroll.run_payroll(PayrollRunIn(region="530111000000", month=MONTH), str(uuid4()))
    assert run.workers == 3, run
