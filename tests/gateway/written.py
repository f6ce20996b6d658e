"""Commands as tests write them: documents, inputs, and the payload of one."""

from typing import Any
from uuid import uuid4

import asyncpg

from tests.gateway.conftest import System, errors
from tests.gateway.register import LONGWAN

GUANDU = "530111000000"
ERRORS = "errors { code field message { zh en } citations { document quote } }"
RAISE = f"""mutation R($input: RaiseIssueInput!) {{ raiseIssue(input: $input) {{ {ERRORS}
    issue {{ id number title state sequence campaign mechanism communityCode community {{ name }} stepsDone {{ step }}
        nextSteps {{ step needs }} }} }} }}"""
STEP = f"""mutation S($input: TakeIssueStepInput!) {{ takeIssueStep(input: $input) {{ {ERRORS}
    issue {{ id state final stepsDone {{ sequence step outcome }} nextSteps {{ step }} }} }} }}"""
SESSION = f"""mutation H($input: RecordSessionInput!) {{ recordSession(input: $input) {{ {ERRORS}
    session {{ id title tier minutes heldAt recordedAt number communityCode community {{ code }}
        participants {{ kind role count }} issues {{ id state }} }} }} }}"""
PAYROLL = f"""mutation P($input: RunPayrollInput!) {{ runPayroll(input: $input) {{ {ERRORS}
    payrollRun {{ id month state workers totals {{ net }} }} }} }}"""
ON = f"""mutation O($input: TakePayrollRunStepInput!) {{ takePayrollRunStep(input: $input) {{ {ERRORS}
    payrollRun {{ id state checkedBy approvedBy }} }} }}"""


def key() -> str:
    return str(uuid4())


def topic(**changes: Any) -> dict[str, Any]:
    """An issue of Longwan."""
    return {
        "idempotencyKey": key(),
        "communityCode": LONGWAN,
        "title": "小区停车",
        "text": "车位不够",
        "channel": "wechat",
        "proposer": {"kind": "resident", "name": "某居民"},
        "at": "2026-03-01T09:00:00+08:00",
        **changes,
    }


async def do(system: System, document: str, given: dict[str, Any], bearer: str | None = None) -> Any:
    """The payload of a mutation's only root field."""
    body = await system.ask(document, {"input": given}, bearer)
    assert errors(body) == [], body
    (payload,) = body["data"].values()
    return payload


async def raised(system: System, **changes: Any) -> Any:
    payload = await do(system, RAISE, topic(**changes))
    assert payload["errors"] == []
    return payload["issue"]


def step(issue: Any, code: str, kind: str, day: int, **more: Any) -> dict[str, Any]:
    at = f"2026-03-{day:02d}T09:00:00+08:00"
    return {"idempotencyKey": key(), "issueId": issue["id"], "step": code, "actor": {"kind": kind}, "at": at, **more}


def screening(issue: Any, **more: Any) -> dict[str, Any]:
    accepted = {"committees": ["party_org", "residents_committee"], "reason": "属于协商范围", "acceptCodes": ["A1"]}
    return step(issue, "screen", "two_committees", 3, outcome="accepted", evidence=accepted, **more)


async def stepped(system: System, given: dict[str, Any]) -> Any:
    payload = await do(system, STEP, given)
    assert payload["errors"] == []
    return payload["issue"]


async def count(url: str, table: str) -> int:
    owner = await asyncpg.connect(url)
    try:
        found: int = await owner.fetchval(f"SELECT count(*) FROM {table}")
        return found
    finally:
        await owner.close()
