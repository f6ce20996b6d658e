"""One formula, three ways: a case, a column, and plain fractions; they agree, faults included."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.errors import DomainError
from services.kernel.formula.ruleset import Ruleset
from services.kernel.period import day_number
from tests.kernel.formula.rulebook import VOCABULARY, rules

Case = dict[str, Any]
OTHER = date(2024, 2, 28)


@dataclass(frozen=True)
class Fault(Exception):
    code: str


def reference(tree: Any, case: Case) -> Any:
    """The value of a generated tree in fractions, written without a line of the product."""
    kind, *parts = tree
    return REFERENCE[kind](case, *parts)


def _fact(case: Case, name: str) -> Any:
    fact = VOCABULARY.fact(name)
    value = case[name]
    if value is None:
        raise Fault("fact.missing")
    if fact is not None and fact.kind == "number":
        low, high = fact.bounds
        if not low <= value <= high:
            raise Fault("fact.out_of_range")
        return Fraction(value, fact.scale)
    return value


def _round(value: Fraction, mode: str, places: int) -> Fraction:
    scaled = value * 10**places
    floor = scaled.numerator // scaled.denominator
    rest = scaled - floor
    half = Fraction(1, 2)
    up = {
        ROUND_FLOOR: False,
        ROUND_CEILING: rest > 0,
        ROUND_DOWN: value < 0 and rest > 0,
        ROUND_HALF_UP: rest > half or (rest == half and value > 0),
        ROUND_HALF_EVEN: rest > half or (rest == half and floor % 2 == 1),
    }[mode]
    return Fraction(floor + up, 10**places)


MODES = {
    "floor": ROUND_FLOOR,
    "ceil": ROUND_CEILING,
    "truncate": ROUND_DOWN,
    "round_half_up": ROUND_HALF_UP,
    "round_half_even": ROUND_HALF_EVEN,
}


def _quotient(case: Case, mode: str, places: int, top: Any, bottom: Any) -> Fraction:
    above, below = reference(top, case), reference(bottom, case)
    if below == 0:
        raise Fault("formula.divided_by_zero")
    return _round(above / below, MODES[mode], places)


REFERENCE: dict[str, Any] = {
    "fact": _fact,
    "constant": lambda _case, text: Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text),
    "+": lambda case, a, b: reference(a, case) + reference(b, case),
    "-": lambda case, a, b: reference(a, case) - reference(b, case),
    "*": lambda case, a, text: reference(a, case) * REFERENCE["constant"](case, text),
    "/": lambda case, a, text: reference(a, case) / REFERENCE["constant"](case, text),
    "negate": lambda case, a: -reference(a, case),
    "abs": lambda case, a: abs(reference(a, case)),
    "min": lambda case, *many: min(reference(each, case) for each in many),
    "max": lambda case, *many: max(reference(each, case) for each in many),
    "round": lambda case, mode, places, a: _round(reference(a, case), MODES[mode], places),
    "quotient": _quotient,
    "if": lambda case, then, condition, other: reference(then if reference(condition, case) else other, case),
    "and": lambda case, a, b: reference(a, case) and reference(b, case),
    "or": lambda case, a, b: reference(a, case) or reference(b, case),
    "not": lambda case, a: not reference(a, case),
    "<": lambda case, a, b: reference(a, case) < reference(b, case),
    "<=": lambda case, a, b: reference(a, case) <= reference(b, case),
    "==": lambda case, a, b: reference(a, case) == reference(b, case),
    "is": lambda case, symbol: _fact(case, "cert") == symbol,
    "among": lambda case, symbols: _fact(case, "cert") in symbols,
}

WRITE: dict[str, Any] = {
    "fact": lambda name: name,
    "constant": lambda text: f"({text})",
    "*": lambda a, text: f"({write(a)} * {text})",
    "/": lambda a, text: f"({write(a)} / {text})",
    "negate": lambda a: f"(-{write(a)})",
    "abs": lambda a: f"abs({write(a)})",
    "min": lambda *many: f"min({', '.join(map(write, many))})",
    "max": lambda *many: f"max({', '.join(map(write, many))})",
    "round": lambda mode, places, a: f"{mode}({write(a)}, {places})",
    "quotient": lambda mode, places, a, b: f"{mode}({write(a)} / max({write(b)}, 0), {places})",
    "if": lambda then, condition, other: f"({write(then)} if {write(condition)} else {write(other)})",
    "not": lambda a: f"(not {write(a)})",
    "is": lambda symbol: f"(cert == {symbol})",
    "among": lambda symbols: f"(cert in ({', '.join(symbols)},))",
}


def write(tree: Any) -> str:
    kind, *parts = tree
    if kind in WRITE:
        text: str = WRITE[kind](*parts)
        return text
    return f"({write(parts[0])} {kind} {write(parts[1])})"


CONSTANTS = st.sampled_from(["1", "2", "3", "250", "0.5", "5%", "0.125", "12.5%", "30"])
SYMBOLS = st.lists(st.sampled_from(["none", "junior", "senior"]), min_size=1, max_size=3, unique=True)
LEAVES = st.one_of(
    st.tuples(st.just("fact"), st.sampled_from(["a", "b", "step"])), st.tuples(st.just("constant"), CONSTANTS)
)
NUMBERS = st.deferred(lambda: st.one_of(LEAVES, LARGER))
FLAGS = st.deferred(
    lambda: st.one_of(
        st.tuples(st.just("fact"), st.just("urban")),
        st.tuples(st.just("is"), st.sampled_from(["none", "junior", "senior"])),
        st.tuples(st.just("among"), SYMBOLS),
        st.tuples(st.sampled_from(["<", "<=", "=="]), NUMBERS, LEAVES),
        st.tuples(st.sampled_from(["and", "or"]), FLAGS, FLAGS),
        st.tuples(st.just("not"), FLAGS),
    )
)
PLACES = st.integers(0, 3)
LARGER = st.one_of(
    st.tuples(st.sampled_from(["+", "-", "min", "max"]), NUMBERS, NUMBERS),
    st.tuples(st.sampled_from(["*", "/"]), NUMBERS, CONSTANTS),
    st.tuples(st.sampled_from(["negate", "abs"]), NUMBERS),
    st.tuples(st.just("round"), st.sampled_from(sorted(MODES)), PLACES, NUMBERS),
    st.tuples(st.just("quotient"), st.sampled_from(sorted(MODES)), PLACES, NUMBERS, LEAVES),
    st.tuples(st.just("if"), NUMBERS, FLAGS, NUMBERS),
)
NUMBER_FACTS = ("a", "b", "step")
CASES = st.fixed_dictionaries(
    {
        "a": st.one_of(st.none(), st.integers(-2, 1002)),
        "b": st.one_of(st.none(), st.integers(-52, 52)),
        "step": st.one_of(st.none(), st.integers(0, 18)),
        "urban": st.one_of(st.none(), st.booleans()),
        "cert": st.one_of(st.none(), st.sampled_from(["none", "junior", "senior"])),
    }
)


def bare(tree: Any) -> Any:
    """The tree without units: facts of different units are made bare numbers."""
    if isinstance(tree, tuple) and tree[0] == "fact" and tree[1] in NUMBER_FACTS:
        return ("*", tree, "1")
    return tuple(bare(each) for each in tree) if isinstance(tree, tuple) else tree


def divisors(tree: Any) -> Any:
    """The reference of `max(b, 0)` under a division."""
    if not isinstance(tree, tuple):
        return tree
    kind, *parts = tree
    done = [divisors(each) for each in parts]
    if kind == "quotient":
        done[3] = ("max", done[3], ("constant", "0"))
    return (kind, *done)


def block_of(cases: list[Case]) -> dict[str, np.ndarray[Any, Any]]:
    symbols = ("none", "junior", "senior")
    block: dict[str, np.ndarray[Any, Any]] = {}
    for name in ("a", "b", "step", "urban", "cert"):
        values = [case[name] for case in cases]
        block[f"{name}?"] = np.array([value is None for value in values])
        filled = [0 if value is None else value for value in values]
        if name == "cert":
            filled = [symbols.index(value) if isinstance(value, str) else 0 for value in filled]
        dtype = {"urban": np.bool_, "cert": np.int8}.get(name, np.int64)
        block[name] = np.array(filled, dtype=dtype)
    return block


def outcome(found: Ruleset, case: Case) -> Any:
    try:
        return found.value("x", case)
    except DomainError as error:
        return error


def expected(tree: Any, case: Case) -> Any:
    try:
        return reference(tree, case)
    except Fault as fault:
        return fault.code


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(NUMBERS, FLAGS), st.lists(CASES, min_size=1, max_size=12))
def test_a_case_a_column_and_fractions_agree(tree: Any, cases: list[Case]) -> None:
    tree = bare(tree)
    try:
        found = rules(x=write(tree))
        column = found.column("x", block_of(cases))
    except DomainError as error:  # too large, too deep: refused before any case is seen
        assert error.code in {"formula.overflow", "formula.too_deep", "formula.too_long"}  # noqa: PT017
        return
    for row, case in enumerate(cases):
        one, wanted = outcome(found, case), expected(divisors(tree), case)
        reason = column.faults.reason(row)
        if isinstance(one, DomainError):
            assert (one.code, one) == (wanted, reason)
            assert column.numerator[row] == 0
        else:
            assert reason is None
            assert one == wanted
            value = column.numerator[row]
            assert (bool(value) if column.shape.kind == "flag" else Fraction(int(value), column.denominator)) == wanted


AMOUNTS = st.integers(0, 10**8)


@given(
    st.lists(AMOUNTS, min_size=1, max_size=20),
    st.sampled_from(["round_fen", "round_jiao", "round_yuan", "truncate_fen"]),
)
def test_money_is_rounded_to_the_fen(amounts: list[int], rounding: str) -> None:
    found = rules(x=f"{rounding}(base * 1 / 3 + base * 5%)")
    places = {"round_fen": 2, "round_jiao": 1, "round_yuan": 0, "truncate_fen": 2}[rounding]
    mode = ROUND_DOWN if rounding == "truncate_fen" else ROUND_HALF_UP
    column = found.column("x", {"base": np.array(amounts)})
    wanted = [_round(Fraction(amount, 100) * Fraction(23, 60), mode, places) for amount in amounts]
    assert column.fen().tolist() == [each * 100 for each in wanted]
    assert [found.value("x", {"base": amount}) for amount in amounts] == wanted


DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=10))
def test_spans_of_days_agree(pairs: list[tuple[date, date]]) -> None:
    found = rules(years="years(hired_on, as_of)", months="months(hired_on, as_of)", early="hired_on < day(2018, 1, 1)")
    block = {
        "hired_on": np.array([day_number(first) for first, _ in pairs], dtype=np.int32),
        "as_of": np.array([day_number(last) for _, last in pairs], dtype=np.int32),
    }
    for name in ("years", "months", "early"):
        column = found.column(name, block)
        ones = [found.value(name, {"hired_on": first, "as_of": last}) for first, last in pairs]
        assert column.numerator.tolist() == ones


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 / 3", Fraction(1, 3)),
        ("5% + 0.125", Fraction(7, 40)),
        ("-2 * -3", 6),
        ("+4", 4),
        ("clamp(20, 1, 17)", 17),
        ("clamp(0, 1, 17)", 1),
        ("max(1, 2, 3) - min(4, 5)", -1),
        ("round_half_even(2.5)", 2),
        ("round_half_even(3.5)", 4),
        ("round_half_up(-2.5)", -3),
        ("ceil(0.101, 2)", Fraction(11, 100)),
        ("abs(3 - 5)", 2),
        ("7 if 1 < 2 <= 2 else 8", 7),
        ("1_000", 1000),
        ("yuan(3)", 3),
    ],
)
def test_constants_are_known_at_load(text: str, value: Fraction) -> None:
    assert rules(x=text).value("x", {}) == value
    assert rules(x=text).column("x", {}, size=2).numerator.shape == (2,)
