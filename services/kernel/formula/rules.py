"""A rule of a pack as written: versions in time, readings, formulas, tables and bands with the line each stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.kernel.policy import Citation, Status, Text


@dataclass(frozen=True, slots=True)
class Source:
    """Where in a pack something is written: file and line, lines from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula's text and place."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a table: its text, its place, and the citations it has beyond its rule's (a supplement's)."""

    text: str
    source: Source
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by one key or several: `by` are formulas, a cell's key has one text per formula."""

    by: tuple[Formula, ...]
    cells: Mapping[tuple[str, ...], Cell]
    source: Source


@dataclass(frozen=True, slots=True)
class Band:
    """A row of bands: its limit (None = no limit), whether the limit is still in the band, its figures."""

    limit: Formula | None
    inclusive: bool
    figures: Mapping[str, Formula]


@dataclass(frozen=True, slots=True)
class Bands:
    """Figures by the first band that holds the value of `by`."""

    by: Formula
    rows: tuple[Band, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Body:
    """What a version says: named outputs by formula, a table (output `amount`), bands, a guard."""

    outputs: Mapping[str, Formula] = field(default_factory=dict)
    when: Formula | None = None
    table: Table | None = None
    bands: Bands | None = None
    data: Any = None
    note: Text | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs, in the order written; `applies` last where there is a guard."""
        names = ["amount"] if self.table else []
        names += self.bands.rows[0].figures if self.bands else ()
        names += self.outputs
        names += ["applies"] if self.when else ()
        return tuple(names)


@dataclass(frozen=True)
class Version:
    """A rule in force from `start` to before `end`, known since `known`, as one pack has it.

    `at_latest`: in force at the latest from `start`, the true first day being unpublished. `readings` are other
    wordings of the body by name, `reading` the one in use. `extra` keeps free keys (basis, period, standing, ...).
    """

    rule: str
    pack: str
    section: str
    start: date
    end: date | None
    known: date
    cite: tuple[Citation, ...]
    body: Body
    source: Source
    at_latest: bool = False
    status: Status = "in_force"
    qualifier: str | None = None
    note: Text | None = None
    label: Text | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Body] = field(default_factory=dict)
    reading: str | None = None
    absent: Text | None = None
    inherit: bool = True
    supplement: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spoken(self) -> Body:
        """The body under the reading in use: the reading's parts in place of the version's own."""
        own, other = self.body, self.readings.get(self.reading or "")
        if other is None:
            return own
        return Body(
            outputs={**own.outputs, **other.outputs},
            when=other.when or own.when,
            table=other.table or own.table,
            bands=other.bands or own.bands,
            data=own.data if other.data is None else other.data,
            note=other.note or own.note,
        )

    def unit_of(self, output: str) -> str | None:
        """The unit declared for an output: its own, else by its name's ending, else the version's; None: undeclared."""
        if output in self.units:
            return self.units[output]
        ending = output.rpartition("_")[2]
        return ENDINGS.get(ending, self.units.get("*"))


ENDINGS = {"yuan": "yuan", "sqm": "sqm", "years": "years", "months": "months", "days": "days", "ratio": ""}
