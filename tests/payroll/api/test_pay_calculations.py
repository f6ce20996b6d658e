"""One case over HTTP: lines with reasons; rules can be asked on their own."""

import pytest

from services.payroll.schemas.pay_calculations import PayCalculationIn
from services.runtime.client import ServiceError
from tests.payroll.conftest import COMMUNITY, Payroll


async def test_a_case_is_calculated_with_reasons(payroll: Payroll) -> None:
    facts = {"post": "deputy", "certificate": "junior", "subsidised": True, "in_state_establishment": False,
             "part_time": False, "declared_base": "4533"}  # fmt: skip
    case = PayCalculationIn(region=COMMUNITY["chaoyang"], month="2026-03", facts=facts)
    answer = await (await payroll("auditor", "211300000000")).calculate_pay(case)
    assert (answer.pack, answer.scheme, answer.gross) == ("chaoyang", "post_subsidy", "3860.00")
    first = answer.lines[0]
    assert (first.amount, first.explanation["rule"], first.explanation["pack"]) == (
        "3800.00",
        "subsidy_paid",
        "chaoyang",
    )


async def test_a_given_gross_and_a_draft(payroll: Payroll) -> None:
    case = PayCalculationIn(
        region=COMMUNITY["guandu"], month="2026-03", gross="10000.00", include_drafts=True,
        facts={"category": "full_time_community_worker", "declared_base": "10000", "urban": False,
               "certificate": "none", "continuous_years": 0, "continuous_years_as_head": 0},
    )  # fmt: skip
    answer = await (await payroll()).calculate_pay(case)
    assert (answer.gross, answer.lines[0].code, answer.checks[0].holds) == ("10000.00", "gross", True)


async def test_a_bad_question_is_refused(payroll: Payroll) -> None:
    clerk = await payroll()
    for body in (
        {"region": "1", "month": "2026-03"},
        {"region": COMMUNITY["guandu"], "month": "2026-3"},
        {"region": COMMUNITY["guandu"], "month": "2026-03", "gross": "1"},
    ):
        with pytest.raises(ServiceError) as refused:
            await clerk.post("/v1/pay-calculations", body)
        assert refused.value.status == 422


async def test_a_rule_can_be_asked_on_its_own(payroll: Payroll) -> None:
    clerk = await payroll()
    body = {"section": "payroll", "on": "2023-04-03", "facts": {"certificate": "intermediate"}}
    answer = await clerk.post("/v1/packs/guandu/rules/certificate_allowance/evaluation", body)
    assert answer["outputs"]["amount"]["value"] == "400.00"
