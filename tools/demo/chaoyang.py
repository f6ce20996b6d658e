"""Chaoyang's demo register: 1,641 members of 202 communities after the election of 2021-03-27, with every share."""

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from tools.demo import draw, people, places, rows

AUTHORITY = "211300000000"
ELECTED = date(2021, 3, 27)
COMMUNITIES = 202
COMMITTEE, PARTY, BOTH = 1341, 1004, 704
MEMBERS = COMMITTEE + PARTY - BOTH
WOMEN, WOMEN_HEADS = 1360, 169
COLLEGE, COLLEGE_HEADS = 1446, 194
YOUNG, YOUNG_HEADS = 802, 52  # 35 years at most; how many of them are secretaries is not published
YEARS, YEARS_HEADS = 61_373, 8_100  # completed years in all: 61,373 / 1,641 = 37.4 and 8,100 / 202 = 40.1
DEPUTIES = 391


@dataclass(frozen=True, slots=True)
class Traits:
    """Sex, schooling and age of one member."""

    woman: bool
    college: bool
    age: int


def _traits(rng: Random, count: int, women: int, college: int, ages: list[int]) -> list[Traits]:
    rng.shuffle(ages)
    columns = zip(draw.flags(rng, count, women), draw.flags(rng, count, college), ages, strict=True)
    return [Traits(*row) for row in columns]


def heads(rng: Random) -> list[Traits]:
    """The 202 secretaries, each also director: 169 women, 194 with college, 8,100 years in all."""
    young = [rng.randint(30, 35) for _ in range(YOUNG_HEADS)]
    ages = young + draw.summing(rng, COMMUNITIES - YOUNG_HEADS, YEARS_HEADS - sum(young), 36, 56)
    return _traits(rng, COMMUNITIES, WOMEN_HEADS, COLLEGE_HEADS, ages)


def others(rng: Random) -> list[Traits]:
    """The other 1,439 members with what remains of each total."""
    count, young = MEMBERS - COMMUNITIES, [rng.randint(24, 35) for _ in range(YOUNG - YOUNG_HEADS)]
    old = draw.summing(rng, count - len(young), YEARS - YEARS_HEADS - sum(young), 36, 59)
    return _traits(rng, count, WOMEN - WOMEN_HEADS, COLLEGE - COLLEGE_HEADS, young + old)


def seats(rng: Random) -> list[list[tuple[bool, bool]]]:
    """Per community the seats of its members but the head: (in the party organisation, in the committee).

    Committees have five to seven members, the actual range the city reports.
    """
    committee = draw.summing(rng, COMMUNITIES, COMMITTEE, 5, 7)
    both = draw.summing(rng, COMMUNITIES, BOTH - COMMUNITIES, 1, 4)
    party_only = draw.summing(rng, COMMUNITIES, PARTY - BOTH, 0, 3)
    return [
        [(True, True)] * twice + [(False, True)] * (size - 1 - twice) + [(True, False)] * party
        for size, twice, party in zip(committee, both, party_only, strict=True)
    ]


def _deputies(rng: Random) -> list[int]:
    """One or two deputies per community, 391 in all."""
    return draw.summing(rng, COMMUNITIES, DEPUTIES, 1, 2)


def _member(rng: Random, staff: people.Staff, home: str, traits: Traits) -> rows.Worker:
    hired = draw.day_between(rng, date(2012, 1, 1), date(2020, 11, 30))
    drawn = people.person(rng, home, hired, people.Profile(entry_route="elected"))
    return staff.hire(
        replace(
            drawn,
            sex="female" if traits.woman else "male",
            education=rng.choice(("college", "college", "bachelor")) if traits.college else "senior_secondary",
            birth_on=draw.birthday(rng, traits.age, ELECTED),
        )
    )


def _seat(staff: people.Staff, worker: rows.Worker, party: str | None, committee: str | None) -> None:
    for body, role in (("party_org", party), ("residents_committee", committee)):
        if role is not None:
            staff.memberships.append(rows.Membership(worker.number, worker.community, body, role, ELECTED))


def _open(rng: Random) -> list[rows.Community]:
    """Units of the city; 202 communities in being on the election day, eight of those new since 2016 opened later."""
    units = places.village_level("chaoyang")
    added = places.added_since_2016("chaoyang")
    communities = [unit for unit in units if unit.is_community]
    young = [unit.code for unit in communities if unit.code in added]
    later = set(rng.sample(young, len(communities) - COMMUNITIES))
    return [
        people.community(
            unit,
            people.ordinary_kind(unit),
            draw.day_between(rng, date(2021, 7, 1), date(2023, 6, 30)) if unit.code in later else people.BOOK_2016,
        )
        for unit in units
    ]


def register(rng: Random) -> rows.Register:
    """Units, households and the 1,641 members with their seats and posts."""
    units = _open(rng)
    homes = [unit.code for unit in units if unit.kind == "community" and unit.start == people.BOOK_2016]
    staff, rest = people.Staff("CY", "乙"), iter(others(rng))
    plan = zip(homes, heads(rng), seats(rng), _deputies(rng), strict=True)
    for home, head, places_taken, deputies in plan:
        worker = _member(rng, staff, home, head)
        staff.appoint(worker, "secretary", "director", start=ELECTED)
        _seat(staff, worker, "secretary", "director")
        for position, (party, committee) in enumerate(places_taken):
            worker, deputy = _member(rng, staff, home, next(rest)), position < deputies
            staff.appoint(worker, "deputy" if deputy else "member", start=ELECTED)
            _seat(
                staff,
                worker,
                ("deputy_secretary" if deputy else "member") if party else None,
                ("deputy_director" if deputy else "member") if committee else None,
            )
    middle = {"community": 2400, "village": 450}
    measures = tuple(people.spread_measure(rng, unit, middle[unit.kind]) for unit in units)
    return staff.register(tuple(units), (rows.Management(AUTHORITY, AUTHORITY, people.BOOK_2016),), measures)
