"""Wire forms of a procedure: the ordered steps in force for a community on a day, each with its citation."""

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from services.consultation.schemas.issues import Evidence, Process
from services.consultation.schemas.parts import CitationOut, CommunityCode, TextOut, Wire, Word


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


class PlannedIn(Wire):
    """A step of a rehearsal."""

    step: Word
    actor: Word
    at: AwareDatetime
    outcome: Word | None = None
    evidence: Evidence = Field(default_factory=dict, max_length=30)


class RehearsalIn(Wire):
    """Steps to walk without recording them: under a community's procedure, or a pack's (another city's, to compare)."""

    community: CommunityCode | None = None
    pack: Word | None = None
    process: Process = "consultation"
    on: date
    known_at: AwareDatetime | None = None
    steps: list[PlannedIn] = Field(max_length=100)


class RehearsedOut(BaseModel):
    """A step that would be accepted."""

    sequence: int
    step: str
    name: TextOut
    from_state: str | None
    to_state: str
    tier: str
    citations: list[CitationOut]


class RefusalOut(BaseModel):
    """The step that would be refused, and why."""

    index: int
    step: str
    code: str
    message: TextOut
    details: dict[str, Any]
    citations: list[CitationOut]


class RehearsalOut(BaseModel):
    """How far the steps come."""

    procedure: str
    pack: str
    accepted: list[RehearsedOut]
    state: str | None
    refused: RefusalOut | None
    next_steps: list[str]


class VerdictIn(Wire):
    """Grounds of screening that were answered yes."""

    community: CommunityCode
    on: date
    accept_codes: list[str] = Field(default_factory=list, max_length=20)
    reject_codes: list[str] = Field(default_factory=list, max_length=20)


class GroundOut(BaseModel):
    """A ground that was met, and where else the topic may go."""

    code: str
    name: TextOut
    redirect: TextOut | None


class VerdictOut(BaseModel):
    """What the grounds answer."""

    outcome: str
    grounds: list[GroundOut]
    citations: list[CitationOut]
