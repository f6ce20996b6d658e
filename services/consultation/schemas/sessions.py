"""Wire forms of sessions: one consultation activity, several items."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.consultation.schemas.issues import Evidence
from services.consultation.schemas.parts import CommunityCode, ParticipantIn, ParticipantOut, PersonIn, Tier, Wire, Word
from services.runtime.paging import NextCursor, PreviousCursor


class SessionItemIn(Wire):
    """An issue taken in the session: its step of consultation is recorded with it."""

    issue: UUID
    actor: PersonIn
    outcome: Word | None = None
    evidence: Evidence = Field(default_factory=dict, max_length=30)


class SessionIn(Wire):
    """A consultation activity that was held."""

    community: CommunityCode
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
    held_at: AwareDatetime
    tier: Tier = "community"
    participants: list[ParticipantIn] = Field(min_length=1, max_length=200)
    minutes: str = Field(default="", max_length=20_000)
    items: list[SessionItemIn] = Field(default_factory=list, max_length=100)
    number: str | None = Field(default=None, max_length=40)


class SessionOut(BaseModel):
    """A session with the issues taken in it."""

    id: UUID
    number: str
    community: str
    title: str
    held_at: datetime
    recorded_at: datetime
    tier: Tier
    participants: list[ParticipantOut]
    minutes: str
    items: list[UUID]


class SessionsOfOut(BaseModel):
    """A page of one community's sessions, the latest held first, for a batch over many."""

    community: CommunityCode
    items: list[SessionOut]
    next: NextCursor = None
    previous: PreviousCursor = None
    total: int = Field(description="sessions of the community / 该社区协商活动数")


class SessionBatchOut(BaseModel):
    """One page per community, in the order of the communities asked for."""

    communities: list[SessionsOfOut]
