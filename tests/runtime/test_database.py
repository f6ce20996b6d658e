"""Transactions see the caller's regions only, commit once, and fail in words."""

from typing import Any

import pytest

from services.runtime.database import NATION, Database
from sqlalchemy import text

KUNMING, GUANDU, LONGWAN = "530100000000", "530111000000", "330303000000"


async def test_a_route_reads_and_writes_within_the_callers_region(service: Any, token: Any) -> None:
    mine = await service(token("street_office", GUANDU))
    theirs = await service(token("street_office", LONGWAN))
    assert (await mine.post("/v1/notes", json={"community": "530111001001", "words": "井盖"})).status_code == 201
    assert (await mine.get("/v1/notes")).json() == [{"community": "530111001001", "words": "井盖"}]
    assert (await theirs.get("/v1/notes")).json() == []


async def test_bulk_smoke(service: Any, token: Any) -> None:
    mine = await service(token("street_office", GUANDU))
    r = await mine.post("/v1/notes/bulk")
    assert r.json() == 1, r.text


async def test_database(database: Database) -> None:
    async with database.transaction(NATION) as session:
        assert await session.scalar(text("SELECT current_user")) == "gongzhi_consultation"
