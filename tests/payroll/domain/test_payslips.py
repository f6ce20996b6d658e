"""A payslip's own guards: rounding, negative net pay, sums that stay within 32 bits, the first fault of a row."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from services.kernel.errors import DomainError
from services.kernel.formula.ruleset import Ruleset
from services.kernel.policy import Text
from services.payroll.domain.pay_schemes import Line, LineKind, RuleOutput, Scheme, parse_schemes
from services.payroll.domain.payslips import PayKernel, choose, pay
from services.payroll.domain.policy import OWN_FACTS, PAY_SCHEMES, SECTION, VOCABULARY
from services.runtime.packs import Packs

WORDS = Text("甲", "a")
FACTS: dict[str, Any] = {
    **{fact.name: False if fact.kind == "flag" else 0 for fact in OWN_FACTS},
    "category": "full_time_community_worker",
    "tier": "staff",
    "step": 1,
    "days_in_post": 31,
    "days_in_month": 31,
    "month_number": 1,
    "employed_months": 1,
    "base_declared": True,
    "declared_base": 450_000,
}


@pytest.fixture(scope="module")
def rules(packs: Packs) -> Ruleset:
    return packs.ruleset("kunming", section=SECTION, vocabulary=VOCABULARY, on=date(2026, 1, 31))


@pytest.fixture(scope="module")
def scheme(rules: Ruleset) -> Scheme:
    return parse_schemes(rules.version(PAY_SCHEMES).body.data)[1]


def block_of(*cases: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    return {
        name: np.array([VOCABULARY.fact(name).read(case[name]) for case in cases])  # type: ignore[union-attr]
        for name in cases[0]
    }


def test_columns_and_one_case_agree_and_tell_the_first_fault(rules: Ruleset, scheme: Scheme) -> None:
    cases = [FACTS, {**FACTS, "step": 99, "employed_months": 2}, {**FACTS, "declared_base": 2_201_700, "step": 2}]
    found = PayKernel(rules, scheme).run(block_of(*cases), len(cases))
    slip = pay(rules, scheme, FACTS)
    assert tuple(found.amounts[0].tolist()) == tuple(line.amount_fen for line in slip.lines)
    assert (int(found.gross[0]), int(found.net[0]), int(found.employer_cost[0])) == (
        slip.gross_fen, slip.net_fen, slip.employer_cost_fen,
    )  # fmt: skip
    assert [int(code) for code in found.codes] == [0, 1, 0]
    assert found.reasons[0].code == "table.cell_missing"


def test_a_negative_net_pay_is_a_fault(rules: Ruleset, scheme: Scheme) -> None:
    case = {**FACTS, "days_in_post": 1}
    found = PayKernel(rules, scheme).run(block_of(case), 1)
    assert found.reasons[int(found.codes[0]) - 1].code == "payslip.negative_net"
    with pytest.raises(DomainError) as refused:
        pay(rules, scheme, case)
    assert refused.value.code == "payslip.negative_net"


def test_a_line_that_is_no_rounded_money_is_refused(rules: Ruleset, scheme: Scheme) -> None:
    loose = Line("loose", LineKind.MEMO, WORDS, RuleOutput("community_worker_scheme", "holds"))
    bad = replace(scheme, lines=(*scheme.lines, loose))
    for act in (lambda: PayKernel(rules, bad), lambda: pay(rules, bad, FACTS)):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "formula.unrounded_money"


def test_an_amount_beyond_32_bits_is_an_error(packs: Packs) -> None:
    rules = packs.ruleset("changzhou", section=SECTION, vocabulary=VOCABULARY, on=date(2026, 1, 31))
    (whole,) = parse_schemes(rules.version(PAY_SCHEMES).body.data)
    memo = Line("subsidy", LineKind.MEMO, WORDS, RuleOutput("city_subsidy", "funded"))
    kernel = PayKernel(rules, replace(whole, lines=(whole.lines[0], memo)))
    assert int(kernel.run(block_of({**FACTS, "funded_posts": 100}), 1).amounts[0, -1]) == 838_000_000
    with pytest.raises(OverflowError, match="32 bits"):
        kernel.run(block_of({**FACTS, "funded_posts": 1000}), 1)


def test_a_scheme_without_a_condition_always_applies(rules: Ruleset, scheme: Scheme) -> None:
    assert choose(rules, [replace(scheme, when=None)], {}).when is None
