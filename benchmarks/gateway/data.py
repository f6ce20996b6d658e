"""The benchmark's data: real division codes of one province, all else drawn by a seed and marked synthetic.

5,000 communities, 12 workers in each, three months of payslips, 30 issues in each (10 withdrawn, 20 open). Everything
enters through the services' own imports and payroll runs.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random

import pyarrow.compute as pc

from tools.demo import load, nation
from tools.talk import Talk

SEED = 20261122
PROVINCE = "320000000000"
OWN_PACK = "3204"  # a city with a pack of its own: its rules would pay its workers, so it stays out
COMMUNITIES = 5000
STAFF = ("both", "deputy", "deputy", *["staff"] * 9)
MONTHS = ("2026-08", "2026-09", "2026-10")
ISSUES, WITHDRAWN = 30, 10
PAGE = 20  # communities of a street on the dashboard
START = date(2020, 11, 1)
FILE_ROWS = 50_000
BEIJING = timezone(timedelta(hours=8))
TOPICS = ("电动车充电桩", "楼道照明", "停车位划线", "垃圾分类投放点", "健身器材", "老年食堂", "排水沟清淤", "门禁更换")
STEPS = ("check", "approval", "payment", "closing")

File = tuple[str, str]
"""An import's noun and its CSV."""


@dataclass(frozen=True, slots=True)
class Place:
    """A real unit of the code book."""

    code: str
    name: str
    unit_type: str


def chosen(count: int = COMMUNITIES) -> list[Place]:
    """The residents' communities of the province, whole streets of at least 20 first; in the order of their codes."""
    table = nation.units((OWN_PACK,))
    table = table.filter(pc.starts_with(table["code"], PROVINCE[:2]))
    table = table.filter(pc.starts_with(table["type"], "residents"))
    units = [
        Place(*row)
        for row in zip(table["code"].to_pylist(), table["name"].to_pylist(), table["type"].to_pylist(), strict=True)
    ]
    streets = Counter(unit.code[:9] for unit in units)
    units.sort(key=lambda unit: (streets[unit.code[:9]] < PAGE, unit.code))
    return sorted(units[:count], key=lambda unit: unit.code)


def registers(units: Sequence[Place]) -> Iterator[File]:
    """Divisions, communities, who manages them, and their drawn households and residents."""
    rng = Random(f"{SEED}-measures")
    yield "divisions", nation.divisions().decode()
    yield (
        "communities",
        _csv(
            "code,name,kind,unit_type,urban_rural,start,end,provenance,source",
            [f"{one.code},{one.name},community,{one.unit_type},111,2016-07-31,,synthetic,benchmark" for one in units],
        ),
    )
    yield "managements", f"authority,unit,start,end,source\n{PROVINCE},{PROVINCE},2016-07-31,,benchmark\n"
    yield (
        "measures",
        _csv(
            "community,start,resident_households,registered_households,resident_population,urban_residents,"
            "provenance,source",
            [_measures(rng, one.code) for one in units],
        ),
    )


def _measures(rng: Random, code: str) -> str:
    homes = rng.randint(600, 5200)
    people = round(homes * rng.uniform(2.0, 2.9))
    return f"{code},{START},{homes},{round(homes * rng.uniform(0.4, 1.0))},{people},{people},synthetic,benchmark"


def people(units: Sequence[Place]) -> Iterator[File]:
    """Twelve workers a community: one with both posts, two deputies, nine staff; and the posts they hold."""
    rng = Random(f"{SEED}-people")
    workers, posts = [], []
    for at, unit in enumerate(units):
        for place, post in enumerate(STAFF):
            number = f"BM-{at * len(STAFF) + place + 1:06d}"
            hired = date(2008, 1, 1) + timedelta(days=rng.randrange(5000))
            workers.append(_worker(rng, number, unit.code, hired))
            held = ("secretary", "director") if post == "both" else (post,)
            posts += [f"{number},{unit.code},{one},true,{hired}," for one in held]
    header = (
        "number,name,sex,birth_on,education,category,entry_route,community,hired_on,left_on,urban,"
        "in_state_establishment,part_time,subsidised,provenance,source"
    )
    yield from _parts("workers", header, workers)
    yield from _parts("appointments", "worker,community,post,full_time,start,end", posts)


