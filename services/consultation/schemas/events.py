"""Wire forms of what events of consultation carry."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.consultation.schemas.parts import CommunityCode, Tier


class IssueStepData(BaseModel):
    """A step of an issue, its opening and its end included; names are not in it, the issue has them."""

    issue: UUID
    community: CommunityCode
    sequence: int = Field(ge=1, description="第几步，从1起 / which of the issue's steps it is, from 1")
    step: str = Field(examples=["screen"])
    outcome: str | None = Field(examples=["accepted"])
    from_state: str | None = Field(description="开启时为空 / null for the opening")
    to_state: str
    tier: Tier
    final: bool = Field(description="此后是否不再有步骤 / whether no step follows")
    at: AwareDatetime = Field(description="发生时间 / when it happened")


class SessionRecordedData(BaseModel):
    """A session was recorded; each issue taken in it has an event of its own."""

    session: UUID
    community: CommunityCode
    held_at: AwareDatetime


class ImportedData(BaseModel):
    """A file was imported; each step of an issue in it has an event of its own, before this one."""

    kind: Literal["issues", "sessions", "issue_events"]
    accepted: int
    rejected: int
    digest: str
