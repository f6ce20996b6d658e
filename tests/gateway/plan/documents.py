"""Documents over the whole schema: fields, aliases, fragments, directives, variables, pages, several roots."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)
from hypothesis import strategies as st

from gateway.types.pages import global_id
from services.runtime.paging import encode_cursor
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, NOWHERE, SHIHUGUAN, VILLAGE, WENYI

Draw = Any
CODES = [SHIHUGUAN, SHIHUGUAN, WENYI, CUIZHU, HONGMEI, VILLAGE, LONGWAN, NOWHERE]
REGIONS = ["530111000000", "530000000000", "320400000000", "330303001000", "440000000000"]
CURSORS = [encode_cursor("GD-2"), encode_cursor(SHIHUGUAN), encode_cursor("2026-03-02T01:00:00+00:00", "0" * 32), "?"]
SIZES = [1, 2, 3, 5]
POOL: dict[str, list[Any]] = {
    "code": CODES,
    "region": REGIONS,
    "authority": REGIONS,
    "after": CURSORS,
    "before": CURSORS,
    "first": SIZES,
    "last": SIZES,
    "on": ["2026-06-01", "2022-07-01", "2015-01-01"],
    "knownAt": ["2026-10-01T00:00:00+08:00", "2021-01-01T00:00:00Z", "2200-01-01T00:00:00+08:00"],
    "reading": ["A", "floor", "inclusive"],
    "state": ["open", "raised", "nonsense"],
    "month": ["2026-09", "2026-08"],
    "language": ["ZH", "EN"],
}
"""Values by the argument's name, written as JSON gives them."""

BARE = {"state", "language"}  # written without quotes


@dataclass(frozen=True)
class Case:
    """A request."""

    query: str
    variables: dict[str, Any]


@dataclass
class Writer:
    """Writes one document."""

    draw: Draw
    schema: GraphQLSchema
    ids: list[str]
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    names: int = 0
    aliases: int = 0

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def name(self, start: str) -> str:
        self.names += 1
        return f"{start}{self.names}"

    def selections(self, on: GraphQLNamedType, depth: int, *, fragments: bool = True) -> str:
        """A selection set; leaves of the same name may come again, also in fragments."""
        fields = getattr(on, "fields", {})
        leaves = [name for name, one in fields.items() if not is_composite_type(get_named_type(one.type))]
        objects = [name for name, one in fields.items() if is_composite_type(get_named_type(one.type))]
        chosen = [self.field(name, fields[name], depth) for name in self.some(leaves, 3)]
        if depth > 0:
            chosen += [self.field(name, fields[name], depth - 1) for name in self.some(objects, 3)]
        if fragments and self.chance(25):
            chosen.append(self.fragment(on, depth))
        if not chosen or self.chance(10):
            chosen.append("__typename")
        return "{ " + " ".join(self.draw(st.permutations(chosen))) + " }"

    def some(self, names: list[str], most: int) -> list[str]:
        if not names:
            return []
        found: list[str] = self.draw(st.lists(st.sampled_from(names), max_size=most, unique=True))
        return found

    def fragment(self, on: GraphQLNamedType, depth: int) -> str:
        condition: GraphQLNamedType = on
        if isinstance(on, GraphQLInterfaceType):
            condition = self.draw(st.sampled_from(self.schema.get_possible_types(on)))
        body = self.selections(condition, min(depth, 2), fragments=False)
        if self.chance(50):
            return f"... on {condition.name} {self.directive()} {body}"
        name = self.name("F")
        self.fragments.append(f"fragment {name} on {condition.name} {body}")
        return f"...{name} {self.directive()}"

    def directive(self) -> str:
        if not self.chance(25):
            return ""
        which = self.draw(st.sampled_from(["include", "skip"]))
        value = self.draw(st.booleans())
        if self.chance(60):
            return f"@{which}(if: {self.variable('Boolean!', value)})"
        return f"@{which}(if: {'true' if value else 'false'})"

    def variable(self, kind: str, value: Any) -> str:
        name = self.name("v")
        self.variables[name] = (kind, value)
        return f"${name}"

    def field(self, name: str, one: GraphQLField, depth: int) -> str:
        distinct = one.args or is_composite_type(get_named_type(one.type))
        if distinct and self.aliases >= 15:
            return "__typename"  # without a name of its own it could clash
        given, alias = self.arguments(one), ""
        if distinct or (self.chance(10) and self.aliases < 15):
            self.aliases += 1
            alias = f"{self.name('a')}: "
        kind = get_named_type(one.type)
        body = self.selections(kind, depth) if is_composite_type(kind) else ""
        return f"{alias}{name}{given} {self.directive()} {body}"

    def arguments(self, one: GraphQLField) -> str:
        written = []
        sizes = {self.draw(st.sampled_from(["first", "first", "last"]))} if "first" in one.args else set()
        sides = {"first": "after", "last": "before"}
        for of, declared in one.args.items():
            wanted = is_required_argument(declared) or of in sizes
            if of in {"first", "last"}:
                wanted = of in sizes
            elif of in {"after", "before"}:
                stray = 2 if not any(sides[size] == of for size in sizes) else 30
                wanted = self.chance(stray)
            elif not wanted:
                wanted = self.chance(25)
            if wanted:
                written.append(f"{of}: {self.value(of, str(declared.type))}")
        return f"({', '.join(written)})" if written else ""

    def value(self, name: str, kind: str) -> str:
        if name == "id":
            value: Any = self.draw(st.sampled_from(self.ids))
        elif name == "ids":
            value = self.draw(st.lists(st.sampled_from(self.ids), max_size=4))
        else:
            value = self.draw(st.sampled_from(POOL[name]))
        if self.chance(30):
            return self.variable(kind, value)
        return str(value) if name in BARE else orjson.dumps(value).decode()


@st.composite
def cases(draw: Draw, schema: GraphQLSchema, ids: list[str]) -> Case:
    """A request whose document is valid; it may still be over a limit."""
    writer = Writer(draw, schema, ids)
    query = schema.query_type
    assert isinstance(query, GraphQLObjectType)
    roots = draw(st.lists(st.sampled_from(list(query.fields)), min_size=1, max_size=3))
    body = " ".join(writer.field(name, query.fields[name], draw(st.integers(1, 6))) for name in roots)
    declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in writer.variables.items())
    operation = f"query Q({declared})" if declared else "query Q"
    text = f"{operation} {{ {body} }} {' '.join(writer.fragments)}"
    return Case(text, {name: value for name, (_, value) in writer.variables.items()})


def known_ids(*more: str) -> list[str]:
    """Global ids of no object, besides those that are given."""
    nowhere = "01890000-0000-7000-8000-000000000000"
    kinds = ("Community", "Worker", "Payslip", "Issue", "Nothing")
    return [*more, *(global_id(kind, nowhere) for kind in kinds), "no-id"]
