"""Rules together: tables, bands, guards, readings, absences, explanations, programs."""

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from services.kernel.errors import DomainError, Malformed, NotFound
from services.kernel.formula.explanation import Explanation, write
from services.kernel.formula.rules import Body, Cell
from services.kernel.formula.tree import Case, Run
from services.kernel.policy import Citation, Document, Text
from tests.kernel.formula.rulebook import HERE, bands, body, rules, ruleset, table, version

LADDER = table("tier, step", head__1="100", head__2="200.50", staff__1="80")
ALLOWANCE = version("allowance", Body(table=table("cert", none="0", junior="200")), unit="yuan")


def test_a_table_prints_its_cells_and_names_what_it_does_not() -> None:
    found = ruleset(version("ladder", Body(table=LADDER), unit="yuan"))
    assert found.value("ladder", {"tier": "head", "step": 2}) == Fraction("200.5")
    with pytest.raises(DomainError, match="tier=staff, step=17") as caught:
        found.value("ladder", {"tier": "staff", "step": 17})
    assert caught.value.code == "table.cell_missing"
    assert caught.value.details["cell"] == {"tier": "staff", "step": "17"}
    assert caught.value.citations[0].quote == "about ladder"
    column = found.column("ladder", {"tier": np.array([0, 1, 1], np.int8), "step": np.array([2, 1, 17])})
    assert column.fen().tolist() == [20050, 8000, 0]
    assert column.faults.reason(2) == caught.value
    assert column.faults.reason(0) is None
    assert column.faults.any()


def test_whole_number_keys_beyond_the_printed_ones_are_other() -> None:
    found = ruleset(version("x", Body(table=table("a", **{"3": "30", "900": "9"}))))
    column = found.column("x", {"a": np.array([3, 900, 4, 1000, 0])})
    assert column.numerator.tolist() == [30, 9, 0, 0, 0]
    assert column.faults.codes.astype(bool).tolist() == [False, False, True, True, True]
    for value in (4, 1000, 0):
        with pytest.raises(DomainError, match="a=other"):
            found.value("x", {"a": value})
    assert found.value("x", {"a": 900}) == 9


def test_a_table_by_a_flag_and_an_empty_table() -> None:
    found = ruleset(
        version("x", Body(table=table("urban", true="1", false="0.5"))), version("y", Body(table=table("a")))
    )
    assert found.value("x", {"urban": False}) == Fraction(1, 2)
    assert found.column("x", {"urban": np.array([True, False])}).numerator.tolist() == [2, 1]
    with pytest.raises(DomainError, match="a=other"):
        found.value("y", {"a": 3})


def test_a_table_by_constants_is_the_same_for_all() -> None:
    found = ruleset(
        version("x", Body(table=table("1 + 1", **{"2": "7"}))), version("y", Body(table=table("3", **{"2": "7"})))
    )
    assert found.column("x", {}, size=2).numerator.tolist() == [7, 7]
    assert found.column("y", {}, size=2).faults.codes.tolist() == [1, 1]


def test_a_cell_of_a_supplement_brings_its_own_sentence() -> None:
    other = Citation(Document("supplement", "S", synthetic=True), "", "added")
    cells = {**LADDER.cells, ("staff", "2"): Cell("90", HERE, (other,))}
    found = ruleset(version("ladder", Body(table=type(LADDER)(LADDER.by, cells, HERE))))
    assert other in found.explain("ladder", {"tier": "staff", "step": 2}).citations
    assert other not in found.explain("ladder", {"tier": "staff", "step": 1}).citations


TAX = bands(
    "base",
    ("36000", True, {"rate": "3%", "quick": "0"}),
    ("144000", True, {"rate": "10%", "quick": "2520"}),
    (None, True, {"rate": "20%", "quick": "16920"}),
)


def test_bands_hold_their_limit() -> None:
    found = ruleset(
        version("tax", Body(bands=TAX), unit={"quick": "yuan"}),
        version("due", body(amount="round_fen(base * tax.rate - tax.quick)")),
    )
    amounts = np.array([0, 3_600_000, 3_600_001, 14_400_000, 14_400_001, 10**8])
    column = found.column("due", {"base": amounts})
    assert column.fen().tolist() == [0, 108_000, 108_000, 1_188_000, 1_188_000, 18_308_000]
    assert [found.value("due", {"base": int(amount)}) * 100 for amount in amounts] == column.fen().tolist()


def test_a_limit_may_be_out_of_its_band_and_the_last_may_end() -> None:
    found = ruleset(version("x", Body(bands=bands("a", ("3", False, {"v": "1"}), ("6", False, {"v": "2"})))))
    column = found.column("x", {"a": np.array([2, 3, 5, 6])})
    assert column.numerator.tolist() == [1, 2, 2, 0]
    with pytest.raises(DomainError, match="a > 6") as caught:
        found.value("x", {"a": 6})
    assert column.faults.reason(3) == caught.value
    assert not found.column("x", {"a": np.array([2, 3])}).faults.any()


