from datetime import date
from typing import Any

import pytest

from services.consultation.client import ConsultationClient
from services.consultation.schemas.procedures import RehearsalIn, VerdictIn
from services.runtime.client import ServiceError
from tests.consultation.api.test_issues import GUANDU, LONGWAN

ON = date(2022, 3, 1)


def rehearsal(place: dict[str, str], *steps: dict[str, Any]) -> RehearsalIn:
    numbered = [{"at": f"2022-03-{day:02d}T09:00:00+08:00", **step} for day, step in enumerate(steps, 1)]
    return RehearsalIn.model_validate({**place, "on": "2022-03-01", "steps": numbered})


COLLECT = {"step": "collect", "actor": "resident", "evidence": {"channel": "home_visit", "text": "路灯不亮"}}
SCREEN = {
    "step": "screen", "actor": "two_committees", "outcome": "accepted",
    "evidence": {"committees": ["party_org", "villagers_committee"], "reason": "多数要求"},
}  # fmt: skip


async def test_longwan_has_its_own_procedure_and_says_what_is_absent(client: ConsultationClient) -> None:
    found = await client.procedure(LONGWAN, on=ON)
    assert (found.code, found.pack, found.inherited) == ("five_steps", "longwan", False)
    assert [step.code for step in found.steps if step.stage] == ["collect", "screen", "plan", "notify", "hold"]
    assert all(step.deadline is None for step in found.steps)
    assert set(found.absent) >= {"deadline", "screening_tests"}
    assert {channel.code for channel in found.channels} >= {"home_visit", "hotline", "wechat", "qr"}
    assert [(role.role, role.required) for role in found.roles] == [
        ("core", True), ("lead", True), ("main", True), ("supplement", False),
    ]  # fmt: skip
    assert found.screening is not None
    assert (found.screening.decided_by, found.screening.accept) == ("two_committees", None)


async def test_guandu_inherits_kunming_and_changzhou_the_nation(client: ConsultationClient) -> None:
    guandu = await client.procedure(GUANDU, on=ON)
    assert (guandu.code, guandu.pack, guandu.city_pack, guandu.inherited) == ("four_min", "kunming", "guandu", True)
    changzhou = await client.pack_procedure("changzhou", on=ON)
    assert (changzhou.code, changzhou.pack, changzhou.screening) == ("national_frame", "national", None)
    order = await client.pack_procedure("changzhou", on=ON, process="service_order")
    assert [step.name.zh for step in order.steps[:3]] == ["社区点单", "镇街下单", "部门响应"]
    with pytest.raises(ServiceError) as refused:
        await client.pack_procedure("guandu", on=ON, process="service_order")
    assert refused.value.code == "rule.absent"
    with pytest.raises(ServiceError) as refused:
        await client.pack_procedure("atlantis", on=ON)
    assert refused.value.code == "pack.not_found"


async def test_steps_are_rehearsed_up_to_the_refusal(client: ConsultationClient) -> None:
    walked = await client.check_steps(rehearsal({"community": LONGWAN}, COLLECT, {"step": "hold", "actor": "chair"}))
    assert ([one.step for one in walked.accepted], walked.state) == (["collect"], "collected")
    assert walked.refused is not None
    assert (walked.refused.index, walked.refused.code) == (1, "issue.step_skipped")
    assert walked.refused.details["missing"] == ["screen", "plan", "notify"]
    assert walked.refused.citations[0].document == "longwan-2021"
    whole = await client.check_steps(rehearsal({"pack": "longwan"}, COLLECT, SCREEN))
    assert (whole.state, whole.refused, whole.next_steps[0]) == ("screened", None, "plan")


async def test_a_rehearsal_begins_at_the_beginning(client: ConsultationClient) -> None:
    late = await client.check_steps(rehearsal({"pack": "longwan"}, SCREEN))
    assert late.refused is not None
    assert (late.refused.code, late.refused.details["missing"]) == ("issue.step_skipped", ["collect"])
    assert (late.state, late.next_steps) == (None, ["collect"])
    strange = await client.check_steps(rehearsal({"pack": "longwan"}, {"step": "vote", "actor": "resident"}))
    assert strange.refused is not None
    assert strange.refused.code == "issue.step_unknown"
    fax = {**COLLECT, "evidence": {"channel": "fax", "text": "x"}}
    refused = (await client.check_steps(rehearsal({"pack": "longwan"}, fax))).refused
    assert refused is not None
    assert refused.code == "issue.channel_unknown"
    nothing = await client.check_steps(rehearsal({"pack": "longwan"}))
    assert (nothing.accepted, nothing.refused, nothing.next_steps) == ([], None, ["collect"])


async def test_a_rehearsal_names_its_place(client: ConsultationClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await client.check_steps(rehearsal({}, COLLECT))
    assert refused.value.code == "procedure.place_missing"


async def test_screening_without_wording_and_without_rule(client: ConsultationClient) -> None:
    for community, code in ((LONGWAN, "screening.text_unpublished"), (GUANDU, "screening.absent")):
        with pytest.raises(ServiceError) as refused:
            await client.screen(VerdictIn(community=community, on=ON, accept_codes=["A1"]))
        assert refused.value.code == code


async def test_screening_with_a_supplement(supplemented_client: ConsultationClient) -> None:
    verdict = await supplemented_client.screen(VerdictIn(community=LONGWAN, on=ON, reject_codes=["R1", "R2"]))
    assert (verdict.outcome, [ground.code for ground in verdict.grounds]) == ("rejected", ["R1", "R2"])
    assert [ground.redirect.zh if ground.redirect else None for ground in verdict.grounds] == [None, "12345热线"]
    found = await supplemented_client.procedure(LONGWAN, on=ON)
    assert found.screening is not None
    assert [test.code for test in found.screening.accept or ()] == ["A1", "A2"]
