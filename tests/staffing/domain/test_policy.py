"""The staffing rules of the packs against the worked examples of the documents (ids SD… of the shared oracle)."""

from datetime import date
from fractions import Fraction

import pytest

from services.kernel.errors import DomainError
from tests.staffing.domain.rules import PACKS, rules

IN_2022, BEFORE = date(2022, 7, 1), date(2021, 12, 31)


@pytest.mark.parametrize(
    ("households", "ceil", "floor", "half_up"),
    [(0, 0, 0, 0), (251, 2, 1, 1), (3000, 12, 12, 12), (3001, 13, 12, 12), (3250, 13, 13, 13), (5000, 20, 20, 20)],
)
def test_one_post_per_250_resident_households(households: int, ceil: int, floor: int, half_up: int) -> None:
    for reading, posts in {"ceil": ceil, "floor": floor, "half_up": half_up}.items():
        ruleset = rules("changzhou", IN_2022, staffing_norm=reading)
        assert ruleset.value("staffing_norm", {"resident_households": households}, output="posts") == posts
    exact = rules("changzhou", IN_2022).value("staffing_norm", {"resident_households": households}, output="exact")
    assert exact == Fraction(households, 250)


@pytest.mark.parametrize(
    ("registered", "resident", "everybody", "beyond"),
    [(1000, 500, "5", "4"), (3000, 3000, "18", "12"), (875, 3250, "10", "8.25"), (1750, 3250, "13.5", "10")],
)
def test_the_old_norm_has_two_readings(registered: int, resident: int, everybody: str, beyond: str) -> None:
    facts = {"registered_households": registered, "resident_households": resident}
    for reading, exact in {"A": everybody, "B": beyond}.items():
        found = rules("changzhou", BEFORE, staffing_norm=reading).value("staffing_norm", facts, output="exact")
        assert found == Fraction(exact)


@pytest.mark.parametrize(("residents", "posts"), [(555, 1), (10000, 18), (1589433, 2861), (4067856, 7323)])
def test_18_per_10000_urban_residents(residents: int, posts: int) -> None:
    for pack in ("changzhou", "chaoyang", "national"):
        ruleset = rules(pack, date(2024, 1, 1))
        assert ruleset.value("staffing_target", {"urban_residents": residents}, output="posts") == posts
        progress = {"urban_residents": 10000, "workers": 17}
        assert ruleset.value("target_progress", progress, output="per_10k") == 17
        assert ruleset.value("target_progress", progress, output="gap") == 1


def test_the_target_is_due_earlier_in_chaoyang() -> None:
    due = {pack: str(rules(pack, date(2024, 1, 1)).version("staffing_target").extra["due"]) for pack in PACKS.names()}
    assert due["chaoyang"] == "2023-12-31"
    assert {due["changzhou"], due["national"], due["kunming"], due["guandu"], due["longwan"]} == {"2025-12-31"}


@pytest.mark.parametrize(
    ("members", "low", "high"), [(4, True, False), (5, False, False), (9, False, False), (10, False, True)]
)
def test_a_residents_committee_has_5_to_9(members: int, low: bool, high: bool) -> None:
    for pack in ("chaoyang", "national"):
        ruleset, facts = rules(pack, BEFORE), {"committee_members": members}
        assert ruleset.value("residents_committee_size", facts, output="below_min") is low
        assert ruleset.value("residents_committee_size", facts, output="above_max") is high
        assert ruleset.value("residents_committee_size", facts, output="lawful") is not (low or high)


@pytest.mark.parametrize(("members", "lawful"), [(2, False), (3, True), (7, True), (8, False)])
def test_a_villagers_committee_has_3_to_7(members: int, lawful: bool) -> None:
    found = rules("national", BEFORE).value("villagers_committee_size", {"committee_members": members}, output="lawful")
    assert found is lawful


def test_the_committee_sizes_of_the_laws_of_2026_are_absent_by_name() -> None:
    with pytest.raises(DomainError) as absent:
        rules("national", date(2026, 1, 1)).version("residents_committee_size")
    assert absent.value.code == "parameter.expired"


