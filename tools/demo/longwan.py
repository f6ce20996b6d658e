"""Longwan's demo register: 78 units of six streets, 199 full-time workers in 25 communities (7.96 each)."""

from datetime import date
from random import Random

from tools.demo import draw, people, places, rows

AUTHORITY = "330303000000"
STREETS = ("永中街道", "蒲州街道", "海滨街道", "永兴街道", "状元街道", "瑶溪街道")
STAFFED, WORKERS, THIRD_BATCH = 25, 199, 59
THIRD_BATCH_DAY = date(2021, 9, 1)


def street_codes(units: list[places.Unit]) -> tuple[str, ...]:
    """Codes of the six streets the district manages, by name."""
    return tuple(unit.code for unit in units if unit.level == "town" and unit.name in STREETS)


def managed(units: list[places.Unit]) -> list[places.Unit]:
    """The 78 villages and communities of the six streets."""
    streets = {code[:9] for code in street_codes(units)}
    return [unit for unit in units if unit.level == "village" and unit.code[:9] in streets]


def _hiring(rng: Random) -> list[tuple[date, str]]:
    """Day and route of each worker: 59 of the third batch by open recruitment, the others before it by either route."""
    days: list[tuple[date, str]] = []
    for third in draw.flags(rng, WORKERS, THIRD_BATCH):
        if third:
            days.append((THIRD_BATCH_DAY, "openly_recruited"))
        else:
            route = rng.choice(("openly_recruited", "internal_transfer"))
            days.append((draw.day_between(rng, date(2012, 1, 1), date(2020, 12, 31)), route))
    return days


def register(rng: Random) -> rows.Register:
    """Units of the whole district, the six managed streets, households, and the 199 workers."""
    units = places.system("longwan")
    villages = [unit for unit in units if unit.level == "village"]
    communities = [unit for unit in managed(units) if unit.is_community][:STAFFED]
    staff = people.Staff("LW", "丙")
    hiring = iter(_hiring(rng))
    for position, unit in enumerate(communities):
        size = WORKERS // STAFFED + (position < WORKERS % STAFFED)
        for place in range(size):
            day, route = next(hiring)
            worker = staff.hire(people.person(rng, unit.code, day, people.Profile(entry_route=route)))
            posts = (("secretary", "director"), ("deputy",))[place] if place < 2 else ("staff",)
            staff.appoint(worker, *posts, start=day)
            if rng.random() < 0.5:
                staff.certificates.append(rows.Certificate(worker.number, "junior", date(2021, 9, 10)))
    middle = {True: 2600, False: 900}
    return staff.register(
        tuple(people.community(unit, people.ordinary_kind(unit)) for unit in villages),
        tuple(rows.Management(AUTHORITY, code, people.BOOK_2016) for code in street_codes(units)),
        tuple(people.spread_measure(rng, unit, middle[unit.is_community]) for unit in villages),
    )
