"""The five pay shapes, asked case by case against what the documents print."""

from typing import Any

import pytest

from services.kernel.errors import DomainError
from services.kernel.period import Month
from services.payroll.domain.payslips import Payslip
from services.payroll.usecases.pay_calculations import Case, calculate
from services.runtime.packs import Packs

KUNMING, GUANDU, CHANGZHOU = "530102001001", "530111001011", "320402001001"
LONGWAN, CHAOYANG = "330303001001", "211302001001"
FULL = {"category": "full_time_community_worker"}


def ask(packs: Packs, region: str, month: str = "2026-01", **facts: Any) -> Payslip:
    options = {name: facts.pop(name) for name in ("given_fen", "scheme", "readings") if name in facts}
    return calculate(packs, Case(region, Month.parse(month), facts, **options))[1]


def lines(payslip: Payslip) -> dict[str, int]:
    return {paid.line.code: paid.amount_fen for paid in payslip.lines}


def checks(payslip: Payslip) -> dict[str, bool]:
    return {check.code: holds for check, holds in payslip.checks}


def test_kunming_top_cell_is_7540_with_five_insurances(packs: Packs) -> None:
    top = {**FULL, "tier": "both_posts", "step": 17, "certificate": "none"}
    payslip = ask(packs, KUNMING, declared_base="6041", **top)
    assert lines(payslip)["comparable_total"] == 754_000
    assert checks(payslip) == {"above_policy_max": False}
    above = ask(packs, KUNMING, declared_base="6041", given_fen=604_184, **top)
    assert checks(above) == {"above_policy_max": True}


def test_kunming_matrix_is_unpublished(packs: Packs, printed_packs: Packs) -> None:
    case = {**FULL, "tier": "head", "step": 3, "declared_base": "5000"}
    with pytest.raises(DomainError) as undefined:
        ask(packs, KUNMING, **case)
    assert undefined.value.code == "table.cell_missing"
    with pytest.raises(DomainError) as absent:
        ask(printed_packs, KUNMING, **case)
    assert (absent.value.code, "岗位与等级的金额表" in absent.value.zh) == ("rule.absent", True)


def test_a_village_cadre_of_both_posts_gets_one_subsidy(packs: Packs) -> None:
    payslip = ask(packs, KUNMING, category="village_cadre", tier="both_posts", holds_both_posts=True)
    assert (payslip.scheme.name, lines(payslip)) == (
        "village_cadre_subsidy",
        {"post_subsidy": 360_000, "income_tax": 0},
    )
    assert payslip.lines[0].explanation.inputs[0].qualifier == "about"
    with pytest.raises(DomainError) as single:
        ask(packs, KUNMING, category="village_cadre", tier="head")
    assert single.value.code == "table.cell_missing"


def test_guandu_four_line_groups_and_range(packs: Packs) -> None:
    payslip = ask(packs, GUANDU, **FULL, tier="head", step=8, certificate="none", declared_base="4403",
                  urban=True, continuous_years=1, continuous_years_as_head=1)  # fmt: skip
    groups = [paid.line.code for paid in payslip.lines if paid.line.group == "post_subsidy"]
    assert groups == ["base", "grade_pay", "performance", "award"]
    assert payslip.gross_fen == sum(lines(payslip)[code] for code in groups)
    assert checks(payslip) == {"outside_pay_range": False}
    low = ask(packs, GUANDU, **FULL, given_fen=300_000, certificate="none", declared_base="4403",
              urban=True, continuous_years=1, continuous_years_as_head=1)  # fmt: skip
    assert checks(low) == {"outside_pay_range": True}


@pytest.mark.parametrize(
    ("urban", "years", "as_head", "certificate", "fund"),
    [
        (True, 2, 0, "junior", 0),
        (True, 3, 0, "none", 0),
        (True, 3, 0, "junior", 25_000),
        (False, 3, 0, "junior", 0),
        (True, 9, 8, "none", 0),
        (True, 9, 9, "none", 25_000),
    ],
)
def test_guandu_housing_fund(packs: Packs, urban: bool, years: int, as_head: int, certificate: str, fund: int) -> None:
    payslip = ask(packs, GUANDU, **FULL, tier="staff", step=1, certificate=certificate, declared_base="5000",
                  urban=urban, continuous_years=years, continuous_years_as_head=as_head)  # fmt: skip
    assert (lines(payslip)["housing_fund_employee"], lines(payslip)["housing_fund_employer"]) == (fund, fund)


def test_guandu_fund_under_the_other_reading(packs: Packs) -> None:
    payslip = ask(packs, GUANDU, **FULL, tier="staff", step=1, certificate="junior", declared_base="5000",
                  urban=True, continuous_years=3, continuous_years_as_head=0,
                  readings={"housing_fund": "employer_only"})  # fmt: skip
    assert (lines(payslip)["housing_fund_employee"], lines(payslip)["housing_fund_employer"]) == (0, 25_000)


