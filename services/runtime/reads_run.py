"""Sparse reads answered: their values bound, their statements run one after the other, their records made into rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import asyncpg
from starlette.datastructures import State

from services.kernel.errors import DomainError, Forbidden
from services.runtime.auth import Caller, Permission
from services.runtime.problem import status_of
from services.runtime.reads_form import (
    Form,
    Json,
    Shapes,
    args_of,
    check_under,
    cursor_key,
    day_of,
    instant_of,
    keys_of,
    malformed,
    no_source,
    page_of,
    text_of,
    where_of,
)
from services.runtime.reads_pool import ReadPool
from services.runtime.rls import Scope, scope_settings
from services.runtime.selection import Ask, Entity, Given, Ranges, Rows, Stages
from services.runtime.selection_sql import ONE, Selection, Statement, joined, scoped

_ONE = frozenset({ONE})
Answer: TypeAlias = dict[str, Any]
Asked: TypeAlias = tuple[Form | DomainError, Json]
"""A read's form, or why it has none; and the values of the request."""
Done: TypeAlias = tuple[Sequence[str], Answer]
"""The fields of a read and its answer."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks one entity: the caller, the regions of its permissions, and both as the statement's parameters."""

    caller: Caller
    scope: Scope
    settings: Mapping[str, str]
    limits: Mapping[str, object]


Process: TypeAlias = tuple[ReadPool, State, Callable[[Entity], Viewer]]
"""Where a read is answered: the connections, the application's state, and who asks each entity."""


def viewer_of(caller: Caller, entity: Entity) -> Viewer:
    """The caller's view of an entity; Forbidden `permission.missing` without any region to see it in."""
    scope = caller.scope(*entity.permissions)
    if not scope:
        raise _forbidden(entity.permissions)
    lo, hi, every = scope_settings(scope)
    settings = {"scope_lo": lo, "scope_hi": hi, "scope_all": every}
    return Viewer(caller, scope, settings, entity.limits(caller))


