"""Imports over HTTP: dry runs, an error per bad row, all or nothing, corrections beside what they correct."""

import gzip
from datetime import UTC, date, datetime

import pytest

from services.runtime.client import ServiceError
from services.staffing.client import StaffingClient
from tests.staffing.conftest import APPOINTMENTS, DIVISIONS, FILES, WORKERS, ClientOf, Http

ON = (date(2026, 6, 1), None)


async def test_the_same_files_again_add_nothing(filled: StaffingClient) -> None:
    for kind, text in FILES.items():
        again = await filled.load(kind, text.encode())
        assert (kind, again.added, again.rejected) == (kind, 0, 0)


async def test_a_dry_run_writes_nothing(empty: None, client_of: ClientOf) -> None:
    client = client_of()
    report = await client.load("divisions", DIVISIONS.encode(), dry_run=True)
    assert (report.rows, report.accepted, report.added, report.dry_run) == (20, 20, 0, True)
    assert (await client.communities(moment=ON)).items == []


async def test_a_packed_book(empty: None, client_of: ClientOf) -> None:
    client = client_of()
    assert (await client.load("divisions", gzip.compress(DIVISIONS.encode()))).added == 20
    with pytest.raises(ServiceError) as refused:
        await client.load("divisions", b"\x1f\x8bnot gzip")
    assert refused.value.code == "import.unreadable"


async def test_bad_rows_are_refused_with_place_reason_and_remedy(filled: StaffingClient, http: Http) -> None:
    text = (
        "number,name,sex,birth_on,education,category,entry_route,community,hired_on,left_on,provenance\n"
        "X-1,戊,other,1990-02-30,bachelor,full_time_community_worker,elected,530111001011,2020-01-01,,synthetic\n"
        "X-2,己,male,1990-01-01,bachelor,full_time_community_worker,elected,530111001099,2020-01-01,,synthetic\n"
        "X-3,庚,male,1990-01-01,bachelor,full_time_community_worker,elected,530111001011,2020-01-01,2019-01-01,synthetic\n"
        "X-4,辛,male,1990-01-01,bachelor,full_time_community_worker,elected,530111001011,2020-01-01,,synthetic\n"
    )
    async with http() as client:
        reply = await client.post("/v1/imports/workers", content=text.encode())
        assert (reply.status_code, reply.json()["code"]) == (422, "import.refused")
        found = {(error["row"], error["column"], error["code"]) for error in reply.json()["errors"]}
        assert found == {
            (2, "sex", "cell.choice"),
            (2, "birth_on", "cell.day"),
            (3, "community", "community.not_found"),
            (4, "left_on", "period.empty"),
        }
        good = await client.post("/v1/imports/workers?accept=good", content=text.encode())
        assert (good.status_code, good.json()["accepted"], good.json()["added"]) == (200, 1, 1)


async def test_overlaps_and_unknown_workers_are_bad_rows(filled: StaffingClient) -> None:
    text = (
        "worker,tier,step,start,end\n"
        "GD-0001,head,3,2025-01-01,\n"
        "GD-0003,staff,1,2023-01-01,2024-01-01\n"
        "GD-0003,staff,2,2023-06-01,\n"
        "GD-9999,staff,2,2023-06-01,\n"
    )
    report = await filled.load("gradings", text.encode(), dry_run=True)
    found = {(error.row, error.column, error.code) for error in report.errors}
    assert found == {(2, "start", "period.overlap"), (4, "start", "period.overlap"), (5, "worker", "worker.not_found")}


async def test_a_correction_closes_what_was_known(filled: StaffingClient) -> None:
    before = datetime.now(UTC)
    text = APPOINTMENTS.replace(
        "GD-0003,530111001011,staff,true,2023-01-01,", "GD-0003,530111001011,staff,true,2023-01-01,2026-01-01"
    )
    assert (await filled.load("appointments", text.encode())).added == 1
    people = WORKERS.replace("甲,female,1985-11-23,bachelor", "甲,female,1985-11-23,master")
    assert (await filled.load("workers", people.encode())).added == 1
    assert (await filled.staffing_statistics(moment=ON)).workers == 3
    assert (await filled.staffing_statistics(moment=(ON[0], before))).workers == 4
    page = await filled.workers(moment=ON, region="530111000000")
    old = await filled.workers(moment=(ON[0], before), region="530111000000")
    assert (page.items[0].education, old.items[0].education) == ("master", "bachelor")


