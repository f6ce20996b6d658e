"""Money: whole fen, named roundings, splits that lose nothing."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import money
from services.kernel.errors import Malformed

WHOLE = st.integers(-(10**12), 10**12)
POSITIVE = st.integers(1, 10**6)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5213.40", 521340),
        ("0", 0),
        ("-0.05", -5),
        ("+3.5", 350),
        (7, 700),
        (Decimal("12.300"), 1230),
        (Decimal(100), 10000),
    ],
)
def test_yuan_reads_as_fen(text: str | int | Decimal, amount: int) -> None:
    assert money.fen(text) == amount


@pytest.mark.parametrize("text", ["", "1.234", "一百", "1,000", "１２", "1e3", Decimal("0.001"), "99999999999999"])
def test_what_is_no_amount_is_refused(text: str | Decimal) -> None:
    with pytest.raises(Malformed, match="two decimals") as caught:
        money.fen(text)
    assert caught.value.code == "money.unreadable"


@given(WHOLE)
def test_yuan_and_fen_are_inverse(amount: int) -> None:
    assert money.fen(money.yuan(amount)) == amount


@pytest.mark.parametrize(
    ("rounding", "mode"),
    [
        (money.floor, ROUND_FLOOR),
        (money.ceil, ROUND_CEILING),
        (money.truncate, ROUND_DOWN),
        (money.half_up, ROUND_HALF_UP),
        (money.half_even, ROUND_HALF_EVEN),
    ],
)
@given(numerator=st.integers(-(10**6), 10**6), denominator=st.sampled_from([1, 2, 4, 5, 8, 10, 100, 125, 1000]))
def test_roundings_agree_with_decimal(rounding: object, mode: str, numerator: int, denominator: int) -> None:
    with localcontext() as context:
        context.prec = 60
        expected = int((Decimal(numerator) / denominator).quantize(Decimal(1), rounding=mode))
    assert rounding(numerator, denominator) == expected  # type: ignore[operator]


@given(WHOLE, POSITIVE)
def test_half_up_is_the_nearest(numerator: int, denominator: int) -> None:
    assert abs(money.half_up(numerator, denominator) - Fraction(numerator, denominator)) <= Fraction(1, 2)


@given(WHOLE, st.lists(st.integers(0, 1000), min_size=1).filter(any))
def test_a_split_loses_nothing(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - Fraction(total * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )


def test_the_largest_remainder_gets_the_odd_fen() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_share_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(Malformed):
        money.split(100, weights)
