"""GET /v1/events once some are gone: refusals by name, places that move on, and the service's own purge."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.runtime import events_api, events_purge
from services.runtime.client import ServiceError
from services.runtime.database import Database
from services.runtime.events_client import EventsClient, Followed
from services.runtime.events_purge import Purge
from tests.conftest import ServiceApp, SettingsOf, TokenMaker
from tests.fixtures.serving import Served, served, until
from tests.runtime.conftest import SCHEMA
from tests.runtime.test_events_api import THERE, make, tell, words


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


async def purged(url: str, *subjects: str, database: Database, settings: Any) -> None:
    """Once these events have been kept for 31 days, and the service has looked."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"UPDATE {SCHEMA}.outbox SET time = time - interval '31 days' WHERE subject = ANY ($1)", list(subjects)
        )
    finally:
        await connection.close()
    await Purge(settings, CollectorRegistry()).once(database)


async def test_who_comes_back_after_what_is_gone_is_refused_by_name_and_begins_anew(
    client_of: Callable[..., EventsClient], database: Database, plain_url: str, settings: Any
) -> None:
    await tell(database, "a", "b", "c")
    first, second, third = [event.sequence for event in (await client_of().events()).items]
    await purged(plain_url, "a", "b", database=database, settings=settings)
    client = client_of()
    for after in ("0", first):
        for ask in (lambda after=after: client.events({"after": after}), lambda after=after: stream_of(client, after)):
            with pytest.raises(ServiceError) as refusal:
                await ask()
            assert (refusal.value.status, refusal.value.code) == (409, "events.sequence_purged")
            assert "保存期" in refusal.value.zh
            assert "begin without a sequence" in refusal.value.en
    assert await words(client.follow({"after": second}), 1) == ["c"]
    anew = await client.events()
    assert [event.data["words"] for event in anew.items] == ["c"]
    assert anew.read_to == third


async def stream_of(client: EventsClient, after: str) -> Followed:
    return await anext(client.follow({"after": after}))


async def test_a_quiet_region_keeps_up_by_what_it_has_read_to(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, database: Database, plain_url: str, settings: Any
) -> None:
    quiet = await service_app(app, token("auditor", "110000000000"))
    empty = (await quiet.get("/v1/events")).json()
    assert (empty["items"], empty["next"]) == ([], None)
    await tell(database, "a", "b")
    kept = (await quiet.get("/v1/events", params={"after": empty["read_to"]})).json()["read_to"]
    await purged(plain_url, "a", "b", database=database, settings=settings)
    await tell(database, "there", region=THERE)
    page = (await quiet.get("/v1/events", params={"after": kept})).json()
    assert [one["data"]["words"] for one in page["items"]] == ["there"]
    assert page["read_to"] == page["items"][-1]["sequence"] > kept
    ahead = await quiet.get("/v1/events", params={"after": str(int(page["read_to"]) + 1)})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "events.sequence_ahead")


async def test_a_full_page_has_read_to_its_last_event(
    client_of: Callable[..., EventsClient], database: Database
) -> None:
    await tell(database, "a", "b", "c")
    page = await client_of().events({"limit": 2})
    assert page.read_to == page.next == page.items[-1].sequence


async def test_what_goes_under_the_eyes_of_a_slow_reader_ends_his_stream_with_the_reason(
    database: Database, monkeypatch: pytest.MonkeyPatch, server: Served, token: TokenMaker, plain_url: str,
    settings: Any,
) -> None:  # fmt: skip
    gate, page = asyncio.Event(), events_api.page

    async def slowly(*given: Any) -> Any:
        await gate.wait()
        return await page(*given)

    monkeypatch.setattr(events_api, "page", slowly)
    await tell(database, "old", "new")
    headers = {"Authorization": f"Bearer {token('auditor', '000000000000')}", "Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=server.url, headers=headers) as client,
        client.stream("GET", "/v1/events", params={"after": "0"}) as answer,
    ):
        assert answer.status_code == 200
        await purged(plain_url, "old", database=database, settings=settings)
        gate.set()
        told = (await answer.aread()).decode()
    assert 'event: purged\ndata: {"code":"events.sequence_purged"' in told
    assert '"new"' not in told


async def test_the_service_purges_by_itself(
    app: FastAPI, service_app: ServiceApp, token: TokenMaker, database: Database, plain_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(events_purge, "FIRST_PAUSE_S", 0.2)
    await tell(database, "old", "new")
    connection = await asyncpg.connect(plain_url)
    try:
        await connection.execute(f"UPDATE {SCHEMA}.outbox SET time = time - interval '31 days' WHERE subject = 'old'")
        client = await service_app(app, token("auditor", "000000000000"))
        await until(lambda: "gongzhi_events_purged_total 1.0" in app.state.meter.text().decode())
        items = (await client.get("/v1/events")).json()["items"]
        assert [one["data"]["words"] for one in items] == ["new"]
    finally:
        await connection.close()
