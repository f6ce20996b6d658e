"""Statistics over HTTP: persons, not seats; every share with its two numbers."""

from datetime import date

from services.staffing.client import StaffingClient
from tests.staffing.conftest import ClientOf

ON = (date(2026, 6, 1), None)


async def test_committees_by_person(filled: StaffingClient) -> None:
    found = await filled.committee_statistics(region="530111000000", moment=ON)
    assert (found.members, found.party_org, found.committee) == (2, 1, 2)
    assert (found.cross_appointed.numerator, found.cross_appointed.denominator) == (1, 2)
    assert (found.cross_appointed.percent, found.women.percent, found.both_posts.percent) == ("50.0", "50.0", "100.0")
    assert (found.young.numerator, found.mean_age.mean) == (1, "37.0")
    assert (found.smallest, found.largest, found.secretaries) == (2, 2, 1)


async def test_35_is_in_or_out_by_reading(filled: StaffingClient) -> None:
    on = (date(2026, 6, 30), None)
    inside = await filled.committee_statistics(moment=on)
    outside = await filled.committee_statistics(moment=on, reading="exclusive")
    assert (inside.young.numerator, outside.young.numerator, outside.reading) == (1, 0, "exclusive")


async def test_certificates_at_the_highest_level(filled: StaffingClient) -> None:
    found = await filled.certificate_statistics(region="530111000000", moment=(date(2026, 12, 31), None))
    assert (found.junior, found.intermediate, found.senior, found.holders) == (1, 1, 0, 2)
    before = await filled.certificate_statistics(region="530111000000", moment=(date(2022, 9, 30), None))
    assert (before.junior, before.intermediate) == (1, 0)


async def test_workers_in_post(filled: StaffingClient) -> None:
    found = await filled.staffing_statistics(region="530111000000", moment=ON, hired_from="2020-01-01")
    assert (found.workers, found.communities, found.staffed_communities) == (3, 3, 1)
    assert (found.per_community.mean, found.per_staffed_community.mean) == ("1.00", "3.00")
    assert (found.by_post, found.by_category["grid_member"]) == ({"secretary": 1, "staff": 2}, 1)
    assert (found.hired, found.college.numerator) == (2, 2)


async def test_nobody_is_no_share(empty: None, client_of: ClientOf) -> None:
    found = await client_of().committee_statistics(moment=ON)
    assert (found.members, found.women.percent, found.mean_age.mean, found.smallest) == (0, None, None, None)
