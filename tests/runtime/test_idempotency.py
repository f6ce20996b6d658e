"""The same key and body give the same reply, once written."""

import asyncio
from typing import Any

import asyncpg

from tests.fixtures.cluster import run_apart

GUANDU = "530111000000"
NOTE = {"community": "530111001001", "words": "一"}


def count(url: str, table: str) -> int:
    async def work() -> int:
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM consultation.{table}"))
        finally:
            await connection.close()

    return run_apart(work)


async def test_a_repeat_gets_the_stored_reply(service: Any, token: Any, plain_url: str) -> None:
    client = await service(token("street_office", GUANDU))
    first = await client.post("/v1/notes/once", json=NOTE, headers={"Idempotency-Key": "k1"})
    again = await client.post("/v1/notes/once", json=NOTE, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert count(plain_url, "notes") == 1


async def test_repeats_at_the_same_time_write_once(service: Any, token: Any, plain_url: str) -> None:
    client = await service(token("street_office", GUANDU))
    headers = {"Idempotency-Key": "k2"}
    replies = await asyncio.gather(*(client.post("/v1/notes/once", json=NOTE, headers=headers) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {201}
    assert {reply.content for reply in replies} == {replies[0].content}
    assert count(plain_url, "notes") == count(plain_url, "outbox") == 1


async def test_another_body_under_the_key_is_refused(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    headers = {"Idempotency-Key": "k3"}
    await client.post("/v1/notes/once", json=NOTE, headers=headers)
    reply = await client.post("/v1/notes/once", json={**NOTE, "words": "二"}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency.mismatch")


async def test_another_callers_key_is_another_key(service: Any, token: Any, plain_url: str) -> None:
    headers = {"Idempotency-Key": "k4"}
    for number, subject in enumerate(("a", "b")):
        client = await service(token("street_office", GUANDU, subject=subject))
        note = {**NOTE, "words": str(number)}
        assert (await client.post("/v1/notes/once", json=note, headers=headers)).status_code == 201
    assert count(plain_url, "notes") == 2


async def test_without_a_key_400(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    reply = await client.post("/v1/notes/once", json=NOTE)
    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency.missing")


async def test_a_refused_first_leaves_no_trace(service: Any, token: Any, plain_url: str) -> None:
    client = await service(token("street_office", GUANDU))
    headers = {"Idempotency-Key": "k5"}
    refused = {**NOTE, "words": "refused"}
    for _ in range(2):
        assert (await client.post("/v1/notes/once", json=refused, headers=headers)).status_code == 409
    assert count(plain_url, "notes") == count(plain_url, "outbox") == count(plain_url, "idempotency_keys") == 0
