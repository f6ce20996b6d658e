from dataclasses import replace

import pytest

from services.consultation.domain.statistics import Counts, Loop, coverage, facts, mean, pair
from services.kernel.errors import RuleViolation

GUANDU = Counts(
    sessions=473, items=556, items_implemented=522, communities_with_session=("a", "b"),
    communities_with_records=("a", "b", "c"), loop=Loop(556, 540, 530, 522, 522, 522, None), tallies={},
)  # fmt: skip


def test_coverage_over_the_units_passed() -> None:
    found = coverage(GUANDU, ["d", "b", "a", "a"])
    assert (found.units, found.units_with_session, found.without_session) == (3, 2, ("d",))
    assert found.denominator == "passed"


def test_coverage_over_units_with_records_says_so() -> None:
    found = coverage(GUANDU, [])
    assert (found.units, found.units_with_session, found.denominator) == (3, 2, "units_with_records")


def test_facts_and_the_pair_of_each_reading() -> None:
    found = facts(GUANDU, coverage(GUANDU, []))
    assert pair("implementation_rate", None, found) == (522, 556)
    assert pair("consultation_rate", "R1", found) == (2, 3)
    assert pair("consultation_rate", "R2", found) == (540, 556)


def test_a_part_never_exceeds_its_whole() -> None:
    with pytest.raises(RuleViolation, match="items_implemented") as caught:
        facts(replace(GUANDU, items=500), coverage(GUANDU, []))
    assert caught.value.code == "statistics.inconsistent"


def test_the_mean_has_two_places() -> None:
    assert mean(473, 99) == "4.78"
    assert mean(1, 200) == "0.01"
    assert mean(5, 0) is None
