"""Quotas: which rule staffs a community, what it gives, and how that compares with the persons in post."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.kernel.errors import DomainError, RuleViolation
from services.kernel.formula.explanation import Explanation, write
from services.kernel.formula.ruleset import Ruleset
from services.kernel.policy import Citation
from services.staffing.domain.communities import MEASURES, Community
from services.staffing.domain.policy import (
    RESIDENTS_COMMITTEE_SIZE,
    STAFFING_NORM,
    STAFFING_TARGET,
    VILLAGERS_COMMITTEE_SIZE,
)

COMMUNITY_BASES: tuple[str, ...] = (STAFFING_NORM, STAFFING_TARGET, RESIDENTS_COMMITTEE_SIZE)
VILLAGE_BASES: tuple[str, ...] = (VILLAGERS_COMMITTEE_SIZE,)
ALL_BASES: tuple[str, ...] = (*COMMUNITY_BASES, *VILLAGE_BASES)
POSTS_OUTPUT: Mapping[str, str] = {
    STAFFING_NORM: "posts",
    STAFFING_TARGET: "posts",
    RESIDENTS_COMMITTEE_SIZE: "minimum",
    VILLAGERS_COMMITTEE_SIZE: "minimum",
}


@dataclass(frozen=True, slots=True)
class Headcount:
    """Who is in post: distinct persons and posts, in all and full-time."""

    persons: int = 0
    full_time_persons: int = 0
    posts: int = 0
    full_time_posts: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """The distance between quota and persons: never a negative vacancy, what is above is `over`."""

    vacancy: int
    over: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one community is entitled to; without posts there is a refusal that says why."""

    posts: int | None
    exact: str | None
    basis: str | None
    permitted: tuple[int, int] | None
    explanation: Explanation | None
    passed_over: tuple[tuple[str, DomainError], ...]
    refusal: DomainError | None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sentences the figure rests on."""
        return self.explanation.all_citations if self.explanation else ()


def bases(community: Community) -> tuple[str, ...]:
    """The rules that may staff a unit, the nearest to a norm first; norms of workers do not speak of villages."""
    return VILLAGE_BASES if community.is_village else COMMUNITY_BASES


def facts(community: Community, on: date) -> dict[str, int | str | date]:
    """The facts of a unit that formulas may name; a measure never stated is left out, never 0."""
    stated = {name: getattr(community.measures, name) for name in MEASURES}
    return {
        **{name: value for name, value in stated.items() if value is not None},
        "community_kind": community.kind.value,
        "today": on,
    }


def entitlement(ruleset: Ruleset, community: Community, on: date, *, explained: bool = True) -> Entitlement:
    """Apply the first rule that holds: the norm, else the target per 10,000 as if for this unit alone, else the
    least size of its committee.

    A norm that is in force but lacks its fact is not passed over: there is no quota, and the refusal names the fact.
    Without `explained` the figures are the same, and no explanation is made.
    """
    known = facts(community, on)
    passed: list[tuple[str, DomainError]] = []
    for basis in bases(community):
        if not ruleset.has(basis):
            passed.append((basis, _absence(ruleset, basis)))
            continue
        try:
            return _applied(ruleset, basis, known, tuple(passed), explained=explained)
        except DomainError as refusal:
            if basis == STAFFING_NORM:
                return Entitlement(None, None, basis, None, None, tuple(passed), refusal)
            passed.append((basis, refusal))
    return Entitlement(None, None, None, None, None, tuple(passed), passed[0][1])


@lru_cache(maxsize=1024)
def _absence(ruleset: Ruleset, basis: str) -> DomainError:
    """Why a rule is not in force: the same words for every unit, put together once."""
    refusals: list[DomainError] = []
    try:
        ruleset.version(basis)
    except DomainError as refusal:
        refusals.append(refusal.with_traceback(None))
    return refusals[0]


def _applied(
    ruleset: Ruleset,
    basis: str,
    known: dict[str, int | str | date],
    passed: tuple[tuple[str, DomainError], ...],
    *,
    explained: bool,
) -> Entitlement:
    explanation = ruleset.explain(basis, known, output=POSTS_OUTPUT[basis]) if explained else None
    value = ruleset.value(basis, known, output=POSTS_OUTPUT[basis])
    posts = whole_posts(value)
    permitted = None
    exact = None
    if basis in (RESIDENTS_COMMITTEE_SIZE, VILLAGERS_COMMITTEE_SIZE):
        permitted = (posts, whole_posts(ruleset.value(basis, known, output="maximum")))
    else:
        exact = exact_value(ruleset, basis, known)
    return Entitlement(posts, exact, basis, permitted, explanation, passed, None)


def exact_value(ruleset: Ruleset, basis: str, known: dict[str, int | str | date]) -> str | None:
    """The value before rounding, where the rule states it as its output `exact`; None where it does not."""
    try:
        return write(ruleset.value(basis, known, output="exact"))
    except DomainError:
        return None


def whole_posts(value: object) -> int:
    """A number of posts as an int; a rule that gives a part of a post is refused: `quota.not_whole`."""
    numerator, denominator = getattr(value, "numerator", 0), getattr(value, "denominator", 0)
    if denominator != 1:
        raise RuleViolation(
            "quota.not_whole",
            f"配备规则得出 {value},不是整数。请在规则中写明取整方法(ceil、floor 或 round_half_up)",
            f"the staffing rule gives {value}, no whole number; name a rounding in it (ceil, floor, round_half_up)",
        )
    return int(numerator)


def gap(posts: int | None, headcount: Headcount) -> Gap | None:
    """Full-time persons against the quota; None without a quota (a missing quota is not a vacancy of 0)."""
    if posts is None:
        return None
    missing = posts - headcount.full_time_persons
    return Gap(vacancy=max(missing, 0), over=max(-missing, 0))
