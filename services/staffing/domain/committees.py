"""Committees: who sits in the party organisation and the residents' committee, counted by person and not by seat."""

from dataclasses import dataclass
from datetime import date

from services.kernel.period import completed_years
from services.staffing.domain.statistics import Mean, Share

BODIES: tuple[str, ...] = ("party_org", "residents_committee", "villagers_committee", "supervision_committee")
ROLES: tuple[str, ...] = ("secretary", "deputy_secretary", "director", "deputy_director", "member")
COMMITTEES: tuple[str, ...] = ("residents_committee", "villagers_committee")


@dataclass(frozen=True, slots=True)
class Member:
    """One person with every seat held on the day: pairs of (body, role)."""

    community: str
    sex: str
    birth_on: date
    education_college: bool
    seats: tuple[tuple[str, str], ...]

    @property
    def party(self) -> bool:
        """Sits in the party organisation."""
        return any(body == "party_org" for body, _ in self.seats)

    @property
    def committee(self) -> bool:
        """Sits in the residents' or villagers' committee."""
        return any(body in COMMITTEES for body, _ in self.seats)

    @property
    def secretary(self) -> bool:
        """Is secretary of the party organisation."""
        return ("party_org", "secretary") in self.seats

    @property
    def director(self) -> bool:
        """Chairs the residents' or villagers' committee."""
        return any(body in COMMITTEES and role == "director" for body, role in self.seats)


@dataclass(frozen=True, slots=True)
class CommitteeStatistics:
    """Counts and shares of the two committees; the denominator of every share is in the share."""

    members: int
    party_org: int
    committee: int
    cross_appointed: Share
    women: Share
    secretaries: int
    women_secretaries: Share
    both_posts: Share
    young: Share
    college: Share
    secretaries_college: Share
    mean_age: Mean
    mean_age_secretaries: Mean
    per_community: Mean
    smallest: int | None
    largest: int | None


def age(birth_on: date, on: date) -> int:
    """Age in completed years on a day (complete on the birthday)."""
    return completed_years(birth_on, on)


def is_young(birth_on: date, on: date, *, inclusive: bool = True) -> bool:
    """35 or younger on the day; `inclusive=False` reads 35岁以下 as strictly below 35 (art. 1259 includes)."""
    years = age(birth_on, on)
    return years <= 35 if inclusive else years < 35


def committee_statistics(members: list[Member], on: date, *, inclusive: bool = True) -> CommitteeStatistics:
    """Count persons of the two committees on a day; one person in both bodies is one member (union, never the sum).

    Shares are over the union. Ages are completed years on `on`; means keep their exact sum and count.
    """
    both = [m for m in members if m.party or m.committee]
    heads = [m for m in both if m.secretary]
    per_unit: dict[str, int] = {}
    for m in both:
        per_unit[m.community] = per_unit.get(m.community, 0) + 1
    ages = [age(m.birth_on, on) for m in both]
    return CommitteeStatistics(
        members=len(both),
        party_org=sum(m.party for m in both),
        committee=sum(m.committee for m in both),
        cross_appointed=Share(sum(m.party and m.committee for m in both), len(both)),
        women=Share(sum(m.sex == "female" for m in both), len(both)),
        secretaries=len(heads),
        women_secretaries=Share(sum(m.sex == "female" for m in heads), len(heads)),
        both_posts=Share(sum(m.director for m in heads), len(heads)),
        young=Share(sum(is_young(m.birth_on, on, inclusive=inclusive) for m in both), len(both)),
        college=Share(sum(m.education_college for m in both), len(both)),
        secretaries_college=Share(sum(m.education_college for m in heads), len(heads)),
        mean_age=Mean(sum(ages), len(ages)),
        mean_age_secretaries=Mean(sum(age(m.birth_on, on) for m in heads), len(heads)),
        per_community=Mean(len(both), len(per_unit)),
        smallest=min(per_unit.values(), default=None),
        largest=max(per_unit.values(), default=None),
    )
