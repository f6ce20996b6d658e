"""Managements: which authority runs which units, whatever the code tree says."""

from dataclasses import dataclass
from datetime import date

from services.kernel.region import subtree
from services.staffing.domain.moments import Area


@dataclass(frozen=True, slots=True)
class Management:
    """An authority runs `unit` and everything below it from `start` until `end` (exclusive, None = open)."""

    authority: str
    unit: str
    start: date
    end: date | None
    source: str


def managed_area(authority: str, managements: list[Management]) -> Area:
    """The code ranges an authority runs; one without any recorded relation runs its own subtree."""
    units = [management.unit for management in managements] or [authority]
    return Area(tuple(sorted(subtree(unit) for unit in units)))
