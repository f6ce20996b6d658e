"""Quotas over HTTP: which rule staffs a community, on which sentence, under which reading, and what is missing."""

from datetime import UTC, date, datetime

import pytest

from services.runtime.client import ServiceError
from services.staffing.client import StaffingClient
from tests.staffing.conftest import ClientOf, Http

CUIZHU, HONGMEI, VILLAGE = "320402001001", "320402001002", "320402001200"
SHIHUGUAN, WENHUA = "530111001011", "211302001001"
IN_2022 = (date(2022, 7, 1), None)


async def test_the_new_norm_with_its_sentence(filled: StaffingClient) -> None:
    quota = await filled.quota(CUIZHU, moment=IN_2022)
    assert (quota.posts, quota.exact, quota.basis, quota.pack) == (13, "13", "staffing_norm", "changzhou")
    assert quota.citations[0].document == "changzhou-2022"
    assert quota.synthetic is True
    assert quota.citations[0].quote == "调整为按常住居民每250户配备1名"
    assert quota.explanation["inputs"][0]["value"] == "3250"
    assert {a.reading: a.posts for a in quota.alternatives} == {"ceil": "13", "floor": "13", "half_up": "13"}


async def test_rounding_is_a_named_reading(filled: StaffingClient) -> None:
    quota = await filled.quota(HONGMEI, moment=IN_2022)
    assert (quota.posts, quota.exact, quota.readings_used) == (13, "12.004", {"staffing_norm": "ceil"})
    assert (await filled.quota(HONGMEI, moment=IN_2022, reading="floor")).posts == 12


async def test_both_readings_of_the_old_norm(filled: StaffingClient) -> None:
    quota = await filled.quota(CUIZHU, moment=(date(2021, 12, 31), None))
    assert {a.reading: a.exact for a in quota.alternatives} == {"A": "13.5", "B": "10"}
    assert (quota.posts, quota.readings_used) == (10, {"staffing_norm": "B"})
    assert (await filled.quota(CUIZHU, moment=(date(2021, 12, 31), None), reading="A")).posts == 14


async def test_a_norm_without_its_fact_gives_no_quota_and_names_the_fact(filled: StaffingClient) -> None:
    quota = await filled.quota(HONGMEI, moment=(date(2021, 12, 31), None))
    assert quota.posts is None
    assert quota.reason.code == "fact.missing"
    assert quota.vacancy is None
    assert "户籍户数" in quota.reason.message.zh


