"""Commands over the real services: what they change, how they are refused, one effect under one key."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from gateway.app import create_app
from gateway.persisted import sum_of
from gateway.settings import GatewaySettings
from gateway.types.pages import global_id, parse_global_id
from tests.conftest import SettingsOf
from tests.gateway.conftest import System, errors
from tests.gateway.register import LONGWAN, MONTH, NOWHERE, SHIHUGUAN
from tests.gateway.written import (
    GUANDU,
    ON,
    PAYROLL,
    RAISE,
    STEP,
    count,
    do,
    key,
    raised,
    screening,
    step,
    topic,
)


async def test_an_issue_is_raised_and_its_payload_joins_like_a_query(written: System) -> None:
    issue = await raised(written)
    assert (issue["title"], issue["state"], issue["communityCode"]) == ("小区停车", "collected", LONGWAN)
    assert (issue["community"], issue["stepsDone"]) == ({"name": "永中社区"}, [{"step": "collect"}])
    assert "screen" in [one["step"] for one in issue["nextSteps"]]
    assert [url.path for url in written.calls] == ["/v1/issues", "/v1/communities"]
    again = await written.ask("query Q($id: ID!) { node(id: $id) { ... on Issue { title } } }", {"id": issue["id"]})
    assert again["data"]["node"] == {"title": "小区停车"}


async def test_steps_are_taken_in_order_and_a_skipped_one_is_refused_as_data(written: System) -> None:
    issue = await raised(written)
    skipped = await do(written, STEP, step(issue, "hold", "chair", 2))
    assert skipped["issue"] is None
    (refused,) = skipped["errors"]
    assert (refused["code"], refused["field"]) == ("issue.step_skipped", ["input", "step"])
    assert "不能跳步" in refused["message"]["zh"]
    assert "skipped" in refused["message"]["en"]
    assert refused["citations"]
    done = await do(written, STEP, screening(issue))
    assert done["errors"] == [], done
    assert [one["step"] for one in done["issue"]["stepsDone"]] == ["collect", "screen"]
    assert done["issue"]["state"] == "screened"
    withdrawn = await do(written, STEP, step(issue, "withdraw", "resident", 5, evidence={"reason": "已自行解决"}))
    assert (withdrawn["issue"]["final"], withdrawn["issue"]["nextSteps"]) == (True, [])
    (closed,) = (await do(written, STEP, step(issue, "plan", "residents_committee", 6)))["errors"]
    assert (closed["code"], closed["field"]) == ("issue.final", ["input", "issueId"])


GROUNDS = {"committees": ["party_org", "residents_committee"], "reason": "属于协商范围"}
NO_ISSUE = global_id("Issue", "01890000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(("changes", "code", "field"), [
    ({"actor": {"kind": "resident"}}, "issue.wrong_actor", ["actor", "kind"]),
    ({"outcome": "maybe"}, "issue.outcome_unknown", ["outcome"]),
    ({"at": "2026-02-01T00:00:00Z"}, "issue.before_last_step", ["at"]),
    ({"at": "2126-02-01T00:00:00Z"}, "issue.in_future", ["at"]),
    ({"evidence": {"reason": "x"}}, "issue.evidence_missing", ["evidence", "committees"]),
    ({"evidence": {"reason": "x" * 4001}}, "issue.evidence_unreadable", ["evidence", "reason"]),
    ({"evidence": GROUNDS | {"acceptCodes": ["A9"]}}, "screening.code_unknown", ["evidence", "acceptCodes"]),
    ({"evidence": GROUNDS | {"acceptCodes": ["A1"], "rejectCodes": ["R99"]}}, "screening.code_unknown",
     ["evidence", "rejectCodes"]),
    ({"evidence": GROUNDS}, "screening.unanswered", ["evidence", "acceptCodes"]),
    ({"step": "merge", "outcome": None, "evidence": GROUNDS | {"mergedInto": NO_ISSUE}}, "issue.merge_refused",
     ["evidence", "mergedInto"]),
    ({"evidence": {"mergedInto": "x"}}, "id.unreadable", ["evidence", "mergedInto"]),
    ({"issueId": "x"}, "id.unreadable", ["issueId"]),
    ({"seen": 0}, "issue.changed", ["seen"]),
    ({"seen": 7}, "issue.changed", ["seen"]),
    ({"seen": -1}, "issue.etag_unreadable", ["seen"]),
    ({"issueId": global_id("Worker", "01890000-0000-7000-8000-000000000000")}, "id.unreadable", ["issueId"]),
    ({"issueId": NO_ISSUE}, "issue.not_found", ["issueId"]),
    ({"sessionId": "x"}, "id.unreadable", ["sessionId"]),
    ({"actor": {"kind": "two_committees", "name": "x" * 61}}, "input.unreadable", ["actor", "name"]),
    ({"idempotencyKey": ""}, "idempotency.unreadable", ["idempotencyKey"]),
    ({"idempotencyKey": "钥匙"}, "idempotency.unreadable", ["idempotencyKey"]),
    ({"idempotencyKey": "x" * 201}, "idempotency.unreadable", ["idempotencyKey"]),
])  # fmt: skip
async def test_a_refused_step_names_the_field_at_fault(
    written: System, changes: dict[str, Any], code: str, field: list[str]
) -> None:
    payload = await do(written, STEP, {**screening(await raised(written)), **changes})
    assert payload["issue"] is None
    assert [(one["code"], one["field"]) for one in payload["errors"]] == [(code, ["input", *field])]
    words = payload["errors"][0]["message"]
    assert words["zh"] != words["en"]


async def test_every_field_that_a_form_refuses_is_named(written: System) -> None:
    payload = await do(written, RAISE, topic(title="停", text="", number="9" * 41))
    assert [one["field"][1] for one in payload["errors"]] == ["title", "text", "number"]
    assert payload["errors"][0]["message"]["zh"].startswith("title太短")


@pytest.mark.parametrize(("changes", "code", "field"), [
    ({"channel": "telepathy"}, "issue.channel_unknown", ["channel"]),
    ({"channel": None}, "issue.evidence_missing", ["channel"]),
    ({"campaign": "nothing"}, "issue.campaign_unknown", ["campaign"]),
    ({"mechanism": "nothing"}, "issue.mechanism_unknown", ["mechanism"]),
    ({"proposer": {"kind": "stranger"}}, "issue.wrong_actor", ["proposer", "kind"]),
    ({"actor": "stranger"}, "issue.wrong_actor", ["actor"]),
    ({"at": "2126-02-01T00:00:00Z"}, "issue.in_future", ["at"]),
    ({"communityCode": NOWHERE}, "issue.number_taken", None),
])  # fmt: skip
async def test_what_cannot_be_raised(written: System, changes: dict[str, Any], code: str, field: Any) -> None:
    payload = await do(written, RAISE, topic(**changes))
    if field is None:  # consultation keeps no register of communities: any code of the caller's region may be used
        assert payload["errors"] == []
        return
    assert [(one["code"], one["field"]) for one in payload["errors"]] == [(code, ["input", *field])]


async def test_another_regions_community_is_as_one_that_does_not_exist(written: System) -> None:
    stranger = written.token("community_secretary", GUANDU)
    (refused,) = (await do(written, RAISE, topic(), stranger))["errors"]
    assert (refused["code"], refused["field"]) == ("community.not_found", ["input", "communityCode"])


async def test_a_role_without_the_permission_is_refused_as_data_and_no_token_as_an_error(written: System) -> None:
    (refused,) = (await do(written, RAISE, topic(), written.token("resident", "330303000000")))["errors"]
    assert (refused["code"], refused["field"]) == ("permission.missing", None)
    client = await written.client_of(written.gateway)
    answer = await client.post("/graphql", json={"query": RAISE, "variables": {"input": topic()}})
    body = answer.json()
    assert (body["data"], errors(body)) == ({"raiseIssue": None}, [("UNAUTHENTICATED", ["raiseIssue"])])


async def test_the_same_key_is_done_once_and_answered_alike(written: System, written_url: str) -> None:
    given = topic()
    before = await count(written_url, "consultation.issues")
    first = await do(written, RAISE, given)
    assert await do(written, RAISE, given) == first
    together = await asyncio.gather(*(do(written, RAISE, dict(given)) for _ in range(4)))
    assert together == [first] * 4
    assert await count(written_url, "consultation.issues") == before + 1
    (refused,) = (await do(written, RAISE, {**given, "title": "另一题目"}))["errors"]
    assert (refused["code"], refused["field"]) == ("idempotency.mismatch", ["input", "idempotencyKey"])


async def test_a_lost_answer_is_fetched_again_under_the_same_key(written: System, written_url: str) -> None:
    before = await count(written_url, "consultation.issues")
    written.ways["consultation"].lost = 1
    issue = await raised(written)
    assert [url.path for url in written.calls][:2] == ["/v1/issues"] * 2
    assert await count(written_url, "consultation.issues") == before + 1
    given = topic()
    written.ways["consultation"].lost = 2
    body = await written.ask(RAISE, {"input": given})
    assert (body["data"], errors(body)) == ({"raiseIssue": None}, [("UPSTREAM_UNAVAILABLE", ["raiseIssue"])])
    assert "idempotencyKey" in body["errors"][0]["extensions"]["message"]["zh"]
    assert await count(written_url, "consultation.issues") == before + 2
    late = await do(written, RAISE, given)
    assert late["issue"]["id"] != issue["id"]
    assert await count(written_url, "consultation.issues") == before + 2


async def test_commands_of_a_document_run_one_after_the_other(written: System) -> None:
    issue = await raised(written)
    document = """mutation M($a: TakeIssueStepInput!, $b: TakeIssueStepInput!, $c: TakeIssueStepInput!) {
        second: takeIssueStep(input: $b) { errors { code } }
        first: takeIssueStep(input: $a) { issue { state stepsDone { step } } errors { code } }
        third: takeIssueStep(input: $c) { issue { state stepsDone { step } } errors { code } } }"""
    plan = {"place": "会议室", "meetingOn": "2026-03-20", "form": "座谈", "chair": "主任"}
    third = step(issue, "plan", "residents_committee", 6, evidence=plan)
    given = {"a": screening(issue), "b": dict(third, idempotencyKey=key()), "c": third}
    body = await written.ask(document, given)
    assert errors(body) == []
    assert body["data"]["second"]["errors"][0]["code"] == "issue.step_skipped"
    assert body["data"]["first"]["issue"]["stepsDone"][-1] == {"step": "screen"}
    assert body["data"]["third"]["issue"] == {
        "state": "planned",
        "stepsDone": [{"step": "collect"}, {"step": "screen"}, {"step": "plan"}],
    }


async def test_a_month_is_run_and_walked_to_its_close_by_two_persons(written: System) -> None:
    maker = written.token("district_payroll", GUANDU, subject="maker")
    checker = written.token("district_payroll", GUANDU, subject="checker")
    given = {"idempotencyKey": key(), "month": "2026-10", "region": GUANDU}
    run = await do(written, PAYROLL, given, maker)
    assert run["errors"] == []
    run = run["payrollRun"]
    assert (run["month"], run["state"], run["workers"]) == ("2026-10", "CALCULATED", 3)
    assert float(run["totals"]["net"]) > 0
    assert (await do(written, PAYROLL, given, maker))["payrollRun"] == run

    async def on(what: str, who: str) -> Any:
        return await do(written, ON, {"idempotencyKey": key(), "payrollRunId": run["id"], "step": what}, who)

    (refused,) = (await on("CHECK", maker))["errors"]
    assert (refused["code"], refused["field"]) == ("payroll_run.same_person", ["input", "step"])
    (refused,) = (await on("PAY", checker))["errors"]
    assert (refused["code"], refused["field"]) == ("payroll_run.wrong_state", ["input", "step"])
    states = [(await on(what, checker))["payrollRun"]["state"] for what in ("CHECK", "RETURN", "CHECK", "APPROVE")]
    assert states == ["CHECKED", "CALCULATED", "CHECKED", "APPROVED"]
    paid = (await on("PAY", maker))["payrollRun"]
    assert (paid["state"], paid["checkedBy"], paid["approvedBy"]) == ("PAID", "checker", "checker")
    assert (await on("CLOSE", maker))["payrollRun"]["state"] == "CLOSED"
    (refused,) = (await do(written, PAYROLL, {**given, "idempotencyKey": key()}, maker))["errors"]
    assert (refused["code"], refused["field"]) == ("payroll_run.wrong_state", ["input", "month"])


async def test_those_who_could_not_be_paid_are_told_with_the_reason(written: System) -> None:
    clerk = written.token("district_payroll", GUANDU, subject="maker")
    document = (
        PAYROLL.replace(
            "workers totals",
            """workers faulted faults(first: 2) { totalCount pageInfo { hasNextPage }
        nodes { workerId communityCode code message { zh en } } } totals""",
        )
        .replace("{{", "{")
        .replace("}}", "}")
    )
    payload = await do(written, document, {"idempotencyKey": key(), "month": "2027-03", "region": GUANDU}, clerk)
    run = payload["payrollRun"]
    assert (run["faulted"], run["workers"]) == (3, 0)
    faults = run["faults"]
    assert (faults["totalCount"], faults["pageInfo"], len(faults["nodes"])) == (3, {"hasNextPage": True}, 2)
    first = faults["nodes"][0]
    assert (first["communityCode"], first["code"]) == (SHIHUGUAN, "fact.missing")
    assert first["message"]["zh"] != first["message"]["en"]
    worker = "query Q($id: ID!) { node(id: $id) { ... on Worker { communityCode } } }"
    found = (await written.ask(worker, {"id": first["workerId"]}))["data"]["node"]
    assert found == {"communityCode": SHIHUGUAN}


async def test_a_month_needs_one_area_of_ones_own(written: System) -> None:
    clerk = written.token("district_payroll", GUANDU)
    both = {"idempotencyKey": key(), "month": "2026-11", "region": GUANDU, "authority": GUANDU}
    (refused,) = (await do(written, PAYROLL, both, clerk))["errors"]
    assert (refused["code"], refused["field"]) == ("input.unreadable", None)
    far = {"idempotencyKey": key(), "month": "2026-11", "region": "110000000000"}
    (refused,) = (await do(written, PAYROLL, far, clerk))["errors"]
    assert (refused["code"], refused["field"]) == ("region.not_found", ["input", "region"])


async def test_a_worker_sees_the_latest_payslip_that_is_approved(written: System, settings_of: SettingsOf) -> None:
    clerk = written.token("district_payroll", GUANDU, subject="second")
    runs = "{ payrollRuns(first: 9) { nodes { id month state } } }"
    found = (await written.ask(runs))["data"]["payrollRuns"]["nodes"]
    older = next(one for one in found if one["month"] == MONTH)
    for what in ("CHECK", "APPROVE"):
        given = {"idempotencyKey": key(), "payrollRunId": older["id"], "step": what}
        assert (await do(written, ON, given, clerk))["errors"] == []
    newer = {"idempotencyKey": key(), "month": "2026-12", "region": GUANDU}
    assert (await do(written, PAYROLL, newer, clerk))["payrollRun"]["state"] == "CALCULATED"
    document = """query Q($code: DivisionCode!) { community(code: $code) { workers(first: 1) { nodes {
        id latestPayslip { month state } } } } }"""
    seen = (await written.ask(document, {"code": SHIHUGUAN}, clerk))["data"]["community"]["workers"]["nodes"][0]
    assert seen["latestPayslip"] == {"month": "2026-12", "state": "CALCULATED"}
    _, worker = parse_global_id(seen["id"]) or ("", "")
    own = written.token("worker", SHIHUGUAN, UUID(worker))
    planning = create_app(settings_of(None, GatewaySettings, upstream_timeout_s=20.0), written.ways)
    await written.client_of(planning)
    for gateway in (written.gateway, planning):
        answer = await replace(written, gateway=gateway).ask(document, {"code": SHIHUGUAN}, own)
        assert answer["data"]["community"]["workers"]["nodes"][0]["latestPayslip"] == {
            "month": "2026-10",
            "state": "CLOSED",
        }


async def test_commands_are_refused_over_get(written: System) -> None:
    client = await written.client_of(written.gateway, written.token("administrator", "000000000000"))
    answer: httpx.Response = await client.get("/graphql", params={"query": RAISE, "variables": "{}"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"


async def test_a_command_costs_what_its_payload_may_bring(written: System) -> None:
    body = await written.ask(RAISE, {"input": topic()})
    assert body["extensions"]["cost"]["requestedQueryCost"] > 20


async def test_in_a_system_of_trusted_documents_commands_must_be_registered(
    written: System, settings_of: SettingsOf, tmp_path: Path
) -> None:
    (tmp_path / "raise.graphql").write_text(RAISE, encoding="utf-8")
    trusted = {"trusted_documents": tmp_path, "trusted_only": True, "upstream_timeout_s": 20.0}
    gateway = create_app(settings_of(None, GatewaySettings, **trusted), written.ways)
    client = await written.client_of(gateway, written.token("administrator", "000000000000"))
    known = {"documentId": sum_of(RAISE), "variables": {"input": topic()}}
    done = (await client.post("/graphql", json=known)).json()
    assert done["data"]["raiseIssue"]["errors"] == []
    refused = (await client.post("/graphql", json={"query": STEP, "variables": {"input": {}}})).json()
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    asked = {"documentId": sum_of(RAISE), "variables": orjson.dumps(known["variables"]).decode()}
    assert (await client.get("/graphql", params=asked)).status_code == 405
