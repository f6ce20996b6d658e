"""The figures of a region and a period: counted from events, then put through the pack's own formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain import statistics as figures
from services.consultation.domain.procedures import Procedure
from services.consultation.domain.statistics import Counts, Coverage
from services.consultation.domain.vocabulary import VOCABULARY
from services.consultation.storage import statistics as storage
from services.consultation.usecases import procedures
from services.kernel import region
from services.kernel.formula.ruleset import Ruleset
from services.kernel.policy import BEIJING, Citation
from services.runtime.packs import Packs

FIRST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted: a region, days (both in), what was known when, the units (then only these), readings by rule."""

    region: str
    end: date
    start: date | None = None
    known_at: datetime | None = None
    units: Sequence[str] = ()
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with both its numbers; `percent` is None when there is nothing to divide by."""

    rule: str
    pack: str
    numerator: int
    denominator: int
    percent: str | None
    reached: bool | None
    reading: str | None
    explanation: Mapping[str, Any] | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of what was asked."""

    pack: str
    counts: Counts
    coverage: Coverage
    rates: Mapping[str, Rate]


async def count(session: AsyncSession, packs: Packs, asked: Asked) -> Figures:
    """Counts, coverage, and every rate that the region's packs define."""
    pack = packs.for_region(asked.region)
    counts = await storage.count(session, span(asked))
    covered = figures.coverage(counts, asked.units)
    ruleset = packs.ruleset(
        pack,
        section=procedures.SECTION,
        vocabulary=VOCABULARY,
        on=asked.end,
        known_at=asked.known_at,
        readings={rule: reading for rule, reading in asked.readings.items() if rule in figures.RATES},
    )
    found = figures.facts(counts, covered)
    rates = {rule: _rate(ruleset, rule, found) for rule in figures.RATES if ruleset.has(rule)}
    return Figures(pack, counts, covered, rates)


async def open_items(
    session: AsyncSession, packs: Packs, asked: Asked, wanted: storage.Wanted
) -> list[tuple[storage.Lacking, Procedure]]:
    """Issues that lack a mark on the last day, each with its procedure, the oldest first."""
    rows = await storage.lacking(session, span(asked), wanted)
    pinned = await procedures.pinned(session, packs, {row.procedure for row in rows})
    return [(row, pinned[row.procedure]) for row in rows]


def span(asked: Asked) -> storage.Span:
    """The instants of the days asked for, in Beijing."""
    lo, hi = region.subtree(region.parse(asked.region))
    return storage.Span(
        lo=lo,
        hi=hi,
        since=datetime.combine(asked.start or FIRST, time.min, BEIJING),
        until=datetime.combine(asked.end + timedelta(days=1), time.min, BEIJING),
        known_at=asked.known_at or datetime.max.replace(tzinfo=UTC),
        units=tuple(asked.units),
    )


def _rate(ruleset: Ruleset, rule: str, found: Mapping[str, int]) -> Rate:
    version = ruleset.version(rule)
    numerator, denominator = figures.pair(rule, version.reading, found)
    explained = ruleset.explain(rule, found, "percent") if denominator else None
    has_threshold = "reached" in ruleset.outputs(rule)
    return Rate(
        rule=rule,
        pack=version.pack,
        numerator=numerator,
        denominator=denominator,
        percent=str(explained.to_dict()["value"]) if explained else None,
        reached=bool(ruleset.value(rule, found, "reached")) if has_threshold and denominator else None,
        reading=version.reading,
        explanation=explained.to_dict() if explained else None,
        citations=version.cite,
    )
