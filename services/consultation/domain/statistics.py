"""Consultation figures from counted events: rates with both their numbers, and the checks they must pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.kernel.errors import RuleViolation
from services.kernel.money import half_up

# rule of the pack -> the facts that are its numerator and denominator, by reading ("" = every other)
RATES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "consultation_rate": {"": ("units_with_session", "units"), "R2": ("issues_adopted", "issues_raised")},
    "coverage_rate": {"": ("units_with_session", "units")},
    "implementation_rate": {"": ("items_implemented", "items")},
    "closure_rate": {"": ("issues_closed", "issues_raised")},
}


@dataclass(frozen=True, slots=True)
class Loop:
    """How many issues raised in a period came to each mark by its end; `median_days` from raising to closing."""

    raised: int
    adopted: int
    published: int
    implemented: int
    fed_back: int
    closed: int
    median_days: Decimal | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many issues, items and sessions carry one code (a tier, a channel, a campaign, a mechanism)."""

    code: str
    issues: int
    items: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in a region and a period. An item is an issue taken in a session of the period."""

    sessions: int
    items: int
    items_implemented: int
    communities_with_session: tuple[str, ...]
    communities_with_records: tuple[str, ...]
    loop: Loop
    tallies: Mapping[str, Sequence[Tally]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Units with a session over units, and the units without; `denominator` says which list of units it was."""

    units: int
    units_with_session: int
    denominator: str
    without_session: tuple[str, ...]


def coverage(counts: Counts, units: Sequence[str]) -> Coverage:
    """Coverage over the units passed, else over the units that have any record (an issue or a session)."""
    among = sorted(set(units) or set(counts.communities_with_records))
    held = set(counts.communities_with_session)
    without = tuple(unit for unit in among if unit not in held)
    return Coverage(
        units=len(among),
        units_with_session=len(among) - len(without),
        denominator="passed" if units else "units_with_records",
        without_session=without,
    )


def facts(counts: Counts, covered: Coverage) -> dict[str, int]:
    """The counts as the facts of the vocabulary; RuleViolation `statistics.inconsistent` when parts exceed wholes."""
    found = {
        "units": covered.units,
        "units_with_session": covered.units_with_session,
        "sessions": counts.sessions,
        "items": counts.items,
        "items_implemented": counts.items_implemented,
        "issues_raised": counts.loop.raised,
        "issues_adopted": counts.loop.adopted,
        "issues_closed": counts.loop.closed,
    }
    for pairs in RATES.values():
        for part, whole in pairs.values():
            if found[part] > found[whole]:
                raise RuleViolation(
                    "statistics.inconsistent",
                    f"{part}（{found[part]}）大于{whole}（{found[whole]}），数据有误，请核查登记",
                    f"{part} ({found[part]}) exceeds {whole} ({found[whole]}): look into the records",
                    part=part,
                    whole=whole,
                )
    return found


def pair(rule: str, reading: str | None, found: Mapping[str, int]) -> tuple[int, int]:
    """Numerator and denominator of a rate under a reading."""
    pairs = RATES[rule]
    part, whole = pairs.get(reading or "", pairs[""])
    return found[part], found[whole]


def mean(total: int, count: int) -> str | None:
    """Total over count as decimal text with two places, half away from zero; None when the count is 0."""
    if count == 0:
        return None
    hundredths = half_up(total * 100, count)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
