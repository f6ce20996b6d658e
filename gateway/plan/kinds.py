"""The kinds of bindings: a column, an expression, an object of the row, or another read.

Expressions are Python over placeholders: `{name}` a column of the object's own row, `{p.name}` of the row the object
hangs on, `{j.name}` of the row a join found, `{a.name}` an argument; `{r}`, `{p}` and `{j}` are these rows themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.plan.shapes import Missing

Service: TypeAlias = Literal["staffing", "payroll", "consultation"]


@dataclass(frozen=True)
class Value:
    """A value found by an expression, and what a page has to tell for it beyond its rows."""

    text: str
    needs: Literal["", "counts", "ends", "looks_back", "looks_on"] = ""


@dataclass(frozen=True)
class Same:
    """An object whose fields are columns of the same row."""


@dataclass(frozen=True)
class Part:
    """An object inside the row, null when None."""

    text: str


@dataclass(frozen=True)
class Parts:
    """The objects of a list inside the row."""

    text: str


@dataclass(frozen=True)
class Join:
    """What another entity has under a key.

    `key` is a column of the own row (`{code}`), of the parent's (`{p.id}`), or an argument (`{a.code}`).
    `args` and `where` name the read's arguments and filters by the field's own; `paged` joins answer a connection,
    `listed` ones a list of all that is there.
    """

    service: Service
    entity: str
    by: str
    key: str
    args: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    paged: bool = False
    listed: bool = False
    picked: str | None = None
    missing: Missing = "null"


@dataclass(frozen=True)
class Aspect:
    """A part of the community's own row when it is asked of the same day; else of the row of another day or reading."""

    args: Mapping[str, str] = field(default_factory=dict)
    picked: str | None = None


@dataclass(frozen=True)
class RootPage:
    """A page of an area's entities; `where` names the read's filters by the field's arguments."""

    service: Service
    entity: str
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ById:
    """Objects of any kind by global id."""

    argument: str
    many: bool


Binding: TypeAlias = Value | Same | Part | Parts | Join | Aspect | RootPage | ById
Bindings: TypeAlias = Mapping[str, Binding]


def columns(*names: str) -> Bindings:
    """Fields that are columns of their own name."""
    return {name: Value(f"{{{name}}}") for name in names}


def within(part: str, *names: str) -> Bindings:
    """Fields of a part of the row: columns with the part's name before a dot."""
    return {name: Value(f"{{{part}.{name}}}") for name in names}


def members(*names: str) -> Bindings:
    """Fields that are members of an object on the wire."""
    return {name: Value(f"{{r}}[{name!r}]") for name in names}


def options(*names: str) -> Bindings:
    """Fields that are members of an object on the wire, where it has them."""
    return {name: Value(f"{{r}}.get({name!r})") for name in names}
