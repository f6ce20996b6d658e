"""GET /v1/events of a small service: pages by ASGI, streams from a real server, read by the real client."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from services.runtime import events_api, events_relay
from services.runtime.client import ServiceError
from services.runtime.database import NATION, Database
from services.runtime.events_api import Kind, events_router, on_stop, relaying
from services.runtime.events_client import EventsClient, Followed
from services.runtime.outbox import append
from services.runtime.server import create_base
from services.runtime.tokens import issue_token
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.serving import Served, served, until
from tests.runtime.conftest import SCHEMA, router

HERE, THERE = "530111001011", "110105001001"


class Said(BaseModel):
    words: str


KINDS = (Kind("x.said", Said, "说了", "something was said"),)


def make(settings_of: SettingsOf, url: str, folder: Any, **values: Any) -> FastAPI:
    values = {"event_heartbeat_s": 0.3, "event_poll_s": 0.5, "packs_dir": folder, **values}
    routers = [router, events_router("consultation.read", KINDS)]
    app = create_base(settings_of(url, **values), title="Said", description="", schema=SCHEMA, routers=routers)
    return relaying(app, KINDS)


@pytest.fixture
async def app(settings_of: SettingsOf, plain_url: str, tmp_path: Any, truncate: Any) -> FastAPI:
    await truncate(plain_url, SCHEMA)
    return make(settings_of, plain_url, tmp_path)


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[Served]:
    async with served(app) as one:
        yield one


@pytest.fixture
async def client_of(server: Served, token: TokenMaker) -> AsyncIterator[Callable[..., EventsClient]]:
    client = EventsClient(server.url)
    yield lambda role="auditor", region="000000000000": client.on_behalf(token(role, region))
    await client.close()


async def tell(database: Database, *words: str, region: str = HERE, kind: str = "x.said") -> None:
    async with database.transaction(NATION) as session:
        for each in words:
            append(session, kind, each, {"words": each}, region)


async def words(stream: AsyncIterator[Followed], count: int) -> list[str]:
    """What so many events say, whatever heartbeats come between; at most five seconds."""
    found: list[str] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            said = await anext(stream)
            if said.event is not None:
                found.append(said.event.data["words"])
    return found


async def begun(client: EventsClient, **params: Any) -> AsyncIterator[Followed]:
    """A stream that has begun: what happens from now on is in it."""
    stream = client.follow(params)
    first = await anext(stream)
    assert first.event is None
    return stream


async def test_pages_go_on_from_a_sequence_to_the_end(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, database: Database
) -> None:
    await tell(database, "a", "b", "c")
    await tell(database, "d", region=THERE, kind="x.other")
    client = await service_app(app, token("auditor", "000000000000"))
    first = (await client.get("/v1/events", params={"limit": 3})).json()
    assert [one["data"]["words"] for one in first["items"]] == ["a", "b", "c"]
    assert first["next"] == first["items"][-1]["sequence"]
    second = (await client.get("/v1/events", params={"after": first["next"]})).json()
    assert [(one["type"], one["region"]) for one in second["items"]] == [("x.other", THERE)]
    assert second["next"] is None
    for params, found in (
        ({"type": "x.other"}, ["d"]),
        ({"type": ["x.other", "x.said"]}, ["a", "b", "c", "d"]),
        ({"subject": ["b", "d"]}, ["b", "d"]),
        ({"region": "530111000000"}, ["a", "b", "c"]),
        ({"region": "110000000000", "type": "x.said"}, []),
        ({"region": [THERE, "211300000000"]}, ["d"]),
        ({"region": ["530111000000", THERE]}, ["a", "b", "c", "d"]),
    ):
        items = (await client.get("/v1/events", params=params)).json()["items"]  # type: ignore[arg-type]
        assert [one["data"]["words"] for one in items] == found


async def test_a_page_shows_the_regions_of_the_caller_and_no_other(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, database: Database
) -> None:
    await tell(database, "here")
    await tell(database, "there", region=THERE)
    await tell(database, "district", region="530111000000")
    for region, found in (
        ("530111000000", ["here", "district"]), ("530111001011", ["here"]), ("110000000000", ["there"]),
        ("211300000000", []),
    ):  # fmt: skip
        client = await service_app(app, token("auditor", region))
        for params in ({}, {"region": "000000000000"}):
            items = (await client.get("/v1/events", params=params)).json()["items"]
            assert [one["data"]["words"] for one in items] == found
    foreign = await service_app(app, token("auditor", "211300000000"))
    assert (await foreign.get("/v1/events", params={"region": HERE})).json()["items"] == []


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_who_may_not_read_is_refused_before_anything_is_read(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, accept: str
) -> None:
    headers = {"accept": accept}
    assert (await (await service_app(app)).get("/v1/events", headers=headers)).status_code == 401
    stranger = await service_app(app, token("organisation_office", "000000000000"))
    refusal = await stranger.get("/v1/events", headers=headers)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "permission.missing")
    reader = await service_app(app, token("auditor", "000000000000"))
    for params in ({"after": "x"}, {"after": "9" * 19}, {"limit": 0}, {"limit": 501}, {"region": "53"}):
        assert (await reader.get("/v1/events", params=params, headers=headers)).status_code == 422  # type: ignore[arg-type]
    assert app.state.relay.subscribers == 0


async def test_a_stream_tells_what_is_committed_from_now_on(
    client_of: Callable[..., EventsClient], database: Database
) -> None:
    await tell(database, "before")
    stream = await begun(client_of())
    await tell(database, "a", "b")
    assert await words(stream, 2) == ["a", "b"]
    page = await client_of().events({"after": "0"})
    assert [one.data["words"] for one in page.items] == ["before", "a", "b"]


async def test_a_stream_goes_on_from_a_sequence_without_loss_or_doubles(
    client_of: Callable[..., EventsClient], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_api, "PAGE", 3)
    many = [f"m{number}" for number in range(8)]
    await tell(database, *many)
    first = (await client_of().events({"limit": 1})).items[0].sequence
    stream = client_of().follow({"after": first})
    await tell(database, "later")
    assert await words(stream, 8) == [*many[1:], "later"]


async def test_last_event_id_goes_before_after(server: Served, token: TokenMaker, database: Database) -> None:
    await tell(database, "a", "b")
    headers = {"Authorization": f"Bearer {token('auditor', '000000000000')}", "Accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        first = (await client.get("/v1/events", headers={"accept": "*/*"})).json()["items"][0]["sequence"]
        async with client.stream(
            "GET", "/v1/events", params={"after": "0"}, headers={"Last-Event-ID": first}
        ) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.headers["cache-control"] == "no-store"
            lines = answer.aiter_lines()
            text = [await anext(lines) for _ in range(6)]
    assert text[:3] == ["retry: 2000", f"id: {first}", ":"]
    assert text[4].startswith("id: ")
    assert text[4] > f"id: {first}"
    assert orjson.loads(text[5].removeprefix("data: "))["data"] == {"words": "b"}


async def test_a_stream_shows_the_regions_and_what_was_asked_for_alone(
    client_of: Callable[..., EventsClient], database: Database
) -> None:
    await tell(database, "old", region=THERE)
    there = await begun(client_of("auditor", "110000000000"), after="0", type="x.said")
    here = await begun(client_of("community_secretary", HERE), subject=["b", "c"])
    await tell(database, "a", "b")
    await tell(database, "c", region=THERE)
    await tell(database, "c", kind="x.other", region=THERE)
    await tell(database, "d", region=THERE)
    await tell(database, "c")
    assert await words(there, 3) == ["old", "c", "d"]
    assert await words(here, 2) == ["b", "c"]


async def test_of_several_divisions_nothing_between_them_is_told(
    client_of: Callable[..., EventsClient], database: Database
) -> None:
    client, asked = client_of("auditor", "530100000000"), {"region": ["530112001001", "530102001001"]}
    now = await begun(client, **asked)
    for word, region in (("a", "530102001001"), ("b", HERE), ("c", "530112001001")):
        await tell(database, word, region=region)
    assert await words(now, 2) == await words(client.follow({**asked, "after": "0"}), 2) == ["a", "c"]
    assert [one.data["words"] for one in (await client.events(asked)).items] == ["a", "c"]
    assert (await client_of("auditor", HERE).events(asked)).items == []


async def test_heartbeats_carry_the_place_to_resume_from(
    client_of: Callable[..., EventsClient], database: Database
) -> None:
    stream = await begun(client_of(), subject="nothing")
    await tell(database, "else")
    async with asyncio.timeout(5):
        marks = [(await anext(stream)).sequence for _ in range(3)]
    latest = (await client_of().events({"limit": 500})).items[-1].sequence
    assert marks[-1] == latest
    again = client_of().follow({"after": latest})
    await tell(database, "new")
    assert await words(again, 1) == ["new"]


async def test_whoever_leaves_is_forgotten(
    app: FastAPI, client_of: Callable[..., EventsClient], database: Database
) -> None:
    streams = [await begun(client_of()) for _ in range(5)]
    assert app.state.relay.subscribers == 5
    text = app.state.meter.text().decode()
    assert "gongzhi_event_subscribers 5.0" in text
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]
    await until(lambda: app.state.relay.subscribers == 0)
    await until(lambda: not app.state.relay.listening)
    assert 'route="/v1/events (stream)"' in app.state.meter.text().decode()


async def test_a_sequence_that_nothing_has_yet_is_refused(client_of: Callable[..., EventsClient]) -> None:
    with pytest.raises(ServiceError) as refusal:
        await anext(client_of().follow({"after": "99999999"}))
    assert (refusal.value.status, refusal.value.code) == (409, "events.sequence_ahead")


async def test_a_place_that_the_relay_has_not_reached_yet_is_taken_as_it_is(
    client_of: Callable[..., EventsClient], database: Database, plain_url: str
) -> None:
    await begun(client_of())  # the relay is at work, and will not be woken
    owner = await asyncpg.connect(plain_url)
    try:
        await owner.execute(f"ALTER TABLE {SCHEMA}.outbox DISABLE TRIGGER turn")
        await tell(database, "told by a page")
        seen = (await client_of().events()).items[-1].sequence
        stream = client_of().follow({"after": seen})
        assert (await anext(stream)).sequence == seen
        async with asyncio.timeout(5):
            assert (await anext(stream)).sequence >= seen
    finally:
        await owner.execute(f"ALTER TABLE {SCHEMA}.outbox ENABLE TRIGGER turn")
        await owner.close()
    await tell(database, "new")
    assert await words(stream, 1) == ["new"]


async def test_the_stream_ends_with_the_token(
    app: FastAPI, server: Served, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_api, "LEEWAY_S", 0)
    short = issue_token(settings, "auditor", "000000000000", lifetime=timedelta(seconds=2))
    headers = {"Authorization": f"Bearer {short}", "Accept": "text/event-stream"}
    began = time.monotonic()
    async with (
        httpx.AsyncClient(base_url=server.url, headers=headers) as client,
        client.stream("GET", "/v1/events") as answer,
    ):
        text = (await answer.aread()).decode()
    assert time.monotonic() - began < 4
    assert 'event: expired\ndata: {"code":"token.rejected"' in text
    await until(lambda: app.state.relay.subscribers == 0)


async def test_a_slow_reader_is_told_why_he_is_dropped_and_can_resume(
    client_of: Callable[..., EventsClient], database: Database, monkeypatch: pytest.MonkeyPatch, server: Served,
    token: TokenMaker,
) -> None:  # fmt: skip
    monkeypatch.setattr(events_relay, "PATIENCE_S", 0.0)
    monkeypatch.setattr(events_relay, "MOST_WAITING", 3)
    headers = {"Authorization": f"Bearer {token('auditor', '000000000000')}", "Accept": "text/event-stream"}
    many = [f"m{number}" for number in range(9)]
    async with (
        httpx.AsyncClient(base_url=server.url, headers=headers) as client,
        client.stream("GET", "/v1/events", params={"after": "0"}) as answer,
    ):
        lines = answer.aiter_lines()
        await anext(lines)
        await tell(database, "first")
        async for line in lines:
            if line.startswith("data"):
                break
        await tell(database, *many)  # nine at once, where three may wait
        text = "\n".join(
            [f"id: {orjson.loads(line.removeprefix('data: '))['sequence']}", *[one async for one in lines]]
        )
    assert "first" in line
    assert 'event: dropped\ndata: {"code":"events.too_slow"' in text
    assert "m0" not in text
    last = last_id(text)
    monkeypatch.setattr(events_relay, "MOST_WAITING", 1000)
    assert await words(client_of().follow({"after": last}), 9) == many


async def test_a_reader_dropped_while_it_reads_what_was_before_loses_nothing(
    app: FastAPI, client_of: Callable[..., EventsClient], database: Database, monkeypatch: pytest.MonkeyPatch,
    server: Served, token: TokenMaker,
) -> None:  # fmt: skip
    monkeypatch.setattr(events_relay, "PATIENCE_S", 0.0)
    monkeypatch.setattr(events_relay, "MOST_WAITING", 3)
    gate, page = asyncio.Event(), events_api.page

    async def slowly(*given: Any) -> Any:
        await gate.wait()
        return await page(*given)

    monkeypatch.setattr(events_api, "page", slowly)
    await tell(database, "old")
    headers = {"Authorization": f"Bearer {token('auditor', '000000000000')}", "Accept": "text/event-stream"}
    many = [f"m{number}" for number in range(9)]
    async with (
        httpx.AsyncClient(base_url=server.url, headers=headers) as client,
        client.stream("GET", "/v1/events", params={"after": "0"}) as answer,
    ):
        await tell(database, *many)
        await until(lambda: all(one.dropped for one in app.state.relay._subscribers))
        gate.set()
        text = (await answer.aread()).decode()
    assert '"old"' in text
    assert "event: dropped" in text
    monkeypatch.setattr(events_relay, "MOST_WAITING", 1000)
    assert await words(client_of().follow({"after": last_id(text)}), 9) == many


def last_id(text: str) -> str:
    """The place up to which a reader has been told."""
    return [line for line in text.splitlines() if line.startswith("id: ")][-1].removeprefix("id: ")


async def test_a_stop_ends_the_streams_at_once_and_takes_no_more(
    app: FastAPI, server: Served, client_of: Callable[..., EventsClient], database: Database
) -> None:
    stream = await begun(client_of())
    began = time.monotonic()
    await server.stop()
    assert [said async for said in stream if said.event is not None] == []
    assert time.monotonic() - began < 0.9
    await server.start()
    again = await begun(client_of())
    await tell(database, "after")
    assert await words(again, 1) == ["after"]


async def test_the_signal_ends_the_streams_and_then_does_what_it_did() -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("theirs"))
    try:
        with on_stop(lambda: heard.append("ours")):
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: len(heard) == 2)
        assert sorted(heard) == ["ours", "theirs"]
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: len(heard) == 3)
        assert heard[-1] == "theirs"
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_outside_the_main_thread_no_signal_is_touched() -> None:
    handler = signal.getsignal(signal.SIGTERM)

    def apart() -> object:
        with on_stop(lambda: None):
            return signal.getsignal(signal.SIGTERM)

    assert await asyncio.to_thread(apart) is handler


async def test_the_catalogue_is_in_the_document(app: FastAPI) -> None:
    document = app.openapi()
    hook = document["webhooks"]["x.said"]["post"]
    assert hook["operationId"] == "on_x_said"
    form = hook["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert "Said" in form
    content = document["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