async def test_a_corrected_measure_is_known_from_its_recording(filled: StaffingClient) -> None:
    before = datetime.now(UTC)
    text = "community,start,resident_households,provenance\n320402001001,2021-01-01,3500,synthetic\n"
    assert (await filled.load("measures", text.encode())).added == 1
    now = await filled.quota("320402001001", moment=(date(2022, 7, 1), None))
    then = await filled.quota("320402001001", moment=(date(2022, 7, 1), before))
    assert (now.posts, now.headcount.persons) == (14, 1)
    assert then.posts == 13


async def test_a_unit_is_managed_by_one_authority_at_a_time(filled: StaffingClient) -> None:
    text = "authority,unit,start\n530100000000,530111001011,2020-01-01\n"
    with pytest.raises(ServiceError) as refused:
        await filled.load("managements", text.encode())
    assert refused.value.status == 409


async def test_rows_outside_the_callers_region_are_bad(filled: StaffingClient, client_of: ClientOf) -> None:
    officer = client_of("district_civil_affairs", "320402000000")
    text = "community,start,resident_households,provenance\n530111001011,2022-01-01,1,synthetic\n"
    report = await officer.load("measures", text.encode(), dry_run=True)
    assert [(error.row, error.code) for error in report.errors] == [(2, "region.outside")]
    relation = "authority,unit,start\n320402000000,530111100000,2020-01-01\n"
    report = await officer.load("managements", relation.encode(), dry_run=True)
    assert [(error.row, error.code) for error in report.errors] == [(2, "region.outside")]


async def test_measures_of_an_unknown_community_are_bad(filled: StaffingClient) -> None:
    text = "community,start,resident_households,provenance\n530111001011,2025-01-01,9,x\n530111001999,2025-01-01,9,x\n"
    report = await filled.load("measures", text.encode(), dry_run=True)
    assert [(error.row, error.column, error.code) for error in report.errors] == [
        (3, "community", "community.not_found")
    ]
    assert (await filled.load("measures", text.encode(), accept="good")).added == 1


async def test_measures_with_bad_areas_and_types(filled: StaffingClient) -> None:
    text = "community,start,premises_sqm,resident_households,provenance\n530111001011,2022-01-01,12.345,-3,synthetic\n"
    report = await filled.load("measures", text.encode(), dry_run=True)
    assert {(error.column, error.code) for error in report.errors} == {
        ("premises_sqm", "cell.area"),
        ("resident_households", "cell.number"),
    }
    book = "code,name,level,type\n320402001009,某社区,5,subdistrict\n"
    report = await filled.load("divisions", book.encode(), dry_run=True)
    assert [(error.column, error.code) for error in report.errors] == [("unit_type", "cell.choice")]


async def test_a_certificate_twice_in_a_file(filled: StaffingClient) -> None:
    text = "worker,level,issued_on\nGD-0003,junior,2024-01-01\nGD-0003,junior,2025-01-01\n"
    report = await filled.load("certificates", text.encode(), dry_run=True)
    assert [(error.row, error.code) for error in report.errors] == [(3, "row.repeated")]
    assert (await filled.load("certificates", text.encode(), accept="good")).added == 1
    assert (await filled.load("certificates", b"worker,level,issued_on\nGD-0003,junior,2025-01-01\n")).added == 1


async def test_readers_may_not_import(filled: StaffingClient, client_of: ClientOf) -> None:
    with pytest.raises(ServiceError) as refused:
        await client_of("auditor", "000000000000").load("measures", b"x")
    assert refused.value.status == 403
