from dataclasses import replace

import pytest

from services.consultation.domain.procedures import Procedure, Screening
from services.consultation.domain.screenings import check_committees, check_outcome, decide
from services.kernel.errors import DomainError, Malformed, RuleViolation


@pytest.fixture
def rule(screened: Procedure) -> Screening:
    assert screened.screening is not None
    return screened.screening


@pytest.fixture
def unpublished(five_steps: Procedure) -> Screening:
    assert five_steps.screening is not None
    return five_steps.screening


def test_a_ground_for_accepts_and_a_ground_against_rejects(rule: Screening) -> None:
    assert decide(rule, ["A1"], []).outcome == "accepted"
    verdict = decide(rule, ["A1"], ["R2"])
    assert (verdict.outcome, [test.code for test in verdict.grounds]) == ("rejected", ["R2"])
    assert verdict.grounds[0].redirect is not None
    assert verdict.grounds[0].redirect.zh == "12345热线"
    assert verdict.citations[0].document.id == "longwan-2021"


@pytest.mark.parametrize(
    ("accept", "reject", "kind", "code", "field"),
    [
        ([], [], RuleViolation, "screening.unanswered", None),
        (["A9"], [], Malformed, "screening.code_unknown", "accept_codes"),
        (["A1"], ["A1"], Malformed, "screening.code_unknown", "reject_codes"),
    ],
)
def test_no_ground_and_a_strange_ground(
    rule: Screening, accept: list[str], reject: list[str], kind: type[DomainError], code: str, field: str | None
) -> None:
    with pytest.raises(kind) as caught:
        decide(rule, accept, reject)
    assert (caught.value.code, caught.value.details.get("field")) == (code, field)


def test_unpublished_wording_decides_nothing(unpublished: Screening) -> None:
    with pytest.raises(RuleViolation, match="not published") as caught:
        decide(unpublished, ["A1"], [])
    assert (caught.value.code, caught.value.details["needs"]) == ("screening.text_unpublished", "screening_tests")
    with pytest.raises(RuleViolation, match="the committees decide in words"):
        decide(replace(unpublished, unpublished=None), [], [])


def test_with_unpublished_wording_the_committees_decide_in_words(unpublished: Screening) -> None:
    check_outcome(unpublished, "accepted", [], [])
    for accept, reject in ((["A1"], []), ([], ["R1"])):
        with pytest.raises(RuleViolation) as caught:
            check_outcome(unpublished, "rejected", accept, reject)
        assert caught.value.code == "screening.text_unpublished"


def test_the_outcome_follows_the_grounds(rule: Screening) -> None:
    check_outcome(rule, "accepted", ["A1"], [])
    check_outcome(rule, "rejected", ["A1"], ["R1"])
    check_outcome(rule, "returned", [], [])
    with pytest.raises(RuleViolation) as caught:
        check_outcome(rule, "accepted", ["A1"], ["R1"])
    assert (caught.value.code, caught.value.details["expected"]) == ("screening.outcome_contradicts", "rejected")


@pytest.mark.parametrize(
    "committees", [[], ["party_org"], ["residents_committee"], ["villagers_committee", "resident"]]
)
def test_one_committee_alone_fixes_no_topic(committees: list[str], rule: Screening) -> None:
    for known in (rule, None):
        with pytest.raises(RuleViolation) as caught:
            check_committees(committees, known)
        assert caught.value.code == "screening.both_committees"


@pytest.mark.parametrize("body", ["residents_committee", "villagers_committee"])
def test_both_committees_do(body: str) -> None:
    check_committees([body, "party_org"], None)
