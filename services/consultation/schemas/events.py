"""Wire forms of what events of consultation carry."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.consultation.schemas.parts import CommunityCode, Tier

_STEP: dict[str, JsonValue] = {
    "issue": "0198f0d0-6c1e-7a52-9a3b-5f1d2c3b4a59", "community": "530111001011", "sequence": 2, "step": "screen",
    "outcome": "accepted", "from_state": "collected", "to_state": "screened", "tier": "community", "final": False,
    "at": "2026-03-02T02:00:00+00:00",
}  # fmt: skip
_SESSION: dict[str, JsonValue] = {
    "session": "0198f0d0-7d2f-7b63-8b4c-6a2e3d4c5b60", "community": "530111001011",
    "held_at": "2026-03-05T07:00:00+00:00",
}  # fmt: skip
_IMPORTED: dict[str, JsonValue] = {"kind": "issues", "accepted": 120, "rejected": 0, "digest": "cfcf79665ee5d5a1"}


class IssueStepData(BaseModel):
    """A step of an issue, its opening and its end included; names are not in it, the issue has them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STEP]})

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

    model_config = ConfigDict(json_schema_extra={"examples": [_SESSION]})

    session: UUID
    community: CommunityCode
    held_at: AwareDatetime


class ImportedData(BaseModel):
    """A file was imported; each step of an issue in it has an event of its own, before this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_IMPORTED]})

    kind: Literal["issues", "sessions", "issue_events"]
    accepted: int
    rejected: int
    digest: str
