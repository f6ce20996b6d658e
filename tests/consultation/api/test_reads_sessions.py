"""Sparse reads of sessions: every field as it was recorded, pages both ways, regions kept apart; the issues taken."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.schemas.sessions import SessionOut
from services.consultation.usecases.reads_sessions import SESSIONS
from services.runtime.client import ServiceError
from services.runtime.paging import encode_cursor
from tests.consultation.api.test_issues import GUANDU, LONGWAN, raised, step_in
from tests.consultation.api.test_sessions import item, session_in
from tests.consultation.conftest import ClientOf

FIELDS = list(SESSIONS.fields)
TIMES = ("2022-03-05T15:00:00.25+08:00", "2022-03-05T15:00:00+08:00", "2022-03-05T07:00:00Z", "2010-01-01T00:00:00Z")


async def read(client: ConsultationClient, *reads: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.post("/v1/reads", {"reads": [{"entity": "session", **one} for one in reads]}))["answers"]


async def of(client: ConsultationClient, *communities: str, **page: Any) -> list[Any]:
    asked = {"by": "community", "keys": list(communities), "fields": ["id", "cursor"], **page}
    (answer,) = await read(client, asked)
    return answer["pages"]


def expected(out: SessionOut) -> dict[str, Any]:
    """What was answered when it was recorded, by the names of the fields."""
    wire = out.model_dump(mode="json")
    return {
        **{name: wire[name] for name in ("id", "number", "title", "tier", "minutes", "participants", "items")},
        "communityCode": wire["community"],
        "heldAt": out.held_at.isoformat(),
        "recordedAt": out.recorded_at.isoformat(),
    }


@pytest.fixture
async def sessions(client: ConsultationClient) -> list[SessionOut]:
    """Four of Guandu, two of them of one moment; one of Longwan. The first took two issues."""
    items = [item((await raised(client, community=GUANDU)).id) for _ in range(2)]
    made: list[SessionOut] = []
    for at in TIMES:
        more = {} if made else {"items": items, "tier": "street", "minutes": "一\n二"}
        made.append(await client.record_session(session_in(held_at=at, **more), str(uuid4())))
    made.append(await client.record_session(session_in(community=LONGWAN), str(uuid4())))
    return made


def newest(sessions: list[SessionOut]) -> list[SessionOut]:
    return sorted(sessions, key=lambda one: (one.held_at, one.id), reverse=True)


async def test_every_field_is_as_it_was_recorded(client: ConsultationClient, sessions: list[SessionOut]) -> None:
    keys = [str(one.id) for one in sessions]
    whole, *alone = await read(client, *({"by": "id", "keys": keys, "fields": one} for one in (FIELDS, *zip(FIELDS))))
    assert [dict(zip(FIELDS, row, strict=True)) for row in whole["rows"]] == [expected(one) for one in sessions]
    for at, answer in enumerate(alone):
        assert [row[0] for row in answer["rows"]] == [row[at] for row in whole["rows"]]
    assert [one["role"] for one in whole["rows"][0][FIELDS.index("participants")]] == [
        "lead",
        "participant",
        "residents",
    ]
    assert {one["role"] for one in whole["rows"][3][FIELDS.index("participants")]} == {None}
    assert len(whole["rows"][0][FIELDS.index("items")]) == 2
    for one in sessions:
        assert await client.session(one.id) == one


async def test_the_lists_say_the_same(client: ConsultationClient, sessions: list[SessionOut]) -> None:
    assert (await client.sessions()).items == newest(sessions)
    assert (await client.sessions(communities=[GUANDU])).items == newest(sessions[:4])
    assert (await client.sessions(ids=[sessions[4].id, uuid4()])).items == [sessions[4]]
    assert (await client.sessions(ids=[sessions[4].id], communities=[GUANDU])).items == []
    guandu, longwan, nowhere = await client.sessions_of([GUANDU, LONGWAN, "330303001999"], per_community=3)
    assert (guandu.community, guandu.items, guandu.total) == (GUANDU, newest(sessions[:4])[:3], 4)
    assert (longwan.items, longwan.total, longwan.next) == ([sessions[4]], 1, None)
    assert (nowhere.items, nowhere.total) == ([], 0)
    (rest,) = await client.sessions_of([GUANDU], per_community=3, after=guandu.next)
    assert (rest.items, rest.next, rest.total) == (newest(sessions[:4])[3:], None, 4)
    (back,) = await client.sessions_of([GUANDU], per_community=3, before=rest.previous)
    assert (back.items, back.previous) == (guandu.items, None)
    (last,) = await client.sessions_of([GUANDU], per_community=2, last="true")
    assert last.items == newest(sessions[:4])[2:]


async def test_pages_go_forward_and_backward(client: ConsultationClient, sessions: list[SessionOut]) -> None:
    order = [str(one.id) for one in newest(sessions[:4])]
    first, none = await of(client, GUANDU, "330303001999", first=3, count=True)
    assert ([row[0] for row in first["rows"]], first["more"], first["total"]) == (order[:3], True, 4)
    assert (none["rows"], none["more"], none["total"]) == ([], False, 0)
    (rest,) = await of(client, GUANDU, first=3, after=first["end"], beyond=True)
    assert ([row[0] for row in rest["rows"]], rest["more"], rest["beyond"]) == (order[3:], False, True)
    (last,) = await of(client, GUANDU, last=2)
    assert ([row[0] for row in last["rows"]], last["more"]) == (order[2:], True)
    (before,) = await of(client, GUANDU, last=3, before=last["start"])
    assert ([row[0] for row in before["rows"]], before["more"]) == (order[:2], False)


async def test_pages_of_a_region_are_in_the_order_of_time(client_of: ClientOf, sessions: list[SessionOut]) -> None:
    async def under(region: str | None, asks: ConsultationClient, **more: Any) -> list[str]:
        (answer,) = await read(asks, {"region": region, "fields": ["id"], "first": 9, **more})
        return [row[0] for row in answer["pages"][0]["rows"]]

    every, guandu = ([str(one.id) for one in newest(some)] for some in (sessions, sessions[:4]))
    assert await under(None, client_of()) == every
    assert await under("530100000000", client_of()) == guandu
    assert await under(None, client_of("community_secretary", GUANDU)) == guandu
    assert await under("330300000000", client_of("community_secretary", GUANDU)) == []
    assert await under(None, client_of(), where={"communities": [GUANDU], "ids": every[:2]}) == [
        one for one in every[:2] if one in guandu
    ]
    (refused,) = await read(client_of(), {"region": None, "fields": ["id"], "first": 9, "where": {"ids": "all"}})
    assert refused["error"]["code"] == "issue.filter_unreadable"


async def test_another_regions_sessions_are_as_missing_ones(client_of: ClientOf, sessions: list[SessionOut]) -> None:
    stranger = client_of("community_secretary", LONGWAN)
    keys = [str(one) for one in (sessions[0].id, uuid4(), sessions[4].id)]
    for answer in await read(stranger, *({"by": "id", "keys": keys, "fields": [one]} for one in FIELDS)):
        assert [row is None for row in answer["rows"]] == [True, True, False]
    for page in ({"first": 5}, {"last": 5}):
        foreign, missing = await of(stranger, GUANDU, "330303001999", **page, count=True)
        assert foreign == missing
    taken = {"entity": "issue", "by": "session", "keys": keys, "fields": ["id"], "first": 5}
    assert [page["rows"] for page in (await read(stranger, taken))[0]["pages"]] == [[], [], []]
    with pytest.raises(ServiceError) as refused:
        await stranger.session(sessions[0].id)
    assert (refused.value.status, refused.value.code) == (404, "session.not_found")
    (forbidden,) = await read(client_of("district_payroll"), {"by": "id", "keys": keys, "fields": ["id"]})
    assert (forbidden["error"]["status"], forbidden["error"]["code"]) == (403, "permission.missing")


@pytest.mark.parametrize("key", [("now", str(uuid4())), ("2026-03-02T01:00:00", str(uuid4())), (TIMES[0], "someone")])
async def test_a_cursor_that_was_never_told_is_refused(client: ConsultationClient, key: tuple[str, str]) -> None:
    asked = {"by": "community", "keys": [GUANDU], "fields": ["id"], "first": 1}
    answers = await read(client, *({**asked, side: encode_cursor(*key)} for side in ("after", "before")))
    assert [answer["error"]["code"] for answer in answers] == ["page.cursor"] * 2


async def test_the_issues_of_a_session_are_its_items_one_for_each_event(
    client: ConsultationClient, sessions: list[SessionOut]
) -> None:
    held, *others = sessions
    decided = step_in("decide", "residents_meeting", 6, "agreed", result="同意").model_copy(update={"session": held.id})
    await client.take_step(held.items[0], decided, str(uuid4()))
    again = await client.session(held.id)
    assert again.items == sorted([*held.items, held.items[0]])
    asked = {"entity": "issue", "by": "session", "keys": [str(one.id) for one in sessions], "fields": ["id", "state"]}
    (answer,) = await read(client, {**asked, "first": 9, "count": True})
    whole, *none = answer["pages"]
    assert [UUID(row[0]) for row in whole["rows"]] == again.items
    assert (whole["total"], {row[1] for row in whole["rows"]}) == (3, {"decided", "deliberated"})
    assert [page["rows"] for page in none] == [[] for _ in others]
    first = {**asked, "keys": [str(held.id)], "first": 1}
    seen, cursor = [], None
    for _ in again.items:
        (answer,) = await read(client, {**first, "after": cursor})
        seen += answer["pages"][0]["rows"]
        cursor = answer["pages"][0]["end"]
    assert (seen, answer["pages"][0]["more"]) == (whole["rows"], False)
    under = {"entity": "issue", "by": "session", "under": 0, "source": "id", "fields": ["id"], "first": 9}
    _, joined = await read(client, {"by": "community", "keys": [GUANDU], "fields": ["id"], "first": 9}, under)
    assert [len(page["rows"]) for page in joined["pages"]] == [3 if one is held else 0 for one in newest(sessions[:4])]
