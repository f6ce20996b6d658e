"""The five systems' consultation records: Guandu's 473 sessions, 556 items and 522 implemented, coverage elsewhere."""

from datetime import date, timedelta
from random import Random

from tools.demo import draw, guandu, kunming, longwan, places, walks
from tools.demo.records import Book, Records, Session, Step, pace

SHOWN = date(2022, 12, 31)
SESSIONS, ITEMS, IMPLEMENTED = 473, 556, 522
KUNMING_COVERED = 1466  # with Guandu's 99: 1,565 of 1,700 units, 92 %
OPEN_NOW, NOW = 60, date(2026, 10, 20)
ORDERS = 40
MECHANISMS = ("self_government", "consultation", "mass_organisation", "social_participation")


def _party(rng: Random, committee: str = "residents_committee") -> str:
    return f"party_org:1;{committee}:{rng.randint(2, 5)};resident:{rng.randint(8, 40)}"


def guandu_records(rng: Random) -> Records:
    """473 sessions over 99 communities and 556 items by the end of 2022, 522 of them implemented; some of 2026 open."""
    book, units = Book("GD"), [unit.code for unit in guandu.managed(places.village_level("guandu"))]
    rounds = draw.summing(rng, len(units), SESSIONS, 3, 7)
    held = [
        book.hold(code, draw.day_between(rng, date(2020, 5, 1), date(2022, 11, 10)), _party(rng))
        for code, count in zip(units, rounds, strict=True)
        for _ in range(count)
    ]
    chosen = held + rng.sample(held, ITEMS - SESSIONS)
    for session, done in zip(chosen, draw.flags(rng, ITEMS, IMPLEMENTED), strict=True):
        steps = walks.four(rng)
        _item(rng, book, session, steps if done else steps[: rng.randint(1, 3)], SHOWN)
    for code in rng.sample(units, OPEN_NOW):
        _open_item(rng, book, code, walks.four(rng))
    return book.records()


def _item(rng: Random, book: Book, session: Session, steps: list[Step], last: date | None = None) -> None:
    """An issue taken in the session and walked through `steps`."""
    day = date.fromisoformat(session.held_at[:10])
    days = pace(rng, steps, day, last)
    opened = days[0] - timedelta(days=rng.randint(2, 30))
    campaign = "city_quality_seven_actions" if opened >= date(2022, 7, 1) and session.number.startswith("GD") else ""
    issue = book.raise_issue(rng, session.community, opened, campaign=campaign, mechanism=rng.choice(MECHANISMS))
    book.walk(issue, steps, days, session)


def _open_item(rng: Random, book: Book, code: str, steps: list[Step], **words: str) -> None:
    """An issue of 2026 that is still open: raised only, or taken in a session and left on its way."""
    held_on = draw.day_between(rng, date(2026, 6, 1), NOW - timedelta(days=60))
    upto = rng.randint(0, len(steps) - 2)
    issue = book.raise_issue(rng, code, held_on - timedelta(days=20), **words)
    if any(step.held for step in steps[:upto]):
        session = book.hold(code, held_on, _party(rng))
        book.walk(issue, steps[:upto], pace(rng, steps[:upto], held_on), session)


def kunming_records(rng: Random) -> Records:
    """One session with one item in 1,466 of the units outside Guandu in 2020; every 40th walked to its end."""
    book = Book("KM")
    there = [
        row
        for row in kunming.kinds(Random(kunming.KINDS_SEED), places.village_level("kunming"))
        if row.start <= kunming.SHOWN
        and (row.end is None or row.end > kunming.SHOWN)
        and not row.code.startswith(guandu.AUTHORITY[:6])
    ]
    for position, row in enumerate(sorted(rng.sample(there, KUNMING_COVERED), key=lambda row: row.code)):
        village = row.kind == "village"
        session = book.hold(
            row.code, draw.day_between(rng, date(2020, 5, 1), date(2020, 12, 1)), _party(rng, walks.body(village))
        )
        steps = walks.four(rng, village)
        _item(rng, book, session, steps if position % 40 == 0 else steps[:1])
    return book.records()


def longwan_records(rng: Random) -> Records:
    """One or two sessions in each of the 78 units in November and December 2021, and some refusals at the screening."""
    book = Book("LW")
    for unit in longwan.managed(places.system("longwan")):
        village = not unit.is_community
        for _ in range(rng.randint(1, 2)):
            held_on = draw.day_between(rng, date(2021, 11, 25), date(2021, 12, 20))
            session = book.hold(unit.code, held_on, _party(rng, walks.body(village)))
            steps = walks.five(rng, village, held_on.isoformat())
            days = pace(rng, steps, held_on)
            issue = book.raise_issue(rng, unit.code, date(2021, 11, 2))
            book.walk(issue, steps, days, session)
        if rng.random() < 0.2:
            _refusal(rng, book, unit.code, village)
        if rng.random() < 0.3:
            book.raise_issue(rng, unit.code, draw.day_between(rng, date(2026, 8, 1), NOW))
    return book.records()


def _refusal(rng: Random, book: Book, code: str, village: bool) -> None:
    """An issue of 2022 refused at the screening."""
    day = draw.day_between(rng, date(2022, 1, 10), date(2022, 6, 30))
    issue = book.raise_issue(rng, code, day)
    steps = walks.refused(village, rng.choice(("R1", "R2", "R3")))
    book.walk(issue, steps, [day + timedelta(days=gap) for gap in (2, 4, 6)], Session("", code, "", "", ""))


def frame_records(rng: Random, name: str, stem: str, count: int) -> Records:
    """Issues of 2026 under the national frame, and Changzhou's service orders."""
    book = Book(stem)
    units = [unit.code for unit in places.village_level(name) if unit.is_community]
    for code in units[:3] + rng.sample(units[3:], count):
        _open_item(rng, book, code, walks.frame(), actor="residents_committee")
    if name == "changzhou":
        for code in rng.sample(units, ORDERS):
            day = draw.day_between(rng, date(2022, 3, 1), date(2022, 11, 30))
            issue = book.raise_issue(rng, code, day, process="service_order", actor="residents_committee")
            days = [day + timedelta(days=gap) for gap in (1, 3, 9)]
            book.walk(issue, walks.order(), days, Session("", code, "", "", ""))
    return book.records()
