"""Once and only once: the reply to a keyed POST is stored in its own transaction and given again to a repeat."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import Malformed
from services.runtime.auth import CallerDep
from services.runtime.problem import Incomplete

REPLAYED = "Idempotent-Replayed"
_CLAIM = text(
    "INSERT INTO idempotency_keys (caller, key, request_hash) VALUES (:caller, :key, :hash) "
    "ON CONFLICT DO NOTHING RETURNING key"
)
_FIND = text("SELECT request_hash, status, reply FROM idempotency_keys WHERE caller = :caller AND key = :key")
_KEEP = text("UPDATE idempotency_keys SET status = :status, reply = :reply WHERE caller = :caller AND key = :key")


def idempotency_sql(schema: str) -> list[str]:
    """Statements for a migration: the table of keys of one schema."""
    return [
        f"""CREATE TABLE {schema}.idempotency_keys (
            caller text NOT NULL, key text NOT NULL, request_hash bytea NOT NULL, status smallint, reply text,
            created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (caller, key))""",
        f"CREATE INDEX idempotency_keys_created_at ON {schema}.idempotency_keys (created_at)",
    ]


@dataclass(frozen=True, slots=True)
class Once:
    """`return await once(session, work)`: runs the work, or gives the stored reply of the same key and body.

    Another body under the same key is Malformed `idempotency.mismatch`. A repeat that comes while the first still
    runs waits for it. A refused or failed first leaves no trace, so that a repeat runs anew.
    """

    caller: str
    key: str
    request_hash: bytes

    async def __call__(
        self, session: AsyncSession, work: Callable[[], Awaitable[BaseModel]], status: int = 201
    ) -> Response:
        """The reply, in the transaction of the session."""
        mine = {"caller": self.caller, "key": self.key}
        if await session.scalar(_CLAIM, {**mine, "hash": self.request_hash}) is None:
            return self._again((await session.execute(_FIND, mine)).one())
        body = (await work()).model_dump_json()
        await session.execute(_KEEP, {**mine, "status": status, "reply": body})
        return Response(body, status, media_type="application/json")

    def _again(self, row: Row[bytes, int, str]) -> Response:
        request_hash, status, body = row
        if bytes(request_hash) != self.request_hash:
            raise Malformed(
                "idempotency.mismatch",
                "同一 Idempotency-Key 已用于另一请求，请换新的键或发送原请求。",
                "This Idempotency-Key was used for another request; use a new key or send the first request again.",
            )
        return Response(body, status, headers={REPLAYED: "true"}, media_type="application/json")


async def _once(
    request: Request,
    caller: CallerDep,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=200, description="同一操作重发时不变 / the same for every resend"),
    ] = None,
) -> Once:
    if not key:
        raise Incomplete(
            "idempotency.missing",
            "此操作需要 Idempotency-Key 头：请为每次操作生成一个唯一值，重发时保持不变。",
            "This operation needs the header Idempotency-Key: make one unique value per operation, keep it on resends.",
        )
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return Once(caller.id, key, hashlib.sha256(target.encode() + await request.body()).digest())


OnceDep: TypeAlias = Annotated[Once, Depends(_once)]
