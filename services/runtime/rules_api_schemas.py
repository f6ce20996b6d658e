"""Wire forms of packs, documents, rules and their evaluation."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.formula.rules import Body, Version
from services.kernel.formula.vocabulary import Fact
from services.kernel.policy import Text


class TextOut(BaseModel):
    """Words in Chinese and English."""

    zh: str
    en: str


class PackOut(BaseModel):
    """A policy pack: its region, its name, and the packs it inherits from, the nearest first."""

    name: str = Field(examples=["guandu"])
    region: str = Field(examples=["530111000000"])
    title: TextOut
    chain: list[str] = Field(examples=[["guandu", "kunming", "national"]])
    sections: list[str]


class PacksOut(BaseModel):
    """Every pack, and the SHA-256 of all their files."""

    items: list[PackOut]
    digest: str


class DocumentOut(BaseModel):
    """A source document."""

    id: str = Field(examples=["changzhou-2022"])
    title: str
    issuer: str
    doc_no: str
    kind: str
    status: str
    issued: date | None
    published: date | None
    known: date | None
    source: str
    evidence: str
    seen: bool
    supersedes: list[str]
    synthetic: bool
    note: str


class DocumentsOut(BaseModel):
    """The documents of a pack."""

    items: list[DocumentOut]


class CitationOut(BaseModel):
    """The sentence a figure rests on."""

    document: str
    title: str
    doc_no: str
    at: str
    quote: str
    status: str
    synthetic: bool


class ReadingOut(BaseModel):
    """One reading of an ambiguous sentence."""

    note: TextOut | None
    outputs: dict[str, str] = Field(examples=[{"posts": "ceil(resident_households / 250)"}])


class VersionOut(BaseModel):
    """A version of a rule: in force from `start` to before `end`, known since `known`."""

    rule: str
    section: str
    pack: str
    in_force: bool
    start: date
    end: date | None
    at_latest: bool = Field(description="in force at the latest from `start`; the true first day is unpublished")
    known: date
    status: str
    qualifier: str | None
    label: TextOut | None
    note: TextOut | None
    absent: TextOut | None
    supplement: bool
    outputs: dict[str, str]
    readings: dict[str, ReadingOut]
    reading: str | None
    cite: list[CitationOut]
    source: str = Field(examples=["policies/changzhou/staffing.yaml:3"])
    raw: dict[str, Any]


class FactOut(BaseModel):
    """A fact a rule may ask for."""

    name: str
    kind: str
    unit: str
    label: TextOut
    symbols: list[str]


class AbsenceOut(BaseModel):
    """Why there is no rule, or no value."""

    code: str = Field(examples=["rule.start_unknown"])
    message: TextOut
    citations: list[CitationOut]


class RuleOut(BaseModel):
    """A rule with its versions, the one in force first."""

    rule: str
    section: str
    pack: str
    in_force: bool
    absence: AbsenceOut | None
    facts: list[FactOut]
    versions: list[VersionOut]


class RuleLineOut(BaseModel):
    """A rule in a list."""

    rule: str
    section: str
    in_force: bool
    pack: str | None = Field(description="the pack whose version is in force: the nearest")
    label: TextOut | None
    outputs: list[str]
    absence: AbsenceOut | None


class RulesOut(BaseModel):
    """The rules of a pack on a day."""

    items: list[RuleLineOut]


class ExplanationOut(BaseModel):
    """A value with its name, formula, sentences and inputs."""

    name: str
    label: TextOut
    value: str
    unit: str
    formula: str
    rule: str | None
    pack: str | None
    reading: str | None
    qualifier: str | None
    citations: list[CitationOut]
    inputs: list["ExplanationOut"]


class OutputOut(BaseModel):
    """One output: its exact value as text with its explanation, or why there is none."""

    value: str | None = Field(examples=["13"])
    unit: str | None = Field(examples=["posts"])
    explanation: ExplanationOut | None
    absence: AbsenceOut | None = None


class EvaluationOut(BaseModel):
    """A rule's outputs for one case, the readings used, and every sentence beneath."""

    rule: str
    section: str
    pack: str
    on: date
    digest: str
    outputs: dict[str, OutputOut]
    readings_used: dict[str, str]
    citations: list[CitationOut]


class EvaluationIn(BaseModel):
    """A question to a rule: the day, what was known, the facts of the case, readings, drafts.

    Numbers are in the unit of the fact (yuan, not fen), as JSON numbers or decimal text; days as ISO text.
    """

    model_config = ConfigDict(extra="forbid")

    section: str | None = Field(None, examples=["staffing"])
    on: date | None = Field(None, description="today in Beijing unless given", examples=["2022-07-01"])
    known_at: datetime | date | None = None
    facts: dict[str, bool | int | Decimal | str | None] = Field({}, examples=[{"resident_households": 3250}])
    readings: dict[str, str] = Field({}, examples=[{"staffing_norm": "ceil"}])
    include_drafts: bool = False
    supplements: bool = True
    outputs: list[str] | None = Field(None, description="all unless given; those asked for by name must succeed")


def version_out(version: Version, *, in_force: bool) -> dict[str, Any]:
    """A version in JSON's types."""
    return {
        "rule": version.rule,
        "section": version.section,
        "pack": version.pack,
        "in_force": in_force,
        "start": version.start,
        "end": version.end,
        "at_latest": version.at_latest,
        "known": version.known,
        "status": version.status,
        "qualifier": version.qualifier,
        "label": text_out(version.label),
        "note": text_out(version.note),
        "absent": text_out(version.absent),
        "supplement": version.supplement,
        "outputs": formulas(version.spoken),
        "readings": {
            name: {"note": text_out(body.note), "outputs": formulas(body)} for name, body in version.readings.items()
        },
        "reading": version.reading,
        "cite": [citation.to_dict() for citation in version.cite],
        "source": str(version.source),
        "raw": version.raw,
    }


def formulas(body: Body) -> dict[str, str]:
    """Each output's formula as text; figures of tables and bands by what they are keyed."""
    found = {"amount": f"table by {', '.join(each.text for each in body.table.by)}"} if body.table else {}
    if body.bands:
        found |= dict.fromkeys(body.bands.rows[0].figures, f"bands by {body.bands.by.text}")
    found |= {name: formula.text for name, formula in body.outputs.items()}
    return found | ({"applies": body.when.text} if body.when else {})


def fact_out(fact: Fact) -> dict[str, Any]:
    """A fact in JSON's types."""
    return {"name": fact.name, "kind": fact.kind, "unit": fact.unit, "label": fact.label.to_dict(),
            "symbols": list(fact.symbols)}  # fmt: skip


def text_out(words: Text | None) -> dict[str, str] | None:
    """Words in JSON's types."""
    return words.to_dict() if words else None
