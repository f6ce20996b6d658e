"""Kunming's demo register: 770 communities (333 urban, 437 converted) and 930 villages on 2020-03-13."""

from datetime import date
from random import Random

from tools.demo import draw, guandu, people, places, rows

AUTHORITY = "530100000000"
SHOWN = date(2020, 3, 13)
URBAN, CONVERTED, VILLAGES = 333, 437, 930
CONVERSIONS_FROM, LAST = date(2020, 4, 1), date(2023, 6, 30)
STAFFED = ("530102", "530103", "530113")  # 五华区, 盘龙区, 东川区: enough to look at, and a short first start
PER_COMMUNITY = 6
KINDS_SEED = 20200313  # kinds and days have a stream of their own: the consultation records must agree with them


def kinds(rng: Random, units: list[places.Unit]) -> list[rows.Community]:
    """Rows of the real units with synthetic kinds and days.

    The book of 2023 holds 820 communities and 918 villages. Twelve of the communities were villages until a day after
    2020-03-13 (two rows each, one lineage) and 38 of those new since 2016 opened after it; the other 770 split into 333
    urban (units of the main urban class first) and 437 converted ones.
    """
    communities = [unit for unit in units if unit.is_community]
    villages = [unit for unit in units if not unit.is_community]
    later = _later(rng, communities, len(communities) - URBAN - CONVERTED)
    turned = set(later[: VILLAGES - len(villages)])
    urban = _urban(rng, [unit for unit in communities if unit.code not in later])
    made = [people.community(unit, "village") for unit in villages]
    for unit in communities:
        if unit.code in turned:
            day = draw.day_between(rng, CONVERSIONS_FROM, LAST)
            made.append(people.community(unit, "village", end=day))
            made.append(people.community(unit, "converted_community", day))
        elif unit.code in later:
            made.append(people.community(unit, "urban_community", draw.day_between(rng, CONVERSIONS_FROM, LAST)))
        else:
            made.append(people.community(unit, "urban_community" if unit.code in urban else "converted_community"))
    return sorted(made, key=lambda row: (row.code, row.start))


def _later(rng: Random, communities: list[places.Unit], count: int) -> list[str]:
    """Communities that opened or were converted after 2020-03-13: new since 2016 and not among Guandu's 99."""
    added, guandu_own = places.added_since_2016("kunming"), {unit.code for unit in guandu.managed(communities)}
    return rng.sample([unit.code for unit in communities if unit.code in added and unit.code not in guandu_own], count)


def _urban(rng: Random, communities: list[places.Unit]) -> set[str]:
    """333 of them, the main urban class first, then by lot."""
    order = sorted(communities, key=lambda unit: (unit.class_2016 != "111", rng.random()))
    return {unit.code for unit in order[:URBAN]}


def _grade(staff: people.Staff, worker: rows.Worker, tier: str) -> None:
    """One grading from the day of hiring or 2019-08-01, the month after the city's notice, whichever is later."""
    start = max(worker.hired_on, date(2019, 8, 1))
    staff.gradings.append(rows.Grading(worker.number, tier, people.step_for(worker.hired_on, date(2024, 1, 1)), start))


def _community_people(rng: Random, staff: people.Staff, home: str) -> None:
    """Six full-time workers: one with both posts (elected), a deputy, four staff, about half of them certified."""
    for place in range(PER_COMMUNITY):
        hired = draw.day_between(rng, date(2007, 1, 1), date(2022, 12, 31))
        route = "elected" if place == 0 else "openly_recruited"
        worker = staff.hire(people.person(rng, home, hired, people.Profile(entry_route=route)))
        posts = (("secretary", "director"), ("deputy",))[place] if place < 2 else ("staff",)
        staff.appoint(worker, *posts, start=hired)
        _grade(staff, worker, ("both_posts", "deputy")[place] if place < 2 else "staff")
        if rng.random() < 0.45:
            level = "intermediate" if rng.random() < 0.2 else "junior"
            staff.certificates.append(rows.Certificate(worker.number, level, date(2019, 9, rng.randint(1, 28))))


def _village_people(rng: Random, staff: people.Staff, home: str) -> None:
    """Village cadres: one with both posts in nine villages of ten, in the others a secretary and a director."""
    profile = people.Profile("village_cadre", "elected", urban=False, women=0.35, college=0.4)
    heads = people.head_posts(rng.random() < people.LATER_HEAD_SHARE)
    for posts in heads:
        hired = draw.day_between(rng, date(2010, 1, 1), date(2021, 3, 1))
        worker = staff.hire(people.person(rng, home, hired, profile))
        staff.appoint(worker, *posts, start=hired)
        _grade(staff, worker, "both_posts" if len(heads) == 1 else "head")


def register(rng: Random) -> rows.Register:
    """Units and households of the whole city; people of three districts besides Guandu, whose register is its own."""
    units = places.system("kunming")
    villages = [unit for unit in units if unit.level == "village"]
    communities = kinds(Random(KINDS_SEED), villages)
    staff = people.Staff("KM", "戊", 5)
    for unit in villages:
        if not unit.code.startswith(STAFFED):
            continue
        (_community_people if unit.is_community else _village_people)(rng, staff, unit.code)
    counties = [unit.code for unit in units if unit.level == "county" and unit.code != guandu.AUTHORITY]
    middle = {True: 2900, False: 650}
    return staff.register(
        tuple(communities),
        tuple(rows.Management(AUTHORITY, code, people.BOOK_2016) for code in counties),
        tuple(people.spread_measure(rng, unit, middle[unit.is_community]) for unit in villages),
    )
