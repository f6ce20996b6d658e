"""Facts as they are read: one case, or a column row by row."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from services.kernel.errors import Malformed
from services.kernel.formula.vocabulary import Fact, Vocabulary
from tests.kernel.formula.rulebook import FACTS, rules


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("a", None, "fact.missing"),
        ("a", 1001, "fact.out_of_range"),
        ("a", True, "fact.unreadable"),
        ("a", "x", "fact.unreadable"),
        ("a", "0.5", "fact.unreadable"),
        ("a", Decimal("1E30"), "fact.unreadable"),
        ("base", "0.001", "fact.unreadable"),
        ("urban", 1, "fact.unreadable"),
        ("cert", "master", "fact.unreadable"),
        ("hired_on", 5, "fact.unreadable"),
        ("hired_on", "2023-02-29", "day.unreadable"),
        ("hired_on", "1899-12-31", "fact.out_of_range"),
    ],
)
def test_a_fact_is_refused_by_name(name: str, value: Any, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        rules(x=name).value("x", {name: value})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("a", 7, 7),
        ("a", "7", 7),
        ("base", 521345, Fraction("5213.45")),
        ("base", "5213.45", Fraction("5213.45")),
        ("base", Decimal("5213.4"), Fraction("5213.4")),
        ("urban", True, True),
        ("cert", "junior", "junior"),
        ("hired_on", "2020-02-29", date(2020, 2, 29)),
        ("hired_on", date(2020, 2, 29), date(2020, 2, 29)),
    ],
)
def test_a_fact_is_read(name: str, value: Any, seen: Any) -> None:
    found = rules(x=name)
    assert found.value("x", {name: value}) == seen
    assert found.explain("x", {name: value}).inputs[0].value == seen


def test_a_column_of_facts_is_checked_row_by_row() -> None:
    found = rules(x="a + step")
    block = {
        "a": np.array([1, -1, 1000, 5], np.int16),
        "a?": np.array([False, False, False, True]),
        "step": np.array([1, 1, 18, 99]),
    }
    column = found.column("x", block)
    assert column.numerator.tolist() == [2, 0, 0, 0]
    codes = [reason.code if (reason := column.faults.reason(row)) else None for row in range(4)]
    assert codes == [None, "fact.out_of_range", "fact.out_of_range", "fact.missing"]
    assert column.faults.reason(1) != column.faults.reason(2)
    missing = found.column("x", {"a": np.array([1, 2])})
    assert [missing.faults.reason(row).code for row in (0, 1)] == ["fact.missing"] * 2  # type: ignore[union-attr]
    assert found.column("x", {}, size=0).numerator.tolist() == []
    assert not found.column("x", {"a": np.array([1]), "step": np.array([1]), "a?": np.array([False])}).faults.any()


def test_a_zero_divisor_is_a_fault_of_its_row() -> None:
    found = rules(x="round_half_up(100 / a)", y="round_fen(base * 100 / max(step - 1, 0))")
    column = found.column("x", {"a": np.array([3, 0, 8])})
    assert column.numerator.tolist() == [33, 0, 13]
    with pytest.raises(Malformed) as caught:
        found.value("x", {"a": 0})
    assert column.faults.reason(1) == caught.value
    assert found.value("y", {"base": 100, "step": 4}) == Fraction("33.33")


def test_blocks_have_one_length() -> None:
    found = rules(x="a")
    with pytest.raises(ValueError, match="one length"):
        found.column("x", {"a": np.array([1]), "b": np.array([1, 2])})
    with pytest.raises(ValueError, match="one length"):
        found.column("x", {})


def test_a_vocabulary_names_each_fact_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Vocabulary((FACTS[0], FACTS[0]))
    assert [fact.name for fact in Vocabulary(FACTS)] == [fact.name for fact in FACTS]
    assert Fact("x", kind="symbol", symbols=("p", "q")).bounds == (0, 1)
    assert Fact("x", kind="day").out_of_range().details["low"] == "1900-01-01"


@pytest.mark.parametrize(
    ("rounding", "wanted"),
    [
        ("floor", [-3, -2, -2, 0, 1, 2]),
        ("ceil", [-2, -1, -1, 0, 2, 3]),
        ("truncate", [-2, -1, -1, 0, 1, 2]),
        ("round_half_up", [-3, -2, -1, 0, 2, 3]),
        ("round_half_even", [-2, -2, -1, 0, 2, 2]),
    ],
)
def test_halves_below_and_above_zero(rounding: str, wanted: list[int]) -> None:
    found = rules(x=f"{rounding}(b / 10)", y=f"{rounding}(b / max(step * 10, 1))")
    block = {"b": np.array([-25, -15, -12, 0, 15, 25]), "step": np.ones(6, np.int64)}
    assert found.column("x", block).numerator.tolist() == wanted
    assert found.column("y", block).numerator.tolist() == wanted
    assert [found.value("x", {"b": int(value)}) for value in block["b"]] == wanted
