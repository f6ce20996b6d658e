import pytest

from services.consultation.domain.procedures import Pattern, Procedure
from services.consultation.domain.sessions import check_roles
from services.kernel.errors import RuleViolation


@pytest.fixture
def pattern(five_steps: Procedure) -> Pattern:
    assert five_steps.pattern is not None
    return five_steps.pattern


def test_three_roles_are_enough_and_x_may_be_nobody(pattern: Pattern) -> None:
    check_roles(pattern, ["party_org", "villagers_committee", "resident"])
    check_roles(pattern, ["party_org", "residents_committee", "resident", "property_manager", "expert"])


def test_missing_roles_are_named(pattern: Pattern) -> None:
    with pytest.raises(RuleViolation) as caught:
        check_roles(pattern, ["resident", "social_org"])
    assert (caught.value.code, caught.value.details["roles"]) == ("quorum_role_missing", ["core", "lead"])
    assert "核心" in caught.value.zh


def test_a_kind_that_the_pattern_does_not_name(pattern: Pattern) -> None:
    with pytest.raises(RuleViolation) as caught:
        check_roles(pattern, ["party_org", "cat"])
    assert (caught.value.code, caught.value.details["kinds"]) == ("session.kind_unknown", ["cat"])
