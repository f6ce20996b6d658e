"""Months, periods, completed months and years."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import period
from services.kernel.errors import Malformed
from services.kernel.period import Month, Period

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def test_a_month_knows_its_days_and_neighbours() -> None:
    month = Month.parse(" 2024-02 ")
    assert (month.first, month.last, month.days) == (date(2024, 2, 1), date(2024, 2, 29), 29)
    assert str(Month(2025, 12).next()) == "2026-01"
    assert month.plus(-2) == Month(2023, 12)
    assert Month.of(date(2024, 2, 10)) == month
    assert Month(2023, 12) < month


@pytest.mark.parametrize("text", ["2024-13", "2024-00", "24-01", "2024/01", "", "2024-1"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        Month.parse(text)
    assert caught.value.code == "month.unreadable"


def test_a_month_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(Malformed):
        Month(2024, 13)


@pytest.mark.parametrize("text", ["2023-02-29", "20230101", "2023-W01-1", "x", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        period.parse_day(text)
    assert caught.value.code == "day.unreadable"


def test_periods_are_half_open() -> None:
    year = Period.parse("2022-01-01/2023-01-01")
    assert year.contains(date(2022, 1, 1))
    assert not year.contains(date(2023, 1, 1))
    assert not year.contains(date(2021, 12, 31))
    assert str(year) == "2022-01-01/2023-01-01"
    ever = Period.parse("2023-01-01/")
    assert ever.contains(date(2999, 1, 1))
    assert str(ever) == "2023-01-01/"
    assert not year.overlaps(ever)
    assert not ever.overlaps(year)
    assert year.overlaps(Period(date(2022, 12, 31)))
    assert Period(date(2022, 12, 31)).overlaps(year)


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        Period(date(2022, 1, 1), date(2022, 1, 1))
    assert caught.value.code == "period.empty"


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2020-02-29", "2021-02-27", 11),
        ("2020-02-29", "2021-02-28", 12),
        ("2020-02-29", "2024-02-28", 47),
        ("2020-02-29", "2024-02-29", 48),
        ("2020-01-31", "2020-02-29", 1),
        ("2020-01-31", "2020-04-29", 2),
        ("2020-01-31", "2020-04-30", 3),
        ("2020-05-10", "2020-05-09", 0),
        ("2020-05-10", "2019-05-10", 0),
    ],
)
def test_completed_months(start: str, end: str, months: int) -> None:
    first, last = period.parse_day(start), period.parse_day(end)
    assert period.completed_months(first, last) == months
    assert period.completed_years(first, last) == months // 12


@given(DAYS, DAYS)
def test_years_are_complete_on_the_anniversary(start: date, end: date) -> None:
    years = period.completed_years(start, end)

    def anniversary(count: int) -> date:
        try:
            return start.replace(year=start.year + count)
        except ValueError:
            return date(start.year + count, 2, 28)

    assert years == 0 or anniversary(years) <= end
    assert anniversary(years + 1) > end


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1))
def test_columns_count_as_days_do(pairs: list[tuple[date, date]]) -> None:
    starts, ends = (
        np.array([period.day_number(day) for day in days], dtype=np.int32) for days in zip(*pairs, strict=True)
    )
    assert period.completed_months_column(starts, ends).tolist() == [period.completed_months(*pair) for pair in pairs]
    assert period.completed_years_column(starts, ends).tolist() == [period.completed_years(*pair) for pair in pairs]


@given(DAYS)
def test_day_numbers_are_inverse(day: date) -> None:
    assert period.day_of(period.day_number(day)) == day
    assert period.day_number(day + timedelta(days=1)) == period.day_number(day) + 1
