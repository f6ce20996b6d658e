"""Readers of whole columns: every bad cell is found, every good one read."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.runtime import cells
from services.runtime.imports import Column, Sheet, read_sheet

X = (Column("x", required=False), Column("y", required=False))


def sheet_of(*values: str) -> Sheet:
    return read_sheet(("x,y\n" + "".join(f'"{value}",1\n' for value in values)).encode(), X)


def bad_rows(sheet: Sheet) -> list[int]:
    return [one.row - 2 for one in sheet.errors]


def test_whole_numbers() -> None:
    sheet = sheet_of("0", "13", "-1", "x", "", "1.0", "99", "9" * 19, "１２", "1e3")
    assert cells.whole_numbers(sheet, "x", 0, 50, absent=-9).tolist() == [0, 13, -9, -9, -9, -9, -9, -9, -9, -9]
    assert bad_rows(sheet) == [2, 3, 5, 6, 7, 8, 9]


def test_money() -> None:
    sheet = sheet_of("5213.40", "5213.4", "7", "0.01", "1.234", "¥5", "", "-3", "1,000")
    assert cells.money_fen(sheet, "x").tolist() == [521340, 521340, 700, 1, 0, 0, 0, 0, 0]
    assert bad_rows(sheet) == [4, 5, 7, 8]
    assert cells.money_fen(sheet_of("-3.05"), "x", low=-1000).tolist() == [-305]


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_money_is_exact(fen: list[int]) -> None:
    sheet = sheet_of(*(str(Decimal(one) / 100) for one in fen))
    assert cells.money_fen(sheet, "x").tolist() == fen


def test_days() -> None:
    day = date(2026, 1, 2)
    sheet = sheet_of("2026-01-02", "2026/1/2", "2026.01.02", "20260102", "2026-1-2", "")
    assert cells.days(sheet, "x").to_pylist() == [day] * 5 + [None]
    assert bad_rows(sheet) == []
    wrong = sheet_of("2026-02-29", "2026-06-31", "1800-01-01", "yesterday", "2026-13-01")
    assert cells.days(wrong, "x").to_pylist() == [None] * 5
    assert bad_rows(wrong) == [0, 1, 2, 3, 4]
    assert cells.days(sheet_of("2024-02-29"), "x").to_pylist() == [date(2024, 2, 29)]


@given(st.lists(st.integers(0, 70_000), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_every_day_is_read_as_written(numbers: list[int]) -> None:
    days = [date(1905, 1, 1) + timedelta(number) for number in numbers]
    assert cells.days(sheet_of(*(day.isoformat() for day in days)), "x").to_pylist() == days


def test_flags() -> None:
    sheet = sheet_of("true", "是", "1", "YES", "false", "否", "0", "no", "", "maybe")
    assert cells.flags(sheet, "x", absent=True).tolist() == [True] * 4 + [False] * 4 + [True, True]
    assert bad_rows(sheet) == [9]


def test_choices() -> None:
    sheet = sheet_of("head", "Head", "", "deputy")
    assert cells.choices(sheet, "x", ("head", "deputy")).to_pylist() == ["head", None, None, "deputy"]
    assert bad_rows(sheet) == [1]
    assert "head, deputy" in sheet.errors[0].message.en


def test_codes() -> None:
    sheet = sheet_of("530111001001", "5.3E+11", "030111001001", "53011100100", "")
    assert cells.codes(sheet, "x").to_pylist() == ["530111001001", None, None, None, None]
    assert bad_rows(sheet) == [1, 2, 3]


@pytest.mark.parametrize("reader", [cells.whole_numbers, cells.money_fen, cells.days, cells.flags, cells.codes])
def test_a_file_without_the_column_has_empty_cells(reader: object) -> None:
    sheet = read_sheet(b"y\n1\n2\n", X)
    assert len(reader(sheet, "x")) == 2  # type: ignore[operator]
    assert sheet.errors == []
