"""Facts packed into words and out again, for one case and for columns."""

import random

import numpy as np
import pytest

from services.kernel.formula.vocabulary import Fact
from services.payroll.domain.payslip_facts import Layout, layout_of, pack, unpack, unpack_one
from services.payroll.domain.policy import STORED_FACTS

LAYOUT = layout_of(STORED_FACTS)


def test_the_layout_survives_json_and_is_compact() -> None:
    assert Layout.from_json(LAYOUT.to_json()) == LAYOUT
    assert LAYOUT.words == 14
    assert Layout(()).words == 0


def test_a_fact_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 34 bits"):
        layout_of([Fact("big", low=0, high=10**10)])


@pytest.mark.parametrize("seed", range(5))
def test_what_is_packed_comes_out(seed: int) -> None:
    dice, rows = random.Random(seed), 40
    columns = {}
    expected: list[dict[str, int]] = [{} for _ in range(rows)]
    for place, fact in zip(LAYOUT.places, STORED_FACTS, strict=True):
        low, high = fact.bounds
        values = [dice.choice([None, low, high, dice.randint(low, high)]) for _ in range(rows)]
        columns[place.name] = np.array([low if value is None else value for value in values])
        columns[f"{place.name}?"] = np.array([value is None for value in values])
        for row, value in enumerate(values):
            if value is not None:
                expected[row][place.name] = value
    words = pack(LAYOUT, columns, rows)
    assert [unpack_one(LAYOUT, words[row].tolist()) for row in range(rows)] == expected
    again = unpack(LAYOUT, words)
    assert (pack(LAYOUT, again, rows) == words).all()


def test_a_column_left_out_is_absent() -> None:
    words = pack(LAYOUT, {"urban": np.array([True, False])}, 2)
    assert [unpack_one(LAYOUT, row.tolist()) for row in words] == [{"urban": 1}, {"urban": 0}]
    assert unpack(LAYOUT, words)["urban"].tolist() == [True, False]
