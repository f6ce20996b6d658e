"""GraphQL over server-sent events: one operation a connection, refusals inside the stream, nothing left behind."""

import asyncio
import time
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from gateway.live import operations
from gateway.live.streams import respond
from services.runtime.tokens import issue_token
from tests.gateway.living import SHORT, Living
from tests.gateway.register import LONGWAN, SHIHUGUAN


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_changes_come_as_events(alive: Living, method: str) -> None:
    async with alive.sse(SHORT, {"r": SHIHUGUAN}, method) as stream:
        assert stream.answer.status_code == 200
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["cache-control"] == "no-store"
        await alive.streams(1)
        await alive.raised("别处", LONGWAN)
        issue = await alive.raised("屋顶漏雨")
        assert (await stream.next())["issueChanged"]["kind"] == "OPENED"
        await asyncio.sleep(2.3)
        await alive.withdrawn(issue)
        assert (await stream.next())["issueChanged"]["kind"] == "FINISHED"
        assert stream.comments >= 3  # one at once, then one each quiet while
    await alive.quiet()
    text = alive.gateway.app.state.meter.text().decode()
    assert f'gongzhi_requests_total{{method="{method}",route="/graphql (stream)",status="200"}}' in text


async def test_without_a_good_token_there_is_no_stream(alive: Living) -> None:
    for headers in ({"Authorization": "Bearer x.y.z"}, {"X-Nothing": "1"}):
        async with alive.sse(SHORT, **headers) as stream:
            body = (await stream.answer.aread()).decode()
            assert stream.answer.status_code == 401
            assert stream.answer.headers["www-authenticate"] == "Bearer"
            assert "UNAUTHENTICATED" in body
    assert alive.live.feeds.open == 0


async def test_a_request_that_cannot_be_read_is_refused_as_ever(alive: Living) -> None:
    headers = {"Accept": "text/event-stream", **alive.bearer()}
    async with httpx.AsyncClient(base_url=alive.gateway.url, headers=headers, trust_env=False) as client:
        for answer, status in (
            (await client.post("/graphql", content=b"{", headers={"content-type": "application/json"}), 400),
            (await client.post("/graphql", content=b"x", headers={"content-type": "text/plain"}), 415),
            (await client.post("/graphql", json=[]), 400),
            (await client.get("/graphql"), 400),
        ):
            assert answer.status_code == status
            assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_refusals_of_the_document_come_in_the_stream(alive: Living) -> None:
    for document, code in (
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("{ " * 45 + "}" * 45, "LIMIT_EXCEEDED"),
        ('subscription { issueChanged(issueId: "x") { kind } }', "BAD_USER_INPUT"),
    ):
        async with alive.sse(document) as stream:
            assert stream.answer.status_code == 200
            name, body = await stream.get()
            assert (name, body["errors"][0]["extensions"]["code"]) == ("next", code)
            assert "data" not in body
            assert await stream.get() == ("complete", None)


async def test_a_query_is_one_answer_and_a_mutation_does_not_go_by_get(alive: Living) -> None:
    async with alive.sse("{ __typename }") as stream:
        assert await stream.next() == {"__typename": "Query"}
        assert await stream.get() == ("complete", None)
    async with alive.sse("mutation { __typename }", method="GET") as stream:
        _, body = await stream.get()
        assert body["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"
    async with alive.sse("{ __typename }", method="GET") as stream:
        assert await stream.next() == {"__typename": "Query"}


async def test_each_caller_is_told_of_his_regions(alive: Living) -> None:
    async with (
        alive.sse(SHORT, **alive.bearer("resident", "530111000000")) as here,
        alive.sse(SHORT, **alive.bearer("resident", "330300000000")) as there,
        alive.sse(SHORT, **alive.bearer("district_payroll", "530111000000")) as none,
    ):
        _, body = await none.get()
        assert body["errors"][0]["extensions"]["problem"] == "permission.missing"
        await alive.streams(2)
        mine, theirs = await alive.raised("噪声扰民"), await alive.raised("井盖缺失", LONGWAN)
        assert (await here.next())["issueChanged"]["kind"] == "OPENED"
        assert (await there.next())["issueChanged"]["kind"] == "OPENED"
        await alive.withdrawn(theirs)
        await alive.withdrawn(mine)
        assert (await here.next())["issueChanged"]["toState"] == "withdrawn"
        assert (await there.next())["issueChanged"]["toState"] == "withdrawn"


async def test_the_stream_ends_with_the_token(alive: Living, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "LEEWAY_S", 0)
    short = issue_token(settings, "administrator", "000000000000", lifetime=timedelta(seconds=2))
    began = time.monotonic()
    async with alive.sse(SHORT, Authorization=f"Bearer {short}") as stream:
        name, body = await stream.get()
        assert (name, body["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert body["errors"][0]["extensions"]["problem"] == "token.expired"
        assert await stream.get() == ("complete", None)
    assert time.monotonic() - began < 4


async def test_when_the_process_stops_streams_end_without_being_complete(
    alive: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(alive.live, "end", ended)
    async with alive.sse(SHORT) as stream:
        await alive.streams(1)
        alive.live.stop()
        alive.live.stop()
        with pytest.raises(EOFError):
            await stream.get()
    async with alive.raw() as socket:
        assert (await socket.closed())[0] == 1013


async def test_a_client_that_takes_nothing_is_left(alive: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive.live, "settings", alive.live.settings.model_copy(update={"live_send_timeout_s": 0.2}))
    body = b'{"query": "subscription { issueChanged { kind } }"}'
    headers = [(b"content-type", b"application/json"), (b"authorization", alive.bearer()["Authorization"].encode())]
    scope: MutableMapping[str, Any] = {
        "type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b"",
        "request_id": "r", "app": alive.gateway.app, "asgi": {"spec_version": "2.3"},
    }  # fmt: skip
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if given:
            return given.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and b"next" in message.get("body", b""):
            await asyncio.sleep(60)

    async with asyncio.timeout(5):
        answer = await respond(Request(scope, receive), alive.live)
        going = asyncio.create_task(answer(scope, receive, send))
        await alive.streams(1)
        await alive.raised("慢客户")
        await going
