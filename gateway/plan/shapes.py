"""The shape of an answer: what every field is found from, as Python expressions over rows with names of their own.

The fast builder joins these expressions into one program; the careful one evaluates them one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from graphql import FieldNode

Missing: TypeAlias = Literal["null", "absent", "community"]  # what a key without a row means


@dataclass(frozen=True)
class Named:
    """What every field has: the name it answers under, its places in the document, whether it may be null."""

    key: str
    nodes: Sequence[FieldNode]
    nullable: bool


@dataclass(frozen=True)
class Leaf(Named):
    """A value found from a row."""

    value: str


@dataclass(frozen=True)
class Inner(Named):
    """An object inside a row: `value` under the name `row`, null when None; or the same row when `value` is None."""

    row: str
    value: str | None
    shape: "Shape"


@dataclass(frozen=True)
class Many(Named):
    """A list of objects inside a row, each under the name `row`."""

    row: str
    value: str
    shape: "Shape"


@dataclass(frozen=True)
class Joined(Named):
    """What another read has under a key: a row named `found`, of which `picked` is what the field wants.

    That is a value, an object or a list of objects, each under the name `row`.
    """

    read: int
    by_value: str
    found: str
    row: str
    picked: str
    many: bool
    missing: Missing
    shape: "Shape | None"


@dataclass(frozen=True)
class Nodes(Named):
    """Objects by global id, one or a list: of each kind, the read and the shape of its rows."""

    ids: int
    kinds: Mapping[str, tuple[int, str, "Shape"]]
    many: bool


Field: TypeAlias = Leaf | Inner | Many | Joined | Nodes


@dataclass(frozen=True)
class Shape:
    """The selected fields of an object, in the order they are answered."""

    type_name: str
    fields: tuple[Field, ...]
