from dataclasses import replace

from services.consultation.domain.procedures import Procedure


def test_the_path_leaves_side_steps_out(five_steps: Procedure) -> None:
    path = five_steps.path("collected", five_steps.step("publish"))
    assert path is not None
    assert [step.code for step in path] == ["screen", "plan", "notify", "hold", "notify_result"]


def test_no_path_leads_back(five_steps: Procedure) -> None:
    assert five_steps.path("held", five_steps.step("screen")) is None


def test_what_is_to_come_leaves_optional_steps_out(five_steps: Procedure, four_min: Procedure) -> None:
    assert [step.code for step in five_steps.to_come("implemented")] == ["reply", "close"]
    assert [step.code for step in four_min.to_come("decided")] == [
        "publish",
        "implement",
        "feed_back",
        "evaluate",
        "close",
    ]
    assert five_steps.to_come("closed") == ()
    assert five_steps.to_come("merged") == ()


def test_an_optional_step_on_the_only_way_is_not_to_come(four_min: Procedure) -> None:
    steps = tuple(replace(step, optional=step.code == "evaluate") for step in four_min.steps)
    assert [step.code for step in replace(four_min, steps=steps).to_come("fed_back")] == ["close"]


def test_the_step_held_in_a_session(five_steps: Procedure, four_min: Procedure) -> None:
    assert [one.code for one in (five_steps.session_step(), four_min.session_step()) if one] == ["hold", "deliberate"]
    assert replace(five_steps, steps=()).session_step() is None


def test_find_answers_none_for_a_stranger(five_steps: Procedure) -> None:
    assert five_steps.find("vote") is None
