"""The worked examples of tax, contributions and payslips, exact to the fen."""

import csv
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from services.kernel.formula.ruleset import Ruleset
from services.kernel.money import fen
from services.kernel.period import Month
from services.payroll.domain.policy import OWN_FACTS, SECTION, VOCABULARY
from services.payroll.usecases.pay_calculations import Case, calculate
from services.runtime.packs import Packs, load
from services.runtime.settings import ROOT

_TEXT = (Path(__file__).parent / "data" / "iit_examples.csv").read_text(encoding="utf-8")
EXAMPLES = list(csv.DictReader(_TEXT.splitlines()))
NOTHING: Mapping[str, Any] = {
    **{fact.name: False if fact.kind == "flag" else 0 for fact in OWN_FACTS},
    "gross": 0,
    "employee_contributions": 0,
    "employed_months": 12,
    "month_number": 12,
}


def of_kind(kind: str) -> list[Any]:
    return [
        pytest.param(json.loads(row["inputs_json"]), json.loads(row["expected_json"]), id=row["id"])
        for row in EXAMPLES
        if row["kind"] == kind
    ]


def in_fen(amount: float | str) -> int:
    return fen(Decimal(str(amount)))


@pytest.fixture(scope="module")
def rules(packs: Packs) -> Ruleset:
    return packs.ruleset("national", section=SECTION, vocabulary=VOCABULARY, on=date(2026, 1, 31))


