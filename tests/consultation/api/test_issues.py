from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from services.consultation.client import ConsultationClient
from services.consultation.schemas.issues import IssueBatchOut, IssueDetailOut, IssueIn, IssueOut, IssuePageOut, StepIn
from services.runtime.client import ServiceError
from services.runtime.paging import encode_cursor
from tests.consultation.conftest import ClientOf

LONGWAN = "330303001001"
GUANDU = "530111001011"


def issue_in(community: str = LONGWAN, **more: object) -> IssueIn:
    given = {
        "community": community, "title": "停车难", "text": "晚上没有车位", "channel": "qr",
        "proposer": {"kind": "resident", "name": "张三", "anonymous": True}, "at": "2022-03-01T09:00:00+08:00",
    }  # fmt: skip
    return IssueIn.model_validate({**given, **more})


def step_in(step: str, actor: str, day: int, outcome: str | None = None, **evidence: object) -> StepIn:
    at = f"2022-03-{day:02d}T10:00:00+08:00"
    body = {"step": step, "actor": {"kind": actor}, "at": at, "outcome": outcome, "evidence": evidence}
    return StepIn.model_validate(body)


async def raised(client: ConsultationClient, **more: object) -> IssueDetailOut:
    return await client.raise_issue(issue_in(**more), str(uuid4()))


async def test_an_issue_is_opened_by_the_first_step_of_its_citys_procedure(client: ConsultationClient) -> None:
    issue = await raised(client)
    assert (issue.state, issue.step, issue.procedure.code, issue.procedure.pack) == (
        "collected", "collect", "five_steps", "longwan",
    )  # fmt: skip
    assert issue.state_name.zh == "已征集"
    assert [step.step for step in issue.next_steps if not step.side] == ["screen"]
    assert issue.citations[0].document == "longwan-2021"


async def test_a_skipped_step_is_refused_with_the_citation(client: ConsultationClient) -> None:
    issue = await raised(client)
    reply = await client._http.post(
        f"/v1/issues/{issue.id}/steps",
        json=step_in("notify", "residents_committee", 2, means="公告").model_dump(mode="json"),
        headers={**client._headers, "Idempotency-Key": "k1"},
    )
    body = reply.json()
    assert (reply.status_code, body["code"]) == (409, "issue.step_skipped")
    assert body["details"]["missing"] == ["screen", "plan"]
    assert body["citations"][0]["quote"] == "根据“三议三不议”原则由村社两委确定议题"


async def test_a_step_moves_the_issue_once_per_key(client: ConsultationClient) -> None:
    issue = await raised(client)
    committees = ["party_org", "residents_committee"]
    step = step_in("screen", "two_committees", 2, "accepted", reason="多数居民要求", committees=committees)
    first = await client.take_step(issue.id, step, "same")
    again = await client.take_step(issue.id, step, "same")
    assert first == again
    assert (first.state, first.sequence) == ("screened", 2)
    with pytest.raises(ServiceError) as refused:
        await client.take_step(issue.id, step, "another")
    assert refused.value.code == "issue.step_repeated"


async def test_the_public_never_sees_a_name(client_of: ClientOf) -> None:
    issue = await raised(client_of())
    seen = await client_of("resident", "330303000000").issue(issue.id)
    assert (seen.proposer.kind, seen.proposer.name, seen.proposer.anonymous) == ("resident", None, True)
    kept = await client_of("community_secretary", LONGWAN).issue(issue.id)
    assert kept.proposer.name == "张三"


async def test_another_regions_issue_is_answered_like_a_missing_one(client_of: ClientOf) -> None:
    issue = await raised(client_of())
    stranger = client_of("community_secretary", GUANDU)
    for wanted in (issue.id, uuid4()):
        with pytest.raises(ServiceError) as refused:
            await stranger.issue(wanted)
        assert (refused.value.status, refused.value.code) == (404, "issue.not_found")
    with pytest.raises(ServiceError) as refused:
        await stranger.raise_issue(issue_in(), "k")
    assert (refused.value.status, refused.value.code) == (404, "community.not_found")
    assert (await stranger.issues()).items == []


