"""What the language refuses before any case is seen, with code, column and remedy."""

import numpy as np
import pytest

from services.kernel.errors import Malformed
from services.kernel.formula.rules import Body, Source
from services.kernel.formula.syntax import MOST_CHARACTERS, parse
from tests.kernel.formula.rulebook import HERE, bands, body, formula, rules, ruleset, table, version


def refused(text: str) -> Malformed:
    with pytest.raises(Malformed) as caught:
        rules(x=text).output("x")
    assert caught.value.details["source"] == HERE
    assert caught.value.details["rule"] == "x"
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("a +", "formula.syntax", 1),
        ("  a +", "formula.syntax", 1),
        ("a + \0", "formula.syntax", 5),
        ("a = 3", "formula.syntax", 3),
        ("甲 + 1", "formula.syntax", 1),
        ("a ** 2", "formula.not_allowed", None),
        ("a // 2", "formula.not_allowed", None),
        ("a % 2", "formula.not_allowed", None),
        ("[1, 2]", "formula.not_allowed", 1),
        ("lambda: 1", "formula.not_allowed", 1),
        ("1 + (lambda: 1)", "formula.not_allowed", 6),
        ("__import__('os')", "formula.bad_number", 12),
        ("(1, 2)", "formula.not_allowed", 1),
        ("x.y.z", "formula.not_allowed", 1),
        ("a + 'text'", "formula.bad_number", 5),
        ("1e5", "formula.bad_number", 1),
        ("0x10", "formula.bad_number", 1),
        ("5j", "formula.bad_number", 1),
        ("True", "formula.bad_number", 1),
        ("a + bb1", "formula.unknown_name", 5),
        ("urbann", "formula.unknown_name", 1),
        ("zzz.amount", "formula.unknown_name", None),
        ("cert == head", "formula.unknown_symbol", 9),
        ("head == cert", "formula.unknown_symbol", 1),
        ("cert in (none, head)", "formula.unknown_symbol", 16),
        ("cert in none", "formula.syntax", 9),
        ("cert in ()", "formula.syntax", 9),
        ("cert < senior", "formula.wrong_kind", 1),
        ("cert == a", "formula.wrong_kind", 9),
        ("cert == urban", "formula.wrong_kind", 9),
        ("urban + 1", "formula.wrong_kind", 1),
        ("not a", "formula.wrong_kind", 5),
        ("a and urban", "formula.wrong_kind", 1),
        ("a if b else 1", "formula.wrong_kind", 6),
        ("a if urban else urban", "formula.wrong_kind", 17),
        ("cert if urban else 1", "formula.wrong_kind", 20),
        ("hired_on + 1", "formula.wrong_kind", 1),
        ("years(a, as_of)", "formula.wrong_kind", 7),
        ("a + b", "formula.unit_mismatch", None),
        ("a < base", "formula.unit_mismatch", None),
        ("min(base, area)", "formula.unit_mismatch", None),
        ("base * base", "formula.unit_product", None),
        ("a / b", "formula.division_by_fact", 1),
        ("round_fen(base / a * 3)", "formula.division_by_fact", 11),
        ("a / 0", "formula.divided_by_zero", None),
        ("floor(a / (3 - 3))", "formula.divided_by_zero", None),
        ("floor(a / b)", "formula.negative_divisor", None),
        ("base * a * a * a * a", "formula.overflow", None),
        ("round_half_up(a * 99999999999999 / 7, 6)", "formula.overflow", None),
        ("99999999999999999999", "formula.overflow", None),
        ("sqrt(a)", "formula.unknown_function", 1),
        ("a.b(1)", "formula.unknown_function", 1),
        ("min(a)", "formula.wrong_count", 1),
        ("abs(a, b)", "formula.wrong_count", 1),
        ("floor()", "formula.wrong_count", 1),
        ("round_fen(base, 2)", "formula.wrong_count", 1),
        ("floor(x=1)", "formula.not_allowed", None),
        ("ceil(a, b)", "formula.bad_places", None),
        ("ceil(a, 0.5)", "formula.bad_places", None),
        ("ceil(a, 7)", "formula.bad_places", None),
        ("day(2023, 2, 29)", "formula.bad_day", None),
        ("day(2023, 2, a)", "formula.bad_day", None),
        ("day(2023, 2, 0.5)", "formula.bad_day", None),
        ("x", "formula.cycle", None),
    ],
)
def test_a_formula_is_refused_with_its_column(text: str, code: str, column: int | None) -> None:
    error = refused(text)
    assert (error.code, error.details.get("column")) == (code, column)
    assert error.zh
    assert str(error) == error.en


