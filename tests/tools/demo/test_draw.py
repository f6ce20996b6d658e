"""Draws that reach exact totals."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.demo import draw


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10**6))
def test_flags_are_true_exactly_as_often_as_asked(true: int, false: int, seed: int) -> None:
    drawn = draw.flags(Random(seed), true + false, true)
    assert (sum(drawn), len(drawn)) == (true, true + false)


def test_more_true_flags_than_flags_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be true"):
        draw.flags(Random(1), 1, 2)


@given(st.integers(1, 40), st.integers(-5, 5), st.integers(0, 9), st.integers(0, 10**6), st.data())
def test_whole_numbers_reach_their_sum(count: int, low: int, spread: int, seed: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(low * count, (low + spread) * count))
    drawn = draw.summing(Random(seed), count, total, low, low + spread)
    assert sum(drawn) == total
    assert len(drawn) == count
    assert all(low <= value <= low + spread for value in drawn)


def test_an_impossible_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot sum"):
        draw.summing(Random(1), 2, 7, 1, 3)


@given(st.integers(0, 99), st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 10**6))
def test_a_birthday_gives_the_age_asked_for(age: int, on: date, seed: int) -> None:
    born = draw.birthday(Random(seed), age, on)
    assert on.year - born.year - ((on.month, on.day) < (born.month, born.day)) == age


def test_days_between_hold_both_ends() -> None:
    rng = Random(1)
    drawn = {draw.day_between(rng, date(2020, 1, 1), date(2020, 1, 3)) for _ in range(100)}
    assert drawn == {date(2020, 1, day) for day in (1, 2, 3)}
