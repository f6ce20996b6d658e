"""The events of payroll: their catalogue, and GET /v1/events."""

from services.payroll.schemas.events import PayrollRunData
from services.runtime.events_api import Kind, events_router

_SAID = {
    "started": ("开始计算", "a calculation began"),
    "calculating": ("正在计算，已完成 done 人，共 total 人", "calculating: `done` of `total` workers"),
    "calculated": ("计算完成", "a calculation was stored"),
    "failed": ("计算失败，未保存任何结果", "a calculation failed and stored nothing"),
    "checked": ("已复核", "checked"),
    "returned": ("已退回", "returned for calculation"),
    "approved": ("已审批", "approved"),
    "paid": ("已发放", "paid"),
    "closed": ("已关账", "closed"),
}
KINDS = tuple(Kind(f"payroll_run.{name}", PayrollRunData, zh, en) for name, (zh, en) in _SAID.items())
router = events_router("payroll.read", KINDS)