def _worker(rng: Random, number: str, community: str, hired: date) -> str:
    sex = "female" if rng.random() < 0.7 else "male"
    born = date(hired.year - rng.randint(22, 38), rng.randint(1, 12), rng.randint(1, 28))
    education = rng.choice(("college", "bachelor", "bachelor", "senior_secondary"))
    return (
        f"{number},测速{number[3:]},{sex},{born},{education},full_time_community_worker,openly_recruited,{community},"
        f"{hired},,true,false,false,true,synthetic,benchmark"
    )


def issues(units: Sequence[Place]) -> Iterator[File]:
    """Thirty issues a community over ten months of 2026; the withdrawn third lies among the open ones."""
    rng = Random(f"{SEED}-issues")
    raised, steps = [], []
    for unit in units:
        withdrawn = set(rng.sample(range(ISSUES), WITHDRAWN))
        for at in range(ISSUES):
            number, topic = f"BM{at + 1:03d}", rng.choice(TOPICS)
            opened = datetime(2026, 1, 1, 8, tzinfo=BEIJING) + timedelta(minutes=rng.randrange(430_000))
            channel = rng.choice(("home_visit", "hotline", "wechat", "qr"))
            raised.append(
                f"{number},{unit.code},测速议题：{topic}（{number}）,合成记录 synthetic benchmark record,{channel},"
                f"resident,residents_committee,{opened.isoformat()}"
            )
            if at in withdrawn:
                later = opened + timedelta(days=rng.randint(1, 9))
                steps.append(f"{unit.code},{number},withdraw,resident,{later.isoformat()},测速 benchmark")
    yield from _parts("issues", "number,community,title,text,channel,proposer_kind,actor,opened_at", raised)
    yield from _parts("issue_events", "community,issue,step,actor,at,reason", steps)


def _parts(noun: str, header: str, lines: Sequence[str]) -> Iterator[File]:
    for first in range(0, len(lines), FILE_ROWS):
        yield noun, _csv(header, lines[first : first + FILE_ROWS])


def _csv(header: str, lines: Sequence[str]) -> str:
    return "\n".join([header, *lines, ""])


def is_there(talk: Talk, units: Sequence[Place]) -> bool:
    """Whether all of it was loaded before: the last month of the payroll comes last."""
    known = talk.get("staffing", "/v1/communities", code=units[-1].code)["items"]
    runs = talk.get("payroll", "/v1/payroll-runs", authority=PROVINCE, limit="100")["items"]
    return bool(known) and {run["month"] for run in runs} >= set(MONTHS)


def bring(maker: Talk, checker: Talk, units: Sequence[Place]) -> None:
    """Load everything, consultation beside staffing; then the payroll months. Refused names the service's answer."""
    with ThreadPoolExecutor(1) as pool:
        _send(maker, registers(units))
        beside = pool.submit(_send, maker, issues(units))
        _send(maker, people(units))
        _pay(maker, checker)
        beside.result()


def _send(talk: Talk, files: Iterator[File]) -> None:
    for noun, text in files:
        load.bring_one(talk, noun.replace("_", "-"), text.encode())


def _pay(maker: Talk, checker: Talk) -> None:
    """The months in order, each walked to its end by another person than the one who ran it."""
    for month in MONTHS:
        body = {"authority": PROVINCE, "month": month}
        run = maker.post("payroll", "/v1/payroll-runs", body, f"benchmark-{month}")
        if run["faulted"]:
            raise RuntimeError(f"{run['faulted']} workers of {month} were not paid")
        for step in STEPS:
            checker.post("payroll", f"/v1/payroll-runs/{run['id']}/{step}", {}, f"benchmark-{month}-{step}")
