"""What subscriptions tell: each change once, of what the caller may see, with the things themselves as they stand."""

from typing import Any
from uuid import uuid4

import pytest

from services.payroll.schemas.payroll_runs import PayrollRunIn
from services.runtime import outbox
from services.runtime.database import NATION, Database
from tests.gateway.living import CHANGES, SHORT, Living
from tests.gateway.register import LONGWAN, MONTH, SHIHUGUAN, START
from tools.demo.rows import Management, csv_text

FULL = (
    CHANGES
    % """{ kind at recordedAt eventId sequence issueId communityCode step stepNumber outcome fromState toState
  final issue { id title state updatedAt community { name } stepsDone { step } } }"""
)
PROGRESS = """subscription($run: ID, $region: DivisionCode, $authority: DivisionCode) {
  payrollRunProgress(runId: $run, region: $region, authority: $authority) { kind runId region managed month state
    done total workers faulted changed failure run { id state workers } } }"""


async def test_an_issue_is_told_as_it_changes_with_the_issue_as_it_stands(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", FULL, r=SHIHUGUAN)
        await alive.streams(1)
        issue = await alive.raised("路面破损")
        opened = (await socket.next("1"))["issueChanged"]
        assert opened["issue"] == {
            "id": opened["issueId"],
            "title": "路面破损",
            "state": opened["toState"],
            "updatedAt": opened["at"],
            "community": {"name": "世纪城社区"},
            "stepsDone": [{"step": opened["step"]}],
        }
        assert (opened["kind"], opened["stepNumber"], opened["fromState"], opened["final"]) == (
            "OPENED",
            1,
            None,
            False,
        )
        assert opened["communityCode"] == SHIHUGUAN
        await alive.withdrawn(issue)
        ended = (await socket.next("1"))["issueChanged"]
        assert (ended["kind"], ended["step"], ended["toState"], ended["final"]) == (
            "FINISHED", "withdraw", "withdrawn", True,
        )  # fmt: skip
        assert ended["fromState"] == opened["toState"]
        assert ended["sequence"] > opened["sequence"]
        assert ended["eventId"] != opened["eventId"]
        assert ended["issue"]["state"] == "withdrawn"  # read anew, not what was loaded for the event before
        assert [one["step"] for one in ended["issue"]["stepsDone"]] == [opened["step"], "withdraw"]


async def test_one_issue_a_community_a_region_or_all(alive: Living) -> None:
    mine = await alive.raised("甲事")
    async with alive.socket() as socket:
        query = """query { community(code: "%s") { issues(first: 1) { nodes { id title } } } }""" % SHIHUGUAN  # noqa: UP031
        await socket.subscribe("q", query)
        found = (await socket.next("q"))["community"]["issues"]["nodes"]
        assert (await socket.get())["type"] == "complete"
        key = next(one["id"] for one in found)
        await socket.subscribe("one", SHORT, i=key)
        await socket.subscribe("district", SHORT, r="530111000000")
        by_community = "subscription { issueChanged(communityCode: %s) { issueId } }"
        await socket.subscribe("other", by_community % f'"{LONGWAN}"')
        await alive.streams(3)
        other = await alive.raised("乙事", LONGWAN)
        assert (await socket.next("other"))["issueChanged"]["issueId"]
        await alive.withdrawn(mine)
        told = {message["id"]: message["payload"]["data"]["issueChanged"] for message in
                [await socket.get(), await socket.get()]}  # fmt: skip
        assert set(told) == {"one", "district"}
        assert told["one"] == told["district"] == {
            "kind": "FINISHED", "toState": "withdrawn", "stepNumber": 2, "issueId": key,
        }  # fmt: skip
        assert other.community == LONGWAN


async def test_an_authority_is_told_of_what_it_manages(alive: Living) -> None:
    first, last = "530199001001", "530199003001"  # of a register of their own, with one between them
    rows = [Management("530198000000", unit, START) for unit in (first, last)]
    assert not (await alive.services.staffing.load("managements", csv_text(rows).encode())).errors
    by_authority = "subscription($a: DivisionCode) { issueChanged(authority: $a) { communityCode } }"
    async with alive.socket() as socket:
        await socket.subscribe("1", by_authority, a="530198000000")
        await socket.subscribe("2", by_authority, a="530199000000")  # nothing recorded: what lies in it
        await alive.streams(2)
        raised = [first, "530199002001", last, SHIHUGUAN]
        for code in raised:
            await alive.raised("丙事", code)
        told: dict[str, list[str]] = {"1": [], "2": []}
        for _ in range(5):
            message = await socket.get()
            told[message["id"]].append(message["payload"]["data"]["issueChanged"]["communityCode"])
        assert told == {"1": [first, last], "2": raised[:3]}
        await alive.withdrawn(await alive.raised("丁事", last))
        assert [(await socket.get())["id"] for _ in range(4)].count("1") == 2


async def test_what_an_authority_manages_is_told_to_those_who_may_know_it(alive: Living) -> None:
    document = 'subscription { issueChanged(authority: "530198000000") { kind } }'
    async with alive.socket(alive.bearer("resident", "530100000000")) as socket:
        await socket.subscribe("1", document)
        refusal = await socket.get()
        assert (refusal["type"], refusal["payload"][0]["extensions"]["problem"]) == ("error", "permission.missing")


async def test_imported_issues_are_told_each(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", SHORT, r=LONGWAN)
        await alive.streams(1)
        head = "number,community,title,text,channel,proposer_kind,opened_at"
        rows = [f"S-{uuid4().hex[:6]},{LONGWAN},充电桩,示例,qr,resident,2026-03-01" for _ in range(3)]
        await alive.services.consultation.import_csv("issues", "\n".join([head, *rows]).encode(), uuid4().hex)
        told = [(await socket.next("1"))["issueChanged"] for _ in rows]
        assert {one["kind"] for one in told} == {"OPENED"}
        assert len({one["issueId"] for one in told}) == 3


async def test_a_caller_is_told_what_lies_in_his_region_and_nothing_else(alive: Living) -> None:
    foreign = await alive.raised("外地", LONGWAN)
    async with alive.socket(alive.bearer("resident", "530111000000")) as socket:
        await socket.subscribe("all", SHORT)
        await socket.subscribe("there", SHORT, r=LONGWAN)
        await alive.streams(2)
        await alive.withdrawn(foreign)
        mine = await alive.raised("本地")
        told = await socket.get()
        assert (told["id"], told["payload"]["data"]["issueChanged"]["kind"]) == ("all", "OPENED")
        await alive.withdrawn(mine)
        assert (await socket.next("all"))["issueChanged"]["toState"] == "withdrawn"


async def test_a_run_is_told_from_its_start_with_the_run_once_it_is_stored(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", PROGRESS, region="530111000000")
        await socket.subscribe("2", PROGRESS, authority="530111000000")
        await socket.subscribe("3", PROGRESS, authority="530100000000")
        await alive.streams(3, "payroll")
        run = await alive.services.payroll.run_payroll(
            PayrollRunIn(region="530111000000", month="2026-08"), uuid4().hex
        )
        told: dict[str, list[Any]] = {"1": [], "2": []}
        while len(told["1"]) + len(told["2"]) < 2 or any(
            one[-1]["kind"] != "CALCULATED" for one in told.values() if one
        ):
            message = await socket.get()
            told[message["id"]].append(message["payload"]["data"]["payrollRunProgress"])
        story = told["1"]
        assert story == told["2"]
        assert story[0]["kind"] == "STARTED"
        assert (story[0]["month"], story[0]["region"], story[0]["managed"]) == ("2026-08", "530111000000", False)
        last = story[-1]
        assert (last["state"], last["workers"], last["faulted"], last["changed"]) == (
            "CALCULATED",
            run.workers,
            run.faulted,
            True,
        )
        assert last["run"] == {"id": last["runId"], "state": "CALCULATED", "workers": run.workers}


async def test_how_far_a_calculation_is(alive: Living) -> None:
    run = (await alive.services.payroll.payroll_runs(month=MONTH)).items[0]
    database: Database = alive.payroll.app.state.database
    data = {"run": str(run.id), "region": run.region, "managed": run.managed, "month": MONTH, "state": "calculated"}
    async with alive.socket() as socket:
        await socket.subscribe("q", "query { payrollRuns(first: 5) { nodes { id month } } }")
        nodes = (await socket.next("q"))["payrollRuns"]["nodes"]
        await socket.get()
        key = next(one["id"] for one in nodes if one["month"] == MONTH)
        await socket.subscribe("1", PROGRESS, run=key)
        await alive.streams(1, "payroll")
        async with database.transaction(NATION) as session:
            told = {**data, "done": 32768, "total": 100000}
            outbox.append(session, "payroll_run.calculating", str(run.id), told, run.region)
            outbox.append(session, "payroll_run.failed", str(run.id), {**data, "code": "staffing.away"}, run.region)
        first, second = [(await socket.next("1"))["payrollRunProgress"] for _ in range(2)]
        assert (first["kind"], first["done"], first["total"], first["run"]["id"]) == ("CALCULATING", 32768, 100000, key)
        assert (second["kind"], second["failure"], second["done"]) == ("FAILED", "staffing.away", None)


async def test_a_role_without_the_permission_is_refused_by_the_service(alive: Living) -> None:
    async with alive.socket(alive.bearer("resident", "530111000000")) as socket:
        await socket.subscribe("1", PROGRESS)
        refusal = await socket.get()
        assert (refusal["type"], refusal["id"]) == ("error", "1")
        assert refusal["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        assert refusal["payload"][0]["extensions"]["problem"] == "permission.missing"
        await socket.subscribe("1", "{ __typename }")  # the id is free again
        assert (await socket.next("1")) == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("document", "argument"),
    [
        ('subscription { issueChanged(issueId: "x") { kind } }', "issueId"),
        ('subscription { payrollRunProgress(runId: "SXNzdWU6eA") { kind } }', "runId"),
        ('subscription { issueChanged(communityCode: "530111001011", region: "530111001011") { kind } }', "region"),
        ('subscription { issueChanged(authority: "530111000000", region: "530111001011") { kind } }', "authority"),
        (
            'subscription { payrollRunProgress(region: "530111000000", authority: "530111000000") { kind } }',
            "authority",
        ),
    ],
)
async def test_arguments_that_make_no_sense_are_refused(alive: Living, document: str, argument: str) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", document)
        refusal = await socket.get()
        assert (refusal["type"], refusal["id"]) == ("error", "1")
        extensions = refusal["payload"][0]["extensions"]
        assert (extensions["code"], extensions["argument"]) == ("BAD_USER_INPUT", argument)
