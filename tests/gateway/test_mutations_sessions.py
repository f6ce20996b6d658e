"""Sessions recorded by commands, and read page by page."""

from typing import Any

from gateway.types.pages import global_id
from tests.gateway.conftest import System, errors
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN
from tests.gateway.written import SESSION, do, key, raised, screening, step, stepped

NO_ISSUE = global_id("Issue", "01890000-0000-7000-8000-000000000000")


async def test_a_session_is_recorded_with_its_issue(written: System) -> None:
    issue = await raised(written)
    await stepped(written, screening(issue))
    plan = {"place": "会议室", "meetingOn": "2026-03-20", "form": "座谈", "chair": "主任"}
    await stepped(written, step(issue, "plan", "residents_committee", 6, evidence=plan))
    await stepped(written, step(issue, "notify", "residents_committee", 7, evidence={"means": "公告"}))
    item = {"issueId": issue["id"], "actor": {"kind": "chair"}, "evidence": {"result": "划线"}}
    held = {
        "idempotencyKey": key(), "communityCode": LONGWAN, "title": "停车协商会", "minutes": "略", "items": [item],
        "heldAt": "2026-03-20T14:00:00+08:00", "participants": [{"kind": "resident", "count": 12}],
    }  # fmt: skip
    (missing,) = (await do(written, SESSION, held))["errors"]
    assert (missing["code"], missing["field"]) == ("quorum_role_missing", ["input", "participants"])
    kinds = ["party_org", "residents_committee", "resident", "expert"]
    everyone = [{"kind": kind, "count": 2} for kind in kinds]
    payload = await do(written, SESSION, {**held, "idempotencyKey": key(), "participants": everyone})
    assert payload["errors"] == [], payload
    session = payload["session"]
    assert (session["title"], session["tier"], session["community"]) == ("停车协商会", "COMMUNITY", {"code": LONGWAN})
    assert session["issues"] == [{"id": issue["id"], "state": "held"}]
    document = "query Q($id: ID!) { node(id: $id) { ... on ConsultationSession { title issues { id } } } }"
    again = await written.ask(document, {"id": session["id"]})
    assert again["data"]["node"] == {"title": "停车协商会", "issues": [{"id": issue["id"]}]}
    again = {**held, "idempotencyKey": key(), "participants": everyone}
    (taken,) = (await do(written, SESSION, {**again, "number": session["number"]}))["errors"]
    assert (taken["code"], taken["field"]) == ("session.number_taken", ["input", "number"])
    (repeated,) = (await do(written, SESSION, {**again, "items": [item]}))["errors"]
    assert (repeated["code"], repeated["field"]) == ("issue.step_repeated", ["input", "items", "0", "issueId"])
    (unreadable,) = (await do(written, SESSION, {**held, "items": [{**item, "issueId": "x"}]}))["errors"]
    assert unreadable["field"] == ["input", "items", "0", "issueId"]


async def test_a_refused_item_is_named_by_its_place(written: System) -> None:
    plan = {"place": "会议室", "meetingOn": "2026-03-20", "form": "座谈", "chair": "主任"}
    first, second = [await raised(written), await raised(written)]
    for one in (first, second):
        await stepped(written, screening(one))
        await stepped(written, step(one, "plan", "residents_committee", 6, evidence=plan))
        await stepped(written, step(one, "notify", "residents_committee", 7, evidence={"means": "公告"}))
    good = {"issueId": first["id"], "actor": {"kind": "chair"}, "evidence": {"result": "划线"}}
    held = {
        "communityCode": LONGWAN, "title": "停车协商会", "heldAt": "2026-03-20T14:00:00+08:00",
        "participants": [{"kind": kind} for kind in ("party_org", "residents_committee", "resident")],
    }  # fmt: skip
    wrongs: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"actor": {"kind": "stranger"}}, "issue.wrong_actor", ["items", "1", "actor", "kind"]),
        ({"outcome": "maybe"}, "issue.outcome_unknown", ["items", "1", "outcome"]),
        ({"evidence": None}, "issue.evidence_missing", ["items", "1", "evidence", "result"]),
        ({"evidence": {"result": "x" * 4001}}, "issue.evidence_unreadable", ["items", "1", "evidence", "result"]),
        ({"issueId": NO_ISSUE}, "issue.not_found", ["items", "1", "issueId"]),
    ]
    for wrong, code, field in wrongs:
        items = [good, {**good, "issueId": second["id"], **wrong}]
        (refused,) = (await do(written, SESSION, {**held, "idempotencyKey": key(), "items": items}))["errors"]
        assert (refused["code"], refused["field"]) == (code, ["input", *field])
    early = {**held, "idempotencyKey": key(), "heldAt": "2026-03-06T14:00:00+08:00", "items": [good]}
    (refused,) = (await do(written, SESSION, early))["errors"]
    assert (refused["code"], refused["field"]) == ("issue.before_last_step", ["input", "heldAt"])


async def test_sessions_of_a_community_are_paged_both_ways(written: System) -> None:
    kinds = ["party_org", "residents_committee", "resident"]
    for day in (1, 2, 3):
        held = {
            "idempotencyKey": key(), "communityCode": CUIZHU, "title": f"第{day}次",
            "heldAt": f"2026-04-0{day}T08:00:00Z",
            "participants": [{"kind": kind} for kind in kinds],
        }  # fmt: skip
        assert (await do(written, SESSION, held))["errors"] == []
    document = """query Q($codes: [ID!]!, $first: Int, $after: String, $last: Int, $before: String) {
        nodes(ids: $codes) { ... on Community { code sessions(
            first: $first, after: $after, last: $last, before: $before) { totalCount edges { cursor node { title
                community { code } participants { kind count } } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
    places = "{ a: community(code: %s) { id } b: community(code: %s) { id } }"
    ids = [one["id"] for one in (await written.ask(places % (f'"{CUIZHU}"', f'"{HONGMEI}"')))["data"].values()]

    async def page(**place: Any) -> Any:
        body = await written.ask(document, {"codes": ids, **place})
        assert errors(body) == []
        assert [url.path for url in written.calls].count("/v1/sessions-of-communities") == 1
        mine, other = body["data"]["nodes"]
        assert (other["sessions"]["edges"], other["sessions"]["totalCount"]) == ([], 0)
        return mine["sessions"]

    every = await page(first=9)
    assert [edge["node"]["title"] for edge in every["edges"]] == ["第3次", "第2次", "第1次"]
    assert every["edges"][0]["node"]["participants"] == [{"kind": kind, "count": 1} for kind in kinds]
    cursors = [edge["cursor"] for edge in every["edges"]]
    middle = await page(first=1, after=cursors[0])
    assert (middle["edges"], middle["totalCount"]) == (every["edges"][1:2], 3)
    assert (middle["pageInfo"]["hasPreviousPage"], middle["pageInfo"]["hasNextPage"]) == (True, True)
    assert (await page(last=1, before=cursors[2]))["edges"] == every["edges"][1:2]
    past = await page(first=2, after=cursors[2])
    assert (past["edges"], past["totalCount"], past["pageInfo"]["hasPreviousPage"]) == ([], 3, True)
    body = await written.ask(document, {"codes": ids, "first": 1, "after": "?"})
    assert [code for code, _ in errors(body)] == ["BAD_USER_INPUT"] * 2
