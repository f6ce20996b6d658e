"""The columns of consultation's imports, with the Chinese names a header may use."""

from services.consultation.domain.evidence import FIELDS
from services.runtime.imports import Column

ISSUE_COLUMNS = (
    Column("number", ("编号", "受理编号", "议题编号")),
    Column("community", ("社区代码", "区划代码")),
    Column("title", ("标题", "议题")),
    Column("text", ("内容", "议题内容")),
    Column("channel", ("渠道", "征集渠道"), required=False),
    Column("proposer_kind", ("提出人类别",)),
    Column("proposer_name", ("提出人",), required=False),
    Column("anonymous", ("匿名",), required=False),
    Column("actor", ("受理主体",), required=False),
    Column("opened_at", ("提出时间",)),
    Column("process", ("流程",), required=False),
    Column("campaign", ("专项行动",), required=False),
    Column("mechanism", ("机制",), required=False),
)

SESSION_COLUMNS = (
    Column("number", ("编号", "活动编号")),
    Column("community", ("社区代码", "区划代码")),
    Column("title", ("标题", "活动名称")),
    Column("held_at", ("时间", "活动时间")),
    Column("tier", ("层级",), required=False),
    Column("participants", ("参加主体",)),
    Column("minutes", ("纪要",), required=False),
)

CHINESE = {
    "text": "内容", "reason": "理由", "place": "地点", "form": "形式", "chair": "主持人", "means": "告知方式",
    "result": "结果", "reply": "答复", "instructions": "指导意见", "department": "部门", "location": "位置",
    "meeting_on": "会议日期", "satisfaction": "满意度", "merged_into": "并入", "committees": "两委",
    "accept_codes": "可议理由", "reject_codes": "不议理由", "participants": "参加主体", "channel": "渠道",
}  # fmt: skip
EVIDENCE = tuple(FIELDS)
LISTS = ("committees", "accept_codes", "reject_codes")

EVENT_COLUMNS = (
    Column("community", ("社区代码", "区划代码")),
    Column("issue", ("议题编号",)),
    Column("step", ("步骤",)),
    Column("actor", ("主体",)),
    Column("actor_name", ("经办人",), required=False),
    Column("at", ("办理时间",)),
    Column("outcome", ("结论",), required=False),
    Column("session", ("活动编号",), required=False),
    *(Column(name, (CHINESE[name],), required=False) for name in EVIDENCE),
)
