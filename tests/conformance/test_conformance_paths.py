"""Paths into answers, and the operators an expectation may use."""

from decimal import Decimal
from typing import Any

import pytest

from tools.conformance_paths import ABSENT, BadPath, holds, look, number, same

ANSWER: dict[str, Any] = {
    "status": "open",
    "items": [
        {"kind": "village", "code": "1", "pay": "10.10", "tags": ["a"]},
        {"kind": "community", "code": "2", "pay": "0.20", "tags": []},
        {"kind": "village", "code": "3", "pay": "0.30"},
    ],
    "outputs": {"count": {"value": "374"}},
    "none": None,
    "yes": True,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("status", "open"),
        ("outputs.count.value", "374"),
        ("items.count", 3),
        ("items[kind=village].count", 2),
        ("items[kind=village][0].code", "1"),
        ("items[-1].code", "3"),
        ("items[9]", ABSENT),
        ("items[*].code", ["1", "2", "3"]),
        ("items.pay.sum", Decimal("10.60")),
        ("items.kind.distinct", 2),
        ("items.tags.flat", ["a"]),
        ("items.kind.sum", ABSENT),
        ("items[0].tags[0]", "a"),
        ("items[2].tags", ABSENT),
        ("status.deeper", ABSENT),
        ("status[0]", ABSENT),
        ("none", None),
        ("", ANSWER),
    ],
)
def test_what_stands_at_a_path(path: str, found: object) -> None:
    assert look(ANSWER, path) == found


@pytest.mark.parametrize("path", ["items[]", "items[kind>3]", "items[", "a]"])
def test_an_unreadable_path_is_the_rows_fault(path: str) -> None:
    with pytest.raises(BadPath):
        look(ANSWER, path)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("13.00", 13),
        ("609625.67", 609625.67),
        (True, True),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        ({"a": "1", "b": 2}, {"a": 1}),
        (["1", 2], [1, 2]),
        (5, {">=": 5, "<=": 5}),
        ("5.01", {">": 5}),
        (4, {"<": 5}),
        (5, {"!=": 4}),
        (5, {"==": 5}),
        ("温州市龙湾区", {"contains": "龙湾"}),
        ({"a": 1}, {"contains": "a"}),
        (["a", "b"], {"contains": "b"}),
        (["a", "b"], {"contains": ["a", "b"]}),
        ("2026-01-01", {"matches": r"^\d{4}-01"}),
        ({"note": "无电话"}, {"lacks": r"\d{8}"}),
        ([1, 2], {"count": 2}),
        (0, {"present": True}),
        (None, {"present": False}),
        (ABSENT, {"present": False}),
        ("x", "x"),
    ],
)
def test_what_holds(found: object, expected: object) -> None:
    assert holds(found, expected)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("13.01", 13),
        (ABSENT, "absent"),
        (ABSENT, {"!=": 4}),
        (ABSENT, {">=": 0}),
        ("many", {">=": 0}),
        (True, 1),
        (1, True),
        ([1], [1, 2]),
        ({"a": 1}, {"b": 1}),
        ("a", {"a": 1}),
        (5, {"contains": 5}),
        (5, {"matches": "5"}),
        ({"note": "电话 67170000"}, {"lacks": r"\d{8}"}),
        (ABSENT, {"lacks": "x"}),
        ("five", {"count": 4}),
        (["a"], {"contains": ["a", "c"]}),
        (None, {"present": True}),
        ("nan", {">=": 0}),
        ("", 0),
    ],
)
def test_what_does_not_hold(found: object, expected: object) -> None:
    assert not holds(found, expected)


def test_numbers_are_exact_and_booleans_are_none() -> None:
    assert number("0.1") == Decimal("0.1")
    assert number(True) is None
    assert number([]) is None
    assert number("Infinity") is None
    assert not same("0.30000000000000004", "0.3")


def test_absence_is_said_in_words() -> None:
    assert repr(ABSENT) == "absent"
