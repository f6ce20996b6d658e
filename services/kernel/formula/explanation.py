"""Why a value is what it is: the rule, its formula and sentences, and the values it was made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from services.kernel.policy import Citation, Text

Value = Fraction | bool | str | date


def write(value: Value, unit: str = "") -> str:
    """A value as text: yuan of whole fen with two decimals, finite decimals in full, other fractions as n/d."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str) else _decimal(value, 2 if unit == "yuan" else 0)


def _decimal(value: Fraction, least: int) -> str:
    places, rest = least, value.denominator
    while rest % 2 == 0:
        rest //= 2
    while rest % 5 == 0:
        rest //= 5
    if rest > 1:
        return f"{value.numerator}/{value.denominator}"
    while value.denominator and 10**places % value.denominator:
        places += 1
    whole, part = divmod(abs(value.numerator) * 10**places // value.denominator, 10**places)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One value with its name, and for a rule: its formula, pack, sentences, reading, and the inputs it used."""

    name: str
    label: Text
    value: Value
    unit: str = ""
    formula: str = ""
    rule: str | None = None
    pack: str | None = None
    citations: tuple[Citation, ...] = ()
    reading: str | None = None
    qualifier: str | None = None
    inputs: tuple["Explanation", ...] = ()

    @property
    def text(self) -> str:
        """The value as text."""
        return write(self.value, self.unit)

    def walk(self) -> Iterator["Explanation"]:
        """This explanation and all beneath it."""
        yield self
        for each in self.inputs:
            yield from each.walk()

    @property
    def readings_used(self) -> dict[str, str]:
        """The reading used of every ambiguous rule beneath, by rule."""
        return {each.rule: each.reading for each in self.walk() if each.rule and each.reading}

    @property
    def all_citations(self) -> tuple[Citation, ...]:
        """Every sentence beneath, once, nearest first."""
        return tuple(dict.fromkeys(citation for each in self.walk() for citation in each.citations))

    def to_dict(self) -> dict[str, Any]:
        """The explanation in JSON's types."""
        return {
            "name": self.name,
            "label": self.label.to_dict(),
            "value": self.text,
            "unit": self.unit,
            "formula": self.formula,
            "rule": self.rule,
            "pack": self.pack,
            "reading": self.reading,
            "qualifier": self.qualifier,
            "citations": [citation.to_dict() for citation in self.citations],
            "inputs": [each.to_dict() for each in self.inputs],
        }