async def test_an_unknown_reading_is_refused_with_those_there_are(filled: StaffingClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await filled.quota(CUIZHU, moment=IN_2022, reading="C")
    assert (refused.value.status, refused.value.code) == (422, "reading.unknown")


async def test_what_can_name_no_reading_is_refused_in_the_words_of_sparse_reads(filled: StaffingClient) -> None:
    with pytest.raises(ServiceError) as refused:
        await filled.quota(CUIZHU, moment=IN_2022, reading="x" * 65)
    read = {"entity": "community", "fields": ["quota.posts"], "by": "code", "keys": [CUIZHU]}
    reply = await filled.post("/v1/reads", {"reads": [{**read, "args": {"reading": "x" * 65}}]})
    error = reply["answers"][0]["error"]
    assert (refused.value.status, refused.value.code, refused.value.en) == (422, error["code"], error["en"])


@pytest.mark.parametrize("known_at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
async def test_an_instant_that_utc_has_no_year_for_is_refused(filled: StaffingClient, known_at: str) -> None:
    for path in (f"/v1/communities/{CUIZHU}/quota", f"/v1/communities/{CUIZHU}", "/v1/roster"):
        with pytest.raises(ServiceError) as refused:
            await filled.get(path, {"known_at": known_at, "month": "2026-09", "region": "320402000000"})
        assert (refused.value.status, refused.value.code) == (422, "moment.known_at")


async def test_without_a_norm_the_nearest_rule_applies_and_says_so(filled: StaffingClient) -> None:
    quota = await filled.quota(SHIHUGUAN, moment=(date(2026, 6, 1), None))
    assert (quota.posts, quota.exact, quota.basis, quota.pack) == (18, "18", "staffing_target", "national")
    assert quota.due == "2025-12-31"
    assert [passed.code for passed in quota.passed_over] == ["rule.absent"]
    local = await filled.quota(WENHUA, moment=(date(2026, 6, 1), None))
    assert (local.posts, local.exact, local.pack, local.due) == (1, "0.999", "chaoyang", "2023-12-31")


async def test_a_committee_range_before_the_target(filled: StaffingClient) -> None:
    quota = await filled.quota(SHIHUGUAN, moment=IN_2022)
    assert (quota.posts, quota.basis) == (5, "residents_committee_size")
    assert (quota.permitted.minimum, quota.permitted.maximum) == (5, 9)


async def test_a_village_has_a_committee_until_2025_and_no_rule_after(filled: StaffingClient) -> None:
    before = await filled.quota(VILLAGE, moment=IN_2022)
    assert (before.posts, before.basis, before.permitted.maximum) == (3, "villagers_committee_size", 7)
    after = await filled.quota(VILLAGE, moment=(date(2026, 6, 1), None))
    assert (after.posts, after.basis) == (None, None)
    assert after.reason.code == "parameter.expired"


async def test_headcount_counts_persons_and_vacancy_is_never_negative(filled: StaffingClient) -> None:
    on = (date(2026, 6, 1), None)
    quota = await filled.quota(SHIHUGUAN, moment=on)
    assert (quota.headcount.persons, quota.headcount.posts) == (2, 3)
    assert (quota.vacancy, quota.over) == (16, 0)
    small = await filled.quota(WENHUA, moment=on)
    assert (small.vacancy, small.over) == (1, 0)
    [counted] = (await filled.headcounts([SHIHUGUAN], moment=on)).items
    assert (counted.full_time_persons, counted.full_time_posts) == (2, 3)


async def test_many_quotas_in_the_order_asked_for(filled: StaffingClient) -> None:
    found = await filled.quotas([SHIHUGUAN, "999999999999", CUIZHU], moment=IN_2022)
    assert [quota.code for quota in found.items] == [SHIHUGUAN, CUIZHU]


async def test_another_region_answers_exactly_like_a_missing_community(filled: StaffingClient, http: Http) -> None:
    async with http("city_planner", "320400000000") as outside:
        hidden = await outside.get(f"/v1/communities/{SHIHUGUAN}/quota")
        missing = await outside.get("/v1/communities/530111001019/quota")
    assert hidden.status_code == missing.status_code == 404
    strip = {"instance", "request_id"}
    bodies = [
        {key: str(value).replace(code, "X") for key, value in reply.json().items() if key not in strip}
        for reply, code in ((hidden, SHIHUGUAN), (missing, "530111001019"))
    ]
    assert bodies[0] == bodies[1]


async def test_the_table_rolls_up_to_every_level(filled: StaffingClient) -> None:
    on = (date(2026, 6, 1), None)
    for level, code in (("province", "530000000000"), ("city", "530100000000"), ("county", "530111000000")):
        table = await filled.quota_table(level=level, moment=on)
        row = next(item for item in table.items if item.code == code)
        assert (row.communities, row.posts, row.with_quota, row.by_target) == (3, 18, 1, 1)
        assert (row.persons, row.vacancy, row.target_posts) == (2, 16, 18)
    assert table.total.posts == 18 + 13 + 13 + 1
    assert table.total.villages == 1
    assert table.packs["changzhou"].startswith("staffing_norm")
    assert table.synthetic is True


async def test_the_table_equals_the_single_quotas(filled: StaffingClient) -> None:
    for on in (date(2021, 12, 31), date(2022, 7, 1), date(2025, 6, 1), date(2026, 6, 1)):
        codes = [CUIZHU, HONGMEI, VILLAGE, SHIHUGUAN, WENHUA, "530111004011", "530111100001"]
        quotas = (await filled.quotas(codes, moment=(on, None))).items
        table = await filled.quota_table(level="town", moment=(on, None))
        assert table.total.posts == sum(quota.posts or 0 for quota in quotas)
        assert table.total.with_quota == sum(quota.posts is not None for quota in quotas)
        assert table.total.vacancy == sum(quota.vacancy or 0 for quota in quotas)


async def test_a_table_as_once_known_and_of_part_of_a_county(filled: StaffingClient) -> None:
    before = datetime(2020, 1, 1, tzinfo=UTC)
    assert (await filled.quota_table(moment=(date(2026, 6, 1), before))).items == []
    town = await filled.quota_table(level="town", region="530111001000", moment=(date(2026, 6, 1), None))
    assert [item.code for item in town.items] == ["530111001000"]
    assert town.items[0].name == "关上街道"
    managed = await filled.quota_table(level="county", authority="530111000000", moment=(date(2026, 6, 1), None))
    assert managed.total.communities == 2


async def test_the_table_of_a_caller_holds_his_region_only(filled: StaffingClient, client_of: ClientOf) -> None:
    planner = client_of("city_planner", "320400000000")
    table = await planner.quota_table(level="city", moment=IN_2022)
    assert [(item.code, item.communities, item.villages) for item in table.items] == [("320400000000", 2, 1)]
