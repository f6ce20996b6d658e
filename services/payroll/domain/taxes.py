"""Facts of income tax that payroll itself knows: months employed, declared deductions, what earlier slips withheld."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.period import Month
from services.payroll.domain.pay_schemes import LineKind, Scheme
from services.payroll.domain.payslip_facts import Layout, unpack
from services.payroll.domain.policy import SPECIAL_ADDITIONAL

FLAG_KINDS = ("first_job_in_year", "prior_year_up_to_60000")
AMOUNT_KINDS: Mapping[str, str] = {
    **dict.fromkeys(SPECIAL_ADDITIONAL, "special_additional"),
    "personal_pension": "other_deductions",
    "commercial_health": "other_deductions",
    "enterprise_annuity": "other_deductions",
    "exempt_income": "exempt_income",
    "tax_relief": "tax_relief",
}
"""A declared kind -> the cumulative fact it adds to."""
DEDUCTION_KINDS = (*AMOUNT_KINDS, *FLAG_KINDS)


@dataclass(frozen=True, slots=True)
class DeductionStep:
    """From the month `start` on, `amount_fen` a month (None: it ends), until the next step of the kind.

    For the two flags any amount, also 0, means declared.
    """

    kind: str
    start: Month
    amount_fen: int | None


def employment_column(hired_on: NDArray[Any], month: Month) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days of hiring (since 1970-01-01) -> months employed here this year up to `month`, and hired in its year.

    The month of hiring counts whole (STA 2018 No. 61 art. 6); whoever is hired later counts one month.
    """
    months = hired_on.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    january = month.year * 12
    first = np.maximum(months - january, 0)
    return np.clip(month.month - first, 1, 12), months >= january


def cumulated(steps: Iterable[DeductionStep], month: Month, employed_months: int) -> dict[str, int]:
    """Steps of one worker -> cumulative fen (or 1 for a declared flag) by fact name, over the months employed here.

    The months are the last `employed_months` of the year up to and with `month`. A flag counts when declared in
    `month`. Facts without a step are left out.
    """
    by_kind: dict[str, list[DeductionStep]] = {}
    for step in sorted(steps, key=lambda one: one.start):
        by_kind.setdefault(step.kind, []).append(step)
    facts: dict[str, int] = {}
    for kind, history in by_kind.items():
        if kind in FLAG_KINDS:
            facts[kind] = int(_in_force(history, month) is not None)
            continue
        total = sum(_in_force(history, month.plus(-back)) or 0 for back in range(employed_months))
        facts[AMOUNT_KINDS[kind]] = facts.get(AMOUNT_KINDS[kind], 0) + total
    return facts


def _in_force(history: list[DeductionStep], month: Month) -> int | None:
    current = None
    for step in history:
        if step.start <= month:
            current = step.amount_fen
    return current


INCOME_TAX = "income_tax"
TAX_STATE = ("income_before", "contributions_before", "tax_before")


def state_after(
    scheme: Scheme, layout: Layout, amounts: NDArray[np.int64], words: NDArray[np.int32]
) -> dict[str, NDArray[np.int64]]:
    """Payslips of one month as columns -> the `TAX_STATE` facts of the next month of the year, in fen.

    Income leaves out the bonus taxed separately; tax counts the lines that rule `income_tax` made.
    """
    facts = unpack(layout, words)
    withheld = [at for at, line in enumerate(scheme.lines) if line.amount.rule == INCOME_TAX]
    gross = amounts[:, scheme.positions(LineKind.EARNING)].sum(axis=1)
    return {
        "income_before": facts["income_before"] + gross - facts["separate_bonus"],
        "contributions_before": facts["contributions_before"]
        + amounts[:, scheme.positions(LineKind.EMPLOYEE)].sum(axis=1),
        "tax_before": facts["tax_before"] + amounts[:, withheld].sum(axis=1),
    }
