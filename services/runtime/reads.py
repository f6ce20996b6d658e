"""POST /v1/reads: many sparse reads in one request, documented like any other route, answered in a lane of its own."""

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.datastructures import State
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from services.kernel.errors import DomainError, Malformed
from services.runtime.auth import permit
from services.runtime.envelope import send_whole, whole_body
from services.runtime.problem import problem_of
from services.runtime.reads_callers import Callers, Rights, authorization
from services.runtime.reads_form import VALUES, Form, Json
from services.runtime.reads_pool import ReadPool, plain
from services.runtime.reads_run import Answer, Asked, Runner, refused
from services.runtime.reads_schemas import MOST_CALLERS, MOST_READS, ReadsIn, ReadsOut
from services.runtime.reads_shared import Values, as_one
from services.runtime.selection import Entity

CACHED_HEADS = 512
LONGEST_HEAD = 16 * 1024
_VALUES = b',"values":'
_JSON = ((b"content-type", b"application/json"),)
_MOVING = frozenset({"values", "callers"})  # what may follow a head met before
_TEXTS = frozenset({str})


@dataclass(frozen=True, slots=True)
class _Sent:
    """A body: forms, the values of each for one caller after the other, and who asks beside the request's own."""

    forms: Sequence[Form | DomainError]
    values: Sequence[Json]
    callers: Sequence[str] = ()

    def of(self, at: int) -> Sequence[Json]:
        """The values of the caller in a place."""
        return self.values[at * len(self.forms) : (at + 1) * len(self.forms)]

    def asked(self, values: Values) -> Iterable[Asked]:
        """The reads with one caller's values."""
        return zip(self.forms, values, strict=True)

    @property
    def above(self) -> list[int | None]:
        """The place of the read that each read takes its keys from."""
        return [None if isinstance(form, DomainError) else form.under for form in self.forms]

    def alike(self, at: int) -> bytes | None:
        """What a caller asks but for keys; None for what cannot be asked with that of others."""
        rest = []
        for form, value in self.asked(self.of(at)):
            if isinstance(form, DomainError) or isinstance(value.get("keys"), list) is not (form.under is None):
                return None
            rest.append({name: one for name, one in value.items() if name != "keys"})
        return orjson.dumps(rest)


class Reads:
    """The reads of one service: its entities, the callers and forms met, and the connections while it runs."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._runner = Runner(entities)
        self._callers = Callers()
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
            answers = await self._answers(scope, self._sent(await whole_body(receive)))
        except DomainError as error:
            await problem_of(error, Request(scope))(scope, receive, send)
            return
        await send_whole(send, 200, _JSON, orjson.dumps({"answers": answers}, default=plain))

    async def answers(self, scope: AsgiScope, sent: object) -> list[Answer]:
        """One answer per read and caller of a body; Unauthenticated without a token that can be trusted."""
        return await self._answers(scope, self._whole(sent))

    async def _answers(self, scope: AsgiScope, sent: _Sent) -> list[Answer]:
        state = scope["app"].state
        if sent.callers:
            return await self._answers_of_all(scope, sent)
        rights = await self._callers.of(authorization(scope), state.verifier)
        return await self._runner.answers(sent.asked(sent.values), state.read_pool, state, rights.viewer)

    async def _answers_of_all(self, scope: AsgiScope, sent: _Sent) -> list[Answer]:
        """What each caller is answered; those of equal rights who ask the same of other keys are asked as one.

        What one may not see is refused to that one alone.
        """
        state, count = scope["app"].state, len(sent.forms)
        found: dict[int, list[Answer]] = {}
        parties: dict[object, tuple[Rights, list[int]]] = {}
        for at, one in enumerate([authorization(scope), *[f"Bearer {one}".encode() for one in sent.callers]]):
            try:
                rights = await self._callers.of(one, state.verifier)
            except DomainError as error:
                found[at] = [refused(error)] * count
                continue
            party = (rights, alike) if (alike := sent.alike(at)) else at
            parties.setdefault(party, (rights, []))[1].append(at)
        for rights, places in parties.values():
            found |= zip(places, await self._party(rights, sent, [sent.of(at) for at in places], state), strict=True)
        return [answer for at in range(len(found)) for answer in found[at]]

    async def _party(
        self, rights: Rights, sent: _Sent, values: Sequence[Values], state: State
    ) -> Sequence[list[Answer]]:
        """What callers of the same rights are answered."""

        def ask(one: Values) -> Awaitable[list[Answer]]:
            return self._runner.answers(sent.asked(one), state.read_pool, state, rights.viewer)

        return await as_one(sent.above, values, ask)

    def _sent(self, body: bytes) -> _Sent:
        """A body read; the forms of a head met before are not read again."""
        head, mark, tail = body.partition(_VALUES)
        forms = self._heads.get(head) if mark else None
        if forms is not None:
            with suppress(orjson.JSONDecodeError):
                moving = orjson.loads(b'{"values":' + tail)
                if moving.keys() <= _MOVING:
                    return _given(forms, moving)
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
            sent: object = orjson.loads(head + b"}")
            if isinstance(sent, dict) and "callers" in sent:
                return
            forms = self._runner.forms(_reads(sent))
            if len(self._heads) >= CACHED_HEADS:
                self._heads.pop(next(iter(self._heads)))
            self._heads[head] = forms

    def _whole(self, sent: object) -> _Sent:
        forms = self._runner.forms(_reads(sent))
        return _given(forms, sent if isinstance(sent, dict) else {})


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


def _reads(sent: object) -> list[dict[str, Any]]:
    reads = sent.get("reads") if isinstance(sent, dict) else None
    if not isinstance(reads, list) or not 0 < len(reads) <= MOST_READS:
        raise _unreadable()
    if not all(isinstance(one, dict) and isinstance(one.get("entity"), str) for one in reads):
        raise _unreadable()
    return reads


def _given(forms: Sequence[Form | DomainError], sent: Mapping[str, Any]) -> _Sent:
    """The forms with the values of a body. Malformed `read.values`, `read.callers`."""
    callers = sent.get("callers") or ()
    if callers and not (
        isinstance(callers, list) and len(callers) < MOST_CALLERS and _TEXTS.issuperset(map(type, callers))
    ):
        raise _bad_callers()
    count = len(forms) * (1 + len(callers))
    values = sent.get("values")
    if values is None:
        return _Sent(forms, [{}] * count, callers)
    if not isinstance(values, list) or len(values) != count:
        raise _bad_values()
    for one in values:
        if not isinstance(one, dict) or not VALUES.issuperset(one):
            raise _bad_values()
    return _Sent(forms, values, callers)


def _bad_callers() -> Malformed:
    return Malformed(
        "read.callers",
        f"callers 须为至多 {MOST_CALLERS - 1} 个令牌",
        f"`callers` are at most {MOST_CALLERS - 1} tokens",
    )


def _bad_values() -> Malformed:
    names = ", ".join(sorted(VALUES))
    return Malformed(
        "read.values",
        f"values 须与 reads 等长（有 callers 时每人一份），每项为对象，只含：{names}",
        f"`values` is a list as long as `reads` (for each of the callers), of objects with no members but: {names}",
    )


def _unreadable() -> Malformed:
    return Malformed(
        "read.unreadable",
        f"请求体应为 {{'reads': [...]}}，1 至 {MOST_READS} 个读取，各有 entity",
        f"the body is {{'reads': [...]}} with 1 to {MOST_READS} reads, each with its entity",
    )
