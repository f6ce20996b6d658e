"""Wire forms of issues: raising one, taking a step, and what is answered."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.consultation.schemas.parts import (
    CitationOut,
    CommunityCode,
    PersonIn,
    PersonOut,
    TextOut,
    Tier,
    Wire,
    Word,
)
from services.runtime.paging import NextCursor, PreviousCursor

Process = Literal["consultation", "service_order"]
Evidence = dict[Word, Any]


class IssueIn(Wire):
    """An issue raised in a community; it is opened by the first step of the community's procedure."""

    community: CommunityCode
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    channel: Word | None = Field(default=None, description="how it was raised / 征集渠道", examples=["qr"])
    proposer: PersonIn
    actor: Word | None = Field(default=None, description="kind of the one who opens it; the proposer's when absent")
    at: AwareDatetime = Field(description="when it was raised / 提出时间", examples=["2022-09-01T09:00:00+08:00"])
    process: Process = "consultation"
    campaign: Word | None = None
    mechanism: Word | None = None
    number: str | None = Field(default=None, max_length=40, description="receipt number; made when absent / 受理编号")


class StepIn(Wire):
    """One step of an issue: who did what, when, with which evidence."""

    step: Word = Field(examples=["screen"])
    actor: PersonIn
    at: AwareDatetime
    outcome: Word | None = Field(default=None, description="for a step with outcomes", examples=["accepted"])
    evidence: Evidence = Field(default_factory=dict, max_length=30)
    session: UUID | None = Field(default=None, description="the session in which it happened; gives the participants")


class ProcedureRefOut(BaseModel):
    """The procedure version pinned on the issue when it was opened."""

    code: str
    name: TextOut
    pack: str
    start: date
    digest: str


class IssueOut(BaseModel):
    """An issue as it stands."""

    id: UUID
    number: str
    community: str
    process: Process
    title: str
    text: str
    channel: str | None
    state: str
    state_name: TextOut
    step: str
    step_name: TextOut
    tier: Tier
    final: bool = Field(description="closed, withdrawn or merged: no step follows")
    opened_at: datetime
    updated_at: datetime = Field(description="when the last step happened")
    days_open: int | None = Field(description="whole days since it was opened; null when final")
    sequence: int = Field(description="number of steps recorded; the ETag")
    campaign: str | None
    mechanism: str | None
    merged_into: UUID | None
    proposer: PersonOut
    procedure: ProcedureRefOut


class IssuePageOut(BaseModel):
    """A page of issues, the latest opened first."""

    items: list[IssueOut]
    next: NextCursor = None
    previous: PreviousCursor = None


class IssuesOfOut(IssuePageOut):
    """A page of one community's issues, for a batch over many."""

    community: CommunityCode
    total: int = Field(description="issues of the community in the states asked for / 该社区议题数")


class IssueBatchOut(BaseModel):
    """One page per community, in the order of the communities asked for."""

    communities: list[IssuesOfOut]


class EventOut(BaseModel):
    """A step that happened: append-only."""

    id: UUID
    sequence: int
    step: str
    name: TextOut
    outcome: str | None
    actor: PersonOut
    at: datetime
    recorded_at: datetime
    from_state: str | None
    to_state: str
    tier: Tier
    session: UUID | None
    evidence: dict[str, Any]
    citations: list[CitationOut]


class NextStepOut(BaseModel):
    """A step that may be taken now, by whom and with what."""

    step: str
    name: TextOut
    actors: list[str]
    needs: list[str]
    outcomes: list[str]
    side: bool
    citations: list[CitationOut]


class IssueDetailOut(IssueOut):
    """An issue with its history and what may follow."""

    steps_done: list[EventOut]
    next_steps: list[NextStepOut]
    citations: list[CitationOut]


class IssueDetailsOut(BaseModel):
    """Issues with their histories, in the order asked for."""

    items: list[IssueDetailOut]
