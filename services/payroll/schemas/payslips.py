"""Wire forms of payslips; money is a decimal string in yuan, a month is 2026-10."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Yuan = Annotated[str, Field(pattern=r"^-?\d{1,9}\.\d{2}$", max_length=13, examples=["5213.40"])]
MonthText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", max_length=7, examples=["2026-10"])]
RegionCode = Annotated[str, Field(pattern=r"^[1-9]\d{11}$", max_length=12, examples=["530111002001"])]
LineKind = Literal["earning", "employee", "tax", "employer", "memo"]


class TextOut(BaseModel):
    """Words in the two languages."""

    zh: str
    en: str


class PayLineOut(BaseModel):
    """One line of a payslip, in the scheme's order."""

    code: str = Field(examples=["pension_employee"])
    kind: LineKind
    label: TextOut
    amount: Yuan


class PayslipOut(BaseModel):
    """One worker's pay of one month: gross = earnings; net = gross - employee - tax; cost = gross + employer."""

    id: UUID
    worker: UUID
    community: RegionCode
    month: MonthText
    run: UUID
    state: str = Field(description="State of the run that made the slip", examples=["approved"])
    scheme: str = Field(examples=["four_tiers"])
    scheme_label: TextOut
    basis: str = Field(description="What the scheme's figures contain", examples=["incl_five_insurances"])
    gross: Yuan
    net: Yuan
    employer_cost: Yuan
    lines: list[PayLineOut]


class PayslipPageOut(BaseModel):
    """Payslips in the order of worker and month; `next` asks for the following page."""

    items: list[PayslipOut]
    next: str | None = None


class ExplainedLineOut(PayLineOut):
    """A line with the tree that leads from its amount to facts and cited sentences."""

    explanation: dict[str, Any]


class CheckOut(BaseModel):
    """A condition the scheme watches (for example a published top), and whether it holds."""

    code: str
    label: TextOut
    holds: bool


class PayslipExplanationOut(BaseModel):
    """A stored payslip re-derived from its facts and the rules of its pack digest; `matches` compares every line."""

    model_config = ConfigDict(json_schema_extra={"description": "Explained lines of one payslip"})

    id: UUID
    worker: UUID
    month: MonthText
    scheme: str
    pack: str
    pack_digest: str
    known_on: str
    matches: bool
    facts: dict[str, str | bool | None]
    lines: list[ExplainedLineOut]
    checks: list[CheckOut]


class PayslipRefusalOut(BaseModel):
    """Why one payslip of several cannot be explained: what asking for it alone would answer."""

    id: UUID
    status: int = Field(examples=[404])
    code: str = Field(examples=["pack_snapshot.not_found"])
    message: TextOut


class PayslipExplanationsOut(BaseModel):
    """Explained payslips in the order asked for; those the caller may not see are in neither list."""

    items: list[PayslipExplanationOut]
    refused: list[PayslipRefusalOut]
