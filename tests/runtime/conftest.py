"""A small service of the tests' own: one table with a region, one of replies, on a schema made by the runtime."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import httpx
import pyarrow as pa
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import text

from services.kernel.errors import Conflict, NotFound
from services.runtime import events_purge
from services.runtime.auth import CallerDep, permit
from services.runtime.cells import codes
from services.runtime.database import Bulk, BulkRead, Database, ReadOnly, Transaction
from services.runtime.idempotency import OnceDep, idempotency_sql
from services.runtime.imports import CSV_BODY, Accept, Column, DryRun, ImportReport, read_sheet
from services.runtime.migrate import preparation_sql
from services.runtime.outbox import append, outbox_purge_sql, outbox_sql, outbox_turns_sql
from services.runtime.rls import region_policy_sql
from services.runtime.server import create_base
from services.runtime.transfer import arrow_response, copy_arrow, fetch_arrow
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
    data = pa.table({"community": ["530111001001", "530111001002"], "words": ["a", "b"]})
    return await copy_arrow(connection, f"{SCHEMA}.notes", data)


@router.get("/notes/{identifier}", dependencies=[Depends(permit("consultation.read"))])
async def note_by_id(identifier: int, session: ReadOnly) -> dict[str, Any]:
    row = (await session.execute(text("SELECT community, words FROM notes WHERE id = :id"), {"id": identifier})).first()
    if row is None:
        raise NotFound("note.not_found", "没有这条记录，请核对编号。", "There is no such note; check its number.")
    return dict(row._mapping)


@router.get("/notes/stream/all", dependencies=[Depends(permit("consultation.read"))])
async def stream_notes(connection: BulkRead) -> StreamingResponse:
    schema = pa.schema([("community", pa.string()), ("words", pa.string())])
    batches = fetch_arrow(connection, schema, "SELECT community, words FROM notes ORDER BY words", rows=2)
    return arrow_response(schema, batches)


@router.post("/notes/once", status_code=201, dependencies=[Depends(permit("consultation.write"))])
async def add_once(note: NoteIn, session: Transaction, once: OnceDep) -> Response:
    async def work() -> NoteIn:
        await session.execute(text("INSERT INTO notes (community, words) VALUES (:community, :words)"), dict(note))
        append(session, "note.added", note.words, {"words": note.words, "on": date(2026, 10, 1)}, note.community)
        if note.words == "refused":
            raise Conflict("note.refused", "不行", "no")
        return note

    return await once(session, work)


@router.post("/imports/notes", dependencies=[Depends(permit("import.write"))], openapi_extra=CSV_BODY)
async def import_notes(
    request: Request, connection: Bulk, dry_run: DryRun = False, accept: Accept = "all"
) -> ImportReport:
    sheet = read_sheet(await request.body(), (Column("community", ("社区",)), Column("words", ("内容",))))
    community = codes(sheet, "community")
    sheet.settle(accept, dry_run=dry_run)
    if not dry_run:
        data = pa.table({"community": community, "words": sheet.text("words")}).filter(pa.array(sheet.good))
        await copy_arrow(connection, "consultation.notes", data)
    return sheet.report("notes", dry_run=dry_run)


@router.get("/writes-while-reading", dependencies=[Depends(permit("consultation.read"))])
async def writes_while_reading(session: ReadOnly) -> None:
    await session.execute(text("INSERT INTO notes (community, words) VALUES ('530111001001', 'x')"))


@pytest.fixture(scope="session", autouse=True)
def no_purge_unasked() -> Iterator[None]:
    """Applications live on after their test: none of them purges in the midst of another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events_purge, "FIRST_PAUSE_S", 3600.0)
        yield


@pytest.fixture(scope="session")
def plain_url(cluster: Cluster) -> str:
    """A data base whose schema holds `notes`, closed by region."""
    url = cluster.clone()
    cluster.execute(
        *preparation_sql(SCHEMA),
        f"SET search_path = {SCHEMA}",
        'CREATE TABLE notes (id bigserial PRIMARY KEY, community text COLLATE "C" NOT NULL, words text UNIQUE)',
        *region_policy_sql(SCHEMA, "notes"),
        *idempotency_sql(SCHEMA),
        *outbox_sql(SCHEMA),
        *outbox_turns_sql(SCHEMA),
        *region_policy_sql(SCHEMA, "outbox", "region"),
        *outbox_purge_sql(SCHEMA),
        url=url,
    )
    return url


@pytest.fixture
async def database(settings_of: SettingsOf, plain_url: str) -> AsyncIterator[Database]:
    async with Database.open(settings_of(plain_url, pool_size=2), SCHEMA) as opened:
        yield opened


@pytest.fixture(scope="session")
def notes_app(settings_of: SettingsOf, plain_url: str, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = settings_of(plain_url, packs_dir=tmp_path_factory.mktemp("packs"), max_body_bytes=2000)
    return create_base(settings, title="Notes", description="Of the tests", schema=SCHEMA, routers=[router])


@pytest.fixture
async def service(notes_app: FastAPI, plain_url: str, service_app: ServiceApp, truncate: Any) -> Any:
    """`await service(token)`: a client of the small service, on an empty table."""
    app = notes_app
    await truncate(plain_url, SCHEMA)

    async def client(bearer: str | None = None) -> httpx.AsyncClient:
        return await service_app(app, bearer)

    return client
