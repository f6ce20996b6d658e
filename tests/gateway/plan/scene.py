"""A register that leaves much open: units that ended, moved or were never counted, workers with gaps, issues, sessions.

It stands on the small register, in a data base of its own.
"""

from datetime import date
from typing import Any
from uuid import uuid4

from gateway.services import Services
from services.consultation.schemas.issues import IssueDetailOut, StepIn
from services.consultation.schemas.sessions import SessionIn, SessionOut
from services.payroll.schemas.payroll_runs import PayrollRunIn
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, MONTH, SHIHUGUAN, START, WENYI, issue, load
from tools.demo.rows import Appointment, Certificate, Community, Grading, Management, Worker, csv_text

ENDED, MOVED, ALONE, NEW = "530111001013", "530111001014", "440103001001", "530111001015"
EARLIER = "2026-08"
UNITS = [
    Community(ENDED, "已撤社区", "urban_community", "residents_committee", "111", START, date(2024, 1, 1)),
    Community(MOVED, "某村", "village", "villagers_committee", "220", START, date(2022, 7, 1)),
    Community(MOVED, "村改居社区", "converted_community", "residents_like", "112", date(2022, 7, 1)),
    Community(ALONE, "外地社区", "urban_community", "residents_committee", "", START, None, "register", "公报"),
    Community(NEW, "新设社区", "urban_community", "residents_like", "121", date(2026, 6, 1), None, "register", "公告"),
]
MANAGED = [Management("530100000000", "530111001000", date(2020, 1, 1)), Management("320400000000", CUIZHU, START)]
MEASURES = f"""community,start,resident_households,registered_households,premises_sqm,ground_floor_sqm,provenance,source
{ENDED},2016-01-01,1200,900,405.50,100.05,synthetic,demo
{MOVED},2016-01-01,,800,,,register,公报
{MOVED},2022-07-01,2600,,,0.00,synthetic,demo
{SHIHUGUAN},2022-01-01,4100,,300.00,,register,公报
{ALONE},2020-01-01,0,0,,,register,公报
"""


def worker(number: str, community: str, **more: Any) -> Worker:
    """A worker like no other of the scene."""
    plain = {
        "name": f"某{number}",
        "sex": "male",
        "birth_on": date(1970, 2, 28),
        "education": "primary",
        "category": "grid_member",
        "entry_route": "elected",
        "hired_on": date(2018, 3, 1),
    }
    return Worker(number=number, community=community, **{**plain, **more})


WORKERS = [
    worker("GD-4", SHIHUGUAN, left_on=date(2026, 1, 1)),
    worker("GD-5", SHIHUGUAN, part_time=True, subsidised=False, urban=False, provenance="register", source="公报"),
    worker("GD-6", SHIHUGUAN, hired_on=date(2026, 8, 15), category="full_time_community_worker"),
    worker("GD-7", ENDED, left_on=date(2024, 1, 1), sex="female", education="doctor"),
    worker("GD-8", MOVED, in_state_establishment=True, category="village_cadre", entry_route="selected_graduate"),
    worker("CZ-2", CUIZHU, category="public_welfare_post", education="bachelor"),
    worker("CZ-3", HONGMEI, category="full_time_community_worker", entry_route="internal_transfer"),
    worker("GZ-1", ALONE),
]
POSTS = [
    Appointment("GD-4", SHIHUGUAN, "staff", True, date(2018, 3, 1), date(2026, 1, 1)),
    Appointment("GD-6", SHIHUGUAN, "deputy", False, date(2026, 8, 15)),
    Appointment("GD-8", MOVED, "secretary", True, date(2018, 3, 1), date(2022, 7, 1)),
    Appointment("GD-8", MOVED, "director", True, date(2022, 7, 1)),
    Appointment("GD-2", WENYI, "staff", False, date(2020, 1, 1)),
    Appointment("CZ-3", HONGMEI, "director", True, date(2018, 3, 1)),
]
GRADINGS = [
    Grading("GD-6", "deputy", 2, date(2026, 8, 15)),
    Grading("GD-8", "head", 3, date(2018, 3, 1), date(2026, 1, 1)),
    Grading("CZ-3", "head", 5, date(2020, 1, 1)),
]
CERTIFICATES = [Certificate("GD-2", "junior", date(2016, 1, 1)), Certificate("GD-6", "senior", date(2026, 9, 1))]
BASES = """worker,community,scheme,base,rate,start,end
{},530111001011,social_insurance,4800.00,,2026-07,2027-01"""


