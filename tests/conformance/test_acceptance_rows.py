"""The row files against the acceptance list: every id once, every status honest."""

from pathlib import Path

import pytest

from tools.conformance_rows import STATUSES, Row, load_rows

PACKS = Path(__file__).parents[2] / "policies"

# The acceptance list's ids, kept here as data: a row can be neither lost nor invented.
ACCEPTANCE = {
    "kunming": [f"KM-{number:02}" for number in range(1, 32)],
    "guandu": [f"GD-{number:02}" for number in range(1, 43)],
    "changzhou": [f"CZ-{number:02}" for number in range(1, 43)],
    "longwan": [f"LW-{number:02}" for number in range(1, 37)],
    "chaoyang": [f"CY-{number:02}" for number in range(1, 36)],
    "national": [f"X-{number:02}" for number in range(1, 14)],
}


def chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return load_rows(PACKS)


def test_every_acceptance_row_stands_exactly_once_in_its_citys_pack(rows: tuple[Row, ...]) -> None:
    expected = sorted((pack, row) for pack, ids in ACCEPTANCE.items() for row in ids)
    assert len(expected) == 199
    assert sorted((row.pack, row.id) for row in rows) == expected


def test_statuses_are_known_and_say_why(rows: tuple[Row, ...]) -> None:
    for row in rows:
        assert row.status in STATUSES
        assert bool(row.checks) == (row.status == "built"), row.id
        assert bool(row.reason) == (row.status == "unbuilt"), row.id
        assert bool(row.needs) == (row.status == "unknown"), row.id


def test_every_reason_and_need_is_said_in_both_languages(rows: tuple[Row, ...]) -> None:
    for row in rows:
        for text in filter(None, (row.reason, row.needs, row.later, row.waits)):
            zh, slash, en = text.partition(" / ")
            assert slash, (row.id, text)
            assert chinese(zh), (row.id, text)
            assert en.isascii(), (row.id, text)


def test_a_built_row_expects_more_than_a_status_code(rows: tuple[Row, ...]) -> None:
    for row in (row for row in rows if row.status == "built"):
        assert any(set(check.expect) - {"status", "citations.count"} for check in row.checks), row.id


def test_sentences_are_in_both_languages(rows: tuple[Row, ...]) -> None:
    for row in rows:
        assert chinese(row.zh), row.id
        assert row.en, row.id
        assert row.answer, row.id
