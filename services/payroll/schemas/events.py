"""Wire forms of what events of payroll runs carry."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.payroll.schemas.payroll_runs import RunState
from services.payroll.schemas.payslips import MonthText, RegionCode

_CALCULATING: dict[str, JsonValue] = {
    "run": "0198f0d0-8e30-7c74-9c5d-7b3f4e5d6c71", "region": "530111000000", "managed": True, "month": "2026-10",
    "state": "open", "done": 32768, "total": 41250,
}  # fmt: skip


class PayrollRunData(BaseModel):
    """Where a run stands; no sum and no name is in it, the run has them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CALCULATING]})

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
