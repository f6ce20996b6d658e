"""The rows the demo's generators make, one dataclass per staffing import, and their CSV text."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

SYNTHETIC = "synthetic"
SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class Community:
    """A village-level unit with one kind from `start` (in) to `end` (out); a converted village takes two rows."""

    code: str
    name: str
    kind: str
    unit_type: str
    urban_rural: str
    start: date
    end: date | None = None
    provenance: str = SYNTHETIC
    source: str = SOURCE


@dataclass(frozen=True, slots=True)
class Management:
    """An authority manages every community under `unit` (county, street or community code) from `start`."""

    authority: str
    unit: str
    start: date
    end: date | None = None
    source: str = SOURCE


@dataclass(frozen=True, slots=True)
class Measure:
    """Households and residents of one community from `start` until the next row; villages have no urban residents."""

    community: str
    start: date
    resident_households: int
    registered_households: int
    resident_population: int
    urban_residents: int | None = None
    provenance: str = SYNTHETIC
    source: str = SOURCE


@dataclass(frozen=True, slots=True)
class Worker:
    """A community worker with one employment."""

    number: str
    name: str
    sex: str
    birth_on: date
    education: str
    category: str
    entry_route: str
    community: str
    hired_on: date
    left_on: date | None = None
    urban: bool = True
    in_state_establishment: bool = False
    part_time: bool = False
    subsidised: bool = True
    provenance: str = SYNTHETIC
    source: str = SOURCE


@dataclass(frozen=True, slots=True)
class Appointment:
    """A post held in a community; one person may hold two (secretary and director: both posts)."""

    worker: str
    community: str
    post: str
    full_time: bool
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Grading:
    """The pay tier and step of a worker from `start`."""

    worker: str
    tier: str
    step: int
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A social-work certificate and the day it was issued."""

    worker: str
    level: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Membership:
    """A seat in a community's party organisation or committee."""

    worker: str
    community: str
    body: str
    role: str
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """Everything generated for one system; each tuple is one import."""

    communities: tuple[Community, ...] = ()
    managements: tuple[Management, ...] = ()
    measures: tuple[Measure, ...] = ()
    workers: tuple[Worker, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    gradings: tuple[Grading, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    memberships: tuple[Membership, ...] = ()

    def joined(self, other: "Register") -> "Register":
        """Both registers, this one's rows first."""
        return Register(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def csv_text(rows: Iterable[object]) -> str:
    """CSV with a header line of the field names, LF ends; empty rows give an empty text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, row in enumerate(rows):
        names = [f.name for f in fields(row)]  # type: ignore[arg-type]
        if number == 0:
            writer.writerow(names)
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return out.getvalue()
