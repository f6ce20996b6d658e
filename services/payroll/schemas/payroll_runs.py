"""Wire forms of payroll runs."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.payroll.schemas.payslips import LineKind, MonthText, RegionCode, TextOut, Yuan
from services.runtime.paging import NextCursor, PreviousCursor, Total

RunState = Literal["open", "calculated", "checked", "approved", "paid", "closed"]


class PayrollRunIn(BaseModel):
    """A month's run for one authority (the units it manages) or one region (all units inside); give exactly one."""

    region: RegionCode | None = None
    authority: RegionCode | None = None
    month: MonthText
    known_at: datetime | None = Field(default=None, description="Rules and facts as known then; default now")

    @model_validator(mode="after")
    def _one_scope(self) -> "PayrollRunIn":
        if (self.region is None) == (self.authority is None):
            raise ValueError("give exactly one of region and authority / region 与 authority 只能给一个")
        return self


class RunFaultOut(BaseModel):
    """A worker who was not paid in this run, and why."""

    worker: UUID
    community: RegionCode
    code: str = Field(examples=["table.cell_missing"])
    message: TextOut
    details: dict[str, str] = Field(default_factory=dict)


class FaultsOfOut(BaseModel):
    """A page of one run's faults by community and worker, for a batch over many runs."""

    run: UUID
    items: list[RunFaultOut]
    next: NextCursor = None
    previous: PreviousCursor = None
    total: int = Field(description="faults of the run's present attempt / 本批次未能计薪人数")


class FaultBatchOut(BaseModel):
    """One page per run, in the order of the runs asked for; runs the caller may not see are left out."""

    runs: list[FaultsOfOut]


class LineTotalOut(BaseModel):
    """The sum of one line over all payslips of one scheme."""

    scheme: str
    code: str
    kind: LineKind
    label: TextOut
    amount: Yuan
    workers: int


class RunTotalsOut(BaseModel):
    """Sums over the run; they equal the sums of the lines."""

    gross: Yuan
    employee: Yuan
    tax: Yuan
    net: Yuan
    employer: Yuan
    employer_cost: Yuan


class PayrollRunOut(BaseModel):
    """A run: its state, its totals, its faults."""

    id: UUID
    region: RegionCode
    managed: bool = Field(description="True when the region is an authority and the run covers the units it manages")
    month: MonthText
    state: RunState
    attempt: int
    workers: int
    faulted: int
    totals: RunTotalsOut
    line_totals: list[LineTotalOut]
    checks: dict[str, int] = Field(description="How many payslips each watched condition holds for")
    faults: list[RunFaultOut]
    pack_digest: str = Field(description="The policy packs it was calculated with, which the run keeps for ever")
    known_at: datetime = Field(description="Rules and facts as known then")
    made_by: str
    made_at: datetime
    checked_by: str | None
    approved_by: str | None


class PayrollRunPageOut(BaseModel):
    """Runs, the latest month first."""

    items: list[PayrollRunOut]
    next: NextCursor = None
    previous: PreviousCursor = None
    total: Total = None
