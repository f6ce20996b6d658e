"""graphql-transport-ws: its rules and close codes, who may come in, what is left when somebody goes."""

import asyncio
import hashlib
import time
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from gateway.live import operations, sockets
from services.runtime.tokens import issue_token
from tests.fixtures.serving import until
from tests.gateway.living import SHORT, Living
from tests.gateway.register import SHIHUGUAN

INIT = {"type": "connection_init"}
NAME = {"id": "1", "type": "subscribe"}


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic YTpi"}, {"Authorization": 7}],
)
async def test_without_a_good_token_nothing_is_acknowledged(alive: Living, payload: Any) -> None:
    async with alive.raw() as socket:
        await socket.send({**INIT, "payload": payload} if payload is not None else INIT)
        code, reason = await socket.closed()
        assert code == 4403
        assert reason.startswith("Forbidden: ")


async def test_the_token_may_come_in_the_handshake_but_the_payload_counts(alive: Living) -> None:
    async with alive.raw(additional_headers=alive.bearer()) as socket:
        await socket.send(INIT)
        assert await socket.get() == {"type": "connection_ack"}
    async with alive.raw(additional_headers=alive.bearer()) as socket:
        await socket.send({**INIT, "payload": {"authorization": "Bearer bad"}})
        assert (await socket.closed())[0] == 4403


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ("7", 4400),
        (b"{}", 4400),
        ({"type": "connection"}, 4400),
        ({}, 4400),
        ({**INIT, "payload": []}, 4400),
        ({**NAME, "payload": {"query": "{ __typename }"}}, 4401),
        ("x" * 131_073, 1009),
    ],
)
async def test_what_is_not_the_protocol_ends_the_connection(alive: Living, said: object, code: int) -> None:
    async with alive.raw() as socket:
        await socket.send(said)
        assert (await socket.closed())[0] == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (INIT, 4429),
        ({"type": "subscribe", "payload": {"query": "{ __typename }"}}, 4400),
        ({"type": "subscribe", "id": ["1"], "payload": {"query": "{ __typename }"}}, 4400),
        ({"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}, 4400),
    ],
)
async def test_what_an_acknowledged_connection_may_not_say(alive: Living, said: object, code: int) -> None:
    async with alive.socket() as socket:
        await socket.send(said)
        assert (await socket.closed())[0] == code


async def test_another_protocol_is_told_so(alive: Living) -> None:
    for offered in ([Subprotocol("graphql-ws")], None):
        async with alive.raw(subprotocols=offered) as socket:
            assert (await socket.closed())[0] == 4406


async def test_whoever_says_nothing_is_sent_away(alive: Living) -> None:
    began = time.monotonic()
    async with alive.raw() as socket:
        assert (await socket.closed())[0] == 4408
    assert 0.5 < time.monotonic() - began < 3


