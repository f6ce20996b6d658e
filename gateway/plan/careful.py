"""The careful way from rows to the answer: field by field with paths; failures are told as the executor tells them.

It evaluates the same expressions as the fast builder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias

from graphql import GraphQLError

from gateway.errors import GatewayError
from gateway.loaders import absent
from gateway.plan.build import compiled
from gateway.plan.reads import Found, Values
from gateway.plan.shapes import Field, Inner, Joined, Leaf, Many, Nodes, Shape
from gateway.plan.words import VOCABULARY
from gateway.queries import not_found

Path: TypeAlias = list[str | int]
Rows: TypeAlias = dict[str, Any]  # by names of their own, so that none hides another
NAMES = dict(VOCABULARY)
code_of = lru_cache(4096)(compiled)


class Nulled(Exception):
    """A field that may not be null is: the object it is on is null as well."""


@dataclass
class Careful:
    """One answer being built: what the reads found, the refusals of those that failed, the errors so far."""

    found: Sequence[Found]
    failed: Mapping[int, GatewayError]
    values: Values
    errors: list[GraphQLError] = field(default_factory=list)

    def answer(self, shape: Shape) -> dict[str, Any] | None:
        """The data; None when a root field that may not be null is."""
        try:
            return self.object(shape, {"m": self.found, "v": self.values}, [])
        except Nulled:
            return None

    def object(self, shape: Shape, rows: Rows, path: Path) -> dict[str, Any]:
        """An object. Raises Nulled."""
        return {one.key: self.field(one, rows, [*path, one.key]) for one in shape.fields}

    def field(self, one: Field, rows: Rows, path: Path) -> Any:  # noqa: ANN401 - JSON
        """A field; null, with an error, where it was refused. Raises Nulled when it may not be null."""
        try:
            return self.value(one, rows, path)
        except GatewayError as refused:
            self.errors.append(GraphQLError(str(refused), one.nodes, path=path, original_error=refused))
        except Nulled:
            pass
        if one.nullable:
            return None
        raise Nulled

    def value(self, one: Field, rows: Rows, path: Path) -> Any:  # noqa: ANN401 - JSON
        """What a field is found from. Raises GatewayError when that was refused, Nulled."""
        if isinstance(one, Leaf):
            return self.evaluate(one.value, rows)
        if isinstance(one, Inner):
            return self.object(one.shape, rows, path) if one.value is None else self.inner(one, rows, path)
        if isinstance(one, Many):
            return self.list(one.shape, one.row, self.evaluate(one.value, rows), rows, path)
        return self.joined(one, rows, path) if isinstance(one, Joined) else self.nodes(one, rows, path)

    def inner(self, one: Inner, rows: Rows, path: Path) -> dict[str, Any] | None:
        """An object inside the row."""
        part = rows[one.row] = self.evaluate(str(one.value), rows)
        return None if part is None else self.object(one.shape, rows, path)

    def list(self, shape: Shape, row: str, parts: Sequence[Any], rows: Rows, path: Path) -> list[dict[str, Any]]:
        """The objects of a list, whose items may not be null."""
        listed = []
        for at, part in enumerate(parts):
            rows[row] = part
            listed.append(self.object(shape, rows, [*path, at]))
        return listed

    def joined(self, one: Joined, rows: Rows, path: Path) -> Any:  # noqa: ANN401 - JSON
        """What another read found."""
        if one.read in self.failed:
            raise self.failed[one.read]
        key = self.evaluate(one.by_value, rows)
        found = self.found[one.read].get(key)
        if found is None:
            if one.missing == "null":
                return None
            raise not_found(key) if one.missing == "community" else absent()
        rows[one.found] = found
        picked = self.evaluate(one.picked, rows)
        if one.shape is None or picked is None:
            return picked
        if one.many:
            return self.list(one.shape, one.row, picked, rows, path)
        rows[one.row] = picked
        return self.object(one.shape, rows, path)

    def nodes(self, one: Nodes, rows: Rows, path: Path) -> Any:  # noqa: ANN401 - JSON
        """Objects by global id. Raises GatewayError when any of them was refused."""
        ids = self.values[one.ids]
        if isinstance(ids, GatewayError):
            raise ids
        for kind, _ in ids:
            if kind in one.kinds and one.kinds[kind][0] in self.failed:
                raise self.failed[one.kinds[kind][0]]
        found = [
            self.node(one, kind, key, rows, [*path, at] if one.many else path) for at, (kind, key) in enumerate(ids)
        ]
        return found if one.many else found[0]

    def node(self, one: Nodes, kind: str, key: str, rows: Rows, path: Path) -> dict[str, Any] | None:
        """One object by global id; None when it cannot be seen."""
        if kind not in one.kinds:
            return None
        read, row, shape = one.kinds[kind]
        rows[row] = self.found[read].get(key)
        if rows[row] is None:
            return None
        try:
            return self.object(shape, rows, path)
        except Nulled:
            return None

    @staticmethod
    def evaluate(text: str, rows: Rows) -> Any:  # noqa: ANN401 - JSON
        """The value of an expression over rows by their names."""
        code: CodeType = code_of(text)
        return eval(code, NAMES, rows)  # noqa: S307 - our own text
