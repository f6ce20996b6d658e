"""The facts a formula may name: kind, unit, bounds; how one value or a column of each is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

from services.kernel.errors import DomainError, Malformed
from services.kernel.period import day_number, day_of, parse_day
from services.kernel.policy import Text

Kind = Literal["number", "flag", "symbol", "day"]
FactValue = int | bool | str | date | Decimal | None

_DAY_BOUNDS = (day_number(date(1900, 1, 1)), day_number(date(2199, 12, 31)))


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about one case, which formulas may name.

    The stored value of a number is a whole number of 1/`scale` units (scale 100: stored fen, the formula sees yuan);
    `low` and `high` bound the stored value, both ends in. A symbol is stored as its position in `symbols`, a day as
    days since 1970-01-01 (bounds 1900 to 2199 unless told), a flag as 0 or 1.
    """

    name: str
    kind: Kind = "number"
    unit: str = ""
    low: int | None = None
    high: int | None = None
    scale: int = 1
    symbols: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest stored value, both allowed."""
        low, high = {
            "number": (0, 10**7), "flag": (0, 1), "symbol": (0, len(self.symbols) - 1), "day": _DAY_BOUNDS,
        }[self.kind]  # fmt: skip
        return low if self.low is None else self.low, high if self.high is None else self.high

    @property
    def label(self) -> Text:
        return Text(self.zh or self.name, self.en or self.name)

    def read(self, value: FactValue) -> int:
        """One value -> its stored number.

        A number is the stored whole number, or decimal text (or Decimal) in the formula's unit; a day is a date or
        ISO text; None is DomainError `fact.missing`; the wrong type Malformed `fact.unreadable`; outside the bounds
        Malformed `fact.out_of_range`.
        """
        if value is None:
            raise self.missing()
        stored = _READERS[self.kind](self, value)
        low, high = self.bounds
        if not low <= stored <= high:
            raise self.out_of_range()
        return stored

    def write(self, stored: int) -> Fraction | bool | str | date:
        """A stored number -> the value a formula sees."""
        if self.kind == "flag":
            return bool(stored)
        if self.kind == "symbol":
            return self.symbols[stored]
        return day_of(stored) if self.kind == "day" else Fraction(stored, self.scale)

    def missing(self) -> DomainError:
        """The fault of a case without this fact."""
        return Malformed(
            "fact.missing",
            f"缺少事实“{self.label.zh}”（{self.name}），无法计算。请补录后重算",
            f"the fact {self.label.en} ({self.name}) is missing; record it and ask again",
            fact=self.name,
        )

    def out_of_range(self) -> DomainError:
        """The fault of a case whose fact lies outside the declared bounds."""
        low, high = (_text(self, bound) for bound in self.bounds)
        return Malformed(
            "fact.out_of_range",
            f"事实“{self.label.zh}”（{self.name}）超出允许范围 {low} 至 {high}。请核对数据",
            f"the fact {self.label.en} ({self.name}) is outside {low} to {high}; check the data",
            fact=self.name,
            low=low,
            high=high,
        )

    def unreadable(self, wanted: str) -> DomainError:
        """The fault of a value of the wrong type."""
        return Malformed(
            "fact.unreadable",
            f"事实“{self.label.zh}”（{self.name}）无法读取，应为：{wanted}",
            f"the fact {self.label.en} ({self.name}) cannot be read; wanted: {wanted}",
            fact=self.name,
            wanted=wanted,
        )


def _text(fact: Fact, stored: int) -> str:
    value = fact.write(stored)
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(fact: Fact, value: FactValue) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str | Decimal):
        try:
            stored = Decimal(value) * fact.scale
            if stored == stored.to_integral_value() and abs(stored) <= 10**19:
                return int(stored)
        except InvalidOperation:
            pass
    raise fact.unreadable(f"number in 1/{fact.scale} {fact.unit}".rstrip() if fact.scale > 1 else "whole number")


def _flag(fact: Fact, value: FactValue) -> int:
    if isinstance(value, bool):
        return value
    raise fact.unreadable("true / false")


def _symbol(fact: Fact, value: FactValue) -> int:
    if isinstance(value, str) and value in fact.symbols:
        return fact.symbols.index(value)
    raise fact.unreadable(" / ".join(fact.symbols))


def _day(fact: Fact, value: FactValue) -> int:
    if isinstance(value, date):
        return day_number(value)
    if isinstance(value, str):
        return day_number(parse_day(value))
    raise fact.unreadable("2026-10-31")


_READERS = {"number": _number, "flag": _flag, "symbol": _symbol, "day": _day}


@dataclass(frozen=True)
class Vocabulary:
    """The facts the formulas of one section may name; names are unique."""

    facts: tuple[Fact, ...]

    def __post_init__(self) -> None:
        names = [fact.name for fact in self.facts]
        if len(set(names)) < len(names):
            raise ValueError(f"a fact is declared twice: {sorted(n for n in set(names) if names.count(n) > 1)}")

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def fact(self, name: str) -> Fact | None:
        """The fact of that name, or None."""
        return next((fact for fact in self.facts if fact.name == name), None)

    def has_symbol(self, name: str) -> bool:
        """Whether any fact has that symbol."""
        return any(name in fact.symbols for fact in self.facts)
