"""What consultation tells of: each step of each issue once, in order, whichever way it was recorded."""

from itertools import pairwise
from typing import Any

import pytest

from services.consultation.api.events import KINDS
from services.consultation.client import ConsultationClient
from services.runtime.client import ServiceError
from services.runtime.events_api import Kind
from services.runtime.events_schemas import EventOut
from tests.consultation.api.test_imports import DECIDE, DELIBERATE, ISSUE, SESSION, send
from tests.consultation.api.test_issues import GUANDU, LONGWAN, raised, step_in
from tests.consultation.api.test_sessions import item, session_in
from tests.consultation.conftest import ClientOf

FORMS = {kind.name: kind.data for kind in KINDS}


async def told(client: ConsultationClient, **params: Any) -> list[EventOut]:
    """The events, each in the form that the catalogue gives its type."""
    items = (await client.events({"limit": 500, **params})).items
    assert all(earlier.sequence < later.sequence for earlier, later in pairwise(items))
    assert all(earlier.time <= later.time for earlier, later in pairwise(items))
    for one in items:
        FORMS[one.type].model_validate(one.data, extra="forbid")
    return items


def story(events: list[EventOut]) -> list[tuple[str, Any, Any]]:
    return [(one.type, one.data.get("from_state"), one.data.get("to_state")) for one in events]


async def test_an_issue_is_told_from_its_opening_to_its_end(client: ConsultationClient) -> None:
    issue = await raised(client, community=GUANDU)
    await client.take_step(issue.id, step_in("withdraw", "resident", 2, reason="已解决"), "w")
    with pytest.raises(ServiceError):
        await client.take_step(issue.id, step_in("withdraw", "resident", 3, reason="已解决"), "w2")
    events = await told(client, subject=str(issue.id))
    assert story(events) == [("issue.opened", None, "proposed"), ("issue.finished", "proposed", "withdrawn")]
    assert [one.data["sequence"] for one in events] == [1, 2]
    assert {one.region for one in events} == {GUANDU}
    assert "张三" not in "".join(one.model_dump_json() for one in events)


async def test_a_session_is_told_before_the_steps_taken_in_it(client: ConsultationClient) -> None:
    issues = [await raised(client, community=GUANDU) for _ in range(2)]
    seen = (await told(client))[-1].sequence
    held = await client.record_session(session_in(items=[item(one.id) for one in issues]), "s1")
    events = await told(client, after=seen)
    assert [(one.type, one.subject) for one in events] == [
        ("session.recorded", str(held.id)),
        *(("issue.step_taken", str(one.id)) for one in issues),
    ]


async def test_an_import_tells_each_step_of_each_issue(client: ConsultationClient) -> None:
    await send(client, "issues", ISSUE, {**ISSUE, "number": "GD-2"})
    await send(client, "sessions", SESSION)
    await send(client, "issue_events", DELIBERATE, {**DELIBERATE, "issue": "GD-2"}, DECIDE)
    await send(client, "issue_events", DECIDE, dry_run=True)
    found = {one.number: str(one.id) for one in (await client.issues(communities=[GUANDU])).items}
    events = await told(client)
    assert [(one.type, one.subject, one.data.get("sequence")) for one in events] == [
        ("issue.opened", found["GD-1"], 1),
        ("issue.opened", found["GD-2"], 1),
        ("consultation.imported", "issues", None),
        ("consultation.imported", "sessions", None),
        ("issue.step_taken", found["GD-1"], 2),
        ("issue.step_taken", found["GD-2"], 2),
        ("issue.step_taken", found["GD-1"], 3),
        ("consultation.imported", "issue_events", None),
    ]
    assert {one.data["accepted"] for one in events if one.type == "consultation.imported"} == {2, 1, 3}


async def test_each_reader_sees_the_events_of_his_regions(client_of: ClientOf) -> None:
    here, there = await raised(client_of(), community=GUANDU), await raised(client_of(), community=LONGWAN)
    await send(client_of("district_civil_affairs", "530111000000"), "issues", ISSUE)
    resident = await told(client_of("resident", "530111000000"))
    assert [one.type for one in resident] == ["issue.opened", "issue.opened", "consultation.imported"]
    assert resident[0].subject == str(here.id)
    assert resident[-1].region == "530111000000"
    assert [one.subject for one in await told(client_of("resident", LONGWAN))] == [str(there.id)]
    assert await told(client_of("resident", LONGWAN), subject=str(here.id)) == []
    with pytest.raises(ServiceError) as refusal:
        await client_of("district_payroll").events()
    assert refusal.value.code == "permission.missing"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_the_catalogue_has_the_form_it_shows(kind: Kind) -> None:
    examples = kind.data.model_json_schema()["examples"]
    assert [kind.data.model_validate(one, extra="forbid") for one in examples]
