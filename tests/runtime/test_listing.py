"""REST's lists out of sparse reads: pages and cursors as REST has them, rows for nobody but who may see them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
import orjson
import pytest
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from services.runtime.auth import permit
from services.runtime.listing import Listing, json_of
from services.runtime.paging import Limit, PlaceDep, encode_cursor
from services.runtime.reads import reads_router
from services.runtime.server import create_base
from tests.runtime.conftest import SCHEMA
from tests.runtime.test_reads import NOTE, A, B, client

__all__ = ["client"]


class NoteOut(BaseModel):
    id: int
    place: str
    words: str
    key: UUID


class SaidOut(BaseModel):
    words: str
    key: UUID


class PlacedOut(BaseModel):
    id: int
    said: SaidOut
    community: str


class NotesOut(BaseModel):
    items: list[NoteOut]
    next: str | None
    previous: str | None


NOTES = Listing(NOTE, NoteOut, {"place": "community"})
SAID = {f"said.{name}": NOTE.fields[name] for name in ("words", "key")}
PLACED = Listing(replace(NOTE, fields={**NOTE.fields, **SAID}), PlacedOut)
router = APIRouter(prefix="/v1", dependencies=[Depends(permit("consultation.read", "payroll.read"))])
Keys = Annotated[list[str], Query()]


@router.get("/notes", response_model=NotesOut)
async def some_notes(request: Request, place: PlaceDep, limit: Limit = 2, word: str | None = None) -> Response:
    (page,) = await NOTES.pages(request, None, {"region": None, "where": {"word": word}}, (place, limit))
    return json_of({"items": page.items, **page.links()})


@router.get("/notes-of")
async def notes_of(request: Request, place: PlaceDep, key: Keys, limit: Limit = 2) -> Response:
    pages = await NOTES.pages(request, "community", {"keys": key}, (place, limit), count=True)
    return json_of({"pages": [[[one["words"] for one in page.items], page.total] for page in pages]})


@router.get("/notes-by-id")
async def notes_by_id(request: Request, key: Keys) -> Response:
    return json_of({"items": await NOTES.rows(request, "id", key)})


@router.get("/notes-placed")
async def notes_placed(request: Request, key: Keys) -> Response:
    return json_of({"items": await PLACED.rows(request, "id", key)})


@pytest.fixture(scope="session")
def reads_app(settings_of, plain_url, tmp_path_factory) -> Any:
    settings = settings_of(plain_url, packs_dir=tmp_path_factory.mktemp("packs"))
    routers = [reads_router((NOTE,)), router]
    return create_base(settings, title="Lists", description="Of the tests", schema=SCHEMA, routers=routers)


async def words(client: httpx.AsyncClient, **asked: object) -> tuple[list[str], dict[str, str]]:
    reply = await client.get("/v1/notes", params=asked)
    assert reply.status_code == 200, reply.text
    page = NotesOut.model_validate_json(reply.content)
    assert page.model_dump(mode="json") == reply.json()
    links = {"after": page.next, "before": page.previous}
    return [one.words for one in page.items], {name: link for name, link in links.items() if link is not None}


async def test_a_list_pages_both_ways_and_ends(client) -> None:
    first, on = await words(client)
    assert (first, list(on)) == (["one", "two"], ["after"])
    second, both = await words(client, **on)
    assert (second, list(both)) == (["three", "four"], ["before"])
    assert await words(client, **both) == (first, on)
    end, back = await words(client, last=True, limit=3)
    assert (end, list(back)) == (["two", "three", "four"], ["before"])
    assert (await words(client, **back))[0] == ["one"]


async def test_an_empty_page_hands_back_its_cursor(client) -> None:
    past = encode_cursor(B, 99)
    assert await words(client, after=past) == ([], {"before": past})
    start = encode_cursor(A, 0)
    assert await words(client, before=start) == ([], {"after": start})
    assert await words(client, word="none") == ([], {})


async def test_rows_come_in_the_order_of_their_keys_once_each(client) -> None:
    reply = await client.get("/v1/notes-by-id", params={"key": ["3", "5", "77", "1", "3"]})
    items = reply.json()["items"]
    assert [one["words"] for one in items] == ["three", "one"]  # 5 lies in another region, 77 nowhere
    assert list(items[0]) == ["id", "place", "words", "key"]
    assert (await client.get("/v1/notes-by-id", params={"key": ["word"]})).json()["code"] == "read.value"


async def test_a_model_inside_the_model_is_filled_from_its_own_fields(client) -> None:
    plain = {one["id"]: one for one in (await client.get("/v1/notes-by-id", params={"key": ["1"]})).json()["items"]}
    reply = await client.get("/v1/notes-placed", params={"key": ["1"]})
    said = {name: plain[1][name] for name in ("words", "key")}
    assert reply.json()["items"] == [{"id": 1, "said": said, "community": plain[1]["place"]}]


async def test_a_page_of_each_key_is_counted(client) -> None:
    reply = await client.get("/v1/notes-of", params={"key": [B, A]})
    assert reply.json()["pages"] == [[["four"], 1], [["two", "three"], 3]]


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"after": "x"}, "page.cursor"), ({"after": "x", "last": "true"}, "page.both"), ({"word": ""}, None)],
)
async def test_a_refusal_is_a_problem(client, asked: dict[str, str], code: str | None) -> None:
    reply = await client.get("/v1/notes", params=asked)
    assert (reply.status_code, reply.json().get("code")) == ((422, code) if code else (200, None))


async def test_who_may_not_see_the_entity_is_refused_by_it(client, service_app, reads_app, token) -> None:
    payroll = await service_app(reads_app, token("district_payroll", A))
    reply = await payroll.get("/v1/notes")
    assert (reply.status_code, reply.json()["code"]) == (403, "permission.missing")


def test_a_model_cannot_name_what_is_not_declared() -> None:
    with pytest.raises(ValueError, match="note declares no place"):
        Listing(NOTE, NoteOut)


def test_values_are_written_as_the_models_write_them() -> None:
    class Moment(BaseModel):
        at: datetime
        of: UUID

    values = {"at": datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "of": UUID(int=7)}
    assert json_of(values).body == Moment.model_validate(values).model_dump_json().encode()
    with pytest.raises(orjson.JSONEncodeError):
        json_of({"at": object()})
