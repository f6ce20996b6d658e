from typing import Any

from gateway.types.enums import Qualifier
from gateway.types.explanations import Citation, Explanation, Language, LocalText, Reason, citations_of

TREE: dict[str, Any] = {
    "name": "posts",
    "label": {"zh": "员额", "en": "posts"},
    "value": "13",
    "unit": "posts",
    "formula": "ceil(resident_households / 250)",
    "rule": "staffing_norm",
    "pack": "changzhou",
    "reading": None,
    "qualifier": "about",
    "citations": [{"document": "changzhou-2022", "at": "四", "quote": "按常住居民每250户配备1名", "synthetic": False}],
    "inputs": [
        {"name": "resident_households", "label": {"zh": "常住户数", "en": "resident households"}, "value": 3250}
    ],
}


def test_a_node_tells_its_rule_and_sentence() -> None:
    node = Explanation(wire=TREE)
    assert (node.name(), node.value(), node.unit(), node.rule()) == ("posts", "13", "posts", "staffing_norm")
    assert (node.formula(), node.pack()) == ("ceil(resident_households / 250)", "changzhou")
    assert (node.reading(), node.qualifier()) == (None, Qualifier.ABOUT)
    assert node.citations()[0].quote == "按常住居民每250户配备1名"


def test_a_label_is_told_in_the_language_asked() -> None:
    node = Explanation(wire=TREE)
    assert (node.label(), node.label(Language.EN)) == ("员额", "posts")
    assert Explanation(wire={"name": "x"}).label() == "x"


def test_the_tree_can_be_read_level_by_level_or_at_once() -> None:
    node = Explanation(wire=TREE)
    assert [one.value() for one in node.inputs()] == ["3250"]
    assert [(step.level, step.node.name()) for step in node.steps()] == [(0, "posts"), (1, "resident_households")]


def test_values_are_text_whatever_they_were() -> None:
    assert [Explanation(wire={"value": value}).value() for value in (True, False, None, 3)] == [
        "true",
        "false",
        None,
        "3",
    ]


def test_a_missing_language_is_the_other_one() -> None:
    text = LocalText.of({"zh": "员额"})
    assert (text.zh, text.en) == ("员额", "员额")
    assert LocalText.of(None).zh == ""


def test_reasons_and_citations_come_from_the_wire() -> None:
    reason = Reason.of({"code": "rule.absent", "message": {"zh": "无", "en": "none"}})
    assert (reason.code, reason.message.en) == ("rule.absent", "none")
    assert citations_of({}) == []
    assert Citation.of({"document": "d", "synthetic": True}).synthetic is True
