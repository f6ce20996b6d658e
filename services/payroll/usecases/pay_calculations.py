"""The payslip of one given case, with reasons; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.kernel.errors import Malformed, NotFound
from services.kernel.formula.vocabulary import FactValue
from services.kernel.period import Month
from services.payroll.domain.pay_schemes import Scheme
from services.payroll.domain.payslips import Payslip, choose, pay
from services.payroll.domain.policy import OWN_FACTS, VOCABULARY
from services.payroll.usecases.rules import PayRules, pay_rules
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked: a place, a month, facts; `given_fen` replaces the scheme's earnings."""

    region: str
    month: Month
    facts: Mapping[str, FactValue]
    known_at: datetime | None = None
    scheme: str | None = None
    given_fen: int | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    include_drafts: bool = False


def calculate(packs: Packs, case: Case) -> tuple[PayRules, Payslip]:
    """The rules used and the payslip.

    Facts left out take what a whole month of a worker of whom nothing is declared would have; facts of the worker
    himself (post, tier, ...) stay missing, a named fault where a rule asks for them. An unknown fact: Malformed
    `fact.unknown`; an unknown scheme: NotFound `pay_scheme.not_found`.
    """
    unknown = sorted(name for name in case.facts if VOCABULARY.fact(name) is None)
    if unknown:
        raise Malformed(
            "fact.unknown",
            f"没有这些事实：{'、'.join(unknown)}。请核对名称",
            f"there are no such facts: {', '.join(unknown)}; check the names",
            facts=unknown,
        )
    rules = pay_rules(
        packs, case.region, case.month, case.known_at, readings=case.readings, include_drafts=case.include_drafts
    )
    facts = _assumed(case) | {name: value for name, value in case.facts.items() if value is not None}
    scheme = _scheme(rules, case.scheme) if case.scheme else choose(rules.ruleset, rules.schemes, facts)
    return rules, pay(rules.ruleset, scheme, facts, case.given_fen)


def _assumed(case: Case) -> dict[str, FactValue]:
    """A whole month, employed since January or the month of hiring, nothing declared."""
    hired = case.facts.get("hired_on")
    same_year = isinstance(hired, str) and hired.startswith(f"{case.month.year:04d}-")
    first = int(str(hired)[5:7]) if same_year else 1
    assumed: dict[str, FactValue] = {
        fact.name: False if fact.kind == "flag" else 0
        for fact in OWN_FACTS
        if fact.name not in {"declared_base", "declared_fund_base", "fund_rate"}
    }
    return assumed | {
        "days_in_post": case.month.days,
        "days_in_month": case.month.days,
        "month_number": case.month.month,
        "employed_months": max(case.month.month - first + 1, 1),
        "hired_this_year": same_year,
        "base_declared": case.facts.get("declared_base") is not None,
        "fund_base_declared": case.facts.get("declared_fund_base") is not None,
    }


def _scheme(rules: PayRules, name: str) -> Scheme:
    for scheme in rules.schemes:
        if scheme.name == name:
            return scheme
    known = ", ".join(scheme.name for scheme in rules.schemes)
    raise NotFound(
        "pay_scheme.not_found",
        f"{rules.pack} 没有薪酬方案 {name}；现有：{known}",
        f"{rules.pack} has no pay scheme {name}; there are: {known}",
        scheme=name,
    )
