"""Wire forms of what events of payroll runs carry."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.payroll.schemas.payroll_runs import RunState
from services.payroll.schemas.payslips import MonthText, RegionCode


class PayrollRunData(BaseModel):
    """Where a run stands; no sum and no name is in it, the run has them."""

    run: UUID
    region: RegionCode
    managed: bool = Field(description="region 是否为管理机关 / whether the region is an authority")
    month: MonthText
    state: RunState = Field(description="发生后的状态 / the state after it")
    done: int | None = Field(default=None, ge=0, description="已计算人数 / workers gone through so far")
    total: int | None = Field(default=None, ge=0, description="花名册人数 / workers on the roster")
    workers: int | None = Field(default=None, ge=0, description="有工资单的人数 / workers with a payslip")
    faulted: int | None = Field(default=None, ge=0, description="未能计算的人数 / workers without one")
    changed: bool | None = Field(
        default=None, description="重算结果是否不同 / whether calculating again came out differently"
    )
    code: str | None = Field(default=None, description="失败的原因代码 / the code of why it failed")
