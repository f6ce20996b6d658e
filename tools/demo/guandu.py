"""Guandu's demo register: 99 communities of eight streets, 739 certificate holders, 124 hired since 2020."""

from dataclasses import replace
from datetime import date
from random import Random

from tools.demo import draw, people, places, rows

AUTHORITY = "530111000000"
STREETS = tuple(f"5301110{number:02d}000" for number in range(1, 9))
SINCE, SHOWN = date(2020, 1, 1), date(2022, 12, 31)
PER_COMMUNITY, HIRED_SINCE_2020 = 12, 124
JUNIOR, INTERMEDIATE, RAISED = 622, 117, 60
LADDER_FROM = date(2018, 1, 1)  # 官政发〔2018〕20号; its first day in force is not published
TIERS = {("secretary", "director"): "both_posts", ("secretary",): "head", ("director",): "head"}


def managed(units: list[places.Unit]) -> list[places.Unit]:
    """The communities of the eight streets that the district manages: exactly 99 in the book of 2023."""
    return [unit for unit in units if f"{unit.code[:9]}000" in STREETS]


def _hiring_days(rng: Random, count: int) -> list[date]:
    """`count` days, exactly 124 of them from 2020 to 2022, the rest from 2005 to 2019; none on 29 February."""
    late = draw.flags(rng, count, HIRED_SINCE_2020)
    return [
        draw.day_between(rng, SINCE, SHOWN) if new else draw.day_between(rng, date(2005, 1, 1), date(2019, 12, 31))
        for new in late
    ]


def _posts(rng: Random) -> list[tuple[str, ...]]:
    """The twelve people of one community: one or two heads, two deputies, the rest staff."""
    heads = list(people.head_posts(rng.random() < people.LATER_HEAD_SHARE))
    posts = [*heads, ("deputy",), ("deputy",)]
    return posts + [("staff",)] * (PER_COMMUNITY - len(posts))


def _grade(staff: people.Staff, worker: rows.Worker, posts: tuple[str, ...]) -> None:
    """Two gradings: on the ladder's first day or at hiring, and again on 2024-01-01."""
    tier = TIERS.get(posts, "deputy" if posts == ("deputy",) else "staff")
    first, again = max(worker.hired_on, LADDER_FROM), date(2024, 1, 1)
    staff.gradings.append(rows.Grading(worker.number, tier, people.step_for(worker.hired_on, first), first, again))
    staff.gradings.append(rows.Grading(worker.number, tier, people.step_for(worker.hired_on, again), again))


def _certify(rng: Random, staff: people.Staff) -> None:
    """739 holders on 2022-12-31: 622 junior, 117 intermediate of whom 60 were junior before; more came later."""
    order = list(staff.workers)
    rng.shuffle(order)
    intermediate, junior, rest = order[:INTERMEDIATE], order[INTERMEDIATE : INTERMEDIATE + JUNIOR], order[739:]
    for position, worker in enumerate(intermediate):
        if position < RAISED:
            staff.certificates.append(rows.Certificate(worker.number, "junior", _exam(rng, 2010, 2016)))
        staff.certificates.append(rows.Certificate(worker.number, "intermediate", _exam(rng, 2017, 2022)))
    for worker in junior:
        staff.certificates.append(rows.Certificate(worker.number, "junior", _exam(rng, 2012, 2022)))
    for worker in rest[:60]:
        staff.certificates.append(rows.Certificate(worker.number, "junior", _exam(rng, 2023, 2025)))


def _exam(rng: Random, first: int, last: int) -> date:
    """A day in September (results of the June exam) of a year from `first` to `last`."""
    return date(rng.randint(first, last), 9, rng.randint(1, 28))


def register(rng: Random) -> rows.Register:
    """Guandu's management relations, households and people; the units themselves come with Kunming's register."""
    units = managed(places.village_level("guandu"))
    staff = people.Staff("GD", "甲")
    hired = _hiring_days(rng, len(units) * PER_COMMUNITY)
    route = ("openly_recruited", "elected")
    for position, unit in enumerate(units):
        mine = sorted(hired[position * PER_COMMUNITY : (position + 1) * PER_COMMUNITY])
        for day, posts in zip(mine, _posts(rng), strict=True):
            elected = posts != ("staff",) and day < SINCE
            drawn = people.person(rng, unit.code, day, people.Profile(entry_route=route[elected]))
            worker = staff.hire(replace(drawn, left_on=None))
            staff.appoint(worker, *posts, start=day)
            _grade(staff, worker, posts)
    _certify(rng, staff)
    managements = tuple(rows.Management(AUTHORITY, street, people.BOOK_2016) for street in STREETS)
    return staff.register(managements=managements)