def test_a_guard_gives_nothing_where_it_does_not_hold() -> None:
    said = body(when="urban and service >= 3", employer="round_yuan(base * 5%)", due="base > 100")
    found = ruleset(version("fund", said), version("total", body(amount="fund.employer + 1", asks="fund.applies")))
    block = {"urban": np.array([True, False]), "service": np.array([3, 60]), "base": np.array([521345, 521345])}
    assert found.column("fund", block, "employer").numerator.tolist() == [261, 0]
    assert found.column("fund", block, "due").numerator.tolist() == [True, False]
    assert found.column("total", block, "asks").numerator.tolist() == [True, False]
    assert found.value("total", {"urban": False}, "amount") == 1
    assert found.outputs("fund") == ("employer", "due", "applies")


def test_a_side_not_taken_is_not_asked() -> None:
    found = rules(x="a if urban else b * 1", y="urban and a > 5", z="urban or a > 5")
    block = {
        "urban": np.array([True, False]),
        "a": np.array([7, 7]),
        "a?": np.array([False, True]),
        "b": np.array([1, 2]),
        "b?": np.array([True, False]),
    }
    assert found.column("x", block).faults.codes.tolist() == [0, 0]
    assert found.column("x", block).numerator.tolist() == [7, 2]
    assert found.column("y", block).faults.codes.tolist() == [0, 0]
    assert found.column("z", block).faults.codes.tolist() == [0, 1]


def test_symbols_may_be_given_and_compared() -> None:
    found = rules(
        post="head if urban else (staff if a > 5 else tier)",
        top="post == head",
        same="cert == cert",
        yes="urban == true",
        no="false == urban",
        out="cert not in (none, junior)",
    )
    block = {
        "urban": np.array([True, False, False]),
        "a": np.array([0, 9, 0]),
        "tier": np.array([1, 1, 0], np.int8),
        "cert": np.array([0, 1, 2], np.int8),
    }
    column = found.column("post", block)
    assert [column.shape.symbols[code] for code in column.numerator] == ["head", "staff", "head"]
    assert found.value("post", {"urban": False, "a": 9}) == "staff"
    assert found.column("top", block).numerator.tolist() == [True, False, True]
    assert found.column("same", block).numerator.all()
    assert found.column("yes", block).numerator.tolist() == [True, False, False]
    assert found.column("no", block).numerator.tolist() == [False, True, True]
    assert found.column("out", block).numerator.tolist() == [False, False, True]


def test_constants_decide_conditions_at_load_and_are_named() -> None:
    found = ruleset(
        version("pilot", body(amount="true")),
        version("stopped", body(amount="false")),
        version("wage", body(amount="4500"), unit="yuan"),
        version("x", body(amount="(wage * a / 2 if pilot else wage) + wage / wage")),
        version(
            "y", body(both="pilot and urban", none="stopped and urban", either="stopped or urban", all="pilot or urban")
        ),
        version("mean", body(total_yuan="90", count="4", mean="round_fen(total_yuan / count)"), unit=None),
    )
    explained = found.explain("x", {"a": 2})
    assert explained.value == 4501
    assert {each.name for each in explained.inputs} == {"pilot.amount", "wage.amount", "a"}
    values = {name: found.value("y", {"urban": True}, name) for name in ("both", "none", "either", "all")}
    assert values == {"both": True, "none": False, "either": True, "all": True}
    assert found.value("mean", {}, "mean") == Fraction("22.5")
    assert found.explain("mean", {}, "mean").text == "22.50"
    column = found.column("x", {"a": np.array([2])})
    assert Fraction(int(column.numerator[0]), column.denominator) == 4501


ABSENT = NotFound("rule.absent", "未公布", "unpublished")


def test_an_absent_rule_is_a_named_fault_where_it_is_asked() -> None:
    found = ruleset(
        version("x", body(amount="ladder if urban else 5")),
        version("flag", body(amount="gate if urban else false")),
        version("kind", body(amount="true if gate else urban")),
        version("member", body(amount="ladder.top + 1")),
        version("symbol", body(amount="gate == head")),
        version("both", body(amount="gate if urban else cert")),
        absences={"ladder": ABSENT, "gate": ABSENT},
    )
    assert found.value("x", {"urban": False}) == 5
    column = found.column("x", {"urban": np.array([True, False])})
    assert column.faults.codes.tolist() == [1, 0]
    assert column.faults.reasons == [ABSENT]
    for name, facts in (
        ("x", {"urban": True}),
        ("flag", {"urban": True}),
        ("kind", {}),
        ("member", {}),
        ("symbol", {}),
        ("both", {"urban": True}),
    ):
        with pytest.raises(NotFound) as caught:
            found.value(name, facts)
        assert caught.value is ABSENT
    assert found.value("both", {"urban": False, "cert": "junior"}) == "junior"
    with pytest.raises(NotFound) as caught:
        found.version("ladder")
    assert caught.value is ABSENT
    with pytest.raises(NotFound, match="did you mean member"):
        found.version("membre")
    with pytest.raises(NotFound, match="check the name"):
        found.version("qqqqqq")


