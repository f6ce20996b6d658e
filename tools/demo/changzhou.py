"""Changzhou's demo register: households so that the old norm averages 10 posts a community and the new norm 13."""

from dataclasses import replace
from datetime import date
from random import Random

from tools.demo import draw, people, places, rows

AUTHORITY = "320400000000"
HOUSEHOLDS, REGISTERED, SHARE, HALF_SHARE = 3250, 1750, 250, 500
STAFFED = ("320402", "320404")  # 天宁区 and 钟楼区: enough people to look at, and a first start that stays short
PER_COMMUNITY = 12
COLLEGE, CERTIFIED = 86, 65  # per cent, the baselines of the document
GRADES = ((0.25, "intermediate"), (0.03, "senior"))


def households(rng: Random, count: int) -> list[tuple[int, int]]:
    """(resident, registered) households per community.

    Resident ones are multiples of 250 with mean 3,250, resident plus registered multiples of 500 with mean 5,000, so
    that no rounding enters: the new norm gives 13 on average, the old one under reading B 10, and registered ones
    average 1,750. Registered never exceed resident.
    """
    resident = [SHARE * part for part in draw.summing(rng, count, count * HOUSEHOLDS // SHARE, 9, 17)]
    pairs = [HALF_SHARE * part for part in _halves(rng, resident, count * (HOUSEHOLDS + REGISTERED) // HALF_SHARE)]
    return [(home, pair - home) for home, pair in zip(resident, pairs, strict=True)]


def _halves(rng: Random, resident: list[int], total: int) -> list[int]:
    """Parts of 500 per community between resident plus 500 and twice resident, summing to `total`."""
    lows = [(home + HALF_SHARE) // HALF_SHARE + (home % HALF_SHARE > 0) for home in resident]
    highs = [2 * home // HALF_SHARE for home in resident]
    drawn = [round((3 * low + 2 * high) / 5) for low, high in zip(lows, highs, strict=True)]
    while sum(drawn) != total:
        step = 1 if sum(drawn) < total else -1
        at = rng.randrange(len(drawn))
        if lows[at] <= drawn[at] + step <= highs[at]:
            drawn[at] += step
    return drawn


def _certify(rng: Random, staff: people.Staff) -> None:
    """65 % of the workers hold a certificate on 2022-01-28, about a quarter of them an intermediate one."""
    held = draw.flags(rng, len(staff.workers), len(staff.workers) * CERTIFIED // 100)
    for worker, certified in zip(staff.workers, held, strict=True):
        if certified:
            level = next((name for share, name in GRADES if rng.random() < share), "junior")
            issued = date(rng.randint(2012, 2021), 9, rng.randint(1, 28))
            staff.certificates.append(rows.Certificate(worker.number, level, issued))


def register(rng: Random) -> rows.Register:
    """Units and households of the whole city; twelve workers a community (a quarter have eleven) in two districts."""
    units = places.village_level("changzhou")
    communities = [unit for unit in units if unit.is_community]
    staff = people.Staff("CZ", "丁", 5)
    staffed = [unit for unit in communities if unit.code.startswith(STAFFED)]
    sizes = [PER_COMMUNITY - (rng.random() < 0.25) for _ in staffed]
    college = iter(draw.flags(rng, sum(sizes), sum(sizes) * COLLEGE // 100))
    for unit, size in zip(staffed, sizes, strict=True):
        for place in range(size):
            day = draw.day_between(rng, date(2008, 1, 1), date(2021, 12, 31))
            drawn = people.person(rng, unit.code, day, people.Profile(college=1.0))
            worker = staff.hire(drawn if next(college) else replace(drawn, education="senior_secondary"))
            posts = (("secretary", "director"), ("deputy",), ("deputy",))[place] if place < 3 else ("staff",)
            staff.appoint(worker, *posts, start=day)
    _certify(rng, staff)
    counted = zip(communities, households(rng, len(communities)), strict=True)
    measures = [people.measure(rng, unit, resident, registered) for unit, (resident, registered) in counted]
    villages = [unit for unit in units if not unit.is_community]
    measures += [people.spread_measure(rng, unit, 900) for unit in villages]
    return staff.register(
        tuple(people.community(unit, people.ordinary_kind(unit)) for unit in units),
        (rows.Management(AUTHORITY, AUTHORITY, people.BOOK_2016),),
        tuple(measures),
    )
