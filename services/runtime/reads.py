"""POST /v1/reads: many sparse reads in one request, documented like any other route, answered in a lane of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.datastructures import State
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from services.kernel.errors import DomainError, Forbidden, Malformed
from services.runtime.auth import Caller, Permission, caller_of, permit
from services.runtime.problem import problem_of
from services.runtime.reads_pool import ReadPool
from services.runtime.reads_run import Runner, Viewer
from services.runtime.reads_schemas import MOST_READS, ReadsIn, ReadsOut
from services.runtime.rls import scope_settings
from services.runtime.selection import Entity
from services.runtime.tokens import CACHED_TOKENS

_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class _Known:
    """A caller met before, by token: the claims the verifier gave then, and the view of each set of permissions."""

    claims: Mapping[str, Any]
    caller: Caller
    viewers: dict[tuple[Permission, ...], Viewer] = field(default_factory=dict)

    def viewer(self, entity: Entity) -> Viewer:
        """The caller's view of an entity; Forbidden `permission.missing` without any region to see it in."""
        known = self.viewers.get(entity.permissions)
        if known is None:
            scope = self.caller.scope(*entity.permissions)
            if not scope:
                raise _forbidden(entity.permissions)
            lo, hi, every = scope_settings(scope)
            settings = {"scope_lo": lo, "scope_hi": hi, "scope_all": every}
            known = self.viewers[entity.permissions] = Viewer(self.caller, scope, settings)
        return known


class Reads:
    """The reads of one service: its entities, the callers met, and the connections while it runs."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._runner = Runner(entities)
        self._callers: dict[str, _Known] = {}

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """The router's lifespan: connections until it ends."""
        pool = app.state.read_pool = ReadPool(app.state.settings, app.state.schema)
        try:
            yield
        finally:
            await pool.close()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answers one request; a refusal of the whole request is a problem, as everywhere."""
        try:
            answers = await self.answers(scope, _reads(await _body(receive)))
        except DomainError as error:
            await problem_of(error, Request(scope))(scope, receive, send)
            return
        content = orjson.dumps({"answers": answers}, default=_plain)
        headers = [_JSON, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def answers(self, scope: AsgiScope, reads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer per read; Unauthenticated without a token that can be trusted."""
        state = scope["app"].state
        known = await self._caller(scope, state)
        return await self._runner.answers(reads, state.read_pool, state, known.viewer)

    async def _caller(self, scope: AsgiScope, state: State) -> _Known:
        """The caller, from memory while the verifier still vouches for the token."""
        sent: bytes = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        token = sent[7:].decode("latin-1")
        known = self._callers.get(token) if sent[:7] == b"Bearer " else None
        if known is not None and known.claims is await state.verifier.claims(token):
            return known
        caller = await caller_of(Request(scope))
        if len(self._callers) >= CACHED_TOKENS:
            self._callers.clear()
        known = self._callers[caller.token] = _Known(await state.verifier.claims(caller.token), caller)
        return known


def reads_router(entities: Sequence[Entity]) -> APIRouter:
    """A router with `POST /v1/reads` for these entities; mount it first, since it is the one asked most often."""
    application = Reads(entities)
    permissions = dict.fromkeys(one for entity in entities for one in entity.permissions)

    async def read(request: Request, reads: ReadsIn) -> ReadsOut:
        """Many sparse reads in one request: only the named fields, positional rows, in the order of the keys.

        一次请求多项稀疏读取：只取所列字段，按位置成行，次序同所给的键。
        """
        sent = reads.model_dump(mode="json", exclude_unset=True)["reads"]
        return ReadsOut.model_validate({"answers": await application.answers(request.scope, sent)})

    read.lane = application  # type: ignore[attr-defined]
    router = APIRouter(prefix="/v1", tags=["reads"], lifespan=application.running)
    router.add_api_route(
        "/reads",
        read,
        methods=["POST"],
        dependencies=[Depends(permit(*permissions))],
        summary="稀疏读取 / sparse reads",
    )
    return router


def _plain(value: object) -> str:
    """asyncpg's identifiers are a class of their own."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts = [body]
    while message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _reads(body: bytes) -> list[dict[str, Any]]:
    try:
        reads: object = orjson.loads(body)["reads"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise _unreadable() from None
    if not isinstance(reads, list) or not 0 < len(reads) <= MOST_READS:
        raise _unreadable()
    if not all(isinstance(one, dict) and isinstance(one.get("entity"), str) for one in reads):
        raise _unreadable()
    return reads


def _unreadable() -> Malformed:
    return Malformed(
        "read.unreadable",
        f"请求体应为 {{'reads': [...]}}，1 至 {MOST_READS} 个读取，各有 entity",
        f"the body is {{'reads': [...]}} with 1 to {MOST_READS} reads, each with its entity",
    )


def _forbidden(permissions: tuple[Permission, ...]) -> Forbidden:
    needed = " / ".join(permissions)
    return Forbidden(
        "permission.missing",
        f"当前身份没有所需权限（{needed}），请向管理员申请。",
        f"Your roles do not carry {needed}; ask the administrator for a role that does.",
        needed=list(permissions),
    )