def test_a_reading_replaces_its_parts() -> None:
    said = body(amount="a", exact="a / 3")
    readings = {"up": body(amount="ceil(exact)"), "table": Body(table=table("a", **{"1": "9"})), "data": Body(data=[1])}
    found = {name: ruleset(version("x", said, readings=readings, reading=name)) for name in readings}
    assert found["up"].value("x", {"a": 4}) == 2
    assert found["up"].explain("x", {"a": 4}).readings_used == {"x": "up"}
    assert found["data"].version("x").spoken.data == [1]
    assert found["table"].version("x").spoken.names == ("amount", "amount", "exact")


def test_an_explanation_is_the_tree_of_what_was_used() -> None:
    found = ruleset(
        ALLOWANCE,
        version(
            "pay",
            body(amount="round_fen(base * 80% + allowance)"),
            unit="yuan",
            label=Text("应发", "pay"),
            qualifier="about",
        ),
    )
    explained = found.explain("pay", {"base": "5213.45", "cert": "junior"})
    told = explained.to_dict()
    assert told["value"] == "4370.76"
    assert (told["label"], told["qualifier"], told["pack"], told["rule"]) == (
        {"zh": "应发", "en": "pay"},
        "about",
        "town",
        "pay",
    )
    assert told["formula"] == "round_fen(base * 80% + allowance)"
    assert [each["name"] for each in told["inputs"]] == ["base", "allowance.amount"]
    assert told["inputs"][1]["formula"] == "table by cert"
    assert told["citations"][0]["quote"] == "about pay"
    assert [citation.quote for citation in explained.all_citations] == ["about pay", "about allowance"]
    assert [each.name for each in explained.walk()] == ["pay.amount", "base", "allowance.amount", "cert"]
    assert {fact.name for fact in found.facts_used("pay")} == {"base", "cert"}


def test_shared_rules_are_asked_once_and_shown_where_used() -> None:
    found = rules(common="a * 2", x="common + 1", y="common + 2")
    both = found.explain_many([("x", None), ("y", None)], {"a": 5})
    assert [each.value for each in both] == [11, 12]
    assert [each.inputs[0].name for each in both] == ["common.amount", "common.amount"]
    assert found.compile([("x", None), ("y", None)]).run({"a": np.array([5])})[1].numerator.tolist() == [12]
    assert Case({}, traced=False).explain(rules(k="1").output("k")) is None


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Fraction(13), "posts", "13"),
        (Fraction(521340, 100), "yuan", "5213.40"),
        (Fraction(-1, 8), "", "-0.125"),
        (Fraction(1, 8), "yuan", "0.125"),
        (Fraction(1, 3), "", "1/3"),
        (Fraction(3, 7), "yuan", "3/7"),
        (True, "", "true"),
        (False, "", "false"),
        ("head", "", "head"),
        (date(2022, 1, 1), "", "2022-01-01"),
    ],
)
def test_values_as_text(value: Any, unit: str, text: str) -> None:
    assert write(value, unit) == text
    assert Explanation("x", Text("x", "x"), value, unit).text == text


def test_units_that_survive() -> None:
    found = ruleset(
        version(
            "x",
            body(
                amount="base * a",
                ratio="floor(base / base)",
                per="round_fen(base / a)",
                rate="area * base",
                size="area / 2",
                posts="ceil(a / 250)",
                b="service * 3",
            ),
            unit=None,
        ),
        version("several", body(percent="round_half_up(a * 100 / 7)", open="a"), unit="percent"),
    )
    units = {name: found.output("x", name).node.shape.unit for name in found.outputs("x") if name != "b"}
    assert units == {"amount": "yuan", "ratio": "", "per": "yuan", "rate": "yuan", "size": "sqm", "posts": ""}
    assert found.output("several", "open").node.shape.unit == "households"
    assert found.output("several", "percent").node.shape.unit == "percent"


def test_the_rules_of_a_day_by_name() -> None:
    found = rules(y="1", x="2")
    assert found.names() == ("x", "y")
    assert found.has("x")
    assert not found.has("z")
    nothing = ruleset(version("x", Body(data=[1])))
    with pytest.raises(Malformed, match="has no output amount"):
        nothing.value("x", {})


def test_a_run_marks_only_rows_asked_for() -> None:
    run = Run({}, 2)
    run.fault(np.array([True, True]), ABSENT, np.array([False, False]))
    assert not rules(x="1").column("x", {}, size=2).faults.any()
