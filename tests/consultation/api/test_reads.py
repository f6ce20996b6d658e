"""Sparse reads of issues: every field as the ordinary read answers it, pages both ways, regions kept apart."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.consultation.client import ConsultationClient
from services.consultation.schemas.issues import IssueDetailOut
from services.consultation.usecases.reads import ENTITIES
from services.runtime.paging import encode_cursor
from tests.consultation.api.test_issues import GUANDU, LONGWAN, issue_in, raised, step_in
from tests.consultation.conftest import ClientOf

(ISSUE,) = ENTITIES
FIELDS = list(ISSUE.fields)
COMMITTEES = ["party_org", "residents_committee"]


async def read(client: ConsultationClient, *reads: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.post("/v1/reads", {"reads": [{"entity": "issue", **one} for one in reads]}))["answers"]


async def by_id(client: ConsultationClient, *ids: object, fields: list[str] | None = None) -> list[Any]:
    (answer,) = await read(client, {"by": "id", "keys": [str(one) for one in ids], "fields": fields or FIELDS})
    return answer["rows"]


async def of(client: ConsultationClient, *communities: str, **page: Any) -> list[Any]:
    asked = {"by": "community", "keys": list(communities), "fields": ["id", "state", "cursor"], **page}
    (answer,) = await read(client, asked)
    return answer["pages"]


def citation(out: dict[str, Any]) -> dict[str, Any]:
    return {("docNo" if name == "doc_no" else name): value for name, value in out.items()}


def expected(out: IssueDetailOut) -> dict[str, Any]:
    """What the ordinary read says of each field, as the gateway prints it."""
    wire = out.model_dump(mode="json")
    return {
        **{name: wire[name] for name in ("id", "number", "title", "text", "state", "step", "tier", "final", "channel",
                                         "process", "sequence", "campaign", "mechanism")},
        "communityCode": wire["community"],
        "openedAt": out.opened_at.isoformat(),
        "updatedAt": out.updated_at.isoformat(),
        "daysOpen": wire["days_open"],
        "stateName": wire["state_name"],
        "stepName": wire["step_name"],
        "mergedInto": wire["merged_into"],
        "proposer": wire["proposer"],
        "procedure": wire["procedure"],
        "stepsDone": [
            {
                **{name: done[name] for name in ("sequence", "step", "name", "outcome")},
                "actorKind": done["actor"]["kind"],
                "at": event.at.isoformat(),
                "fromState": done["from_state"],
                "toState": done["to_state"],
                "citations": [citation(one) for one in done["citations"]],
            }
            for done, event in zip(wire["steps_done"], out.steps_done, strict=True)
        ],
        "nextSteps": [
            {**step, "citations": [citation(one) for one in step["citations"]]} for step in wire["next_steps"]
        ],
    }  # fmt: skip


@pytest.fixture
async def issues(client: ConsultationClient) -> list[IssueDetailOut]:
    """Three of Longwan (one screened, one withdrawn, at odd instants), one of Guandu."""
    made = [
        await raised(client, at=at) for at in ("2022-03-01T09:00:00.25+08:00", "2022-03-02T09:00:00+08:00",
                                               "2022-03-02T09:00:00+08:00")
    ]  # fmt: skip
    screen = step_in("screen", "two_committees", 4, "accepted", reason="多数要求", committees=COMMITTEES)
    made[0] = await client.take_step(made[0].id, screen, str(uuid4()))
    made[1] = await client.take_step(made[1].id, step_in("withdraw", "resident", 5, reason="已解决"), str(uuid4()))
    made.append(await raised(client, community=GUANDU))
    return made


async def test_every_field_is_what_the_ordinary_read_answers(
    client: ConsultationClient, issues: list[IssueDetailOut]
) -> None:
    rows = await by_id(client, *(one.id for one in issues))
    for row, issue in zip(rows, issues, strict=True):
        assert dict(zip(FIELDS, row, strict=True)) == expected(await client.issue(issue.id))


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_alone_is_the_same(client: ConsultationClient, issues: list[IssueDetailOut], field: str) -> None:
    assert await by_id(client, issues[0].id, fields=[field]) == [[expected(await client.issue(issues[0].id))[field]]]


async def test_pages_go_forward_and_backward_as_the_list_does(
    client: ConsultationClient, issues: list[IssueDetailOut]
) -> None:
    newest = sorted(issues[:3], key=lambda one: (one.opened_at, one.id), reverse=True)
    order = [str(one.id) for one in newest]
    first, none = await of(client, LONGWAN, "330303001999", first=2, count=True)
    assert ([row[0] for row in first["rows"]], first["more"], first["total"]) == (order[:2], True, 3)
    assert (none["rows"], none["more"], none["total"] or 0) == ([], False, 0)
    (rest,) = await of(client, LONGWAN, first=2, after=first["end"])
    assert ([row[0] for row in rest["rows"]], rest["more"]) == (order[2:], False)
    (last,) = await of(client, LONGWAN, last=2)
    assert ([row[0] for row in last["rows"]], last["more"]) == (order[1:], True)
    (before,) = await of(client, LONGWAN, last=2, before=last["start"])
    assert ([row[0] for row in before["rows"]], before["more"]) == (order[:1], False)
    listed = (await client.issues_of([LONGWAN], per_community=2))[0]
    assert (first["rows"][1][2], [str(one.id) for one in listed.items]) == (listed.next, order[:2])


async def test_pages_of_a_region_are_in_the_order_of_time(client_of: ClientOf, issues: list[IssueDetailOut]) -> None:
    newest = [str(one.id) for one in sorted(issues, key=lambda one: (one.opened_at, one.id), reverse=True)]
    guandu = str(issues[3].id)

    async def under(region: str | None, asks: ConsultationClient, **more: Any) -> list[str]:
        (answer,) = await read(asks, {"region": region, "fields": ["id"], "first": 9, **more})
        return [row[0] for row in answer["pages"][0]["rows"]]

    assert await under(None, client_of()) == newest
    assert await under("330300000000", client_of()) == [one for one in newest if one != guandu]
    assert await under(None, client_of("community_secretary", GUANDU)) == [guandu]
    assert await under("330300000000", client_of("community_secretary", GUANDU)) == []
    assert await under(None, client_of(), where={"communities": [GUANDU], "states": ["open"]}) == [guandu]
    refused = await read(client_of(), {"region": "33", "fields": ["id"], "first": 9},
                         {"region": None, "fields": ["id"], "first": 9, "where": {"ids": "all"}})  # fmt: skip
    assert [one["error"]["code"] for one in refused] == ["region.unreadable", "issue.filter_unreadable"]


@pytest.mark.parametrize(
    ("state", "kept"), [("open", {0, 2}), ("screened", {0}), ("withdrawn", {1}), ("nothing", set())]
)
async def test_pages_of_one_state(
    client: ConsultationClient, issues: list[IssueDetailOut], state: str, kept: set[int]
) -> None:
    page, guandu = await of(client, LONGWAN, GUANDU, first=5, where={"state": state}, count=True)
    listed = await client.issues_of([LONGWAN, GUANDU], states=[state])
    assert [row[0] for row in page["rows"]] == [str(one.id) for one in listed[0].items]
    assert {row[0] for row in page["rows"]} == {str(issues[at].id) for at in kept}
    assert (page["total"] or 0, guandu["total"] or 0) == (len(kept), len(listed[1].items))
    (alone,) = await read(client, {"by": "id", "keys": [str(issues[0].id)], "fields": ["state"],
                                   "where": {"state": state}})  # fmt: skip
    assert (alone["rows"][0] is not None) == (0 in kept)


NO_CURSORS = [
    *((at, str(uuid4())) for at in ("2026-99-99", "now", "2026-03-02T01:00:00", "9999-12-31T23:59:59-12:00")),
    ("2026-03-02T01:00:00+00:00", "someone"),
]


@pytest.mark.parametrize("key", NO_CURSORS)
async def test_a_cursor_that_was_never_told_is_refused(client: ConsultationClient, key: tuple[str, str]) -> None:
    asked = {"by": "community", "keys": [LONGWAN], "fields": ["id"], "first": 1}
    answers = await read(client, *({**asked, side: encode_cursor(*key)} for side in ("after", "before")))
    assert [answer["error"]["code"] for answer in answers] == ["page.cursor"] * 2


async def test_a_state_that_is_no_text_is_refused(client: ConsultationClient) -> None:
    for state in (1, "a\0b"):
        (answer,) = await read(client, {"by": "community", "keys": [LONGWAN], "fields": ["id"], "first": 1,
                                        "where": {"state": state}})  # fmt: skip
        assert (answer["error"]["status"], answer["error"]["code"]) == (422, "issue.state_unreadable")


async def test_another_regions_issues_are_as_missing_ones(client_of: ClientOf, issues: list[IssueDetailOut]) -> None:
    stranger = client_of("community_secretary", GUANDU)
    wanted = [issues[0].id, uuid4(), issues[3].id]
    for field in FIELDS:
        rows = await by_id(stranger, *wanted, fields=[field])
        assert [row is None for row in rows] == [True, True, False]
    for where in ({}, {"state": "open"}, {"state": "screened"}):
        for page in ({"first": 5}, {"last": 5}):
            foreign, missing = await of(stranger, LONGWAN, "330303001999", **page, where=where, count=True)
            assert foreign == missing


async def test_whoever_may_not_read_is_told_so(client_of: ClientOf, application: FastAPI) -> None:
    (answer,) = await read(client_of("district_payroll"), {"by": "id", "keys": [str(uuid4())], "fields": ["id"]})
    assert (answer["error"]["status"], answer["error"]["code"]) == (403, "permission.missing")
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as nobody:
        assert (await nobody.post("/v1/reads", json={"reads": [{"entity": "issue"}]})).status_code == 401


async def test_days_are_counted_to_the_day_asked(client: ConsultationClient, issues: list[IssueDetailOut]) -> None:
    asked = {"by": "id", "keys": [str(issues[2].id)], "fields": ["daysOpen"], "on": "2022-03-12"}
    assert (await read(client, asked))[0]["rows"] == [[10]]
    assert issue_in().at < datetime.fromisoformat("2022-03-12T00:00:00+08:00")