def test_a_near_name_is_suggested() -> None:
    assert "did you mean urban" in refused("urbann").en


def test_a_long_formula_is_refused() -> None:
    assert refused("a" * (MOST_CHARACTERS + 1)).code == "formula.too_long"


@pytest.mark.parametrize("text", ["(" * 300 + "a" + ")" * 300, "not " * 60 + "urban", "-" * 900 + "a"])
def test_a_deep_formula_is_refused(text: str) -> None:
    assert refused(text).code in {"formula.too_deep", "formula.syntax"}


def test_lines_may_be_folded() -> None:
    assert rules(x="a +\n1").value("x", {"a": 2}) == 3


def test_rules_that_name_each_other_are_refused() -> None:
    found = rules(x="y + 1", y="z + 1", z="x + 1")
    with pytest.raises(Malformed, match=r"x\.amount -> y\.amount -> z\.amount -> x\.amount"):
        found.value("x", {})


def test_an_output_named_as_a_fact_is_refused() -> None:
    found = ruleset(version("x", body(a="5", double="a * 2")))
    with pytest.raises(Malformed) as caught:
        found.value("x", {}, "double")
    assert caught.value.code == "formula.ambiguous_name"


def test_an_unknown_output_is_refused() -> None:
    found = ruleset(version("x", body(one="5", two="6")), version("y", body(amount="x.three")))
    with pytest.raises(Malformed, match="it has: one, two"):
        found.value("y", {})
    with pytest.raises(Malformed) as caught:
        found.value("x", {})
    assert caught.value.code == "rule.output_unclear"


@pytest.mark.parametrize(
    ("said", "unit", "code"),
    [
        (body(amount="base / 3"), "yuan", "formula.unrounded_money"),
        (body(amount="a"), "yuan", "formula.unit_mismatch"),
        (body(amount="base"), {"amount": "persons"}, "formula.unit_mismatch"),
        (body(paid_yuan="a", other="1"), None, "formula.unit_mismatch"),
        (body(share_ratio="base", other="1"), None, "formula.unit_mismatch"),
        (body(when="a", amount="1"), None, "formula.wrong_kind"),
        (body(when="a +", amount="1"), None, "formula.syntax"),
        (body(when="urban", amount="cert"), None, "formula.guarded_kind"),
        (Body(table=table("cert", none="a")), None, "formula.not_a_figure"),
        (Body(table=table("cert", master="1")), None, "formula.unknown_symbol"),
        (Body(table=table("urban", yes="1")), None, "formula.unknown_symbol"),
        (Body(table=table("hired_on", x="1")), None, "formula.wrong_kind"),
        (Body(table=table("step", one="1")), None, "table.bad_key"),
        (Body(table=table("base", **{"1": "1"})), None, "table.bad_key"),
        (Body(table=table("area", **{"1": "1", "200002": "1"})), None, "table.bad_key"),
        (Body(table=table("step, step, step, tier", **{"1__1__1__head": "1"})), None, "table.too_large"),
        (Body(bands=bands("cert", ("1", True, {"rate": "1"}))), None, "formula.wrong_kind"),
        (Body(bands=bands("a", ("2", True, {"rate": "1"}), ("2", False, {"rate": "1"}))), None, "bands.not_ascending"),
        (Body(bands=bands("a", ("a", True, {"rate": "1"}))), None, "formula.not_a_figure"),
        (Body(bands=bands("a / 9", ("9223372036854775800", True, {"rate": "1"}))), None, "formula.overflow"),
    ],
)
def test_a_body_is_refused_at_its_line(said: Body, unit: object, code: str) -> None:
    found = ruleset(version("x", said, unit=unit))
    with pytest.raises(Malformed) as caught:
        found.compile([("x", name) for name in found.outputs("x")])
    assert caught.value.code == code
    assert isinstance(caught.value.details["source"], Source)


def test_money_lines_must_be_whole_fen() -> None:
    found = rules(third="base / 3", fen="round_fen(base / 3)", flag="urban")
    found.require_whole_fen("fen")
    for name in ("third", "flag"):
        with pytest.raises(Malformed) as caught:
            found.require_whole_fen(name)
        assert caught.value.code == "formula.unrounded_money"
    with pytest.raises(ValueError, match="not whole fen"):
        found.column("third", {"base": np.array([1])}).fen()


def test_a_percent_sign_reads_as_wide_as_it_is() -> None:
    parsed = parse("5% + 2")
    assert sorted(parsed.numbers) == [0, 5]
    assert parse("  5%  +  2 ").numbers == parsed.numbers
    assert str(formula("x").source) == "test.yaml:7"
