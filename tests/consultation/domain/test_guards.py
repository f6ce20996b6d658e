from dataclasses import replace

import pytest

from services.consultation.domain.guards import GUARDS
from services.consultation.domain.procedures import Procedure
from services.kernel.errors import RuleViolation


def test_a_channel_must_be_one_of_the_places_own(five_steps: Procedure) -> None:
    guard = GUARDS["channel_listed"]
    guard(five_steps, "", {"channel": "wechat"})
    guard(five_steps, "", {})
    with pytest.raises(RuleViolation, match="fax") as caught:
        guard(five_steps, "", {"channel": "fax"})
    assert caught.value.code == "issue.channel_unknown"


def test_both_committees(five_steps: Procedure, national_frame: Procedure) -> None:
    with pytest.raises(RuleViolation):
        GUARDS["both_committees"](five_steps, "accepted", {})
    GUARDS["both_committees"](national_frame, "", {"committees": ["party_org", "residents_committee"]})


def test_screening_tests(screened: Procedure, national_frame: Procedure) -> None:
    guard = GUARDS["screening_tests"]
    guard(screened, "rejected", {"reject_codes": ["R1"]})
    guard(national_frame, "rejected", {"reject_codes": ["R1"]})
    with pytest.raises(RuleViolation):
        guard(screened, "accepted", {"reject_codes": ["R1"]})


def test_roles_present(five_steps: Procedure) -> None:
    guard = GUARDS["roles_present"]
    with pytest.raises(RuleViolation):
        guard(five_steps, "", {})
    guard(replace(five_steps, pattern=None), "", {})
