"""The consultation records' totals, counted in the generated rows."""

from collections import Counter

import pytest

from tools.demo import bundle, guandu, longwan, places
from tools.demo.records import Records


@pytest.fixture(scope="module")
def records() -> dict[str, Records]:
    return bundle.consultation()


def test_the_same_seed_gives_the_same_records(records: dict[str, Records]) -> None:
    assert bundle.consultation() == records


def test_guandus_sessions_items_and_implemented_items(records: dict[str, Records]) -> None:
    mine = records["guandu"]
    sessions = {row.number: row for row in mine.sessions if row.held_at < "2023"}
    items = {row.issue for row in mine.issue_events if row.session in sessions}
    implemented = {row.issue for row in mine.issue_events if row.step == "implement" and row.at < "2023"}
    assert (len(sessions), len(items), len(implemented)) == (473, 556, 522)
    assert implemented <= items
    units = {unit.code for unit in guandu.managed(places.village_level("guandu"))}
    assert {row.community for row in sessions.values()} == units


def test_every_unit_of_longwan_held_a_session(records: dict[str, Records]) -> None:
    units = {unit.code for unit in longwan.managed(places.system("longwan"))}
    assert {row.community for row in records["longwan"].sessions} == units
    assert len(units) == 78


def test_nine_tenths_of_kunmings_units_held_one_in_the_end_of_2020(records: dict[str, Records]) -> None:
    own = {row.community for row in records["kunming"].sessions}
    both = own | {row.community for row in records["guandu"].sessions}
    assert len(both) / 1700 >= 0.9
    assert not [code for code in own if code.startswith("530111")]


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_steps_come_after_the_opening_and_in_order(records: dict[str, Records], name: str) -> None:
    last = {(row.community, row.number): row.opened_at for row in records[name].issues}
    for row in records[name].issue_events:
        assert last[row.community, row.issue] <= row.at
        last[row.community, row.issue] = row.at
    assert max(last.values()) < "2026-11"


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_numbers_are_unique_and_sessions_are_known(records: dict[str, Records], name: str) -> None:
    mine = records[name]
    assert max(Counter(row.number for row in mine.issues).values()) == 1
    assert max(Counter(row.number for row in mine.sessions).values()) == 1
    held = {(row.community, row.number) for row in mine.sessions}
    assert {(row.community, row.session) for row in mine.issue_events if row.session} == held


@pytest.mark.parametrize("name", places.SYSTEMS)
def test_titles_say_that_they_are_examples(records: dict[str, Records], name: str) -> None:
    assert all(row.title.startswith("示例") for row in records[name].issues)
    assert all(row.title.startswith("示例") for row in records[name].sessions)


def test_changzhou_has_service_orders(records: dict[str, Records]) -> None:
    assert sum(row.process == "service_order" for row in records["changzhou"].issues) == 40


def test_files_are_in_load_order() -> None:
    assert [name for name, _ in bundle.consultation_files()] == ["issues", "sessions", "issue_events"]
