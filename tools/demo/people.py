"""What the five registers share: numbered, obviously synthetic people, their posts, and unit rows."""

from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from tools.demo import draw, places, rows

BOOK_2016 = date(2016, 7, 31)
CENSUS = date(2020, 11, 1)
LATER_HEAD_SHARE = 0.9  # of the communities one person holds both posts, in the others two people hold one each


@dataclass(slots=True)
class Staff:
    """A growing register of people of one system; numbers run GD-0001, names 演示甲0001."""

    prefix: str
    stem: str
    width: int = 4
    workers: list[rows.Worker] = field(default_factory=list)
    appointments: list[rows.Appointment] = field(default_factory=list)
    gradings: list[rows.Grading] = field(default_factory=list)
    certificates: list[rows.Certificate] = field(default_factory=list)
    memberships: list[rows.Membership] = field(default_factory=list)

    def hire(self, worker: rows.Worker) -> rows.Worker:
        """Add a person under the next number and name; the draft's own number and name are ignored."""
        serial = f"{len(self.workers) + 1:0{self.width}d}"
        worker = replace(worker, number=f"{self.prefix}-{serial}", name=f"演示{self.stem}{serial}")
        self.workers.append(worker)
        return worker

    def appoint(self, worker: rows.Worker, *posts: str, start: date) -> None:
        """Give the person these posts in the home community; both posts are two appointments."""
        for post in posts:
            self.appointments.append(
                rows.Appointment(worker.number, worker.community, post, not worker.part_time, start, worker.left_on)
            )

    def register(
        self,
        communities: tuple[rows.Community, ...] = (),
        managements: tuple[rows.Management, ...] = (),
        measures: tuple[rows.Measure, ...] = (),
    ) -> rows.Register:
        """The people with the given places as one register."""
        return rows.Register(
            communities,
            managements,
            measures,
            tuple(self.workers),
            tuple(self.appointments),
            tuple(self.gradings),
            tuple(self.certificates),
            tuple(self.memberships),
        )


def community(unit: places.Unit, kind: str, start: date = BOOK_2016, end: date | None = None) -> rows.Community:
    """A row for a real unit; opening day and, in Kunming, the kind are synthetic."""
    return rows.Community(unit.code, unit.name, kind, unit.unit_type, unit.class_2016, start, end)


def ordinary_kind(unit: places.Unit) -> str:
    """community or village, as the code says."""
    return "community" if unit.is_community else "village"


def measure(rng: Random, unit: rows.Community | places.Unit, resident: int, registered: int) -> rows.Measure:
    """Households as given and residents at 2.0 to 2.9 per household, all of them urban in a community."""
    people = round(resident * rng.uniform(2.0, 2.9))
    urban = people if unit.unit_type.startswith("residents") else None
    return rows.Measure(unit.code, CENSUS, resident, registered, people, urban)


def spread_measure(rng: Random, unit: rows.Community | places.Unit, middle: int) -> rows.Measure:
    """Households around `middle` (half to one and a half of it), registered ones 40 % to 100 % of them."""
    resident = round(middle * rng.uniform(0.5, 1.5))
    return measure(rng, unit, resident, round(resident * rng.uniform(0.4, 1.0)))


@dataclass(frozen=True, slots=True)
class Profile:
    """What a drawn worker has in common with the others of the system."""

    category: str = "full_time_community_worker"
    entry_route: str = "openly_recruited"
    urban: bool = True
    women: float = 0.7
    college: float = 0.86


def person(rng: Random, home: str, hired_on: date, profile: Profile, left_on: date | None = None) -> rows.Worker:
    """A person of 22 to 38 years on the day of hiring; number and name are given by `Staff.hire`."""
    schooling = ("college", "bachelor", "bachelor", "master") if rng.random() < 0.6 else ("college",)
    educated = rng.random() < profile.college
    return rows.Worker(
        number="",
        name="",
        sex="female" if rng.random() < profile.women else "male",
        birth_on=draw.birthday(rng, rng.randint(22, 38), hired_on),
        education=rng.choice(schooling) if educated else "senior_secondary",
        category=profile.category,
        entry_route=profile.entry_route,
        community=home,
        hired_on=hired_on,
        left_on=left_on,
        urban=profile.urban,
    )


def head_posts(both: bool) -> tuple[tuple[str, ...], ...]:
    """The posts of the heads: one person with both, or a secretary and a director."""
    return (("secretary", "director"),) if both else (("secretary",), ("director",))


def step_for(hired_on: date, on: date, highest: int = 17) -> int:
    """The step reached on `on` at one step a completed year, from 1 up to `highest`."""
    years = on.year - hired_on.year - ((on.month, on.day) < (hired_on.month, hired_on.day))
    return max(1, min(highest, years + 1))
