"""The values a plan needs of a request: arguments, written in the document or given by variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, Self

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLString,
    ListValueNode,
    NameNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    is_non_null_type,
    is_required_argument,
)

from gateway.costs import Window, window
from gateway.errors import GatewayError
from gateway.queries import MOST_NODES, too_many_ids
from gateway.types.pages import parse_global_id

Coerced = Mapping[str, Any]


class Unplanned(Exception):
    """What a plan cannot express; the ordinary executor answers. `reason` is one of a few words, counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Slot(Protocol):
    """One value, found from the request's variables. Equal slots are one."""

    def value(self, variables: Coerced) -> Any:  # noqa: ANN401 - whatever the argument's type is
        """The value in the form the services take: days and instants as text."""


@dataclass(frozen=True)
class Constant:
    """A value written in the document, or the default of an argument that was not given."""

    given: Any

    def value(self, _variables: Coerced) -> Any:  # noqa: ANN401
        return self.given


NULL = Constant(None)


@dataclass(frozen=True)
class Variable:
    """A variable, or the argument's default when the request does not give it."""

    name: str
    default: Any
    nullable: bool

    def value(self, variables: Coerced) -> Any:  # noqa: ANN401
        found = sent(variables.get(self.name, self.default))
        if found is None and not self.nullable:
            raise Unplanned("argument")
        return found


@dataclass(frozen=True)
class Items:
    """A list written in the document, with variables among its items."""

    items: tuple[Slot, ...]

    def value(self, variables: Coerced) -> list[Any]:
        return [one.value(variables) for one in self.items]


@dataclass(frozen=True)
class Either:
    """The first that is given: a field's own day before the parent's."""

    first: Slot
    second: Slot

    def value(self, variables: Coerced) -> Any:  # noqa: ANN401
        found = self.first.value(variables)
        return self.second.value(variables) if found is None else found


@dataclass(frozen=True)
class GlobalIds:
    """The kinds and keys of global ids, both empty for text that is no id of ours; the refusal of too many."""

    ids: Slot

    def value(self, variables: Coerced) -> list[tuple[str, str]] | GatewayError:
        found = self.ids.value(variables)
        texts = found if isinstance(found, list | tuple) else [found]
        if len(texts) > MOST_NODES:
            return too_many_ids()
        return [parse_global_id(one) or ("", "") for one in texts]


@dataclass(frozen=True)
class WindowOf:
    """The page that a connection's arguments ask for; the refusal itself for arguments that do not go together."""

    first: Slot
    after: Slot
    last: Slot
    before: Slot

    def value(self, variables: Coerced) -> Window | GatewayError:
        given = [one.value(variables) for one in (self.first, self.after, self.last, self.before)]
        try:
            return window(*given)
        except GatewayError as refused:
            return refused


def window_of(first: Slot, after: Slot, last: Slot, before: Slot) -> Slot:
    """The slot of a connection's page, decided now where the document decides it; a refusal is made anew each time."""
    slot = WindowOf(first, after, last, before)
    if all(isinstance(one, Constant) for one in (first, after, last, before)):
        found = slot.value({})
        if isinstance(found, Window):
            return Constant(found)
    return slot


def either(first: Slot, second: Slot) -> Slot:
    """The first that is given, decided now where it can be."""
    if isinstance(first, Constant):
        return second if first.given is None else first
    return first if second == NULL else Either(first, second)


def sent(value: object) -> object:
    """A coerced argument in the form the services take."""
    if isinstance(value, date):  # a datetime is a date
        return value.isoformat()
    return getattr(value, "value", value)


def arguments(definition: GraphQLField, node: FieldNode) -> dict[str, Slot]:
    """The slot of every argument of a field, by its name in the schema. Raises Unplanned."""
    written = {one.name.value: one.value for one in node.arguments or ()}
    return {name: argument(definition, node, name, written.get(name)) for name in definition.args}


def argument(definition: GraphQLField, node: FieldNode, name: str, written: ValueNode | None) -> Slot:
    """The slot of one argument. Raises Unplanned for a value that only the executor can complain about."""
    declared: GraphQLArgument = definition.args[name]
    if isinstance(written, VariableNode):
        return Variable(written.name.value, default_of(declared), not is_non_null_type(declared.type))
    if isinstance(written, ListValueNode) and any(isinstance(one, VariableNode) for one in written.values):
        return Items(tuple(item(one) for one in written.values))
    return Constant(default_of(declared) if written is None else coerced(declared, node, name))


def item(written: ValueNode) -> Slot:
    """The slot of one text in a list."""
    if isinstance(written, VariableNode):
        return Variable(written.name.value, None, nullable=False)
    return Constant(getattr(written, "value", None))


def default_of(declared: GraphQLArgument) -> Any:  # noqa: ANN401
    """An argument's default as the services take it; None without one."""
    if is_required_argument(declared):
        return None
    return coerced(declared, FieldNode(name=NameNode(value="absent")), "absent")


def coerced(declared: GraphQLArgument, node: FieldNode, name: str) -> Any:  # noqa: ANN401
    """The value an argument has on a node, as the services take it. Raises Unplanned."""
    written = tuple(one for one in node.arguments or () if one.name.value == name)
    alone = FieldNode(name=node.name, arguments=written)
    try:
        found = get_argument_values(GraphQLField(GraphQLString, {name: declared}), alone)
    except GraphQLError:
        raise Unplanned("argument") from None
    value = sent(next(iter(found.values()), None))
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Template:
    """The values of a plan's slots as far as the document decides them; the slots that each request decides."""

    fixed: tuple[Any, ...]
    moving: tuple[tuple[int, Slot], ...]

    @classmethod
    def of(cls, slots: Sequence[Slot]) -> Self:
        """The template of a plan."""
        fixed = tuple(one.given if isinstance(one, Constant) else None for one in slots)
        return cls(fixed, tuple((at, one) for at, one in enumerate(slots) if not isinstance(one, Constant)))

    def filled(self, variables: Coerced) -> list[Any]:
        """The value of every slot. Raises Unplanned for a null the executor has to refuse."""
        found = list(self.fixed)
        for at, slot in self.moving:
            found[at] = slot.value(variables)
        return found
