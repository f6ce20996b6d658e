"""The events of consultation: their catalogue, and GET /v1/events."""

from services.consultation.schemas.events import ImportedData, IssueStepData, SessionRecordedData
from services.runtime.events_api import Kind, events_router

KINDS = (
    Kind("issue.opened", IssueStepData, "议题已受理", "an issue was raised"),
    Kind("issue.step_taken", IssueStepData, "议题办理了一步", "a step of an issue was taken"),
    Kind(
        "issue.finished",
        IssueStepData,
        "议题已到终态：办结、撤回、不予受理或并案",
        "an issue reached a final state: closed, withdrawn, refused or merged",
    ),
    Kind("session.recorded", SessionRecordedData, "登记了一次协商活动", "a session was recorded"),
    Kind("consultation.imported", ImportedData, "导入了一份文件", "a file was imported"),
)
router = events_router("consultation.read", KINDS)
