"""Sparse reads: what may be selected of an entity, and one SQL statement for each shape of question about it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from services.runtime.auth import Caller, Permission
from services.runtime.rls import Scope

Given: TypeAlias = frozenset[str]
"""Which optional parts a question has: `known_at`, `after`, `before`, `backward`, `one`; names of args and filters."""

COUNTED = "counted"
"""Given, to a lookup's source alone, where rows are counted: their order is nothing to a count."""

Sql: TypeAlias = str | Callable[[Given], str]
"""SQL with parameters written `:name`; a callable where the text depends on what is given."""

Record: TypeAlias = Sequence[Any]
Rows: TypeAlias = Sequence[Record]
Compute: TypeAlias = Callable[["Ask", Rows], "Sequence[Sequence[object]] | Awaitable[Sequence[Sequence[object]]]"]
"""From the records of a statement to one tuple of values per record."""

Build: TypeAlias = Callable[[tuple[str, ...], Mapping[str, int]], Compute]
"""Made once per shape, from the names of the fields asked for and the place of every needed expression in a record."""

Parse: TypeAlias = Callable[[object], object]
Ranges: TypeAlias = Callable[["Ask", str | None], Awaitable[Sequence[tuple[str, str]]]]
Stages: TypeAlias = Callable[["Ask", Sequence[str]], AsyncGenerator[Mapping[str, object], None]]
Limits: TypeAlias = Callable[[Caller], Mapping[str, object]]


@dataclass(slots=True)
class Ask:
    """One question as derived fields see it: who asks, of which day, as known when, with which arguments."""

    state: Any
    """The application's state: packs, database, settings."""
    fetch: Callable[[str, Mapping[str, object]], Awaitable[Rows]]
    """Runs one more statement under the caller's scope: a SELECT with parameters `:name` over `k`, see `scoped`."""
    caller: Caller
    scope: Scope
    on: date
    known_at: datetime | None
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that SQL gives as it goes out: an expression over `b.<column>` and `<join>.<column>`."""

    sql: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A field that Python makes of a row's expressions: `of(ask, *values)`."""

    needs: tuple[str, ...]
    of: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Grouped:
    """A field that is made together with others of its group, for all rows at once, from the needs of all of them."""

    needs: tuple[str, ...]
    build: Build


Field: TypeAlias = Column | Computed | Grouped


@dataclass(frozen=True, slots=True)
class Join:
    """What is joined to a row only when a selected expression names it: at most one row of its own.

    `sql` is a SELECT with `{columns}`, over `b.<column>`; `columns` are its expressions by name.
    """

    columns: Mapping[str, str]
    sql: Sql


def _same(part: object) -> object:
    return part


@dataclass(frozen=True, slots=True)
class Order:
    """One column of a page's order. `show` makes the cursor's part of its value; the cursor holds `kind`s.

    `read` makes the statement's parameter of such a part, a text or a number; ValueError for what `show` never makes.
    """

    column: str
    cast: str = "text"
    kind: type[str] | type[int] = str
    show: Callable[[Any], str | int] = str
    descending: bool = False
    read: Callable[[Any], object] = _same


@dataclass(frozen=True, slots=True)
class Lookup:
    """A way to rows: `source` is what stands after FROM, `where` finds a key's rows, the key being `k.key`.

    Without `order` a key has one row: the first by `pick`, unless the condition `kept` over `b.<column>` rejects it.
    With `order` a key has a page. `ranges` makes a root connection: its pages run over ranges `k.lo`, `k.hi` of codes.
    `stages` gives the further parameters (their names are in `given`) of one statement after the other, for keys that
    have one row each: the first for all of them, each next one for those without a row so far, while there are any.
    """

    source: Sql
    where: Sql
    key: str = "text"
    order: tuple[Order, ...] = ()
    pick: str = ""
    kept: str = ""
    ranges: Ranges | None = None
    stages: Stages | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that a `where` of the question may add: `sql` over `:name`, its value read by `parse`."""

    sql: str
    parse: Parse


def no_limits(_caller: Caller) -> Mapping[str, object]:
    """Row-level security is all that narrows an entity."""
    return {}


@dataclass(frozen=True, slots=True)
class Entity:
    """What may be read of one kind of thing. Every name in the SQL is this module's writing, never a caller's.

    `columns` are the expressions a lookup's rows offer as `b.<name>`. `limits` gives parameters that narrow a caller
    further than their regions: their names are in `given`, so that a lookup's `where` can use them.
    """

    name: str
    permissions: tuple[Permission, ...]
    columns: Mapping[str, str]
    lookups: Mapping[str, Lookup]
    fields: Mapping[str, Field]
    joins: Mapping[str, Join] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    args: Mapping[str, Parse] = field(default_factory=dict)
    limits: Limits = no_limits


def known_by(column: str, given: Given) -> str:
    """The rows of a register with ranges of knowledge that were known: the open ones now, else those then."""
    return f"{column} @> :known_at::timestamptz" if "known_at" in given else f"upper_inf({column})"


def recorded_by(column: str, given: Given) -> str:
    """The rows of a step history recorded by the instant; all of them now."""
    return f"{column} <= :known_at::timestamptz" if "known_at" in given else "true"
