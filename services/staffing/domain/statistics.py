"""Statistics: shares and means that keep their numerator and denominator, printed half up."""

from dataclasses import dataclass

from services.kernel.money import half_up


def decimal_text(numerator: int, denominator: int, places: int) -> str:
    """A ratio as decimal text with `places` digits, half away from zero; the denominator must be positive."""
    scaled = half_up(numerator * 10**places, denominator)
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counted; the percentage has one decimal, half up, and is None over nothing."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> str | None:
        """The share in per cent with one decimal."""
        return decimal_text(100 * self.numerator, self.denominator, 1) if self.denominator else None


@dataclass(frozen=True, slots=True)
class Mean:
    """A total over a count; None over nothing."""

    total: int
    count: int

    def text(self, places: int) -> str | None:
        """The mean with `places` decimals, half up."""
        return decimal_text(self.total, self.count, places) if self.count else None