class Runner:
    """Answers reads of one service's entities; remembers compiled shapes."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self.entities = {entity.name: entity for entity in entities}
        self._shapes = Shapes()

    def forms(self, reads: Sequence[Json]) -> list[Form | DomainError]:
        """The forms of reads, in their order; a read that has none is refused alone. Malformed `read.under`."""
        check_under(reads)
        return [self._form(read) for read in reads]

    def _form(self, read: Json) -> Form | DomainError:
        try:
            entity = self.entities.get(read["entity"])
            if entity is None:
                name = f"{read['entity']!r:.60}"
                raise malformed("entity", f"没有实体 {name}", f"there is no entity {name}")
            return Form(self._shapes, entity, read)
        except DomainError as error:
            return error

    async def answers(
        self, asked: Iterable[Asked], pool: ReadPool, state: State, viewer: Callable[[Entity], Viewer]
    ) -> list[Answer]:
        """One answer per read, in their order.

        One after the other: that keeps one connection busy and warm, where several would each do a little and wait.
        """
        done: list[Done] = []
        for form, values in asked:
            answer = await self._answer(form, values, done, (pool, state, viewer))
            done.append((() if isinstance(form, DomainError) else form.names, answer))
        return [answer for _, answer in done]

    async def _answer(
        self,
        form: Form | DomainError,
        values: Json,
        done: Sequence[Done],
        process: Process,
    ) -> Answer:
        try:
            if isinstance(form, DomainError):
                raise form
            keys = None
            if form.under is not None:
                names, above = done[form.under]
                if "error" in above:
                    return above
                keys = _keys_under(form, names, above)
            return await answer_to(form, values, process, keys)
        except DomainError as error:
            return refused(error)


def refused(error: DomainError) -> Answer:
    """A refusal in place of an answer."""
    return {"error": {"status": status_of(error), "code": error.code, "zh": error.zh, "en": error.en}}


async def answer_to(form: Form, values: Json, process: Process, keys: list[Any] | None = None) -> Answer:
    """The answer to one read, its keys given or among the values; the refusal is raised. Malformed `read.value`."""
    try:
        return await _Question(form, values, process).answer(keys)
    except asyncpg.DataError:
        raise malformed("value", "有值无法读取，请核对其格式", "a value cannot be read; check its form") from None


class _Question:
    """One read with its values."""

    __slots__ = (
        "_args", "_ask", "_backward", "_by", "_form", "_given", "_known_at", "_on", "_pool", "_read", "_size",
        "_state", "_values", "_viewer",
    )  # fmt: skip

    def __init__(self, form: Form, values: Json, process: Process) -> None:
        self._pool, self._state, viewer = process
        self._form = form
        self._viewer = seen = viewer(form.entity)
        self._read = read = {**form.rest, **values} if form.rest else values
        self._args = args_of(form.entity, values) if "args" in values else form.args
        where = where_of(form.entity, values) if "where" in values else form.where
        self._on, self._known_at = day_of(read.get("on")), instant_of(read.get("knownAt"))
        self._values: dict[str, object] = {
            **seen.settings, **seen.limits, **self._args, **where, "on": self._on, "known_at": self._known_at,
        }  # fmt: skip
        given = [*seen.limits, *self._args, *where]
        if self._known_at is not None:
            given.append("known_at")
        self._ask: Ask | None = None
        self._size, self._backward = 0, False
        self._by = form.by(read)
        if form.entity.lookups[self._by].order:
            self._page(given)
        self._given = frozenset(given)

    @property
    def ask(self) -> Ask:
        """The question as derived fields see it."""
        if self._ask is None:
            seen, moment = self._viewer, (self._on, self._known_at)
            self._ask = Ask(self._state, self._fetch, seen.caller, seen.scope, *moment, self._args)
        return self._ask

    async def _fetch(self, select: str, values: Mapping[str, object]) -> Rows:
        statement = scoped(select)
        return await self._pool.fetch(statement.sql, statement.values({**self._viewer.settings, **values}))

    def _page(self, given: list[str]) -> None:
        read = self._read
        self._size, self._backward = page_of(read)
        self._values["limit"] = self._size + 1
        if self._backward:
            given.append("backward")
        for side in ("after", "before"):
            cursor = text_of(read.get(side))
            if cursor is not None:
                given.append(side)
                order = self._form.entity.lookups[self._by].order
                self._values |= {f"{side}_{at}": part for at, part in enumerate(cursor_key(cursor, order))}

    async def answer(self, keys: list[Any] | None) -> Answer:
        """Rows, or pages."""
        lookup = self._form.entity.lookups[self._by]
        if lookup.ranges is not None:
            return {"pages": await self._root_page(lookup.ranges)}
        asked = keys_of(self._read) if keys is None else keys
        distinct = list(dict.fromkeys(key for key in asked if key is not None))
        if lookup.stages:
            staged = await self._staged(lookup.stages, distinct)
            return {"rows": [staged.get(key) for key in asked]}
        selection = self._keyed(self._given, distinct)
        records = await self._records(selection.rows) if distinct else []
        if lookup.order:
            of: list[list[Any]] = [[] for _ in distinct]
            for record in records:
                of[record[0] - 1].append(record)
            sides = (await self._counts(selection), await self._beyond(selection)) if distinct else ({}, {})
            pages = dict(zip(distinct, await self._pages(selection, of, *sides), strict=True))
            return {"pages": [pages.get(key) for key in asked]}
        rows = await self._rows(selection, records)
        found = {distinct[record[0] - 1]: row for record, row in zip(records, rows, strict=True)}
        return {"rows": [found.get(key) for key in asked]}

    def _keyed(self, given: Given, keys: Sequence[Any]) -> Selection:
        """The selection for so many keys, which become its parameters."""
        if len(keys) == 1:
            self._values["key"] = keys[0]
            return self._form.selection(self._by, given | _ONE)
        self._values["keys"] = joined(keys)
        return self._form.selection(self._by, given)

    async def _staged(self, stages: Stages, keys: Sequence[str]) -> dict[str, Any]:
        """The row of each key that has one, from the first stage that has it."""
        found: dict[str, Any] = {}
        if not keys:
            self._keyed(self._given, keys)
            return found
        left = keys
        async with aclosing(stages(self.ask, keys)) as turns:
            async for values in turns:
                self._values |= values
                selection = self._keyed(self._given.union(values), left)
                records = await self._records(selection.rows)
                rows = await self._rows(selection, records)
                found |= {left[record[0] - 1]: row for record, row in zip(records, rows, strict=True)}
                if len(found) == len(keys):
                    break
                left = [key for key in left if key not in found]
        return found

    async def _root_page(self, of: Ranges) -> list[Answer]:
        pairs = sorted(await of(self.ask, text_of(self._read[self._by])), reverse=self._backward)
        given = self._given
        if len(pairs) == 1:
            self._values["lo"], self._values["hi"] = pairs[0]
            given |= _ONE
        else:
            self._values["los"], self._values["his"] = [lo for lo, _ in pairs], [hi for _, hi in pairs]
        selection = self._form.selection(self._by, given)
        records = await self._records(selection.rows)
        counts, beyond = await self._counts(selection), await self._beyond(selection)
        return await self._pages(selection, [records], {0: sum(counts.values())}, {0: any(beyond.values())})

    async def _counts(self, selection: Selection) -> dict[int, int]:
        """How many there are in all by the place of the key, where that was asked."""
        if not self._form.count:
            return {}
        return {at - 1: n for at, n in await self._records(selection.count)}

    async def _beyond(self, selection: Selection) -> dict[int, bool]:
        """Whether there are rows on the other side of the cursor, by the place of the key, where that was asked."""
        if not self._form.beyond or selection.beyond is None:
            return {}
        return {at - 1: found for at, found in await self._records(selection.beyond)}

    async def _records(self, statement: Statement) -> list[Any]:
        return await self._pool.fetch(statement.sql, statement.values(self._values))

    async def _rows(self, selection: Selection, records: Sequence[Any]) -> list[Any]:
        """The rows of records; what SQL gives whole needs nobody's question."""
        if selection.width is not None:
            return selection.plain(records)
        return await selection.finish(self.ask, records) if records else []

    async def _pages(
        self, selection: Selection, of: Sequence[list[Any]], counts: Mapping[int, int], beyond: Mapping[int, bool]
    ) -> list[Answer]:
        """A page of each key's records; all rows are made at once."""
        size, form = self._size, self._form
        kept = [records[size - 1 :: -1] if size and self._backward else records[:size] for records in of]
        rows = iter(await self._rows(selection, [record for records in kept for record in records]))
        pages: list[Answer] = [
            {"rows": list(islice(rows, len(records))), "more": len(all_) > size}
            for all_, records in zip(of, kept, strict=True)
        ]
        for at, page in enumerate(pages if form.beyond else ()):
            page["beyond"] = beyond.get(at, False)
        for at, page in enumerate(pages if form.count else ()):
            page["total"] = counts[at]
        for page, records in zip(pages if form.ends else (), kept, strict=False):
            page["start"], page["end"] = [selection.cursor(records[at]) if records else None for at in (0, -1)]
        return pages


def _keys_under(form: Form, names: Sequence[str], above: Answer) -> list[Any]:
    """The values of the field `source` of the read above, one per row of its answer; None for a row not there."""
    if form.source not in names:
        raise no_source()
    at = names.index(form.source)
    if "rows" in above:
        return [None if row is None else row[at] for row in above["rows"]]
    return [row[at] for page in above["pages"] if page is not None for row in page["rows"]]


def _forbidden(permissions: tuple[Permission, ...]) -> Forbidden:
    needed = " / ".join(permissions)
    return Forbidden(
        "permission.missing",
        f"当前身份没有所需权限（{needed}），请向管理员申请。",
        f"Your roles do not carry {needed}; ask the administrator for a role that does.",
        needed=list(permissions),
    )