@pytest.mark.parametrize(("given", "expected"), of_kind("annual_tax"))
def test_tax_of_a_year(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = {
        **NOTHING,
        "gross": in_fen(given["annual_income"]),
        "contributions_before": in_fen(given.get("special", 0)),
        "special_additional": in_fen(given.get("special_additional", 0)),
        "other_deductions": in_fen(given.get("other", 0)),
    }
    assert rules.value("cumulative_taxable", facts) == expected["taxable"]
    assert rules.value("income_tax", facts) == Fraction(in_fen(expected["tax"]), 100)


@pytest.mark.parametrize(("given", "expected"), of_kind("cumulative_point"))
def test_withholding_of_a_month_from_running_totals(
    rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    months, rest = divmod(given["cum_basic"], 5000)
    assert rest == 0
    facts = {
        **NOTHING,
        "employed_months": months,
        "gross": in_fen(given["cum_income"]),
        "contributions_before": in_fen(given["cum_special"]),
        "special_additional": in_fen(given["cum_special_additional"]),
        "other_deductions": in_fen(given["cum_other"]),
        "tax_before": in_fen(given["tax_paid"]),
    }
    assert rules.value("cumulative_taxable", facts) == Fraction(in_fen(expected["cum_taxable"]), 100)
    assert rules.value("income_tax_rate", facts, output="rate") == Fraction(str(expected["rate"]))
    assert rules.value("income_tax", facts) == Fraction(in_fen(expected["current_tax"]), 100)


@pytest.mark.parametrize(("given", "expected"), of_kind("monthly_withholding"))
def test_withholding_month_by_month(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    months = given["months"]
    gross, special = (_by_month(given[name], months) for name in ("monthly_gross", "special_monthly"))
    withheld: list[int] = []
    for at in range(months):
        facts = {
            **NOTHING,
            "employed_months": at + 1,
            "gross": gross[at],
            "income_before": sum(gross[:at]),
            "employee_contributions": special[at],
            "contributions_before": sum(special[:at]),
            "special_additional": in_fen(given["special_additional_monthly"]) * (at + 1),
            "tax_before": sum(withheld),
        }
        withheld.append(int(rules.value("income_tax", facts) * 100))  # type: ignore[operator]
    if "tax_by_month" in expected:
        assert withheld == [in_fen(tax) for tax in expected["tax_by_month"]]
    if "tax_first_2" in expected:
        assert withheld[:2] == [in_fen(tax) for tax in expected["tax_first_2"]]
    if "annual_tax" in expected:
        assert sum(withheld) == in_fen(expected["annual_tax"])


def _by_month(value: float | list[float], months: int) -> list[int]:
    return [in_fen(one) for one in (value if isinstance(value, list) else [value] * months)]


@pytest.mark.parametrize(("given", "expected"), of_kind("annual_with_bonus"))
def test_a_bonus_merged_into_the_year(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = {
        **NOTHING,
        "gross": in_fen(given["monthly_gross"]) * 12 + in_fen(given["bonus"]),
        "contributions_before": in_fen(given["special_monthly"]) * 12,
    }
    assert rules.value("income_tax", facts) == expected["annual_tax"]


@pytest.mark.parametrize(("given", "expected"), of_kind("bonus_separate"))
def test_a_bonus_taxed_separately(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = {**NOTHING, "separate_bonus": in_fen(given["bonus"])}
    assert rules.value("bonus_tax", facts) == Fraction(in_fen(expected["tax"]), 100)


@pytest.mark.parametrize(("given", "expected"), of_kind("bonus_compare"))
def test_a_bonus_both_ways(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    bonus, other = in_fen(given["bonus"]), in_fen(given["other_annual_taxable"]) + 6_000_000
    separate = rules.value("bonus_tax", {**NOTHING, "separate_bonus": bonus})
    merged = rules.value("income_tax", {**NOTHING, "gross": other + bonus})
    alone = rules.value("income_tax", {**NOTHING, "gross": other})
    assert separate == Fraction(in_fen(expected["separate_tax"]), 100)
    assert merged - alone == Fraction(in_fen(expected["merged_increment"]), 100)  # type: ignore[operator]


@pytest.mark.parametrize(("given", "expected"), of_kind("bonus_dead_zone"))
def test_a_bonus_in_the_dead_zone_nets_less(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    def net(bonus: int) -> Fraction:
        tax = rules.value("bonus_tax", {**NOTHING, "separate_bonus": bonus})
        assert isinstance(tax, Fraction)
        return Fraction(bonus, 100) - tax

    lower, upper = in_fen(given["lower"]), in_fen(expected["upper_net_equal"])
    assert net(lower + 100) < net(lower)
    assert net(upper - 100) < net(lower)
    assert net(upper + 100) > net(lower)


@pytest.mark.parametrize(("given", "expected"), of_kind("basic_deduction"))
def test_basic_deduction_of_2020_13_and_19(rules: Ruleset, given: dict[str, Any], expected: dict[str, Any]) -> None:
    facts = {
        **NOTHING,
        "month_number": given["month"],
        "employed_months": given["month"] - given.get("hired_month", 1) + 1,
        "first_job_in_year": given.get("first_job_in_year", False),
        "prior_year_up_to_60000": given.get("elected", False),
    }
    assert rules.value("cumulative_basic_deduction", facts) == expected["cumulative_basic_deduction"]


INSURANCES = ("pension", "medical", "maternity", "unemployment", "injury")


@pytest.mark.parametrize(("given", "expected"), of_kind("kunming_payslip"))
def test_kunming_payslip(packs: Packs, given: dict[str, Any], expected: dict[str, Any]) -> None:
    fund = given["hf_base"] is not None
    facts: dict[str, Any] = {
        "category": "full_time_community_worker",
        "declared_base": in_fen(given["declared_si_base"]),
        "fund_member": fund,
        "fund_rate": given["hf_rate"],
        "separate_bonus": in_fen(given.get("bonus_separate", 0)),
        "employed_months": 1,
        "month_number": 1,
    }
    if fund:
        facts["declared_fund_base"] = in_fen(given["hf_base"])
    case = Case("530102000000", Month.parse(given["period"]), facts, given_fen=in_fen(given["gross"]))
    _, payslip = calculate(packs, case)
    lines = {paid.line.code: paid.amount_fen for paid in payslip.lines}
    for name in (*INSURANCES, "housing_fund"):
        if name in expected:
            code = "work_injury" if name == "injury" else name
            sides = [lines.get(f"{code}_employee", 0), lines[f"{code}_employer"]]
            assert sides == [in_fen(side) for side in expected[name]], name
    assert lines["income_tax"] == in_fen(expected["iit"])
    assert lines["bonus_tax"] == in_fen(expected.get("iit_bonus", 0))
    assert payslip.net_fen == in_fen(expected["net"])
    assert payslip.employer_cost_fen - payslip.gross_fen == in_fen(expected["employer_cost"])


@pytest.mark.parametrize(("given", "expected"), of_kind("contribution"))
def test_contributions_round_each_scheme_and_side(
    packs: Packs, tmp_path: Path, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The clamp and the rounding of the national rules under the example's own limits and rates."""
    limits = f"floor: {given.get('base_min', 0)}, ceiling: {given.get('base_max', 10**6)}"
    body = ""
    for name in ("pension", "medical", "unemployment", "work_injury", "maternity"):
        employer, employee = (given.get(side, {}).get(name, "0") for side in ("employer_rates", "rates"))
        rates = f"employer: {employer}, employee: {employee}"
        cite = "start: 2019-01-01, known: 2019-01-01, cite: {document: somewhere-test}"
        body += f"{name}_limits:\n  - {{{cite}, unit: yuan, {limits}}}\n{name}_rate:\n  - {{{cite}, {rates}}}\n"
    folder = tmp_path / "policies"
    (folder / "somewhere").mkdir(parents=True)
    for pack in (ROOT / "policies").iterdir():
        (folder / pack.name).symlink_to(pack)
    (folder / "somewhere" / "payroll.yaml").write_text(body, encoding="utf-8")
    (folder / "somewhere" / "documents.yaml").write_text(
        'region: "110100000000"\nname: {zh: 某市, en: somewhere}\ndocuments:\n  somewhere-test:\n'
        "    {title: 例, issuer: 例, kind: notice, status: in_force, known: 2019-01-01, seen: true}\n",
        encoding="utf-8",
    )
    local = load(folder, [], {"payroll": VOCABULARY}).ruleset(
        "somewhere", section=SECTION, vocabulary=VOCABULARY, on=date(2026, 1, 31)
    )
    facts = {**NOTHING, "base_declared": True, "declared_base": in_fen(given["base"])}
    if "clamped_base" in expected:
        assert local.value("pension", facts, output="base") == expected["clamped_base"]
        return
    sides = {"employee": ("pension", "medical", "unemployment"), "employer": ("pension", "medical", "unemployment")}
    employee = sum(local.value(name, facts, output="employee") for name in sides["employee"])  # type: ignore[misc]
    employer = sum(local.value(name, facts, output="employer") for name in (*sides["employer"], "work_injury"))  # type: ignore[misc]
    assert (employee, employer) == (expected["employee_total"], expected["employer_total"])


def test_every_kind_of_example_is_asked() -> None:
    asked = {
        "annual_tax", "annual_with_bonus", "basic_deduction", "bonus_compare", "bonus_dead_zone", "bonus_separate",
        "contribution", "cumulative_point", "kunming_payslip", "monthly_withholding",
    }  # fmt: skip
    assert {row["kind"] for row in EXAMPLES} == asked