async def set_up(services: Services, others: Services) -> None:
    """Bring the small register and all of the scene, as one administrator of the nation and another."""
    await load(services)
    staffing = services.staffing
    files = {
        "communities": csv_text(UNITS),
        "measures": MEASURES,
        "managements": csv_text(MANAGED),
        "workers": csv_text(WORKERS),
        "appointments": csv_text(POSTS),
        "gradings": csv_text(GRADINGS),
        "certificates": csv_text(CERTIFICATES),
    }
    for kind, text in files.items():
        report = await staffing.load(kind, text.encode())
        assert not report.errors, (kind, report)
    await pay(services, others)
    await talk(services)


async def pay(services: Services, others: Services) -> None:
    """An earlier month that went further than the latest, for fewer workers; a run of a place with faults alone."""
    paid = (await services.staffing.workers_of([SHIHUGUAN])).communities[0].items
    newest = next(one for one in paid if one.number == "GD-6")
    await services.payroll.import_rows("contribution_bases", BASES.format(newest.id).encode())
    run = await services.payroll.run_payroll(PayrollRunIn(region="530111000000", month=EARLIER), str(uuid4()))
    await others.payroll.step_run(run.id, "check", str(uuid4()))
    await services.payroll.run_payroll(PayrollRunIn(region="530111000000", month=MONTH), str(uuid4()))
    for region in ("320402000000", "440103000000"):
        await services.payroll.run_payroll(PayrollRunIn(region=region, month=EARLIER), str(uuid4()))


async def talk(services: Services) -> None:
    """Issues of one day, a quiet community, and one issue that walked a few steps."""
    consultation = services.consultation
    for title in ("同日一", "同日二", "同日三", "同日四"):
        await consultation.raise_issue(issue(WENYI, title, 9), str(uuid4()))
    raised_by = ((CUIZHU, "residents_committee"), (ENDED, "community_worker"), (ALONE, "residents_committee"))
    for community, actor in raised_by:
        raised = issue(community, "由他人受理", 5).model_copy(update={"actor": actor})
        await consultation.raise_issue(raised, str(uuid4()))
    walked = await consultation.raise_issue(issue(LONGWAN, "加装充电桩", 6), str(uuid4()))
    reasons = {"reason": "多数居民要求", "committees": ["party_org", "residents_committee"]}
    accepted, rejected = {**reasons, "accept_codes": ["A1"]}, {**reasons, "reject_codes": ["R1"]}
    await step(services, walked, "screen", "two_committees", 7, outcome="accepted", evidence=accepted)
    refused = await consultation.raise_issue(issue(LONGWAN, "不议之事", 6), str(uuid4()))
    await step(services, refused, "screen", "two_committees", 8, outcome="rejected", evidence=rejected)
    await meet(services)


async def meet(services: Services) -> None:
    """Sessions: two of one moment, one that took two issues and one of them twice, one before there were any roles."""
    consultation = services.consultation
    raised = [await consultation.raise_issue(issue(SHIHUGUAN, title, 11), str(uuid4())) for title in ("甲事", "乙事")]
    by_committee = {"actor": {"kind": "residents_committee"}, "evidence": {"result": "增设"}}
    items = [{"issue": str(one.id), **by_committee} for one in raised]
    taken = await held(services, SHIHUGUAN, "2026-03-15T15:00:00.25+08:00", items=items, tier="street", minutes="略\n")
    agreed = {"outcome": "agreed", "evidence": {"result": "同意"}, "session": taken.id}
    await step(services, raised[0], "decide", "residents_meeting", 16, **agreed)
    for at in ("2026-03-15T15:00:00.25+08:00", "2026-03-15T15:00:00.25+08:00", "2010-03-01T15:00:00+08:00"):
        await held(services, SHIHUGUAN, at)
    for community in (LONGWAN, LONGWAN, WENYI, ENDED, ALONE):
        await held(services, community, "2024-02-29T23:59:59+08:00")


async def held(services: Services, community: str, at: str, **more: Any) -> SessionOut:
    """A session of three kinds of participants, one of them a stranger where no issue was taken."""
    kinds = ["party_org", "residents_committee", "resident", *([] if "items" in more else ["stranger"])]
    body = {"community": community, "title": "协商会", "held_at": at, **more}
    body["participants"] = [{"kind": kind, "count": count, "name": "某人"} for count, kind in enumerate(kinds, 1)]
    return await services.consultation.record_session(SessionIn.model_validate(body), str(uuid4()))


async def step(services: Services, taken: IssueDetailOut, name: str, actor: str, day: int, **more: Any) -> None:
    """One step of an issue, on a day of March 2026."""
    body = {"step": name, "actor": {"kind": actor}, "at": f"2026-03-{day:02d}T10:00:00+08:00", **more}
    await services.consultation.take_step(taken.id, StepIn.model_validate(body), str(uuid4()))
