"""Communities over HTTP: by code, lineage, region and authority; counts; divisions; managements."""

from datetime import date

import pytest

from services.runtime.client import ServiceError
from services.staffing.client import StaffingClient
from tests.staffing.conftest import Http

SHIHUGUAN, VILLAGE = "530111001011", "320402001200"
ON = (date(2026, 6, 1), None)


async def test_one_community_with_its_measures(filled: StaffingClient) -> None:
    found = await filled.community("320402001001", moment=ON)
    assert (found.name, found.kind, found.urban_rural) == ("翠竹社区居委会", "community", 111)
    assert (found.measures.resident_households, found.measures.premises_sqm) == (3250, "405.50")
    assert (found.measures.provenance, found.provenance) == ("synthetic", "code_book")


async def test_a_measure_holds_until_the_next_and_an_empty_one_says_nothing(filled: StaffingClient) -> None:
    text = "community,start,resident_households,urban_residents,provenance\n320402001001,2024-01-01,3300,,synthetic\n"
    await filled.load("measures", text.encode())
    before = await filled.community("320402001001", moment=(date(2023, 12, 31), None))
    after = await filled.community("320402001001", moment=(date(2024, 1, 1), None))
    assert (before.measures.resident_households, after.measures.resident_households) == (3250, 3300)
    assert after.measures.urban_residents == 8200
    table = await filled.quota_table(region="320402000000", moment=ON)
    assert table.items[0].resident_households == 3300 + 3001
    old = await filled.quota_table(region="320402000000", moment=(date(2023, 12, 31), None))
    assert old.items[0].resident_households == 3250 + 3001


async def test_a_conversion_keeps_the_lineage_and_moves_the_counts(filled: StaffingClient) -> None:
    before = await filled.community_counts(region="320400000000", moment=(date(2023, 12, 31), None))
    assert (before.villages, before.communities, before.total) == (1, 2, 3)
    text = (
        "code,name,kind,unit_type,start,provenance\n"
        f"{VILLAGE},雕庄社区,converted_community,villagers_committee,2024-01-01,synthetic\n"
    )
    await filled.load("communities", text.encode())
    after = await filled.community_counts(region="320400000000", moment=(date(2024, 1, 1), None))
    assert (after.villages, after.converted_community, after.communities, after.total) == (0, 1, 3, 3)
    old = await filled.community(VILLAGE, moment=(date(2023, 12, 31), None))
    new = await filled.community(VILLAGE, moment=(date(2024, 1, 1), None))
    assert (old.kind, new.kind, old.id == new.id) == ("village", "converted_community", True)
    assert (old.valid.end, new.valid.start) == (date(2024, 1, 1), date(2024, 1, 1))
    assert [c.code for c in (await filled.communities(ids=[old.id], moment=ON)).items] == [VILLAGE]


async def test_an_ended_unit_is_gone_from_its_end(filled: StaffingClient) -> None:
    text = "code,name,kind,start,end,provenance\n320402001003,旧社区,community,2017-01-01,2020-01-01,synthetic\n"
    await filled.load("communities", text.encode())
    assert (await filled.community("320402001003", moment=(date(2019, 12, 31), None))).valid.end == date(2020, 1, 1)
    with pytest.raises(ServiceError) as gone:
        await filled.community("320402001003", moment=(date(2020, 1, 1), None))
    assert gone.value.code == "community.not_found"


async def test_an_authority_manages_what_is_recorded_not_its_subtree(filled: StaffingClient) -> None:
    managed = await filled.managements("530111000000", moment=ON)
    assert ([m.unit for m in managed.items], managed.communities) == (["530111001000", "530111004000"], 2)
    page = await filled.communities(moment=ON, authority="530111000000")
    assert [c.code for c in page.items] == [SHIHUGUAN, "530111004011"]
    assert len((await filled.communities(moment=ON, region="530111000000")).items) == 3
    assert (await filled.managements("320402000000", moment=ON)).communities == 3


async def test_pages_and_codes(filled: StaffingClient) -> None:
    first = await filled.communities(moment=ON, limit=4)
    second = await filled.communities(moment=ON, limit=4, after=first.next)
    codes = [c.code for c in (*first.items, *second.items)]
    assert codes == sorted(codes)
    assert (len(codes), second.next) == (7, None)
    asked = await filled.communities(codes=[SHIHUGUAN, "211302001001"], moment=ON)
    assert [c.code for c in asked.items] == [SHIHUGUAN, "211302001001"]


async def test_pages_go_back_as_they_came_and_count_the_list(filled: StaffingClient) -> None:
    every = (await filled.communities(moment=ON)).items
    end = await filled.communities(moment=ON, limit=2, last="true", count="true")
    assert (end.items, end.next, end.total) == (every[-2:], None, len(every))
    middle = await filled.communities(moment=ON, limit=2, before=end.previous)
    assert (middle.items, middle.total) == (every[-4:-2], None)
    assert (middle.previous is not None, middle.next is not None) == (True, True)
    assert (await filled.communities(moment=ON, limit=2, after=middle.next)).items == end.items
    start = await filled.communities(moment=ON, limit=1000, before=middle.previous)
    assert (start.items, start.previous) == (every[:-4], None)


async def test_divisions_of_a_level(filled: StaffingClient) -> None:
    cities = await filled.divisions(level="city", moment=ON)
    assert [(d.code, d.name) for d in cities.items] == [
        ("211300000000", "朝阳市"),
        ("320400000000", "常州市"),
        ("530100000000", "昆明市"),
    ]


async def test_divisions_are_paged_both_ways(filled: StaffingClient) -> None:
    whole = await filled.divisions(moment=ON, count=True)
    codes = [d.code for d in whole.items]
    assert (whole.total, whole.next, whole.previous, codes) == (len(codes), None, None, sorted(codes))
    for last in (False, True):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            side = {"before": cursor, "last": True} if last else {"after": cursor}
            page = await filled.divisions(moment=ON, limit=2, count=True, **side)
            assert page.total == len(codes)
            found = [d.code for d in page.items]
            seen = [*found, *seen] if last else [*seen, *found]
            assert (page.next is None) == (found[-1] == codes[-1])
            assert (page.previous is None) == (found[0] == codes[0])
            cursor = page.previous if last else page.next
            if cursor is None:
                break
        assert seen == codes


async def test_region_and_authority_together_are_refused(filled: StaffingClient, http: Http) -> None:
    async with http() as client:
        reply = await client.get("/v1/communities?region=530111000000&authority=530111000000")
        assert (reply.status_code, reply.json()["code"]) == (422, "query.both")
        assert (await client.get("/v1/communities?region=53")).status_code == 422
