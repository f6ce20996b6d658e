"""Selections compiled: one statement and one way to its rows for each shape of question, and nothing that is not asked.

The region scope is set inside the statement, by a materialised CTE from which the keys themselves come: no table can be
touched before its scope is set, because every lookup is a lateral subquery with a LIMIT that needs a key. For the same
reason records come in the order of the keys, and within a key in the order of its page: there is no sort on top (on the
connections of reads_pool.py a plan can only be a chain of nested loops, which keep the order of what drives them).
"""
# ruff: noqa: S608 -- the statements are put together from declarations; what a caller sends is a parameter

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.kernel.errors import Malformed
from services.runtime.paging import encode_cursor
from services.runtime.selection import (
    COUNTED,
    Ask,
    Column,
    Compute,
    Computed,
    Entity,
    Field,
    Given,
    Grouped,
    Lookup,
    Order,
    Rows,
    Sql,
)

CURSOR = "cursor"
ONE = "one"
"""Given where there is one key: `:key` (or `:lo` and `:hi`), else `:keys`, see `joined` (or `:los` and `:his`)."""
SEPARATOR = "\x1f"
_CURSOR = Computed((), object)
Maker: TypeAlias = Callable[[Ask, Rows], Any]
"""From records to the columns of one or more fields (or an awaitable of them)."""

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_NAME = re.compile(r"\b([a-z_]\w*)\.([a-z_]\w*)")
_SCOPE = (
    "set_config('app.lo', :scope_lo, true), set_config('app.hi', :scope_hi, true), "
    "set_config('app.scopes', :scope_all, true) AS ready"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `$n`, and the names of its parameters in that order."""

    sql: str
    parameters: tuple[str, ...]

    def values(self, given: Mapping[str, object]) -> list[object]:
        """The parameters in their order."""
        return [given[name] for name in self.parameters]


@dataclass(frozen=True, slots=True)
class Selection:
    """A compiled shape. A record is: the place of its key from 1, selected expressions, the rest of the order."""

    lookup: Lookup
    rows: Statement
    count: Statement
    beyond: Statement | None
    """Whether a key has rows on the other side of the page's cursor, that of the cursor among them."""
    width: int | None
    """How many fields stand side by side from place 1 on, when SQL gives all of them; else None: see `makers`."""
    makers: tuple[Maker, ...]
    places: tuple[tuple[int, int], ...]
    """For each field: which maker, and which of its columns."""
    key: tuple[int, ...]
    """Where the order's columns stand."""

    def cursor(self, record: Sequence[Any]) -> str:
        """The cursor of a record."""
        return cursor_of(self.lookup, record, self.key)

    def plain(self, records: Rows) -> list[Any]:
        """The rows of the records of a selection that has a width."""
        fields = slice(1, (self.width or 0) + 1)
        return [record[fields] for record in records]

    async def finish(self, ask: Ask, records: Rows) -> list[Any]:
        """The rows of the records, at least one, each with its fields in the order asked for."""
        made: list[Any] = []
        for maker in self.makers:
            columns = maker(ask, records)
            made.append(await columns if inspect.isawaitable(columns) else columns)
        return list(zip(*(made[maker][place] for maker, place in self.places), strict=True))


def cursor_of(lookup: Lookup, record: Sequence[Any], key: Sequence[int]) -> str:
    """The cursor of a record whose order's columns stand in these places."""
    return encode_cursor(*[order.show(record[at]) for order, at in zip(lookup.order, key, strict=True)])


def compile_selection(entity: Entity, by: str, fields: tuple[str, ...], given: Given) -> Selection:
    """The statement of a shape. Malformed `read.field_unknown`, `read.by_unknown`."""
    lookup = entity.lookups.get(by)
    if lookup is None:
        raise unknown("by", by, entity, entity.lookups)
    chosen = _Chosen(entity, lookup, fields)
    expressions = [*chosen.outs, *chosen.rest]
    base, joins = _named(entity, [*expressions, lookup.kept], given)
    inside = [f"{entity.columns[name]} AS {name}" for name in base] or ["1"]
    page = _order(entity, lookup, given)
    where = [f"({text(lookup.where, given)})", *_filters(entity, given)]
    source = text(lookup.source, given)
    head = f"{_keys(lookup, given)} SELECT k.ord{{out}} FROM {_from(lookup, given)} CROSS JOIN LATERAL "
    found = (
        f"SELECT {', '.join(inside)} FROM {source} WHERE {' AND '.join([*where, *_keyset(entity, lookup, given)])}"
        f"{f' ORDER BY {page or lookup.pick}' if page or lookup.pick else ''} LIMIT {':limit' if page else '1'}"
    )
    end = " LIMIT :limit" if lookup.ranges else ""
    rows = (
        f"{head.replace('{out}', ''.join(f', {one}' for one in expressions))}"
        f"({found}) b {' '.join(joins)}{f' WHERE {lookup.kept}' if lookup.kept else ''}{end}"
    )
    counted = head.replace("{out}", ", n.n")
    whole = text(lookup.source, given | {COUNTED})
    count = f"{counted}(SELECT count(*) AS n FROM {whole} WHERE {' AND '.join(where)}) n"
    far = _far(entity, lookup, given)
    beyond = far and f"{counted}(SELECT EXISTS (SELECT FROM {source} WHERE {' AND '.join([*where, far])}) AS n) n"
    width = len(fields) if chosen.plain else None
    makers, places = tuple(chosen.makers), tuple(chosen.places)
    statements = (numbered(rows), numbered(count), numbered(beyond) if beyond else None)
    return Selection(lookup, *statements, width, makers, places, chosen.key)


def joined(keys: Sequence[str]) -> str:
    """Keys as one parameter: the driver looks at every item of an array for far longer than the server parses them.

    Malformed `read.keys` for a key that holds the separator, which no identifier and no code does; `read.value` for one
    that is no text.
    """
    try:
        whole = SEPARATOR.join(keys)
    except TypeError:
        raise Malformed("read.value", "键须为文本", "a key is a text") from None
    if whole.count(SEPARATOR) >= max(1, len(keys)):
        raise Malformed("read.keys", "键含有不允许的字符", "a key holds a character that no key has")
    return whole


def scoped(select: str) -> Statement:
    """A statement of its own under the caller's scope, `select` being gated by it."""
    return numbered(
        f"WITH scope AS MATERIALIZED (SELECT {_SCOPE}) SELECT t.* FROM scope CROSS JOIN LATERAL "
        f"(SELECT q.* FROM ({select}) q WHERE scope.ready IS NOT NULL OFFSET 0) t"
    )


def numbered(sql: str) -> Statement:
    """SQL with named parameters as SQL with `$n`."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return Statement(_PARAMETER.sub(number, sql), tuple(names))


def text(sql: Sql, given: Given) -> str:
    """SQL as it reads for what is given."""
    return sql if isinstance(sql, str) else sql(given)


def unknown(part: str, name: str, entity: Entity, known: Mapping[str, object]) -> Malformed:
    """The refusal of a name that an entity does not declare."""
    names = "、".join(sorted(known))
    return Malformed(
        f"read.{part}_unknown",
        f"{entity.name} 没有 {name[:60]}（{part}）；可用：{names}",
        f"{entity.name} has no {name[:60]} ({part}); there are: {names}",
        entity=entity.name,
    )


def _keys(lookup: Lookup, given: Given) -> str:
    """The scope, and with it the keys: one of them stands in its row, several in arrays."""
    if ONE in given:
        key = ":lo::text AS lo, :hi::text AS hi" if lookup.ranges else f":key::{lookup.key} AS key"
        return f"WITH scope AS MATERIALIZED (SELECT {key}, 1::bigint AS ord, {_SCOPE})"
    several = f"string_to_array(:keys::text, '{SEPARATOR}')::{lookup.key}[] AS keys"
    keys = ":los::text[] AS los, :his::text[] AS his" if lookup.ranges else several
    return f"WITH scope AS MATERIALIZED (SELECT {keys}, {_SCOPE})"


def _from(lookup: Lookup, given: Given) -> str:
    if ONE in given:
        return "scope AS k"
    keys, names = ("scope.los, scope.his", "lo, hi") if lookup.ranges else ("scope.keys", "key")
    return f"scope CROSS JOIN LATERAL unnest({keys}) WITH ORDINALITY AS k({names}, ord)"


def _filters(entity: Entity, given: Given) -> list[str]:
    return [f"({one.sql})" for name, one in entity.filters.items() if name in given]


def _order(entity: Entity, lookup: Lookup, given: Given) -> str:
    return ", ".join(
        f"{entity.columns[one.column]} {'DESC' if one.descending != ('backward' in given) else 'ASC'}"
        for one in lookup.order
    )


def _keyset(entity: Entity, lookup: Lookup, given: Given) -> list[str]:
    """The rows after `after` and before `before`."""
    signs = {"after": "<" if _descending(lookup) else ">", "before": ">" if _descending(lookup) else "<"}
    return [_compared(entity, lookup, side, sign) for side, sign in signs.items() if side in given]


def _far(entity: Entity, lookup: Lookup, given: Given) -> str | None:
    """The complement of the condition on the side that the page starts from; None without a cursor there."""
    side = "before" if "backward" in given else "after"
    above = ("backward" in given) != _descending(lookup)
    return _compared(entity, lookup, side, ">=" if above else "<=") if side in given else None


def _descending(lookup: Lookup) -> bool:
    return bool(lookup.order) and lookup.order[0].descending


def _compared(entity: Entity, lookup: Lookup, side: str, sign: str) -> str:
    columns = ", ".join(entity.columns[one.column] for one in lookup.order)
    values = ", ".join(f":{side}_{at}::{_wire(one)}::{one.cast}" for at, one in enumerate(lookup.order))
    return f"({columns}) {sign} ({values})"


def _wire(order: Order) -> str:
    return "text" if order.kind is str else "bigint"


def _named(entity: Entity, expressions: Sequence[str], given: Given) -> tuple[list[str], list[str]]:
    """The base columns and the joins that expressions name, joins in the order of their declaration."""
    used = [match for one in expressions for match in _NAME.findall(one)]
    joins = []
    for alias, join in entity.joins.items():
        columns = list(dict.fromkeys(name for source, name in used if source == alias))
        if columns:
            chosen = ", ".join(f"{join.columns[name]} AS {name}" for name in columns)
            body = text(join.sql, given).replace("{columns}", chosen)
            joins.append(f"LEFT JOIN LATERAL ({body}) {alias} ON true")
            used += _NAME.findall(body)
    return list(dict.fromkeys(name for source, name in used if source == "b")), joins


class _Chosen:
    """The fields asked for: which expressions they need, and what makes them of these."""

    def __init__(self, entity: Entity, lookup: Lookup, names: tuple[str, ...]) -> None:
        fields = [_field(entity, lookup, name) for name in names]
        needs = [one.sql if isinstance(one, Column) else one.needs for one in fields]
        self.plain = all(isinstance(one, Column) for one in fields)
        flat = [part for need in needs for part in ((need,) if isinstance(need, str) else need)]
        self.outs = flat if self.plain else list(dict.fromkeys(flat))
        self._at = {expression: place for place, expression in enumerate(self.outs, 1)}
        ordered = [f"b.{order.column}" for order in lookup.order]
        self.rest = [one for one in ordered if one not in self._at]
        after = {one: place for place, one in enumerate(self.rest, len(self.outs) + 1)}
        self.key = tuple(self._at.get(one) or after[one] for one in ordered)
        self.makers: list[Maker] = []
        self.places: list[tuple[int, int]] = []
        groups = self._groups(names, fields)
        for name, one in zip(names, fields, strict=True):
            if isinstance(one, Grouped):
                index, members = groups[id(one.build)]
                self.places.append((index, members.index(name)))
            else:
                self.places.append((len(self.makers), 0))
                self.makers.append(self._maker(one, lookup))

    def _groups(self, names: tuple[str, ...], fields: Sequence[Field]) -> dict[int, tuple[int, tuple[str, ...]]]:
        groups: dict[int, tuple[int, tuple[str, ...]]] = {}
        for build in dict.fromkeys(one.build for one in fields if isinstance(one, Grouped)):
            own = [name for name, one in zip(names, fields, strict=True) if getattr(one, "build", None) is build]
            members = tuple(dict.fromkeys(own))
            groups[id(build)] = len(self.makers), members
            self.makers.append(_together(build(members, self._at)))
        return groups

    def _maker(self, one: Field, lookup: Lookup) -> Maker:
        if isinstance(one, Column):
            return _column(self._at[one.sql])
        if isinstance(one, Computed) and one is not _CURSOR:
            return _computed(one.of, tuple(self._at[need] for need in one.needs))
        return _cursors(lookup, self.key)


def _field(entity: Entity, lookup: Lookup, name: str) -> Field:
    if name == CURSOR and lookup.order:
        return _CURSOR
    if name not in entity.fields:
        raise unknown("field", name, entity, entity.fields)
    return entity.fields[name]


def _column(at: int) -> Maker:
    return lambda _ask, records: [[record[at] for record in records]]


def _computed(of: Callable[..., object], places: tuple[int, ...]) -> Maker:
    if len(places) == 1:
        (only,) = places
        return lambda ask, records: [[of(ask, record[only]) for record in records]]
    return lambda ask, records: [[of(ask, *(record[at] for at in places)) for record in records]]


def _cursors(lookup: Lookup, key: Sequence[int]) -> Maker:
    return lambda _ask, records: [[cursor_of(lookup, record, key) for record in records]]


def _together(compute: Compute) -> Maker:
    async def later(rows: Awaitable[Sequence[Sequence[object]]]) -> list[Any]:
        return list(zip(*await rows, strict=True))

    def make(ask: Ask, records: Rows) -> object:
        rows = compute(ask, records)
        return later(rows) if inspect.isawaitable(rows) else list(zip(*rows, strict=True))

    return make
