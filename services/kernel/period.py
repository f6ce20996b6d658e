"""Months, half-open periods of days, and completed months and years between two days."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.errors import Malformed

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; months sort by time and print as 2026-10."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= 9999):
            raise _unreadable_month(f"{self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read 2026-10; anything else: Malformed `month.unreadable`."""
        match = _MONTH.fullmatch(text.strip())
        if match is None:
            raise _unreadable_month(text)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month of a day."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.month)[1]

    def next(self) -> "Month":
        return self.plus(1)

    def plus(self, months: int) -> "Month":
        """The month so many months later (earlier when negative)."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def _unreadable_month(text: str) -> Malformed:
    return Malformed(
        "month.unreadable",
        f"无法读作月份：{text[:20]}。请写成 2026-10",
        f"not a month: {text[:20]}; write 2026-10",
        text=text[:20],
    )


def parse_day(text: str) -> date:
    """Read 2026-10-31; anything else, also days that do not exist: Malformed `day.unreadable`."""
    stripped = text.strip()
    try:  # fromisoformat alone also reads 20261031 and week dates
        day = date.fromisoformat(stripped)
    except ValueError:
        day = None
    if day is None or day.isoformat() != stripped:
        raise Malformed(
            "day.unreadable",
            f"无法读作日期：{text[:20]}。请写成 2026-10-31",
            f"not a day: {text[:20]}; write 2026-10-31",
            text=text[:20],
        )
    return day


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to before `end`; `end` None is open. An empty or reversed period: Malformed `period.empty`."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise Malformed(
                "period.empty",
                f"期间为空：{self.start} 至 {self.end}（不含）。结束日须晚于开始日",
                f"empty period: {self.start} to before {self.end}; the end must come after the start",
                start=self.start.isoformat(),
                end=self.end.isoformat(),
            )

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read 2022-01-01/2026-01-01 (end not included) or 2022-01-01/ (open)."""
        start, _, end = text.partition("/")
        return cls(parse_day(start), parse_day(end) if end.strip() else None)

    def contains(self, day: date) -> bool:
        """Whether the day is in: the first day is, the end is not."""
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share a day."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)

    def __str__(self) -> str:
        return f"{self.start}/{self.end or ''}"


def day_number(day: date) -> int:
    """Days since 1970-01-01, as columns hold days."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day with that number of days since 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def completed_months(start: date, end: date) -> int:
    """Whole months from `start` to `end`, 0 when `end` is before `start`.

    Complete ON the same day of the month; where the month has no such day, on its last (Civil Code art. 202).
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    last = calendar.monthrange(end.year, end.month)[1]
    return max(months - (end.day < min(start.day, last)), 0)


def completed_years(start: date, end: date) -> int:
    """Whole years from `start` to `end`, 0 when `end` is before `start`.

    Complete ON the anniversary; 29 February counts to the 28th in a common year (Civil Code art. 202).
    """
    return completed_months(start, end) // 12


def completed_months_column(start: NDArray[Any] | int, end: NDArray[Any] | int) -> NDArray[np.int64]:
    """`completed_months` over days since 1970-01-01; arrays or single days, of any integer type."""
    first, last = _calendar(start), _calendar(end)
    short = last[1] < np.minimum(first[1], last[2])
    months: NDArray[np.int64] = np.maximum(last[0] - first[0] - short, 0)
    return months


def completed_years_column(start: NDArray[Any] | int, end: NDArray[Any] | int) -> NDArray[np.int64]:
    """`completed_years` over days since 1970-01-01; arrays or single days, of any integer type."""
    return completed_months_column(start, end) // 12


def _calendar(days: NDArray[Any] | int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Months since 1970-01, day of the month, and length of the month."""
    numbers = np.asarray(days, dtype=np.int64)
    months = numbers.astype("datetime64[D]").astype("datetime64[M]")
    firsts = months.astype("datetime64[D]").astype(np.int64)
    lengths = (months + 1).astype("datetime64[D]").astype(np.int64) - firsts
    return months.astype(np.int64), numbers - firsts + 1, lengths
