from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from services.consultation.domain import policy
from services.consultation.domain.procedures import Deadline, Procedure
from services.consultation.usecases.procedures import in_force
from services.kernel.errors import Malformed
from services.runtime.packs import Packs

ON = date(2022, 3, 1)


@pytest.fixture
def body(packs: Packs) -> dict[str, Any]:
    return deepcopy(dict(in_force(packs, "longwan", on=ON).body))


def data_of(body: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = body["procedure"]["data"]
    return data


def step_of(body: dict[str, Any], code: str) -> dict[str, Any]:
    return next(step for step in data_of(body)["steps"] if step["code"] == code)


def test_longwans_five_steps_are_in_the_documents_order(five_steps: Procedure) -> None:
    staged = [(step.stage, step.code, step.name.zh) for step in five_steps.steps if step.stage]
    assert staged == [
        (1, "collect", "征集协商议题"), (2, "screen", "筛选协商议题"), (3, "plan", "拟定议事方案"),
        (4, "notify", "告知协商事宜"), (5, "hold", "组织协商活动"),
    ]  # fmt: skip


def test_kunmings_four_are_in_order_and_inherited_by_guandu(four_min: Procedure) -> None:
    assert [step.code for step in four_min.steps if step.stage] == ["propose", "deliberate", "decide", "evaluate"]
    assert (four_min.pack, four_min.city_pack) == ("kunming", "guandu")


def test_who_publishes_nothing_follows_the_nation(national_frame: Procedure, packs: Packs) -> None:
    assert (national_frame.pack, national_frame.city_pack) == ("national", "changzhou")
    assert in_force(packs, "chaoyang", on=ON).procedure.pack == "national"


def test_every_step_is_cited_or_marked_as_practice(five_steps: Procedure, four_min: Procedure) -> None:
    for procedure in (five_steps, four_min):
        assert all(step.citations or step.basis == "practice" for step in procedure.steps)
        assert procedure.citations


def test_no_deadline_is_invented(five_steps: Procedure, four_min: Procedure, national_frame: Procedure) -> None:
    assert not any(step.deadline for one in (five_steps, four_min, national_frame) for step in one.steps)


def test_participant_roles(five_steps: Procedure) -> None:
    assert five_steps.pattern is not None
    roles = {
        kind: five_steps.pattern.role_of(kind)
        for kind in ("party_org", "villagers_committee", "resident", "expert", "cat")
    }
    assert list(roles.values()) == ["core", "lead", "main", "supplement", None]


def test_the_wording_of_the_three_and_three_is_absent_until_it_is_entered(
    five_steps: Procedure, screened: Procedure
) -> None:
    assert five_steps.screening is not None
    assert five_steps.screening.accept is None
    assert five_steps.screening.unpublished is not None
    assert screened.screening is not None
    assert screened.screening.accept is not None
    assert screened.screening.unpublished is None
    assert screened.screening.citations[-1].document.synthetic


def test_a_digest_names_the_very_version(body: dict[str, Any], five_steps: Procedure, packs: Packs) -> None:
    assert policy.digest(body) == five_steps.digest
    step_of(body, "plan")["needs"].append("result")
    assert policy.build(body, packs.documents).digest != five_steps.digest


def test_a_frame_without_its_parts_still_builds(body: dict[str, Any], packs: Packs) -> None:
    for part in policy.PARTS:
        body.pop(part, None)
    built = policy.build(body, {})
    assert (built.pattern, built.screening, dict(built.channels)) == (None, None, {})
    assert built.citations[0].document.title == "longwan-2021"


def test_a_deadline_is_read(body: dict[str, Any], packs: Packs) -> None:
    step_of(body, "hold")["deadline"] = {"after": "notify", "at_least_days": 3}
    assert policy.build(body, packs.documents).step("hold").deadline == Deadline("notify", 3)


def test_a_screening_rule_that_is_whole_needs_no_word_on_what_is_missing(body: dict[str, Any], packs: Packs) -> None:
    del body["screening_rule"]["data"]["unpublished"]
    screening = policy.build(body, packs.documents).screening
    assert screening is not None
    assert screening.unpublished is None


def spoil(name: str, /, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: step_of(body, name).update(values)


def drop(code: str, key: str) -> Callable[[dict[str, Any]], None]:
    def work(body: dict[str, Any]) -> None:
        del step_of(body, code)[key]

    return work


def set_data(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: data_of(body).update(values)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda body: data_of(body).pop("final"), "missing final"),
        (spoil("plan", code="notify"), "two steps have one code"),
        (set_data(opening="nowhere"), "opening: no step nowhere"),
        (drop("plan", "actors"), "step plan: missing actors"),
        (spoil("plan", actors=[]), "step plan: missing actors"),
        (spoil("plan", outcomes={"a": "planned"}), "step plan: exactly one of to and outcomes"),
        (drop("plan", "to"), "step plan: exactly one of to and outcomes"),
        (drop("plan", "cite"), "step plan: neither cited nor marked"),
        (spoil("plan", to="limbo"), "step plan: unknown states: limbo"),
        (spoil("plan", colour="red"), "step plan: unknown keys: colour"),
        (spoil("plan", guards=["moon"]), "step plan: unknown guards: moon"),
        (spoil("plan", needs=["blood"]), "step plan: unknown evidence: blood"),
        (spoil("plan", requires=["dance"]), "step plan: unknown steps: dance"),
        (spoil("plan", deadline={"after": "dance", "at_least_days": 1}), "step plan: unknown steps: dance"),
        (spoil("plan", mark="loved"), "step plan: unknown marks: loved"),
        (spoil("adopt", mark={"loved": "adopted"}), "step adopt: unknown marked outcomes: loved"),
        (drop("plan", "from"), "exactly the opening step has no `from`, not collect, plan"),
        (lambda body: data_of(body)["states"].update(limbo={"zh": "x", "en": "x"}), "state limbo is never reached"),
        (set_data(final=["withdrawn", "merged"]), "state closed is a dead end"),
        (set_data(final=["closed", "withdrawn", "merged", "held"]), "final state held is left again"),
        (spoil("notify_result", to="planned"), "the steps lead in a circle"),
        (spoil("implement", requires=["hold"]), "step implement: requires the decision and the publication"),
    ],
)  # fmt: skip
def test_a_bad_procedure_is_refused_with_its_problems(
    body: dict[str, Any], packs: Packs, change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    change(body)
    with pytest.raises(Malformed) as caught:
        policy.build(body, packs.documents)
    assert caught.value.code == "procedure.malformed"
    assert problem in caught.value.en
