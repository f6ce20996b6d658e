"""POST /v1/reads: many sparse reads in one request, documented like any other route, answered in a lane of its own."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.datastructures import State
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from services.kernel.errors import DomainError, Malformed
from services.runtime.auth import Caller, caller_of, permit
from services.runtime.problem import problem_of
from services.runtime.reads_form import VALUES, Form
from services.runtime.reads_pool import ReadPool, plain
from services.runtime.reads_run import Answer, Asked, Runner, Viewer, viewer_of
from services.runtime.reads_schemas import MOST_READS, ReadsIn, ReadsOut
from services.runtime.selection import Entity
from services.runtime.tokens import CACHED_TOKENS

CACHED_HEADS = 512
LONGEST_HEAD = 16 * 1024
_VALUES = b',"values":'
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class _Known:
    """A caller met before, by token: the claims the verifier gave then, and the caller's view of each entity."""

    claims: Mapping[str, Any]
    caller: Caller
    viewers: dict[str, Viewer] = field(default_factory=dict)

    def viewer(self, entity: Entity) -> Viewer:
        """The caller's view of an entity; Forbidden `permission.missing` without any region to see it in."""
        known = self.viewers.get(entity.name)
        if known is None:
            known = self.viewers[entity.name] = viewer_of(self.caller, entity)
        return known


class Reads:
    """The reads of one service: its entities, the callers and forms met, and the connections while it runs."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._runner = Runner(entities)
        self._callers: dict[bytes, _Known] = {}
        self._heads: dict[bytes, Sequence[Form | DomainError]] = {}

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
            answers = await self._answers(scope, self._asked(await _body(receive)))
        except DomainError as error:
            await problem_of(error, Request(scope))(scope, receive, send)
            return
        content = orjson.dumps({"answers": answers}, default=plain)
        headers = [_JSON, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def answers(self, scope: AsgiScope, sent: object) -> list[Answer]:
        """One answer per read of a body; Unauthenticated without a token that can be trusted."""
        return await self._answers(scope, self._whole(sent))

    async def _answers(self, scope: AsgiScope, asked: Iterable[Asked]) -> list[Answer]:
        state = scope["app"].state
        known = await self._caller(scope, state)
        return await self._runner.answers(asked, state.read_pool, state, known.viewer)

    def _asked(self, body: bytes) -> Iterable[Asked]:
        """The reads of a body with their values; the forms of a head met before are not read again."""
        head, mark, tail = body.partition(_VALUES)
        forms = self._heads.get(head) if mark else None
        if forms is not None and tail.endswith(b"}"):
            with suppress(orjson.JSONDecodeError):
                return zip(forms, _values(orjson.loads(tail[:-1]), len(forms)), strict=True)
        try:
            sent: object = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _unreadable() from None
        if mark and len(head) <= LONGEST_HEAD:
            self._remember(head)
        return self._whole(sent)

    def _remember(self, head: bytes) -> None:
        """The forms of a head, when it is a whole body but for its last brace: what follows can be values alone."""
        with suppress(orjson.JSONDecodeError):
            forms = self._runner.forms(_reads(orjson.loads(head + b"}")))
            if len(self._heads) >= CACHED_HEADS:
                self._heads.pop(next(iter(self._heads)))
            self._heads[head] = forms

    def _whole(self, sent: object) -> Iterable[Asked]:
        reads = _reads(sent)
        values = sent.get("values") if isinstance(sent, dict) else None
        return zip(self._runner.forms(reads), _values(values, len(reads)), strict=True)

    async def _caller(self, scope: AsgiScope, state: State) -> _Known:
        """The caller, from memory while the verifier still vouches for the token."""
        sent = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                sent = value
                break
        known = self._callers.get(sent)
        if known is not None and known.claims is state.verifier.known(known.caller.token):
            return known
        caller = await caller_of(Request(scope))
        if len(self._callers) >= CACHED_TOKENS:
            self._callers.clear()
        known = self._callers[sent] = _Known(await state.verifier.claims(caller.token), caller)
        return known


def reads_router(entities: Sequence[Entity]) -> APIRouter:
    """A router with `POST /v1/reads` for these entities; mount it first, since it is the one asked most often."""
    application = Reads(entities)
    permissions = dict.fromkeys(one for entity in entities for one in entity.permissions)

    async def read(request: Request, reads: ReadsIn) -> ReadsOut:
        """Many sparse reads in one request: only the named fields, positional rows, in the order of the keys.

        一次请求多项稀疏读取：只取所列字段，按位置成行，次序同所给的键。
        """
        sent = reads.model_dump(mode="json", exclude_unset=True)
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


def _reads(sent: object) -> list[dict[str, Any]]:
    reads = sent.get("reads") if isinstance(sent, dict) else None
    if not isinstance(reads, list) or not 0 < len(reads) <= MOST_READS:
        raise _unreadable()
    if not all(isinstance(one, dict) and isinstance(one.get("entity"), str) for one in reads):
        raise _unreadable()
    return reads


def _values(sent: object, count: int) -> list[dict[str, Any]]:
    if sent is None:
        return [{}] * count
    if not isinstance(sent, list) or len(sent) != count:
        raise _bad_values()
    for one in sent:
        if not isinstance(one, dict) or not VALUES.issuperset(one):
            raise _bad_values()
    return sent


def _bad_values() -> Malformed:
    names = ", ".join(sorted(VALUES))
    return Malformed(
        "read.values",
        f"values 须与 reads 等长，每项为对象，只含：{names}",
        f"`values` is a list as long as `reads`, of objects with no members but: {names}",
    )


def _unreadable() -> Malformed:
    return Malformed(
        "read.unreadable",
        f"请求体应为 {{'reads': [...]}}，1 至 {MOST_READS} 个读取，各有 entity",
        f"the body is {{'reads': [...]}} with 1 to {MOST_READS} reads, each with its entity",
    )
