"""Sparse reads answered: each checked, its shape compiled once, its values bound, its records made into rows."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import asyncpg
from starlette.datastructures import State

from services.kernel.errors import DomainError, Malformed
from services.kernel.policy import BEIJING
from services.runtime.auth import Caller
from services.runtime.paging import decode_cursor
from services.runtime.problem import status_of
from services.runtime.reads_pool import ReadPool
from services.runtime.reads_schemas import MOST_FIELDS, MOST_KEYS, MOST_ROWS
from services.runtime.rls import Scope
from services.runtime.selection import Ask, Entity, Given, Parse, Rows, Stages
from services.runtime.selection_sql import Selection, Statement, compile_selection, scoped, unknown

CACHED_SHAPES = 1024
AREAS = ("region", "authority")

Json: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks one entity: the caller, the regions of its permissions, and these as the statement's parameters."""

    caller: Caller
    scope: Scope
    settings: Mapping[str, str]


class Runner:
    """Answers reads of one service's entities; remembers compiled shapes."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self.entities = {entity.name: entity for entity in entities}
        self._shapes: dict[tuple[object, ...], Selection] = {}

    async def answers(
        self, reads: Sequence[Json], pool: ReadPool, state: State, viewer: Callable[[Entity], Viewer]
    ) -> list[Answer]:
        """One answer per read, in their order; those that need no other's rows are under way together."""
        done: list[Answer | None] = [None] * len(reads)
        left = list(range(len(reads)))
        while left:
            ready = [at for at in left if (under := _under(reads[at], at)) is None or done[under] is not None]
            work = [self._answer(reads, at, done, (pool, state, viewer)) for at in ready]
            found = [await work[0]] if len(work) == 1 else await asyncio.gather(*work)
            for at, answer in zip(ready, found, strict=True):
                done[at] = answer
            left = [at for at in left if done[at] is None]
        return [answer for answer in done if answer is not None]

    async def _answer(
        self,
        reads: Sequence[Json],
        at: int,
        done: Sequence[Answer | None],
        process: tuple[ReadPool, State, Callable[[Entity], Viewer]],
    ) -> Answer:
        read = reads[at]
        try:
            entity = self.entities.get(read["entity"])
            if entity is None:
                raise _malformed(
                    "entity", f"没有实体 {read['entity']!r:.60}", f"there is no entity {read['entity']!r:.60}"
                )
            keys = None
            if read.get("under") is not None:
                above, parent = done[read["under"]], reads[read["under"]]
                if above is None or "error" in above:
                    return {"error": above["error"]} if above else {}
                keys = _keys_under(read, above, parent)
            return await _Question(self, entity, read, process).answer(keys)
        except DomainError as error:
            return {"error": {"status": status_of(error), "code": error.code, "zh": error.zh, "en": error.en}}
        except asyncpg.DataError as error:
            refusal = _malformed("value", f"值无法读取：{error}", f"a value cannot be read: {error}")
            return {"error": {"status": 422, "code": refusal.code, "zh": refusal.zh, "en": refusal.en}}

    def shape(self, entity: Entity, by: str, fields: tuple[str, ...], given: Given) -> Selection:
        """The compiled selection of a shape."""
        key = (entity.name, by, fields, given)
        found = self._shapes.get(key)
        if found is None:
            found = compile_selection(entity, by, fields, given)
            if len(self._shapes) >= CACHED_SHAPES:
                self._shapes.pop(next(iter(self._shapes)))
            self._shapes[key] = found
        return found


