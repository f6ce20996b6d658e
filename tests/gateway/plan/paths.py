"""Where everything of a schema stands: its coordinates, and ways down to each from the root."""

from collections.abc import Iterator, Mapping
from random import Random

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from gateway.plan.bindings import FALL_BACK

Step = tuple[str, str, str]  # a type, a field of it, and the type of the object that it answers
LONGEST = 8


def fields_of(kind: GraphQLNamedType) -> Mapping[str, GraphQLField]:
    """The fields of a type that has any, but for what only the executor answers."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name in FALL_BACK:
        return {}
    return {
        name: one
        for name, one in kind.fields.items()
        if f"{kind.name}.{name}" not in FALL_BACK and get_named_type(one.type).name not in FALL_BACK
    }


class Paths:
    """The ways through what a root type reaches."""

    def __init__(self, schema: GraphQLSchema, root: GraphQLObjectType) -> None:
        self.schema = schema
        self.root = root
        self.distance = {root.name: 0}
        self.before: dict[str, list[Step]] = {}
        waiting: list[GraphQLNamedType] = [root]
        while waiting:
            kind = waiting.pop(0)
            for name, field in fields_of(kind).items():
                for one in self.answers(field):
                    self.before.setdefault(one.name, []).append((kind.name, name, one.name))
                    if one.name not in self.distance:
                        self.distance[one.name] = self.distance[kind.name] + 1
                        waiting.append(one)

    def answers(self, field: GraphQLField) -> list[GraphQLNamedType]:
        """The types of the objects that a field may answer."""
        of = get_named_type(field.type)
        possible = self.schema.get_possible_types(of) if isinstance(of, GraphQLInterfaceType) else ()
        return [one for one in (of, *possible) if fields_of(one)]

    def way(self, kind: str, rng: Random) -> list[Step]:
        """Some way to a type: not always the nearest."""
        found: list[Step] = []
        while kind != self.root.name:
            near = [one for one in self.before[kind] if self.distance[one[0]] + len(found) < LONGEST]
            step = rng.choice(near or [min(self.before[kind], key=lambda one: self.distance[one[0]])])
            found.insert(0, step)
            kind = step[0]
        return found

    def coordinates(self) -> Iterator[str]:
        """Every field and argument: `Community.workers`, `Community.workers(first:)`."""
        for name in self.distance:
            for field, one in fields_of(self.schema.type_map[name]).items():
                yield f"{name}.{field}"
                for argument in one.args:
                    yield f"{name}.{field}({argument}:)"