async def test_pages_from_elsewhere_are_not_let_in(alive: Living) -> None:
    own = alive.gateway.url
    for origin in (own, "https://front.example", None):
        async with alive.socket(origin=origin and Origin(origin)):
            pass
    for origin in ("https://evil.example", "http://front.example", "null", f"{own}.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with alive.raw(origin=Origin(origin)):
                pass
        assert refused.value.response.status_code == 403


async def test_queries_and_refusals_go_over_it_as_over_http(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("q", "query($c: DivisionCode!) { community(code: $c) { name } }", c=SHIHUGUAN)
        assert (await socket.next("q")) == {"community": {"name": "世纪城社区"}}
        assert await socket.get() == {"id": "q", "type": "complete"}
        deep = "{ community(code: 1) " + "{ a " * 45 + "}" * 46
        for payload, code in (
            ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": deep}, "LIMIT_EXCEEDED"),
            ({"query": "{ communities { nodes { name } } }"}, "BAD_USER_INPUT"),
            ({"query": "{ communities(first: 101) { nodes { name } } }"}, "BAD_USER_INPUT"),
            ({"query": "subscription($i: ID!) { issueChanged(issueId: $i) { kind } }"}, "BAD_USER_INPUT"),
            ({"query": SHORT, "variables": 7}, "BAD_USER_INPUT"),
            ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
            ({}, "BAD_USER_INPUT"),
            ("x", "BAD_USER_INPUT"),
            (None, "BAD_USER_INPUT"),
        ):
            await socket.send({**NAME, "payload": payload})
            refusal = await socket.get()
            assert (refusal["type"], refusal["id"]) == ("error", "1")
            assert refusal["payload"][0]["extensions"]["code"] == code, refusal
            assert refusal["payload"][0]["extensions"]["requestId"]


async def test_an_operation_too_dear_is_refused_before_it_runs(alive: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    preparer = alive.live.endpoint.preparer
    monkeypatch.setattr(preparer, "limits", preparer.limits.__class__(cost=2))
    dear = "subscription { issueChanged { issue { community { name code } stepsDone { step } procedure { code } } } }"
    async with alive.socket() as socket:
        await socket.subscribe("1", dear)
        refusal = await socket.get()
        assert refusal["payload"][0]["extensions"]["code"] == "COST_EXCEEDED"
    assert alive.consultation.app.state.relay.subscribers == 0


async def test_a_persisted_document_is_followed_by_its_id(alive: Living) -> None:
    digest = hashlib.sha256(SHORT.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    async with alive.socket() as socket:
        await socket.send({**NAME, "payload": {"query": SHORT, "extensions": extensions}})
        await alive.streams(1)
        await socket.send({"id": "2", "type": "subscribe", "payload": {"documentId": f"sha256:{digest}"}})
        await alive.streams(2)
        await alive.raised("停水")
        told = [await socket.get(), await socket.get()]
        assert {one["id"] for one in told} == {"1", "2"}
        assert all(one["payload"]["data"]["issueChanged"]["kind"] == "OPENED" for one in told)
        assert all(one["payload"]["extensions"]["cost"]["requestedQueryCost"] > 0 for one in told)


async def test_an_id_is_taken_until_it_is_free(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", SHORT)
        await alive.streams(1)
        await socket.send({"id": "1", "type": "complete"})
        await alive.streams(0)
        await socket.send({"id": "1", "type": "complete"})  # too late, and no harm
        await socket.send({"id": 7, "type": "complete"})
        await socket.subscribe("1", SHORT)
        await alive.streams(1)
        await socket.subscribe("1", SHORT)
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")
    await alive.streams(0)


async def test_a_connection_has_so_many_operations_and_no_more(alive: Living) -> None:
    async with alive.socket() as socket:
        for name in "123":
            await socket.subscribe(name, SHORT)
        await alive.streams(3)
        await socket.subscribe("4", SHORT)
        refusal = await socket.get()
        assert (refusal["id"], refusal["type"]) == ("4", "error")
        assert refusal["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert alive.consultation.app.state.relay.subscribers == 3


async def test_a_process_has_so_many_subscriptions_and_sockets_and_no_more(
    alive: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive.live.feeds, "most", 2)
    async with alive.socket() as socket:
        for name in "12":
            await socket.subscribe(name, SHORT)
        await alive.streams(2)
        await socket.subscribe("3", SHORT)
        refusal = await socket.get()
        assert refusal["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    await alive.quiet()
    monkeypatch.setattr(alive.live, "settings", alive.live.settings.model_copy(update={"live_subscriptions": 1}))
    async with alive.socket(), alive.raw() as second:
        assert (await second.closed())[0] == 1013


async def test_whoever_goes_leaves_nothing_behind(alive: Living) -> None:
    for _ in range(3):
        async with alive.socket() as socket:
            await socket.subscribe("1", SHORT)
            await socket.subscribe("2", SHORT)
            await alive.streams(2)
            assert alive.live.feeds.open == 2
            text = alive.gateway.app.state.meter.text().decode()
            assert "gongzhi_live_sockets 1.0" in text
            assert "gongzhi_live_subscriptions 2.0" in text
        await alive.quiet()
    async with alive.socket() as socket:  # without a word, not even a close
        await socket.subscribe("1", SHORT)
        await alive.streams(1)
        socket.wire.transport.abort()
    await alive.quiet()
    before = {task for task in asyncio.all_tasks() if "gateway" in repr(task.get_coro())}
    assert before == set()


async def test_the_server_says_that_it_lives_and_wants_an_answer(alive: Living) -> None:
    async with alive.socket() as socket:
        await socket.send({"type": "ping"})
        assert await socket.get() == {"type": "pong"}
        await until(lambda: socket.pings == 3)
    async with alive.socket(answers=False) as socket:
        assert await socket.closed() == (4408, "No answer to ping")


async def test_the_connection_ends_with_its_token(
    alive: Living, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "LEEWAY_S", 0)
    short = issue_token(settings, "administrator", "000000000000", lifetime=timedelta(seconds=2))
    began = time.monotonic()
    async with alive.socket({"Authorization": f"Bearer {short}"}) as socket:
        await socket.subscribe("1", SHORT)
        await alive.streams(1)
        assert await socket.closed() == (4403, "Forbidden: the token has expired")
    assert time.monotonic() - began < 4


async def test_a_client_that_takes_nothing_is_left(alive: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sockets.WebSocket.send_text
    stuck = asyncio.Event()

    async def slow(self: Any, data: str) -> None:
        if stuck.is_set() and "issueChanged" in data:
            await asyncio.sleep(60)
        await sent(self, data)

    monkeypatch.setattr(sockets.WebSocket, "send_text", slow)
    monkeypatch.setattr(alive.live, "settings", alive.live.settings.model_copy(update={"live_send_timeout_s": 0.3}))
    async with alive.socket() as socket:
        await socket.subscribe("1", SHORT)
        await alive.streams(1)
        stuck.set()
        await alive.raised("慢客户")
        assert await socket.closed() == (1013, "Too slow")
    await until(lambda: alive.live.feeds.open == 0)


async def test_a_defect_of_ours_ends_the_operation_masked(alive: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    async with alive.socket() as socket:
        with monkeypatch.context() as patch:
            patch.setattr(alive.live, "context", broken)
            await socket.subscribe("1", SHORT)
            refusal = await socket.get()
        assert refusal["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "secret" not in str(refusal)
        await socket.subscribe("1", "{ __typename }")
        assert (await socket.next("1")) == {"__typename": "Query"}