class _Question:
    """One read with its values."""

    def __init__(
        self, runner: Runner, entity: Entity, read: Json, process: tuple[ReadPool, State, Callable[[Entity], Viewer]]
    ) -> None:
        self._pool, state, viewer = process
        self._viewer = viewer(entity)
        self._read = read
        self._values: dict[str, object] = {**self._viewer.settings, **entity.limits(self._viewer.caller)}
        given = set(self._values) - set(self._viewer.settings)
        on, known_at = _day(read.get("on")), _instant(read.get("knownAt"))
        args = _parsed(entity, "arg", entity.args, read.get("args"))
        where = _parsed(entity, "filter", {name: one.parse for name, one in entity.filters.items()}, read.get("where"))
        self._values |= {"on": on, "known_at": known_at, **args, **where}
        given |= {*args, *where}
        if known_at is not None:
            given.add("known_at")
        self._size, self._backward = 0, False
        self._area = next((area for area in AREAS if area in read), None)
        by = self._area or read.get("by")
        if not isinstance(by, str) or by not in entity.lookups:
            raise unknown("by", str(by), entity, entity.lookups)
        if entity.lookups[by].order:
            given |= self._page(read, entity.lookups[by].order)
        self._given = frozenset(given)
        self._shape = partial(runner.shape, entity, by, _names(read))
        self._selection = self._shape(self._given)
        fetch = self._fetch
        self._ask = Ask(state, fetch, self._viewer.caller, self._viewer.scope, on, known_at, args)

    async def _fetch(self, select: str, values: Mapping[str, object]) -> Rows:
        statement = scoped(select)
        return await self._pool.fetch(statement.sql, statement.values({**self._viewer.settings, **values}))

    def _page(self, read: Json, order: Sequence[Any]) -> set[str]:
        first, last = read.get("first"), read.get("last")
        if (first is None) == (last is None):
            raise _malformed("page", "first 和 last 必须且只能给一个", "give first or last, and not both")
        self._size = _number(first if last is None else last)
        self._values["limit"] = self._size + 1
        self._backward = first is None
        given = {"backward"} if self._backward else set()
        for side in ("after", "before"):
            key = decode_cursor(_text(read.get(side)), *(one.kind for one in order))
            if key is not None:
                given.add(side)
                self._values |= {f"{side}_{at}": part for at, part in enumerate(key)}
        return given

    async def answer(self, keys: list[Any] | None) -> Answer:
        """Rows, or pages."""
        if self._area is not None:
            return {"pages": await self._root_page()}
        asked = _keys(self._read) if keys is None else keys
        distinct = list(dict.fromkeys(key for key in asked if key is not None))
        if self._selection.lookup.stages:
            staged = await self._staged(self._selection.lookup.stages, distinct) if distinct else {}
            return {"rows": [staged.get(key) for key in asked]}
        self._values["keys"] = distinct
        records = await self._records(self._selection.rows) if distinct else []
        if self._selection.lookup.order:
            of: list[list[Any]] = [[] for _ in distinct]
            for record in records:
                of[record[0] - 1].append(record)
            sides = (await self._counts(), await self._beyond()) if distinct else ({}, {})
            pages = dict(zip(distinct, await self._pages(of, *sides), strict=True))
            return {"pages": [pages.get(key) for key in asked]}
        rows = await self._selection.finish(self._ask, records)
        found = {distinct[record[0] - 1]: row for record, row in zip(records, rows, strict=True)}
        return {"rows": [found.get(key) for key in asked]}

    async def _staged(self, stages: Stages, keys: Sequence[str]) -> dict[str, Any]:
        """The row of each key that has one, from the first stage that has it."""
        found: dict[str, Any] = {}
        left = keys
        async with aclosing(stages(self._ask, keys)) as turns:
            async for values in turns:
                self._values |= {**values, "keys": left}
                selection = self._shape(self._given.union(values))
                records = await self._records(selection.rows)
                rows = await selection.finish(self._ask, records)
                found |= {left[record[0] - 1]: row for record, row in zip(records, rows, strict=True)}
                if len(found) == len(keys):
                    break
                left = [key for key in left if key not in found]
        return found

    async def _root_page(self) -> list[Answer]:
        lookup = self._selection.lookup
        assert lookup.ranges is not None  # noqa: S101 - an area's lookup has them
        ranges = await lookup.ranges(self._ask, _text(self._read[self._area or ""]))
        pairs = sorted(ranges, reverse=self._backward)
        self._values |= {"los": [lo for lo, _ in pairs], "his": [hi for _, hi in pairs]}
        records = await self._records(self._selection.rows)
        counts, beyond = await self._counts(), await self._beyond()
        return await self._pages([list(records)], {0: sum(counts.values())}, {0: any(beyond.values())})

    async def _counts(self) -> dict[int, int]:
        """How many there are in all by the place of the key, where that was asked."""
        if not self._read.get("count"):
            return {}
        return {at - 1: n for at, n in await self._records(self._selection.count)}

    async def _beyond(self) -> dict[int, bool]:
        """Whether there are rows on the other side of the cursor, by the place of the key, where that was asked."""
        if not self._read.get("beyond") or self._selection.beyond is None:
            return {}
        return {at - 1: found for at, found in await self._records(self._selection.beyond)}

    async def _records(self, statement: Statement) -> Rows:
        return await self._pool.fetch(statement.sql, statement.values(self._values))

    async def _pages(
        self, of: Sequence[list[Any]], counts: Mapping[int, int], beyond: Mapping[int, bool]
    ) -> list[Answer]:
        """A page of each key's records; all rows are made at once."""
        selection, size = self._selection, self._size
        counted = bool(self._read.get("count"))
        kept = [records[size - 1 :: -1] if size and self._backward else records[:size] for records in of]
        rows = iter(await selection.finish(self._ask, [record for records in kept for record in records]))
        return [
            {
                "rows": list(islice(rows, len(records))),
                "more": len(of[at]) > size,
                "beyond": beyond.get(at, False),
                "total": counts[at] if counted else None,
                "start": selection.cursor(records[0]) if records else None,
                "end": selection.cursor(records[-1]) if records else None,
            }
            for at, records in enumerate(kept)
        ]