@pytest.mark.parametrize(
    ("area", "ground", "total", "floor"),
    [(90000, 27000, True, True), (89900, 27000, False, True), (90000, 26900, True, False), (90000, 0, True, False)],
)
def test_premises_need_both_areas(area: int, ground: int, total: bool, floor: bool) -> None:
    facts = {"resident_households": 3000, "premises_sqm": area, "ground_floor_sqm": ground}
    ruleset = rules("changzhou", IN_2022)
    assert ruleset.value("premises", facts, output="required") == 900
    assert ruleset.value("premises", facts, output="meets_total") is total
    assert ruleset.value("premises", facts, output="meets_ground_floor") is floor
    assert ruleset.value("premises", facts, output="meets") is (total and floor)


def test_every_started_hundred_is_the_other_reading() -> None:
    facts = {"resident_households": 3001, "premises_sqm": 0, "ground_floor_sqm": 0}
    assert rules("changzhou", IN_2022).value("premises", facts, output="required") == Fraction("900.3")
    assert rules("changzhou", IN_2022, premises="started_hundred").value("premises", facts, output="required") == 930


def test_kunmings_premises_are_400_flat() -> None:
    for area, meets in ((40000, True), (39999, False)):
        assert rules("guandu", IN_2022).value("premises", {"premises_sqm": area}, output="meets") is meets
    assert rules("kunming", IN_2022).value("group_venue", {"premises_sqm": 6990}, output="below_70") is True


def test_the_household_norm_reaches_the_target_only_with_small_households() -> None:
    ruleset = rules("changzhou", IN_2022)
    assert ruleset.value("norm_against_target", {"household_size": 260}, output="per_10k") == Fraction("15.4")
    assert ruleset.value("norm_against_target", {"household_size": 222}, output="meets") is True
    assert ruleset.value("norm_against_target", {"household_size": 223}, output="meets") is False
    assert ruleset.value("norm_against_target", {"household_size": 260}, output="largest_household") == Fraction("2.22")
    assert ruleset.value("mean_posts", {}, output="former") == 10


@pytest.mark.parametrize(
    ("certificate", "on", "dismissed"),
    [("none", date(2025, 1, 1), True), ("none", date(2024, 12, 31), False), ("junior", date(2026, 1, 2), False)],
)
def test_no_certificate_within_three_years(certificate: str, on: date, dismissed: bool) -> None:
    facts = {"certificate": certificate, "eligible_since": date(2022, 1, 1), "today": on}
    assert rules("changzhou", IN_2022).value("dismissal_without_certificate", facts) is dismissed


@pytest.mark.parametrize(("failures", "dismissed"), [(0, False), (1, False), (2, True), (3, True)])
def test_two_failures_in_a_row(failures: int, dismissed: bool) -> None:
    facts = {"consecutive_failed_assessments": failures}
    assert rules("changzhou", IN_2022).value("dismissal_failed_assessments", facts) is dismissed


def test_stations_are_staffed_by_need() -> None:
    data, version = PACKS.raw("chaoyang", "staffing", "station_staff", IN_2022)
    assert (data["kind"], version.pack) == ("by_need", "chaoyang")


def test_grid_members_count_under_one_reading_only() -> None:
    facts = {"workers": 10, "grid_members": 4}
    for reading, counted in {"workers_only": 10, "all_staff": 14}.items():
        ruleset = rules("chaoyang", date(2024, 1, 1), counted_in_target=reading)
        assert ruleset.value("counted_in_target", facts) == counted


@pytest.mark.parametrize(("households", "inside"), [(99, False), (100, True), (700, True), (701, False)])
def test_the_general_size_of_a_community_to_2025(households: int, inside: bool) -> None:
    ruleset = rules("national", BEFORE)
    assert ruleset.value("community_size", {"resident_households": households}, output="inside") is inside
    assert rules("changzhou", IN_2022).value("community_size", {"resident_households": 3100}, output="deviation") == 100
