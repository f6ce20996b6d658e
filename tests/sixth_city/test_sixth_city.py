"""A sixth city is a sixth folder: made by the guide alone, no code."""

import shutil
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from services.kernel.errors import DomainError, NotFound
from services.payroll.domain.policy import VOCABULARY as PAY
from services.runtime.packs import Packs, load
from services.staffing.domain.policy import VOCABULARY as STAFF

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASE = {
    "tier": "deputy",
    "continuous_years": 7,
    "certificate": "junior",
    "days_in_post": 15,
    "days_in_month": 30,
}


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    """The packs of the product, and the new folder beside them."""
    folder = tmp_path_factory.mktemp("with_sixth") / "policies"
    shutil.copytree(ROOT / "policies", folder)
    shutil.copytree(HERE / "qinghe", folder / "qinghe")
    return load(folder, vocabularies={"staffing": STAFF, "payroll": PAY})


def test_the_new_city_stands_beside_the_others(packs: Packs) -> None:
    assert "qinghe" in packs.cities()
    assert packs.for_region("990100001002") == "qinghe"
    assert packs.chain("qinghe") == ("qinghe", "national")


@pytest.mark.parametrize(
    ("on", "reading", "posts"), [("2025-12-31", None, 5), ("2026-01-01", None, 6), ("2026-01-01", "half_up", 5)]
)
def test_its_quota_follows_its_norm(packs: Packs, on: str, reading: str | None, posts: int) -> None:
    rules = packs.ruleset("qinghe", section="staffing", vocabulary=STAFF, on=date.fromisoformat(on),
                          readings={"staffing_norm": reading} if reading and on >= "2026" else {})  # fmt: skip
    explained = rules.explain("staffing_norm", {"resident_households": 1370})
    assert explained.value == posts
    assert explained.citations[0].document.doc_no == "清政发〔2024〕1号"
    column = rules.column("staffing_norm", {"resident_households": np.array([1370])})
    assert column.numerator.tolist() == [posts]


def test_its_payslip_line_is_exact_and_explained(packs: Packs) -> None:
    rules = packs.ruleset("qinghe", section="payroll", vocabulary=PAY, on=date(2025, 6, 1))
    explained = rules.explain("gross_pay", CASE, "amount")
    assert explained.value == Fraction(3600 + 210 + 100) / 2
    assert explained.text == "1955.00"
    assert {each.rule for each in explained.walk() if each.rule} == {
        "gross_pay", "post_subsidy", "seniority_pay", "certificate_allowance",
    }  # fmt: skip
    rules.require_whole_fen("gross_pay", "amount")


def test_what_it_does_not_print_is_an_error_by_name(packs: Packs) -> None:
    rules = packs.ruleset("qinghe", section="payroll", vocabulary=PAY, on=date(2025, 6, 1))
    with pytest.raises(DomainError, match="certificate=senior"):
        rules.value("gross_pay", CASE | {"certificate": "senior"}, "amount")
    with pytest.raises(NotFound, match="not published"):
        rules.value("gross_pay", CASE, "with_heating")


def test_it_inherits_the_nation_s_rules(packs: Packs) -> None:
    rules = packs.ruleset("qinghe", section="payroll", vocabulary=PAY, on=date(2025, 6, 1))
    assert rules.version("basic_deduction").pack == "national"
