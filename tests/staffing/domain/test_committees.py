"""Committees: persons and not seats, with the numbers Chaoyang published."""

from datetime import date

import pytest

from services.staffing.domain.committees import Member, committee_statistics, is_young
from services.staffing.domain.statistics import Mean, Share, decimal_text

ON = date(2021, 3, 27)
PARTY, COMMITTEE = ("party_org", "member"), ("residents_committee", "member")


def member(*seats: tuple[str, str], sex: str = "male", born: date = date(1980, 1, 1), community: str = "1") -> Member:
    return Member(community, sex, born, education_college=True, seats=seats)


def test_chaoyangs_union_is_not_the_sum() -> None:
    members = [member(PARTY, COMMITTEE)] * 704 + [member(PARTY)] * 300 + [member(COMMITTEE)] * 637
    found = committee_statistics(members, ON)
    assert (found.members, found.party_org, found.committee) == (1641, 1004, 1341)
    assert (found.cross_appointed.numerator, found.cross_appointed.percent) == (704, "42.9")


def test_a_secretary_who_chairs_holds_both_posts() -> None:
    both = member(("party_org", "secretary"), ("residents_committee", "director"), sex="female", born=date(1981, 3, 27))
    other = member(("party_org", "secretary"), community="2")
    found = committee_statistics([both, other, member(COMMITTEE), member(("supervision_committee", "member"))], ON)
    assert (found.members, found.secretaries, found.both_posts) == (3, 2, Share(1, 2))
    assert (found.women_secretaries, found.secretaries_college) == (Share(1, 2), Share(2, 2))
    assert found.mean_age_secretaries == Mean(81, 2)
    assert (found.per_community, found.smallest, found.largest) == (Mean(3, 2), 1, 2)


@pytest.mark.parametrize(
    ("born", "inclusive", "young"),
    [
        (date(1986, 3, 27), True, True),
        (date(1986, 3, 27), False, False),
        (date(1985, 3, 28), True, True),
        (date(1985, 3, 27), True, False),
        (date(1986, 3, 28), False, True),
    ],
)
def test_35_and_below(born: date, inclusive: bool, young: bool) -> None:
    assert is_young(born, ON, inclusive=inclusive) is young


def test_nobody() -> None:
    found = committee_statistics([], ON)
    assert (found.members, found.women.percent, found.mean_age.text(1), found.largest) == (0, None, None, None)


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [(1360, 1641, "82.9"), (802, 1641, "48.9"), (1446, 1641, "88.1"), (194, 202, "96.0")]
)
def test_published_shares(part: int, whole: int, percent: str) -> None:
    assert Share(part, whole).percent == percent


def test_decimal_text() -> None:
    assert decimal_text(199, 25, 2) == "7.96"
    assert decimal_text(1, 200, 2) == "0.01"
    assert decimal_text(-1, 3, 1) == "-0.3"
    assert decimal_text(7, 2, 0) == "4"
    assert Mean(199, 25).text(2) == "7.96"
