from datetime import date, timedelta

import pytest

from services.consultation.usecases.procedures import SECTION, in_force
from services.kernel.errors import NotFound
from services.runtime.packs import Packs


def test_every_pack_has_a_sound_procedure_on_every_day_its_rules_change(packs: Packs) -> None:
    for pack in packs.names():
        versions = [one for history in packs.histories(pack, SECTION).values() for one in history]
        for start in sorted({one.start for one in versions}):
            frame = in_force(packs, pack, on=start)
            assert frame.procedure.steps
            assert frame.procedure.digest == in_force(packs, pack, on=start).procedure.digest


def test_before_longwans_notice_was_known_the_nation_is_followed_and_says_so(packs: Packs) -> None:
    frame = in_force(packs, "longwan", on=date(2021, 10, 31) - timedelta(days=1))
    assert (frame.procedure.pack, frame.procedure.city_pack) == ("national", "longwan")


def test_orders_of_services_are_changzhous_only(packs: Packs) -> None:
    assert in_force(packs, "changzhou", "service_order", on=date(2022, 3, 1)).procedure.code == "service_order"
    with pytest.raises(NotFound):
        in_force(packs, "longwan", "service_order", on=date(2022, 3, 1))


def test_what_no_document_publishes_is_absent_by_name(packs: Packs, supplemented: Packs) -> None:
    on = date(2022, 3, 1)
    assert in_force(packs, "longwan", on=on).absent == ("deadline", "screening_tests", "notice_days", "session_quorum")
    assert "screening_tests" not in in_force(supplemented, "longwan", on=on).absent
    assert "screening_tests" not in in_force(packs, "guandu", on=on).absent
