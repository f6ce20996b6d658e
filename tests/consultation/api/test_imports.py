import csv
import io
from datetime import date
from typing import Any

import pytest

from services.consultation.client import ConsultationClient
from services.runtime.client import ServiceError
from services.runtime.imports import ImportReport
from tests.consultation.api.test_issues import GUANDU, LONGWAN
from tests.consultation.conftest import ClientOf

ISSUE = {
    "number": "GD-1", "community": GUANDU, "title": "充电桩", "text": "示例", "channel": "qr",
    "proposer_kind": "resident", "proposer_name": "李四", "anonymous": "是", "opened_at": "2022-03-01",
}  # fmt: skip
SESSION = {
    "number": "S-1", "community": GUANDU, "title": "协商会", "held_at": "2022-03-05T15:00:00+08:00",
    "participants": "party_org:1;residents_committee:3；resident:20",
}  # fmt: skip
DELIBERATE = {
    "community": GUANDU, "issue": "GD-1", "step": "deliberate", "actor": "party_org", "at": "2022-03-05T16:00:00",
    "session": "S-1", "result": "增设",
}  # fmt: skip
DECIDE = {
    "community": GUANDU, "issue": "GD-1", "step": "decide", "actor": "resident", "at": "2022-03-06",
    "outcome": "agreed", "result": "同意",
}  # fmt: skip


def text(*rows: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


async def send(client: ConsultationClient, kind: str, *rows: dict[str, str], **options: Any) -> ImportReport:
    body = text(*rows)
    return await client.import_csv(kind, body, f"{kind}{hash(body)}{options}", options)


async def refusals(client: ConsultationClient, kind: str, *rows: dict[str, str]) -> list[tuple[int, str, str]]:
    report = await send(client, kind, *rows, dry_run=True)
    return [(error.row, error.column, error.code) for error in report.errors]


async def test_issues_sessions_and_events_are_loaded_and_walked(client: ConsultationClient) -> None:
    assert (await send(client, "issues", ISSUE, {**ISSUE, "number": "GD-2"})).accepted == 2
    assert (await send(client, "sessions", SESSION)).accepted == 1
    second = {**DELIBERATE, "issue": "GD-2"}
    assert (await send(client, "issue_events", DELIBERATE, second, DECIDE)).accepted == 3
    found = {one.number: one for one in (await client.issues(communities=[GUANDU])).items}
    assert {number: one.state for number, one in found.items()} == {"GD-1": "decided", "GD-2": "deliberated"}
    assert (found["GD-1"].proposer.name, found["GD-1"].proposer.anonymous) == ("李四", True)
    held = (await client.sessions()).items[0]
    assert set(held.items) == {one.id for one in found.values()}
    history = (await client.issue(found["GD-1"].id)).steps_done
    assert [(event.sequence, event.step, event.session) for event in history] == [
        (1, "propose", None), (2, "deliberate", held.id), (3, "decide", None),
    ]  # fmt: skip


async def test_a_dry_run_writes_nothing(client: ConsultationClient) -> None:
    for kind, row in (("issues", ISSUE), ("sessions", SESSION)):
        report = await send(client, kind, row, dry_run=True)
        assert (report.accepted, report.dry_run, report.errors) == (1, True, [])
    assert (await client.issues()).items == []
    assert (await client.sessions()).items == []
    await send(client, "issues", ISSUE)
    await send(client, "sessions", SESSION)
    await send(client, "issue_events", DELIBERATE, dry_run=True)
    assert (await client.issues()).items[0].state == "proposed"


async def test_a_bad_row_refuses_all_or_only_itself(client: ConsultationClient) -> None:
    bad = {**ISSUE, "number": "GD-2", "channel": "fax"}
    with pytest.raises(ServiceError) as refused:
        await send(client, "issues", ISSUE, bad)
    assert (refused.value.status, refused.value.code) == (422, "import.refused")
    assert (await client.issues()).items == []
    report = await send(client, "issues", ISSUE, bad, accept="good")
    assert (report.accepted, report.rejected) == (1, 1)
    assert [(error.row, error.code) for error in report.errors] == [(3, "issue.channel_unknown")]
    assert "fax" in report.errors[0].message.zh


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"community": "53011100101"}, "community", "community.not_found"),
        ({"opened_at": "last week"}, "opened_at", "cell.unreadable"),
        ({"opened_at": "2999-01-01"}, "number", "issue.in_future"),
        ({"opened_at": "2010-01-01"}, "number", "rule.start_unknown"),
        ({"process": "lottery"}, "process", "cell.unreadable"),
        ({"process": "service_order"}, "number", "rule.absent"),
        ({"proposer_kind": "department"}, "number", "issue.wrong_actor"),
        ({"campaign": "moon"}, "number", "issue.campaign_unknown"),
        ({"mechanism": "moon"}, "number", "issue.mechanism_unknown"),
        ({"title": ""}, "title", "cell.required"),
    ],
)  # fmt: skip
async def test_a_bad_issue_is_told_where_and_why(
    client: ConsultationClient, change: dict[str, str], column: str, code: str
) -> None:
    assert await refusals(client, "issues", {**ISSUE, "process": "", "campaign": "", "mechanism": "", **change}) == [
        (2, column, code)
    ]


