"""Wire forms of a procedure: the ordered steps in force for a community on a day, each with its citation."""

from datetime import date

from pydantic import BaseModel, Field

from services.consultation.schemas.parts import CitationOut, TextOut


class StepOut(BaseModel):
    """One step of a procedure."""

    code: str
    stage: int | None
    name: TextOut
    from_states: list[str]
    to_states: dict[str, str] = Field(description="state reached, by outcome; a single step has the outcome ''")
    actors: list[str]
    needs: list[str]
    guards: list[str]
    requires: list[str]
    optional: bool
    side: bool
    deadline: dict[str, int | str] | None = Field(description="null: no deadline is published")
    basis: str = Field(description="document, or practice where the document names no such step")
    citations: list[CitationOut]


class RoleOut(BaseModel):
    """A role in a session and the kinds of participants that fill it."""

    role: str
    name: TextOut
    kinds: list[str]
    required: bool


class NamedOut(BaseModel):
    """A code with its words: a channel, a state, a test."""

    code: str
    name: TextOut


class ScreeningOut(BaseModel):
    """The screening rule; `accept` and `reject` are null when their wording is unpublished."""

    name: TextOut
    decided_by: str
    accept: list[NamedOut] | None
    reject: list[NamedOut] | None
    unpublished: TextOut | None
    citations: list[CitationOut]


class ProcedureOut(BaseModel):
    """What a community follows on a day, and whose rule it is."""

    code: str
    name: TextOut
    pack: str = Field(description="the pack the procedure comes from; `national` when nothing nearer is published")
    city_pack: str = Field(description="the pack of the community itself")
    inherited: bool
    start: date
    digest: str
    steps: list[StepOut]
    states: list[NamedOut]
    final_states: list[str]
    channels: list[NamedOut]
    participant_pattern: str
    roles: list[RoleOut]
    screening: ScreeningOut | None
    absent: list[str] = Field(description="what no document publishes, by name")
    citations: list[CitationOut]