def _under(read: Json, at: int) -> int | None:
    under = read.get("under")
    if under is None:
        return None
    if not isinstance(under, int) or isinstance(under, bool) or not 0 <= under < at:
        raise _malformed("under", "under 须指向前面的读取", "under names an earlier read by its place")
    return under


def _keys_under(read: Json, above: Answer, parent: Json) -> list[Any]:
    """The values of the parent's field `source`, one per row of its answer; None for a row that is not there."""
    source = read.get("source")
    if source not in parent["fields"]:
        raise _malformed("source", "source 须是上级读取的字段", "source names a field of the read above")
    at = parent["fields"].index(source)
    if "rows" in above:
        return [None if row is None else row[at] for row in above["rows"]]
    return [row[at] for page in above["pages"] if page is not None for row in page["rows"]]


def _names(read: Json) -> tuple[str, ...]:
    names = read.get("fields")
    if (
        not isinstance(names, list)
        or not 0 < len(names) <= MOST_FIELDS
        or not all(isinstance(one, str) for one in names)
    ):
        raise _malformed("fields", f"fields 须为 1 至 {MOST_FIELDS} 个名称", f"fields are 1 to {MOST_FIELDS} names")
    return tuple(names)


def _keys(read: Json) -> list[Any]:
    keys = read.get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not all(isinstance(one, str) for one in keys):
        raise _malformed("keys", f"keys 须为至多 {MOST_KEYS} 个文本", f"keys are at most {MOST_KEYS} texts")
    return keys


def _parsed(entity: Entity, part: str, known: Mapping[str, Parse], given: object) -> dict[str, object]:
    if not given:
        return {}
    if not isinstance(given, dict):
        raise _malformed(part, "args 和 where 须为对象", "args and where are objects")
    for name in given:
        if name not in known:
            raise unknown(part, name, entity, known)
    return {name: known[name](value) for name, value in given.items() if value is not None}


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_ROWS:
        raise _malformed("page", f"每页 0 至 {MOST_ROWS} 项", f"a page has 0 to {MOST_ROWS} items")
    return value


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _malformed("value", f"须为文本：{value!r:.60}", f"must be a text: {value!r:.60}")


def _day(value: object) -> date:
    if value is None:
        return datetime.now(BEIJING).date()
    return _read(date.fromisoformat, value, "on")


def _instant(value: object) -> datetime | None:
    """An instant without offset is Beijing time."""
    if value is None:
        return None
    at = _read(datetime.fromisoformat, value, "knownAt")
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)


def _read(parse: Callable[[str], T], value: object, name: str) -> T:
    try:
        return parse(_text(value) or "")
    except ValueError:
        raise _malformed(name, f"{name} 无法读取：{value!r:.60}", f"{name} cannot be read: {value!r:.60}") from None


def _malformed(part: str, zh: str, en: str) -> Malformed:
    return Malformed(f"read.{part}", zh, en)
