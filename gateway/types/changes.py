"""What happened to an issue or a payroll run: the kinds of change that subscriptions tell."""

from enum import Enum

import strawberry

from gateway.types.enums import word


@strawberry.enum(description="议题的变化 What happened to an issue")
class IssueChangeKind(Enum):
    """What happened to an issue."""

    OPENED = word("issue.opened", "已受理 It was raised")
    STEP_TAKEN = word("issue.step_taken", "办理了一步 A step was taken")
    FINISHED = word("issue.finished", "已到终态：办结、撤回、不予受理或并案 It reached a final state")


@strawberry.enum(description="发放批次的变化 What happened to a payroll run")
class PayrollRunChangeKind(Enum):
    """What happened to a payroll run."""

    STARTED = word("payroll_run.started", "开始计算 A calculation began")
    CALCULATING = word("payroll_run.calculating", "正在计算 A calculation goes on: done of total")
    CALCULATED = word("payroll_run.calculated", "计算完成 A calculation was stored")
    FAILED = word("payroll_run.failed", "计算失败，未保存任何结果 A calculation failed and stored nothing")
    CHECKED = word("payroll_run.checked", "已复核 It was checked")
    RETURNED = word("payroll_run.returned", "已退回 It was returned")
    APPROVED = word("payroll_run.approved", "已审批 It was approved")
    PAID = word("payroll_run.paid", "已发放 It was paid")
    CLOSED = word("payroll_run.closed", "已关账 It was closed")
