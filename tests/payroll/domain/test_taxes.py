"""Months employed, declared deductions cumulated, and the state a month leaves behind."""

from datetime import date

import numpy as np
import pytest

from services.kernel.period import Month, day_number
from services.payroll.domain.pay_schemes import parse_schemes
from services.payroll.domain.payslip_facts import layout_of, pack
from services.payroll.domain.policy import STORED_FACTS
from services.payroll.domain.taxes import DeductionStep, cumulated, employment_column, state_after


@pytest.mark.parametrize(
    ("hired", "months", "this_year"),
    [
        (date(2020, 5, 1), 6, False),
        (date(2025, 12, 31), 6, False),
        (date(2026, 1, 1), 6, True),
        (date(2026, 3, 31), 4, True),
        (date(2026, 6, 30), 1, True),
        (date(2026, 9, 1), 1, True),
    ],
)
def test_months_employed_count_the_month_of_hiring(hired: date, months: int, this_year: bool) -> None:
    employed, new = employment_column(np.array([day_number(hired)]), Month(2026, 6))
    assert (employed.tolist(), new.tolist()) == ([months], [this_year])


def test_deductions_cumulate_over_the_months_employed_here() -> None:
    steps = [
        DeductionStep("child_education", Month(2026, 4), None),
        DeductionStep("child_education", Month(2025, 9), 200_000),
        DeductionStep("elderly_support_shared", Month(2026, 2), 150_000),
        DeductionStep("personal_pension", Month(2026, 3), 100_000),
        DeductionStep("tax_relief", Month(2026, 5), 5_000),
        DeductionStep("first_job_in_year", Month(2026, 5), 0),
        DeductionStep("prior_year_up_to_60000", Month(2026, 6), 0),
    ]
    assert cumulated(steps, Month(2026, 5), 4) == {
        "special_additional": 2 * 200_000 + 4 * 150_000,
        "other_deductions": 3 * 100_000,
        "tax_relief": 5_000,
        "first_job_in_year": 1,
        "prior_year_up_to_60000": 0,
    }


def test_the_state_a_month_leaves_behind() -> None:
    label = {"zh": "甲", "en": "a"}
    kinds = [("pay", "earning", "pay"), ("bonus", "earning", "bonus"), ("pension", "employee", "pension.employee"),
             ("income_tax", "tax", "income_tax"), ("bonus_tax", "tax", "bonus_tax")]  # fmt: skip
    lines = [{"code": code, "kind": kind, "amount": rule, "label": label} for code, kind, rule in kinds]
    (scheme,) = parse_schemes([{"scheme": "s", "label": label, "basis": "cash", "lines": lines}])
    layout = layout_of(STORED_FACTS)
    columns = {name: np.array([value]) for name, value in (
        ("income_before", 100), ("contributions_before", 10), ("tax_before", 1), ("separate_bonus", 700))}  # fmt: skip
    words = pack(layout, columns, 1)
    state = state_after(scheme, layout, np.array([[1000, 700, 80, 7, 9]]), words)
    assert {name: column.tolist() for name, column in state.items()} == {
        "income_before": [1100],
        "contributions_before": [90],
        "tax_before": [8],
    }
