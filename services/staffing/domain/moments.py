"""Moments: the day asked about and the instant of knowledge."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """What held on `on`, as recorded by `known_at`; None is what is known now."""

    on: date
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Which communities are meant: half-open code ranges (lo, hi), sorted; no range means nothing."""

    ranges: tuple[tuple[str, str], ...]

    def holds(self, code: str) -> bool:
        """Whether a code lies in one of the ranges."""
        return any(lo <= code < hi for lo, hi in self.ranges)

    def cut(self, own: "Area") -> "Area":
        """The part of the area inside another."""
        pairs = [(max(a, lo), min(b, hi)) for a, b in self.ranges for lo, hi in own.ranges]
        return Area(tuple(sorted((lo, hi) for lo, hi in pairs if lo < hi)))