async def test_lists_page_through_the_latest_first(client: ConsultationClient) -> None:
    made = [await raised(client, at=f"2022-03-0{day}T09:00:00+08:00") for day in (1, 2, 3)]
    first = await client.issues(communities=[LONGWAN], states=["open"], limit=2)
    rest = await client.issues(communities=[LONGWAN], limit=2, after=first.next)
    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in reversed(made)]
    assert (first.previous, rest.next) == (None, None)
    back = await client.issues(communities=[LONGWAN], limit=5, before=rest.previous)
    assert ([one.id for one in back.items], back.previous) == ([one.id for one in first.items], None)
    assert back.next is not None
    assert (await client.issues(communities=[LONGWAN], limit=1, last=True)).items == rest.items


async def test_pages_of_many_communities_both_ways(client: ConsultationClient) -> None:
    made = [await raised(client, at=f"2022-03-0{day}T09:00:00+08:00") for day in (3, 2, 1)]
    here, nowhere = await client.issues_of([LONGWAN, GUANDU], per_community=2)
    assert ([one.id for one in here.items], here.total) == ([one.id for one in made[:2]], 3)
    assert (here.previous, nowhere.items, nowhere.next, nowhere.previous, nowhere.total) == (None, [], None, None, 0)
    (rest,) = await client.issues_of([LONGWAN], per_community=2, after=here.next)
    assert ([one.id for one in rest.items], rest.next, rest.total) == ([made[2].id], None, 3)
    (back,) = await client.issues_of([LONGWAN], per_community=1, before=rest.previous)
    assert [one.id for one in back.items] == [made[1].id]
    assert back.next is not None
    assert back.previous is not None
    (end,) = await client.issues_of([LONGWAN], per_community=1, last=True)
    assert ([one.id for one in end.items], end.next) == ([made[2].id], None)
    (beyond,) = await client.issues_of([LONGWAN], after=rest.previous)
    assert (beyond.items, beyond.next, beyond.previous) == ([], None, rest.previous)


async def test_details_of_many_issues(client: ConsultationClient) -> None:
    first, second = await raised(client), await raised(client)
    await client.take_step(first.id, step_in("withdraw", "resident", 5, reason="已解决"), "w")
    found = await client.issue_details([second.id, uuid4(), first.id, second.id])
    assert found == [await client.issue(second.id), await client.issue(first.id)]
    assert [len(one.steps_done) for one in found] == [1, 2]


async def test_what_was_known_then_is_answered_then(client: ConsultationClient) -> None:
    before = datetime.now(UTC)
    issue = await raised(client)
    step = step_in("withdraw", "resident", 5, reason="已解决")
    await client.take_step(issue.id, step, "w")
    assert (await client.issue(issue.id)).final
    assert (await client.issue(issue.id, on=datetime(2022, 3, 4, tzinfo=UTC).date())).state == "collected"
    with pytest.raises(ServiceError, match="no issue"):
        await client.issue(issue.id, known_at=before)


async def post_step(client: ConsultationClient, issue: IssueDetailOut, step: StepIn, **headers: str) -> httpx.Response:
    return await client._http.post(
        f"/v1/issues/{issue.id}/steps",
        json=step.model_dump(mode="json"),
        headers={**client._headers, "Idempotency-Key": str(uuid4()), **headers},
    )


