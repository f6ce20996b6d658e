"""Quotas: the first rule that holds, never a silent zero, never a negative vacancy."""

from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest

from services.kernel.errors import DomainError, RuleViolation
from services.kernel.policy import Document
from services.staffing.domain.communities import Community, CommunityKind, Measures
from services.staffing.domain.quotas import Gap, Headcount, bases, entitlement, exact_value, facts, gap, whole_posts
from tests.staffing.domain.rules import rules

ON = date(2026, 6, 1)


def community(kind: CommunityKind = CommunityKind.COMMUNITY, **measures: int) -> Community:
    return Community(
        id=UUID(int=1),
        code="320402001001",
        name="翠竹社区",
        kind=kind,
        unit_type="residents_committee",
        urban_rural=111,
        start=date(2016, 7, 31),
        end=None,
        provenance="code_book",
        source="",
        measures=Measures(**measures),  # type: ignore[arg-type]
    )


def test_the_norm_comes_first() -> None:
    found = entitlement(rules("changzhou", ON), community(resident_households=3001, urban_residents=9000), ON)
    assert (found.posts, found.exact, found.basis, found.refusal) == (13, "12.004", "staffing_norm", None)
    assert [citation.document.id for citation in found.citations] == ["changzhou-2022"]
    assert isinstance(found.citations[0].document, Document)


def test_a_norm_without_its_fact_is_not_passed_over() -> None:
    found = entitlement(rules("changzhou", ON), community(urban_residents=9000), ON)
    assert (found.posts, found.basis, found.citations) == (None, "staffing_norm", ())
    assert found.refusal is not None
    assert found.refusal.code == "fact.missing"


def test_the_target_where_there_is_no_norm() -> None:
    found = entitlement(rules("guandu", ON), community(urban_residents=555), ON)
    assert (found.posts, found.exact, found.basis) == (1, "0.999", "staffing_target")
    assert [(name, refusal.code) for name, refusal in found.passed_over] == [("staffing_norm", "rule.absent")]


def test_the_committee_where_the_target_lacks_its_fact() -> None:
    found = entitlement(rules("longwan", date(2025, 1, 1)), community(), date(2025, 1, 1))
    assert (found.posts, found.basis, found.permitted, found.exact) == (5, "residents_committee_size", (5, 9), None)


def test_nothing_holds_and_the_refusal_says_what() -> None:
    found = entitlement(rules("longwan", ON), community(), ON)
    assert (found.posts, found.basis, found.explanation) == (None, None, None)
    assert [refusal.code for _, refusal in found.passed_over] == ["rule.absent", "fact.missing", "parameter.expired"]
    assert found.refusal is found.passed_over[0][1]


def test_norms_of_workers_do_not_speak_of_villages() -> None:
    village = community(CommunityKind.VILLAGE, resident_households=3000)
    assert bases(village) == ("villagers_committee_size",)
    found = entitlement(rules("changzhou", date(2022, 7, 1)), village, date(2022, 7, 1))
    assert (found.posts, found.permitted) == (3, (3, 7))


def test_what_was_never_stated_is_no_fact() -> None:
    assert facts(community(resident_households=1), ON) == {
        "resident_households": 1,
        "community_kind": "community",
        "today": ON,
    }


def test_a_part_of_a_post_is_refused() -> None:
    assert whole_posts(Fraction(3)) == 3
    with pytest.raises(RuleViolation) as refused:
        whole_posts(Fraction(5, 2))
    assert refused.value.code == "quota.not_whole"
    assert isinstance(refused.value, DomainError)


def test_a_rule_need_not_state_its_exact_value() -> None:
    assert exact_value(rules("chaoyang", date(2024, 1, 1)), "residents_committee_size", {}) is None


@pytest.mark.parametrize(
    ("posts", "persons", "expected"),
    [(13, 10, Gap(3, 0)), (13, 13, Gap(0, 0)), (13, 15, Gap(0, 2)), (0, 1, Gap(0, 1)), (None, 5, None)],
)
def test_a_vacancy_is_never_negative(posts: int | None, persons: int, expected: Gap | None) -> None:
    assert gap(posts, Headcount(persons, persons, persons, persons)) == expected
