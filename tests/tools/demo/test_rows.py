"""CSV text of the demo's rows."""

from datetime import date

from tools.demo import rows


def test_a_row_becomes_a_line_under_its_field_names() -> None:
    text = rows.csv_text([rows.Appointment("GD-0001", "530111001001", "staff", True, date(2020, 1, 2))])
    assert text == "worker,community,post,full_time,start,end\nGD-0001,530111001001,staff,true,2020-01-02,\n"


def test_no_rows_give_an_empty_text() -> None:
    assert rows.csv_text([]) == ""


def test_registers_join_in_order() -> None:
    one = rows.Register(certificates=(rows.Certificate("A", "junior", date(2020, 1, 1)),))
    two = rows.Register(certificates=(rows.Certificate("B", "junior", date(2020, 1, 1)),))
    assert [row.worker for row in one.joined(two).certificates] == ["A", "B"]
