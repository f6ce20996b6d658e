"""What of the schema is on its way out: declared in one form, told to whoever still uses it, counted.

A deprecation is promised with its day: `strawberry.field(deprecation_reason=leaving(date(2027, 6, 1), "Issue.state"))`,
for arguments, input fields and enum values alike. Coordinates are those of the GraphQL specification:
`Type.field`, `Type.field(argument:)`, `Enum.VALUE`, `Input.field`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_introspection_type,
    type_from_ast,
    visit,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from gateway.prepare import Prepared

REMEMBERED = 512  # documents whose uses are known
FORM = re.compile(r"(\d{4}-\d\d-\d\d)起移除，(?:请改用 (\S+)|无替代)")


def leaving(removal: date, replacement: str | None = None) -> str:
    """The reason of a deprecation: gone from the day `removal` on; `replacement` is the coordinate to use instead."""
    zh = f"请改用 {replacement}" if replacement else "无替代"
    en = f"use {replacement}" if replacement else "nothing takes its place"
    return f"{removal}起移除，{zh} To be removed on {removal}; {en}"


@dataclass(frozen=True)
class Leaving:
    """One thing of the schema that is going: what, from which day on, what takes its place, and the reason as told."""

    coordinate: str
    removal: date
    replacement: str | None
    reason: str

    def told(self) -> dict[str, Any]:
        """As `extensions.deprecations` lists it."""
        return {
            "coordinate": self.coordinate,
            "removal": self.removal.isoformat(),
            "replacement": self.replacement,
            "reason": self.reason,
        }


def reasons(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """The coordinate and reason of everything deprecated in a schema; directives have no deprecated arguments."""
    for kind in schema.type_map.values():
        for name, one in () if is_introspection_type(kind) else parts(kind):
            if one.deprecation_reason is not None:
                yield name, one.deprecation_reason


def parts(kind: GraphQLNamedType) -> Iterator[tuple[str, Any]]:
    """The coordinate and definition of each part of a type: fields with their arguments, input fields, values."""
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field
            yield from ((f"{kind.name}.{name}({argument}:)", one) for argument, one in field.args.items())
    elif isinstance(kind, GraphQLInputObjectType):
        yield from ((f"{kind.name}.{name}", one) for name, one in kind.fields.items())
    elif isinstance(kind, GraphQLEnumType):
        yield from ((f"{kind.name}.{name}", one) for name, one in kind.values.items())


def leavings(schema: GraphQLSchema) -> Mapping[str, Leaving]:
    """What is going, by coordinate. Raises ValueError for a reason not made by `leaving`, or an unknown replacement."""
    known = {name for kind in schema.type_map.values() for name, _ in parts(kind)}
    found: dict[str, Leaving] = {}
    for coordinate, reason in reasons(schema):
        form = FORM.match(reason)
        removal, replacement = (date.fromisoformat(form[1]), form[2]) if form else (None, None)
        if removal is None or reason != leaving(removal, replacement):
            raise ValueError(f"{coordinate}: the reason of a deprecation is made by `leaving`, not {reason!r}")
        if replacement is not None and (replacement not in known or replacement == coordinate):
            raise ValueError(f"{coordinate}: there is no {replacement} to use instead")
        found[coordinate] = Leaving(coordinate, removal, replacement, reason)
    return found


class Uses(Visitor):
    """Collects the coordinates that a document spells."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: dict[str, None] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if (parent := self.types.get_parent_type()) is not None:
            self.found[f"{parent.name}.{node.name.value}"] = None

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        parent, field = self.types.get_parent_type(), self.types.get_field_def()
        if self.types.get_directive() is None and isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            name = next((name for name, one in parent.fields.items() if one is field), None)
            self.found[f"{parent.name}.{name}({node.name.value}:)"] = None

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        if (parent := get_named_type(self.types.get_parent_input_type())) is not None:
            self.found[f"{parent.name}.{node.name.value}"] = None

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        kind = get_named_type(self.types.get_input_type())
        if isinstance(kind, GraphQLEnumType):
            self.found[f"{kind.name}.{node.value}"] = None


def spelt(schema: GraphQLSchema, document: DocumentNode) -> Iterable[str]:
    """The coordinates that a valid document spells, each once, in its order."""
    types = TypeInfo(schema)
    uses = Uses(types)
    visit(document, TypeInfoVisitor(types, uses))
    return uses.found


def given(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Iterator[str]:
    """The coordinates that the variables of an operation hold: input fields and enum values."""
    for one in operation.variable_definitions or ():
        name = one.variable.name.value
        if name in variables and (kind := get_named_type(type_from_ast(schema, one.type))) is not None:
            yield from held(kind, variables[name])


def held(kind: GraphQLNamedType, value: object) -> Iterator[str]:
    """The coordinates that a value of a named type holds, inside lists too."""
    if isinstance(value, list):
        for one in value:
            yield from held(kind, one)
    elif isinstance(kind, GraphQLEnumType) and isinstance(value, str):
        yield f"{kind.name}.{value}"
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, inner in value.items():
            yield f"{kind.name}.{name}"
            if name in kind.fields:
                yield from held(get_named_type(kind.fields[name].type), inner)


class Watch(Collector):
    """Knows what is going, sees who uses it, and counts; costs nothing as long as nothing is going."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.known = leavings(schema)
        self.counts = dict.fromkeys(self.known, 0)
        inputs = GraphQLEnumType | GraphQLInputObjectType
        self.in_variables = any(isinstance(schema.type_map[name.partition(".")[0]], inputs) for name in self.known)
        self._spelt = lru_cache(REMEMBERED)(self._find)

    def note(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """What a request uses of what is going, counted once each; empty for almost every request."""
        if not self.known:
            return []
        found = dict.fromkeys(self._spelt(prepared))
        if self.in_variables:
            found |= dict.fromkeys(given(self.schema, operation, variables))
        used = [self.known[name] for name in found if name in self.known]
        for one in used:
            self.counts[one.coordinate] += 1
        return [one.told() for one in used]

    def _find(self, prepared: Prepared) -> tuple[str, ...]:
        return tuple(name for name in spelt(self.schema, prepared.document) if name in self.known)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """How often each has been used: as many series as the schema has deprecations."""
        words = "Requests that used a deprecated part of the schema"
        uses = CounterMetricFamily("gongzhi_graphql_deprecated_uses", words, labels=("coordinate",))
        for coordinate, count in self.counts.items():
            uses.add_metric((coordinate,), count)
        yield uses