async def test_a_step_upon_what_has_moved_on_is_refused(client: ConsultationClient) -> None:
    issue = await raised(client)
    withdraw = step_in("withdraw", "resident", 2, reason="已解决")
    stale = await post_step(client, issue, withdraw, **{"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (409, "issue.changed")
    garbled = await post_step(client, issue, withdraw, **{"If-Match": "*"})
    assert (garbled.status_code, garbled.json()["code"]) == (422, "issue.etag_unreadable")
    assert (await post_step(client, issue, withdraw, **{"If-Match": '"1"'})).status_code == 201


async def test_without_a_key_nothing_is_recorded(client: ConsultationClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await client.raise_issue(issue_in(), "")
    assert (refused.value.status, refused.value.code) == (400, "idempotency.missing")
    assert (await client.issues()).items == []


async def test_a_topic_is_merged_into_another_of_the_same_community(client: ConsultationClient) -> None:
    issue, target, elsewhere = await raised(client), await raised(client), await raised(client, community=GUANDU)
    for wrong in (issue.id, elsewhere.id, uuid4()):
        merge = step_in("merge", "two_committees", 2, reason="同类", merged_into=str(wrong))
        with pytest.raises(ServiceError) as refused:
            await client.take_step(issue.id, merge, str(wrong))
        assert refused.value.code == "issue.merge_refused"
    merge = step_in("merge", "two_committees", 2, reason="同类", merged_into=str(target.id))
    merged = await client.take_step(issue.id, merge, "right")
    assert (merged.final, merged.merged_into, merged.days_open) == (True, target.id, None)


async def test_a_receipt_number_serves_once_in_a_community(client: ConsultationClient) -> None:
    await raised(client, number="LW-1")
    with pytest.raises(ServiceError) as refused:
        await raised(client, number="LW-1")
    assert refused.value.code == "issue.number_taken"
    assert (await raised(client, number="LW-1", community=GUANDU)).number == "LW-1"
    assert (await raised(client)).number.startswith("20220301-")


async def test_tags_are_those_of_the_place_and_day(client: ConsultationClient) -> None:
    campaign = "city_quality_seven_actions"
    tagged = await raised(client, community=GUANDU, campaign=campaign, at="2022-07-01T09:00:00+08:00")
    assert tagged.campaign == campaign
    with pytest.raises(ServiceError) as refused:
        await raised(client, community=GUANDU, campaign=campaign)
    assert refused.value.code == "issue.campaign_unknown"


async def test_a_list_by_id_by_state_and_by_process(client: ConsultationClient) -> None:
    issue, other = await raised(client), await raised(client)
    await client.take_step(other.id, step_in("withdraw", "resident", 2, reason="已解决"), "w")
    assert [one.id for one in (await client.issues(ids=[issue.id])).items] == [issue.id]
    assert [one.id for one in (await client.issues(states=["withdrawn"])).items] == [other.id]
    assert len((await client.issues(states=["withdrawn", "open"])).items) == 2
    assert (await client.get("/v1/issues", {"process": "service_order"}))["items"] == []


async def test_an_issue_ends_under_the_procedure_it_began_with(
    client: ConsultationClient, supplemented_client: ConsultationClient
) -> None:
    issue = await raised(client)
    committees = ["party_org", "residents_committee"]
    screen = step_in("screen", "two_committees", 2, "accepted", reason="多数要求", committees=committees)
    moved = await supplemented_client.take_step(issue.id, screen, "s")
    assert (moved.state, moved.procedure.digest) == ("screened", issue.procedure.digest)
    newer = await raised(supplemented_client)
    assert newer.procedure.digest != issue.procedure.digest
    with pytest.raises(ServiceError) as refused:
        await supplemented_client.take_step(newer.id, screen, "n")
    assert refused.value.code == "screening.unanswered"


@pytest.mark.parametrize("at", ["2026-99-99", "now", "2026-03-02T01:00:00", "9999-12-31T23:59:59-12:00"])
async def test_a_cursor_of_no_instant_is_refused(client: ConsultationClient, at: str) -> None:
    cursor = encode_cursor(at, str(uuid4()))
    for page in ({"after": cursor}, {"before": cursor}):
        with pytest.raises(ServiceError) as refused:
            await client.issues(**page)
        assert (refused.value.status, refused.value.code) == (422, "page.cursor")


@pytest.fixture
async def several(client: ConsultationClient) -> list[IssueDetailOut]:
    """Issues at odd instants, one of them merged, one of them of another city, one of an anonymous proposer."""
    odd = [await raised(client, at=at) for at in ("2022-03-01T09:00:00.25+08:00", "2022-03-01T01:00:00Z")]
    target = await raised(client, at="2022-03-03T09:00:00+08:00")
    merge = step_in("merge", "two_committees", 4, reason="同类", merged_into=str(target.id))
    merged = await client.take_step(odd[0].id, merge, str(uuid4()))
    return [await raised(client, community=GUANDU, at="2022-03-04T09:00:00+08:00"), target, merged, odd[1]]


async def body(client: ConsultationClient, path: str, **asked: object) -> bytes:
    reply = await client._http.get(path, params=asked, headers=client._headers)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json"), reply.text
    return reply.content


@pytest.mark.parametrize("role", ["administrator", "resident"])
async def test_a_list_is_what_its_wire_model_would_write(
    client_of: ClientOf, several: list[IssueDetailOut], role: str
) -> None:
    asks = client_of(role)
    sent = await body(asks, "/v1/issues", limit=3)
    page = IssuePageOut.model_validate_json(sent)
    assert sent == page.model_dump_json().encode()
    alone = [await asks.issue(one.id) for one in several]
    assert [dict(one) for one in page.items] == [{name: dict(one)[name] for name in IssueOut.model_fields}
                                                 for one in alone[:3]]  # fmt: skip
    assert (page.items[0].proposer.name, page.items[2].final) == ("张三" if role == "administrator" else None, True)
    batch = await body(asks, "/v1/issues-of-communities", community=[GUANDU, LONGWAN, GUANDU], per_community=2)
    assert batch == IssueBatchOut.model_validate_json(batch).model_dump_json().encode()
    assert [len(one.items) for one in IssueBatchOut.model_validate_json(batch).communities] == [1, 2]


async def test_a_list_narrowed_in_several_ways_at_once(
    client: ConsultationClient, several: list[IssueDetailOut]
) -> None:
    guandu, target, merged, odd = (one.id for one in several)

    async def listed(**asked: object) -> list[UUID]:
        return [one.id for one in IssuePageOut.model_validate_json(await body(client, "/v1/issues", **asked)).items]

    assert await listed(community=[GUANDU, LONGWAN]) == [guandu, target, merged, odd]
    assert await listed(community=[GUANDU, LONGWAN], state="open") == [guandu, target, odd]
    assert await listed(community=[LONGWAN], state=["collected", merged_state := several[2].state]) == [
        target, merged, odd,
    ]  # fmt: skip
    assert await listed(state=merged_state, id=[str(merged), str(target)]) == [merged]
    assert await listed(id=[str(odd), str(guandu), str(uuid4())], process="consultation") == [guandu, odd]
    assert await listed(id=[str(odd)], community=GUANDU) == []


async def test_a_list_across_communities_is_stable_under_inserts(
    client: ConsultationClient, several: list[IssueDetailOut]
) -> None:
    first = await client.issues(limit=2)
    later = [await raised(client, community=place, at="2022-03-09T09:00:00+08:00") for place in (GUANDU, LONGWAN)]
    rest = await client.issues(limit=2, after=first.next)
    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in several]
    assert (rest.next, [one.id for one in (await client.issues(limit=9, before=first.next)).items]) == (
        None, [*sorted((one.id for one in later), reverse=True), several[0].id],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"state": "a\0b"}, "issue.state_unreadable"),
        ({"state": ["a\0b", "open"]}, "issue.filter_unreadable"),
        ({"community": ["a\0b", LONGWAN]}, "issue.filter_unreadable"),
        ({"community": "a\0b"}, "read.value"),
        ({"after": "x", "before": "x"}, "page.both"),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused(
    client: ConsultationClient, asked: dict[str, object], code: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        await client.get("/v1/issues", asked)
    assert (refused.value.status, refused.value.code) == (422, code)
