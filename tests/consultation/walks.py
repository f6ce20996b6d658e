"""Short ways to say who does what when, for tests of the state machine."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.consultation.domain.issues import Act, Issue, Person, advance, start
from services.consultation.domain.procedures import Procedure
from services.kernel.policy import BEIJING

OPENED = datetime(2022, 3, 1, 9, tzinfo=BEIJING)
PARTY = [{"kind": "party_org"}, {"kind": "residents_committee", "count": 3}, {"kind": "resident", "count": 20}]
COMMITTEES = ["party_org", "residents_committee"]
EVIDENCE: Mapping[str, Any] = {
    "channel": "qr", "text": "晚上没有车位", "committees": COMMITTEES, "reason": "多数要求", "place": "党群服务中心",
    "meeting_on": "2022-03-08", "form": "议事会", "chair": "书记", "means": "公告", "participants": PARTY,
    "result": "增划车位", "reply": "已告知", "satisfaction": "satisfied", "instructions": "请再议",
    "merged_into": str(UUID(int=7)), "department": "住建局",
}  # fmt: skip


def act(procedure: Procedure, code: str, day: int = 0, *, outcome: str | None = None, **changes: Any) -> Act:
    """An act that is right in every respect, but for the changes: actor, evidence (replaced), at."""
    step = procedure.step(code)
    given = {name: EVIDENCE[name] for name in step.needs}
    at = changes.pop("at", OPENED + timedelta(days=day))
    return Act(
        id=UUID(int=day + 1),
        step=code,
        actor=Person(changes.pop("actor", min(step.actors))),
        at=at,
        recorded_at=at,
        outcome=next(iter(step.outcomes)) if outcome is None else outcome,
        evidence={**given, **changes},
    )


def opened(procedure: Procedure, **changes: Any) -> Issue:
    """An issue that was just raised."""
    raised = Issue(UUID(int=99), "N1", "330303001001", "consultation", "停车难", "晚上没有车位", "qr",
                   Person("resident", "张三"), procedure.digest)  # fmt: skip
    return start(raised, act(procedure, procedure.opening, **changes), procedure)[0]


def walked(procedure: Procedure, *codes: str) -> Issue:
    """An issue walked through steps; `screen:rejected` names an outcome."""
    issue = opened(procedure)
    for day, code in enumerate(codes, 1):
        name, _, outcome = code.partition(":")
        issue = advance(issue, act(procedure, name, day, outcome=outcome or None), procedure)[0]
    return issue
