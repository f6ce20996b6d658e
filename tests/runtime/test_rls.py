"""Scopes as settings of a transaction."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.rls import append_only_sql, merge, region_policy_sql, scope_settings

CODES = st.text("0123456789", min_size=1, max_size=4)
SCOPES = st.lists(st.tuples(CODES, CODES), max_size=6)


def inside(code: str, ranges: object) -> bool:
    return any(lo <= code < hi for lo, hi in ranges)  # type: ignore[attr-defined]


@given(SCOPES, CODES)
def test_merging_changes_no_codes_rights(scope: list[tuple[str, str]], code: str) -> None:
    merged = merge(scope)
    assert inside(code, merged) == inside(code, scope)
    assert all(left[1] < right[0] for left, right in pairwise(merged))


def test_settings_of_none_one_and_several() -> None:
    assert scope_settings(()) == ("", "", "")
    assert scope_settings((("1", "2"),)) == ("1", "2", "")
    assert scope_settings((("1", "2"), ("1", "3"))) == ("1", "3", "")
    assert scope_settings((("5", "6"), ("1", "2"))) == ("1", "6", '{["1","2"),["5","6")}')


def test_only_plain_names_become_sql() -> None:
    with pytest.raises(ValueError, match="not a plain SQL name"):
        region_policy_sql("staffing", "x; DROP TABLE y")
    assert append_only_sql("payroll", "payslips") == [
        "REVOKE UPDATE, DELETE, TRUNCATE ON payroll.payslips FROM gongzhi_payroll"
    ]
