from uuid import uuid4

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.schemas.sessions import SessionIn
from services.runtime.client import ServiceError
from tests.consultation.api.test_issues import GUANDU, raised, step_in
from tests.consultation.conftest import ClientOf

PARTICIPANTS = [{"kind": "party_org"}, {"kind": "residents_committee", "count": 3}, {"kind": "resident", "count": 12}]


def session_in(**more: object) -> SessionIn:
    given = {
        "community": GUANDU, "title": "充电桩协商会", "held_at": "2022-03-05T15:00:00+08:00",
        "participants": PARTICIPANTS,
    }  # fmt: skip
    return SessionIn.model_validate({**given, **more})


def item(issue: object, **evidence: object) -> dict[str, object]:
    return {"issue": str(issue), "actor": {"kind": "residents_committee"}, "evidence": {"result": "增设", **evidence}}


async def test_one_session_takes_several_items_each_a_step_further(client: ConsultationClient) -> None:
    issues = [await raised(client, community=GUANDU) for _ in range(2)]
    held = await client.record_session(session_in(items=[item(one.id) for one in issues]), "s1")
    assert set(held.items) == {one.id for one in issues}
    assert [one.role for one in held.participants] == ["lead", "participant", "residents"]
    for one in issues:
        found = await client.issue(one.id)
        assert (found.state, found.steps_done[-1].session) == ("deliberated", held.id)
        assert found.steps_done[-1].evidence["participants"][2] == {"kind": "resident", "count": 12}
    assert (await client.session(held.id)) == held
    assert [one.id for one in (await client.sessions(communities=[GUANDU])).items] == [held.id]


async def test_one_refused_item_refuses_the_whole_session(client: ConsultationClient) -> None:
    good, withdrawn = await raised(client, community=GUANDU), await raised(client, community=GUANDU)
    await client.take_step(withdrawn.id, step_in("withdraw", "resident", 2, reason="已解决"), "w")
    with pytest.raises(ServiceError) as refused:
        await client.record_session(session_in(items=[item(good.id), item(withdrawn.id)]), "s2")
    assert (refused.value.code, refused.value.problem["details"]["item"]) == ("issue.final", 1)
    assert (await client.issue(good.id)).state == "proposed"
    assert (await client.sessions()).items == []


async def test_a_session_without_the_party_is_no_session_of_an_item(client: ConsultationClient) -> None:
    issue = await raised(client, community=GUANDU)
    with pytest.raises(ServiceError) as refused:
        await client.record_session(session_in(participants=PARTICIPANTS[2:], items=[item(issue.id)]), "s3")
    assert refused.value.code == "quorum_role_missing"


async def test_a_service_order_is_not_taken_in_a_session(client: ConsultationClient) -> None:
    order = await raised(
        client, community="320402001001", process="service_order", actor="residents_committee", channel=None
    )
    assert (order.procedure.code, order.state) == ("service_order", "ordered")
    with pytest.raises(ServiceError) as refused:
        await client.record_session(session_in(community="320402001001", items=[item(order.id)]), "s4")
    assert refused.value.code == "session.no_step"


async def test_a_number_serves_once_and_a_session_lies_in_the_past(client: ConsultationClient) -> None:
    await client.record_session(session_in(number="S-1"), "a")
    with pytest.raises(ServiceError) as refused:
        await client.record_session(session_in(number="S-1"), "b")
    assert refused.value.code == "session.number_taken"
    with pytest.raises(ServiceError) as refused:
        await client.record_session(session_in(held_at="2999-01-01T00:00:00+08:00"), "c")
    assert refused.value.code == "issue.in_future"


async def test_a_step_cites_a_session_of_its_own_community(client: ConsultationClient) -> None:
    issue = await raised(client, community=GUANDU)
    elsewhere = await client.record_session(session_in(community="530111002001"), "e")
    step = step_in("deliberate", "party_org", 6, result="同意").model_copy(update={"session": elsewhere.id})
    for wanted in (elsewhere.id, uuid4()):
        with pytest.raises(ServiceError) as refused:
            await client.take_step(issue.id, step.model_copy(update={"session": wanted}), str(uuid4()))
        assert refused.value.code == "session.not_found"


async def test_sessions_page_and_stay_in_their_region(client_of: ClientOf) -> None:
    client = client_of()
    made = [
        await client.record_session(session_in(held_at=f"2022-03-0{day}T15:00:00+08:00"), f"p{day}")
        for day in (1, 2, 3)
    ]
    first = await client.sessions(page=(2, None))
    rest = await client.sessions(page=(2, first.next))
    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in reversed(made)]
    assert [one.id for one in (await client.sessions(ids=[made[0].id])).items] == [made[0].id]
    stranger = client_of("auditor", "330303000000")
    assert (await stranger.sessions()).items == []
    with pytest.raises(ServiceError) as refused:
        await stranger.session(made[0].id)
    assert refused.value.status == 404


async def test_before_any_procedure_a_session_has_no_roles(client: ConsultationClient) -> None:
    held = await client.record_session(session_in(held_at="2010-03-01T15:00:00+08:00"), "old")
    assert [one.role for one in held.participants] == [None, None, None]
