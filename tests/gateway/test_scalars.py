from datetime import UTC, date, datetime

import pytest
from graphql import EnumValueNode, GraphQLError, IntValueNode, StringValueNode

from gateway import scalars


@pytest.mark.parametrize(("text", "read"), [("5213.40", "5213.40"), ("5213.4", "5213.40"), ("-1", "-1.00")])
def test_yuan_is_text_with_two_decimals(text: str, read: str) -> None:
    assert scalars.parse_yuan(text) == read


@pytest.mark.parametrize("value", ["1.234", "a", "", "NaN", "Infinity", 5213.4, 5213, None])
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Yuan"):
        scalars.parse_yuan(value)


def test_an_amount_leaves_as_the_service_sent_it() -> None:
    assert scalars.show_yuan("99999999999.99") == "99999999999.99"
    for wrong in ("1.2", "1", 1.0, None):
        with pytest.raises(GraphQLError):
            scalars.show_yuan(wrong)


@pytest.mark.parametrize("code", ["530111001001", "000000000000"])
def test_a_division_code_has_twelve_digits(code: str) -> None:
    assert scalars.parse_division_code(code) == code


@pytest.mark.parametrize("value", ["53011100100", "030111001001", "53011100100a", "五三", 530111001001, None])
def test_what_is_no_division_code_is_refused_in_both_languages(value: object) -> None:
    with pytest.raises(GraphQLError, match=r"[一-鿿].*[a-z]{4}"):
        scalars.parse_division_code(value)


def test_months_days_and_instants_are_read() -> None:
    assert scalars.parse_month("2026-10") == "2026-10"
    assert scalars.parse_date("2026-10-31") == date(2026, 10, 31)
    assert scalars.parse_datetime("2026-10-31T08:00:00Z") == datetime(2026, 10, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-13", "2026-1", "26-10", "", 202610])
def test_what_is_no_month_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        scalars.parse_month(value)


@pytest.mark.parametrize("value", ["2026-02-30", "20260228", "2026-W01-1", "", 20261031])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Date"):
        scalars.parse_date(value)


@pytest.mark.parametrize(
    "value",
    ["2026-10-31T08:00:00", "yesterday", 1, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="DateTime"):
        scalars.parse_datetime(value)


def test_days_and_instants_leave_as_iso_text() -> None:
    assert scalars.show_day_or_instant(date(2026, 10, 31)) == "2026-10-31"
    assert scalars.show_day_or_instant(datetime(2026, 10, 31, tzinfo=UTC)) == "2026-10-31T00:00:00+00:00"
    assert scalars.show_day_or_instant("2026-10-31") == "2026-10-31"


def test_a_word_may_be_written_bare_or_quoted() -> None:
    assert scalars.parse_word_literal(EnumValueNode(value="open")) == "open"
    assert scalars.parse_word_literal(StringValueNode(value="open")) == "open"
    for node in (StringValueNode(value="not open"), IntValueNode(value="1")):
        with pytest.raises(GraphQLError, match="Word"):
            scalars.parse_word_literal(node)


def test_every_scalar_says_what_it_is() -> None:
    for scalar in scalars.SCALARS.values():
        assert scalar.specified_by_url == f"/scalars#{scalar.name}"
        assert scalar.description
