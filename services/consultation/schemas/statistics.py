"""Wire forms of statistics: every number counted from events, every share with numerator, denominator and reading."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.consultation.schemas.parts import CommunityCode, RateOut, TextOut, Wire, Word


class StatisticsIn(Wire):
    """What to count; the units are the denominator of coverage."""

    region: str = Field(pattern=r"^\d{12}$", examples=["530111000000"])
    start: date | None = Field(default=None, description="first day counted; absent: from the first event")
    end: date = Field(description="last day counted")
    known_at: datetime | None = None
    units: list[CommunityCode] = Field(default_factory=list, max_length=10_000)
    readings: dict[Word, str] = Field(default_factory=dict)


class CoverageOut(BaseModel):
    """Units with at least one session, and which list was the denominator."""

    units: int
    units_with_session: int
    denominator: Literal["passed", "units_with_records"]
    without_session: list[str]


class CountOut(BaseModel):
    """How many of one kind."""

    code: str
    issues: int
    items: int
    sessions: int


class LoopOut(BaseModel):
    """Raised against closed, with the median of whole days from raising to closing."""

    raised: int
    adopted: int
    published: int
    implemented: int
    fed_back: int
    closed: int
    median_days: str | None = Field(description="decimal text; null when nothing is closed", examples=["31.5"])


class ConsultationStatisticsOut(BaseModel):
    """The consultation figures of a region and a period."""

    region: str
    pack: str
    start: date | None
    end: date
    known_at: datetime | None
    sessions: int
    items: int = Field(description="issues taken in a session of the period")
    items_implemented: int
    items_open: int
    sessions_per_unit: str | None = Field(description="decimal text, half up, two places", examples=["4.78"])
    coverage: CoverageOut
    loop: LoopOut
    rates: dict[str, RateOut]
    tiers: list[CountOut]
    channels: list[CountOut]
    campaigns: list[CountOut]
    mechanisms: list[CountOut]


class OpenItemOut(BaseModel):
    """An issue that lacks something on the last day counted."""

    id: UUID
    number: str
    community: str
    title: str
    state: str
    state_name: TextOut
    tier: str
    opened_at: datetime
    days_open: int
    days_in_state: int
    last_step: str
    reason: str | None = Field(description="what the last step gave as reason or result")
    missing: list[str] = Field(description="steps of the procedure that are still to come, in order")
    next_actors: list[str]
