"""Events commit with what they tell of, and the service cannot change them."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.runtime.database import NATION, Database
from services.runtime.outbox import append


async def test_an_event_is_kept_with_its_time_and_place(database: Database, truncate: Any, plain_url: str) -> None:
    await truncate(plain_url, "consultation")
    async with database.transaction(NATION) as session:
        event = append(session, "issue.step_done", "issue/7", {"step": "审核"})
    async with database.transaction(NATION, read_only=True) as session:
        row = (
            await session.execute(text("SELECT id, type, subject, data::text, time > '2020-01-01' FROM outbox"))
        ).one()
    assert tuple(row[:3]) == (event, "issue.step_done", "issue/7")
    assert json.loads(row[3]) == {"step": "审核"}
    assert row[4] is True


async def test_an_event_of_a_failed_transaction_was_never_there(
    database: Database, truncate: Any, plain_url: str
) -> None:
    await truncate(plain_url, "consultation")

    async def fail() -> None:
        async with database.transaction(NATION) as session:
            append(session, "a.b", "s", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.transaction(NATION, read_only=True) as session:
        assert await session.scalar(text("SELECT count(*) FROM outbox")) == 0


@pytest.mark.parametrize("change", ["UPDATE outbox SET type = 'x'", "DELETE FROM outbox"])
async def test_events_cannot_be_changed(database: Database, change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.transaction(NATION) as session:
            await session.execute(text(change))
