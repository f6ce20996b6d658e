"""Rulesets of a few lines, written without a pack."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kernel.formula.rules import Band, Bands, Body, Cell, Formula, Source, Table, Version
from services.kernel.formula.ruleset import Ruleset
from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.kernel.policy import Citation, Document

HERE = Source("test.yaml", 7)
DOCUMENT = Document("doc", "A document", doc_no="No. 1")
FACTS = (
    Fact("a", low=0, high=1000, unit="households", zh="甲", en="A"),
    Fact("b", low=-50, high=50, unit="persons"),
    Fact("base", unit="yuan", scale=100, high=10**8),
    Fact("area", unit="sqm"),
    Fact("step", low=1, high=17),
    Fact("urban", kind="flag"),
    Fact("cert", kind="symbol", symbols=("none", "junior", "senior")),
    Fact("tier", kind="symbol", symbols=("head", "staff")),
    Fact("hired_on", kind="day"),
    Fact("as_of", kind="day"),
    Fact("service", unit="years", high=60),
)
VOCABULARY = Vocabulary(FACTS)


def formula(text: str) -> Formula:
    return Formula(text, HERE)


def table(by: str, **cells: str) -> Table:
    keys = tuple(formula(each) for each in by.split(", "))
    return Table(keys, {tuple(key.split("__")): Cell(text, HERE) for key, text in cells.items()}, HERE)


def bands(by: str, *rows: tuple[str | None, bool, Mapping[str, str]]) -> Bands:
    made = [
        Band(formula(limit) if limit else None, inclusive, {key: formula(each) for key, each in figures.items()})
        for limit, inclusive, figures in rows
    ]
    return Bands(formula(by), tuple(made), HERE)


def body(**parts: Any) -> Body:
    known = {key: parts.pop(key) for key in ("table", "bands") if key in parts}
    when = parts.pop("when", None)
    outputs = {key: formula(text) for key, text in parts.items()}
    return Body(outputs, formula(when) if when else None, **known)


def version(rule: str, said: Body, **extra: Any) -> Version:
    cite = (Citation(DOCUMENT, "art. 1", f"about {rule}"),)
    unit = extra.pop("unit", None)
    units = {"*": unit} if isinstance(unit, str) else unit or {}
    return Version(
        rule, "town", "staffing", date(2020, 1, 1), None, date(2020, 1, 1), cite, said, HERE, units=units, **extra
    )


def ruleset(*versions: Version, absences: Mapping[str, Any] | None = None) -> Ruleset:
    return Ruleset(
        "town", "staffing", date(2022, 1, 1), VOCABULARY, {each.rule: each for each in versions}, absences or {}
    )


def rules(**formulas: str) -> Ruleset:
    """One-output rules by name."""
    return ruleset(*(version(name, body(amount=text)) for name, text in formulas.items()))
