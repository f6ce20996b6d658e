"""Wire forms of the calculation of one given case; nothing is stored."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.payroll.schemas.payslips import CheckOut, ExplainedLineOut, MonthText, RegionCode, TextOut, Yuan


class PayCalculationIn(BaseModel):
    """One case: where, which month, which facts; `gross` replaces the scheme's earnings by a given amount."""

    region: RegionCode
    month: MonthText
    known_at: datetime | None = None
    facts: dict[str, str | bool | int | None] = Field(
        default_factory=dict,
        max_length=80,
        examples=[{"category": "full_time_community_worker", "tier": "head", "step": 8, "certificate": "junior"}],
    )
    scheme: str | None = Field(default=None, max_length=60, description="Default: the scheme whose condition holds")
    gross: Yuan | None = None
    readings: dict[str, str] = Field(default_factory=dict, max_length=20)
    include_drafts: bool = False


class PayCalculationOut(BaseModel):
    """The lines of the case with explanations."""

    pack: str
    pack_digest: str
    month: MonthText
    scheme: str
    scheme_label: TextOut
    basis: str
    gross: Yuan
    net: Yuan
    employer_cost: Yuan
    lines: list[ExplainedLineOut]
    checks: list[CheckOut]
