"""The fast way from rows to the answer: one Python expression, made once per plan, with no step per field at run time.

It answers whatever was found without a failure; a failure is for `careful`, which knows paths.
"""

from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any, TypeAlias

from gateway.plan.reads import Found, Values
from gateway.plan.shapes import Field, Inner, Joined, Leaf, Many, Nodes, Shape
from gateway.plan.words import VOCABULARY

Builder: TypeAlias = Callable[[Sequence[Found], Values], dict[str, Any]]


def source(shape: Shape) -> str:
    """The expression of an object: a display of its fields in their order."""
    return "{" + ", ".join(f"{one.key!r}: {expression(one)}" for one in shape.fields) + "}"


def expression(field: Field) -> str:
    """The expression of a field."""
    if isinstance(field, Leaf):
        return field.value
    if isinstance(field, Inner):
        body = source(field.shape)
        return body if field.value is None else f"(None if ({field.row} := {field.value}) is None else {body})"
    if isinstance(field, Many):
        return f"[{source(field.shape)} for {field.row} in {field.value}]"
    return joined(field) if isinstance(field, Joined) else nodes(field)


def joined(field: Joined) -> str:
    """The expression of what another read found."""
    found = f"({field.found} := m[{field.read}].get({field.by_value})) is None"
    if field.shape is None:
        return f"(None if {found} else {field.picked})"
    body = source(field.shape)
    if field.many:
        return f"(None if {found} else [{body} for {field.row} in {field.picked}])"
    if field.row == field.found:
        return f"(None if {found} else {body})"
    return f"(None if {found} or ({field.row} := {field.picked}) is None else {body})"


def nodes(field: Nodes) -> str:
    """The expression of objects by global id: by the kind of each."""
    chosen = "None"
    for kind, (read, row, shape) in field.kinds.items():
        found = f"(None if ({row} := m[{read}].get(key)) is None else {source(shape)})"
        chosen = f"{found} if kind == {kind!r} else {chosen}"
    listed = f"[({chosen}) for kind, key in v[{field.ids}]]"
    return listed if field.many else f"{listed}[0]"


def compiled(text: str) -> CodeType:
    """An expression of ours as code."""
    return compile(text, "<plan>", "eval")


def builder(shape: Shape) -> Builder:
    """The function that builds answers of a shape out of the answers of the plan's reads and its slots' values."""
    made: Builder = eval(compiled(f"lambda m, v: {source(shape)}"), dict(VOCABULARY))  # noqa: S307 - our own text
    return made