async def test_a_number_serves_once_in_a_community(client: ConsultationClient) -> None:
    assert await refusals(client, "issues", ISSUE, ISSUE) == [(3, "number", "issue.number_taken")]
    assert await refusals(client, "sessions", SESSION, SESSION) == [(3, "number", "session.number_taken")]
    await send(client, "issues", ISSUE)
    assert await refusals(client, "issues", ISSUE) == [(2, "number", "issue.number_taken")]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"tier": "moon"}, "tier", "cell.unreadable"),
        ({"participants": "party_org:many"}, "participants", "cell.unreadable"),
        ({"participants": "party_org:0"}, "participants", "cell.unreadable"),
        ({"participants": ":3"}, "participants", "cell.unreadable"),
        ({"held_at": "2999-01-01"}, "number", "issue.in_future"),
    ],
)
async def test_a_bad_session_is_told_where_and_why(
    client: ConsultationClient, change: dict[str, str], column: str, code: str
) -> None:
    assert await refusals(client, "sessions", {**SESSION, "tier": "street", **change}) == [(2, column, code)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"issue": "GD-9"}, "issue.not_found"),
        ({"session": "S-9"}, "session.not_found"),
        ({"step": "publish"}, "issue.step_skipped"),
        ({"actor": "resident"}, "issue.wrong_actor"),
        ({"at": "2022-02-01"}, "issue.before_last_step"),
        ({"at": "2999-02-01"}, "issue.in_future"),
        ({"satisfaction": "happy"}, "issue.evidence_unreadable"),
        ({"session": "", "participants": "resident:9"}, "quorum_role_missing"),
        ({"step": "merge", "merged_into": "GD-9"}, "issue.merge_refused"),
        ({"step": "merge", "merged_into": "GD-1"}, "issue.merge_refused"),
    ],
)
async def test_a_bad_event_is_refused_like_a_bad_step(
    client: ConsultationClient, change: dict[str, str], code: str
) -> None:
    await send(client, "issues", ISSUE)
    await send(client, "sessions", SESSION)
    assert [error[2] for error in await refusals(client, "issue_events", {**DELIBERATE, **change})] == [code]


async def test_lists_in_a_cell_and_a_merge(client: ConsultationClient) -> None:
    longwan = {**ISSUE, "community": LONGWAN, "number": "LW-1"}
    await send(client, "issues", longwan, {**longwan, "number": "LW-2"}, {**longwan, "number": "LW-3"})
    screen = {
        "community": LONGWAN, "issue": "LW-1", "step": "screen", "actor": "two_committees", "at": "2022-03-02",
        "outcome": "accepted", "committees": "party_org;villagers_committee", "reason": "多数要求",
    }  # fmt: skip
    merge = {**screen, "issue": "LW-2", "step": "merge", "outcome": "", "merged_into": "LW-1", "committees": ""}
    assert (await send(client, "issue_events", screen, merge)).accepted == 2
    found = {one.number: one for one in (await client.issues(communities=[LONGWAN])).items}
    assert (found["LW-1"].state, found["LW-2"].merged_into) == ("screened", found["LW-1"].id)


async def test_an_import_stays_in_its_region(client_of: ClientOf) -> None:
    stranger = client_of("district_civil_affairs", "330303000000")
    assert await refusals(stranger, "issues", ISSUE) == [(2, "community", "community.not_found")]
    await send(client_of(), "issues", ISSUE)
    assert await refusals(stranger, "issue_events", DELIBERATE) == [(2, "step", "issue.not_found")]


async def test_an_empty_file_is_a_file_without_rows(client: ConsultationClient) -> None:
    for kind, row in (("issues", ISSUE), ("sessions", SESSION), ("issue_events", DELIBERATE)):
        header = text(row).splitlines()[0] + b"\n"
        report = await client.import_csv(kind, header, f"empty-{kind}")
        assert (report.rows, report.accepted) == (0, 0)


async def test_an_event_keeps_the_issues_as_of_days(client: ConsultationClient) -> None:
    await send(client, "issues", ISSUE)
    await send(client, "sessions", SESSION)
    await send(client, "issue_events", DELIBERATE, DECIDE)
    issue = (await client.issues()).items[0]
    assert (await client.issue(issue.id, on=date(2022, 3, 5))).state == "deliberated"
