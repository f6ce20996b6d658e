"""A small service of the tests' own: one table with a region, one of replies, on a schema made by the runtime."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import text

from services.kernel.errors import NotFound
from services.runtime.auth import CallerDep, permit
from services.runtime.database import Bulk, Database, ReadOnly, Transaction
from services.runtime.migrate import preparation_sql
from services.runtime.rls import region_policy_sql
from services.runtime.server import create_base
from tests.conftest import ServiceApp, SettingsOf
from tests.fixtures.cluster import Cluster

SCHEMA = "consultation"


class NoteIn(BaseModel):
    community: str
    words: str


router = APIRouter(prefix="/v1")


@router.get("/notes", dependencies=[Depends(permit("consultation.read"))])
async def list_notes(session: ReadOnly) -> list[dict[str, Any]]:
    rows = await session.execute(text("SELECT community, words FROM notes ORDER BY id"))
    return [dict(row) for row in rows.mappings()]


@router.post("/notes", status_code=201, dependencies=[Depends(permit("consultation.write"))])
async def add_note(note: NoteIn, session: Transaction, caller: CallerDep) -> dict[str, str]:
    await session.execute(text("INSERT INTO notes (community, words) VALUES (:community, :words)"), note.model_dump())
    if note.words == "fail":
        raise NotFound("note.absent", "没有", "none", asked=note.words)
    if note.words == "crash":
        raise RuntimeError("secret words")
    return {"by": caller.id}


@router.post("/notes/bulk", dependencies=[Depends(permit("consultation.write"))])
async def add_notes(connection: Bulk) -> int:
    await connection.copy_records_to_table(
        "notes", schema_name=SCHEMA, columns=["community", "words"], records=[("530111001001", "a")]
    )
    count: int = await connection.fetchval("SELECT count(*) FROM notes")
    return count


@router.get("/writes-while-reading", dependencies=[Depends(permit("consultation.read"))])
async def writes_while_reading(session: ReadOnly) -> None:
    await session.execute(text("INSERT INTO notes (community, words) VALUES ('530111001001', 'x')"))


@pytest.fixture(scope="session")
def plain_url(cluster: Cluster) -> str:
    """A data base whose schema holds `notes`, closed by region."""
    url = cluster.clone()
    cluster.execute(
        *preparation_sql(SCHEMA),
        f"SET search_path = {SCHEMA}",
        'CREATE TABLE notes (id bigserial PRIMARY KEY, community text COLLATE "C" NOT NULL, words text NOT NULL UNIQUE)',
        *region_policy_sql(SCHEMA, "notes"),
        url=url,
    )
    return url


@pytest.fixture
async def database(settings_of: SettingsOf, plain_url: str) -> AsyncIterator[Database]:
    async with Database.open(settings_of(plain_url, pool_size=2), SCHEMA) as opened:
        yield opened


@pytest.fixture
async def service(settings_of: SettingsOf, plain_url: str, service_app: ServiceApp, truncate: Any) -> Any:
    """`await service(token)`: a client of the small service, on an empty table."""
    await truncate(plain_url, SCHEMA)
    app = create_base(
        settings_of(plain_url), title="Notes", description="Of the tests", schema=SCHEMA, routers=[router]
    )

    async def client(bearer: str | None = None) -> httpx.AsyncClient:
        return await service_app(app, bearer)

    return client
