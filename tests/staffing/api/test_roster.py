"""The roster over HTTP: everybody in post in a month, with the facts pay depends on."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from services.runtime.client import ServiceError
from services.staffing.client import StaffingClient
from services.staffing.schemas.roster import ROSTER
from tests.staffing.conftest import ClientOf


async def roster(
    client: StaffingClient, month: str = "2026-10", **area: str
) -> tuple[dict[str, dict[str, Any]], pa.Table]:
    table = await client.roster(month, **(area or {"authority": "530111000000"}))
    assert table.schema.names == ROSTER.names
    return {bytes(row["worker_id"]).hex(): row for row in table.to_pylist()}, table


async def test_the_facts_of_a_month(filled: StaffingClient) -> None:
    rows, table = await roster(filled)
    head, staff, grid = sorted(table.to_pylist(), key=lambda row: row["hired_on"])
    assert (head["post"], head["holds_both_posts"], head["tier"], head["step"]) == ("secretary", True, "both_posts", 9)
    assert (head["continuous_years"], head["continuous_years_as_head"]) == (8, 8)
    assert (head["certificate"], head["community"], head["urban"]) == ("intermediate", "530111001011", True)
    assert (head["days_in_post"], head["days_in_month"]) == (31, 31)
    assert len(rows) == 3
    assert (grid["category"], grid["tier"], grid["step"]) == ("full_time_community_worker", "staff", 2)
    assert staff["category"] == "grid_member"


async def test_years_are_complete_on_the_anniversary_and_a_break_restarts_them(filled: StaffingClient) -> None:
    before, _ = await roster(filled, "2026-10")
    head = max(before.values(), key=lambda row: row["continuous_years"])
    assert head["continuous_years"] == 8
    after, _ = await roster(filled, "2026-11")
    assert max(row["continuous_years"] for row in after.values()) == 9
    returned = next(row for row in before.values() if row["hired_on"].isoformat() == "2024-09-01")
    assert (returned["continuous_years"], returned["days_in_post"]) == (2, 15)
    assert returned["certificate"] == "none"
    assert len(after) == 2


async def test_as_known_before_the_import_there_is_nobody(filled: StaffingClient) -> None:
    table = await filled.roster("2026-10", known_at=datetime(2020, 1, 1, tzinfo=UTC), region="530111000000")
    assert table.num_rows == 0


async def test_another_regions_workers_are_not_streamed(filled: StaffingClient, client_of: ClientOf) -> None:
    outside = client_of("district_payroll", "320402000000")
    assert (await outside.roster("2026-10", authority="530111000000")).num_rows == 0
    assert (await outside.roster("2026-10", region="320402000000")).num_rows == 1


async def test_one_of_authority_and_region(filled: StaffingClient, client_of: ClientOf) -> None:
    with pytest.raises(ServiceError) as refused:
        await filled.roster("2026-10")
    assert refused.value.code == "query.one_of"
    with pytest.raises(ServiceError) as refused:
        await client_of("street_office", "530111001000").roster("2026-10", region="530111001000")
    assert refused.value.status == 403