@pytest.mark.parametrize(
    ("certificate", "amount"), [("none", 0), ("junior", 200), ("intermediate", 400), ("senior", 600)]
)
def test_guandu_certificate_allowance(packs: Packs, certificate: str, amount: int) -> None:
    payslip = ask(packs, GUANDU, **FULL, tier="staff", step=1, certificate=certificate, declared_base="4403",
                  urban=False, continuous_years=0, continuous_years_as_head=0)  # fmt: skip
    assert lines(payslip)["certificate_allowance"] == amount * 100


def test_changzhou_base_wage(packs: Packs) -> None:
    payslip = ask(packs, CHANGZHOU, **FULL, declared_base="4500")
    assert (lines(payslip)["base_wage"], payslip.scheme.basis) == (450_000, "base_only")
    assert lines(payslip)["pension_employee"] == 39_616  # 8 % of the floor 4952
    half = ask(packs, CHANGZHOU, **FULL, declared_base="4952", days_in_post=15, days_in_month=30)
    assert half.gross_fen == 225_000


def test_longwan_whole_cost_is_basis_times_coefficient(packs: Packs) -> None:
    payslip = ask(packs, LONGWAN, **FULL, declared_base="6933")
    assert lines(payslip)["total_cost"] == 875_000
    assert payslip.employer_cost_fen == 875_000
    assert payslip.gross_fen < 875_000


@pytest.mark.parametrize(
    ("post", "amount"), [("secretary", 460_000), ("director", 460_000), ("deputy", 380_000), ("member", 340_000)]
)
def test_chaoyang_flat_by_post(packs: Packs, post: str, amount: int) -> None:
    payslip = ask(packs, CHAOYANG, post=post, certificate="none", subsidised=True, in_state_establishment=False,
                  part_time=False, declared_base="4600")  # fmt: skip
    assert payslip.gross_fen == amount


@pytest.mark.parametrize(
    ("subsidised", "in_state", "part_time"), [(False, False, False), (True, True, False), (True, False, True)]
)
def test_chaoyang_excluded_get_0_with_the_reason(
    packs: Packs, subsidised: bool, in_state: bool, part_time: bool
) -> None:
    payslip = ask(packs, CHAOYANG, post="member", certificate="none", subsidised=subsidised,
                  in_state_establishment=in_state, part_time=part_time)  # fmt: skip
    assert (payslip.scheme.name, payslip.net_fen) == ("excluded", 0)
    reason = payslip.lines[0].explanation
    assert reason.citations[0].quote == "(不含已纳入同级政府事业编管理的人员和兼职人员)"


def test_chaoyang_senior_certificate_is_undefined(packs: Packs) -> None:
    with pytest.raises(DomainError) as undefined:
        ask(packs, CHAOYANG, post="member", certificate="senior", subsidised=True, in_state_establishment=False,
            part_time=False, declared_base="4600")  # fmt: skip
    assert undefined.value.code == "table.cell_missing"


def test_a_limit_not_published_is_a_named_error(printed_packs: Packs) -> None:
    with pytest.raises(DomainError) as absent:
        ask(printed_packs, CHANGZHOU, "2026-01", **FULL, declared_base="4500")
    assert absent.value.code in {"rule.absent", "parameter.expired"}


def test_a_new_hire_pays_on_the_months_wage(packs: Packs) -> None:
    case = {**FULL, "tier": "staff", "step": 2, "hired_on": "2026-03-02"}
    payslip = ask(packs, KUNMING, "2026-04", **case)
    assert lines(payslip)["pension_employee"] == 36_800  # 8 % of 4600
    with pytest.raises(DomainError) as missing:
        ask(packs, KUNMING, "2027-01", **case)
    assert (missing.value.code, missing.value.details["fact"]) == ("fact.missing", "declared_base")


def test_what_cannot_be_asked(packs: Packs) -> None:
    for region, facts, code in (
        (GUANDU, {"shoe_size": 43}, "fact.unknown"),
        (GUANDU, {"category": "grid_member"}, "pay_scheme.none"),
        (GUANDU, {"scheme": "matrix"}, "pay_scheme.not_found"),
        ("110101001001", {}, "rule.absent"),
    ):
        with pytest.raises(DomainError) as refused:
            ask(packs, region, **facts)
        assert refused.value.code == code


def test_deductions_above_earnings_are_a_fault(packs: Packs) -> None:
    with pytest.raises(DomainError) as negative:
        ask(packs, KUNMING, **FULL, declared_base="22017", given_fen=10_000)
    assert negative.value.code == "payslip.negative_net"
