from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.consultation.usecases import procedures
from services.consultation.usecases.procedures import SECTION, in_force, roles_of
from services.kernel.errors import DomainError, NotFound
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


def test_roles_are_those_of_the_pattern_of_the_day_whatever_was_asked_before(packs: Packs) -> None:
    seen = set()
    for pack in packs.names():
        community = packs.pack(pack).region if pack != "national" else "110101001001"
        versions = [one for history in packs.histories(pack, SECTION).values() for one in history]
        turns = {one.start + timedelta(days) for one in versions for days in (-1, 0, 1)}
        for on in [*sorted(turns, reverse=True), *sorted(turns)]:
            try:
                pattern = in_force(packs, pack, on=on).procedure.pattern
            except DomainError:
                pattern = None
            kinds = [kind for role in pattern.roles for kind in role.kinds] if pattern else []
            found = roles_of(packs, community, on)
            assert found == {kind: pattern.role_of(kind) for kind in kinds if pattern}
            seen.add(bool(found))
    assert seen == {True, False}


def test_where_no_pack_is_or_no_procedure_nobody_has_a_role(packs: Packs) -> None:
    assert roles_of(replace(packs, packs={}), "530111001011", date(2026, 1, 1)) == {}
    assert roles_of(packs, "530111001011", date(1950, 1, 1)) == {}


def test_roles_that_were_looked_up_are_forgotten_in_time(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedures, "_ROLES", {})
    monkeypatch.setattr(procedures, "MOST_ROLES", 1)
    for on in (date(2026, 1, 1), date(1950, 1, 1), date(2026, 1, 1)):
        assert bool(roles_of(packs, "530111001011", on)) == (on.year == 2026)
    assert len(procedures._ROLES) == 1
