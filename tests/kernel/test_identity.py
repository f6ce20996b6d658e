"""Identifiers that sort by time."""

from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.identity import made_at_ms, uuid7

MILLISECONDS = st.integers(0, 2**48 - 1)
DICE = st.integers(0, 2**74 - 1)


@given(MILLISECONDS, DICE)
def test_the_instant_and_the_version_are_inside(now: int, dice: int) -> None:
    made = uuid7(now, dice)
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made_at_ms(made) == now


@given(st.tuples(MILLISECONDS, DICE), st.tuples(MILLISECONDS, DICE))
def test_they_sort_by_instant_then_dice(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (uuid7(*one) < uuid7(*other)) == (one < other)
