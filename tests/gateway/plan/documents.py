"""Requests over the whole schema, drawn by a seed: the same seed and schema give the same requests.

A document may come out invalid or over a limit: whoever asks drops it. Every operation leads to a goal, a field or an
argument anywhere in the schema, so that a new one is reached without a word about it here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_non_null_type,
    is_required_argument,
)

from tests.gateway.plan.arguments import Arguments, loose, plain, written
from tests.gateway.plan.paths import Paths, Step, fields_of

MOST_ALIASES = 40
VARIABLE = re.compile(r"\$(\w+)")
PLACE = re.compile(r"@(\w+):(\d+)")
AT = re.compile(r"(\w+)\.(\w+)(?:\((\w+):\))?")
SIZE_OF = {"first": "first", "after": "first", "last": "last", "before": "last"}
Variables = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A document, the operation asked of it, and several sets of variables to ask it with, one after the other."""

    query: str
    operation: str | None
    variables: tuple[Variables, ...]


@dataclass(frozen=True)
class Declared:
    """A variable: its type, its default, and what it is for."""

    text: str
    name: str
    kind: Any
    optional: bool
    value: Any


@dataclass
class Scope:
    """The names that one object answers under: which field with which arguments, and the scope inside."""

    keys: dict[str, tuple[str, str, "Scope"]] = field(default_factory=dict)


@dataclass
class Draft:
    """What is being written: the variables declared and used so far, and the fragments."""

    variables: dict[str, Declared] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)
    names: int = 0
    aliases: int = 0


class Writer:
    """Writes documents over one root type of a schema."""

    def __init__(self, schema: GraphQLSchema, root: GraphQLObjectType) -> None:
        self.schema = schema
        self.root = root
        self.paths = Paths(schema, root)
        self.coordinates = tuple(self.paths.coordinates())
        self.rng = Random(0)
        self.kinds = tuple(sorted(one.name for one in schema.get_possible_types(interface_of(schema))))
        self.arguments = Arguments(self.rng, self.kinds)
        self.draft = Draft()

    def case(self, seed: int, goals: Sequence[str] = ()) -> Case:
        """The request of a seed; its operations lead to the goals, coordinates of the schema, or to some of its own."""
        self.rng = Random(seed)
        self.arguments = Arguments(self.rng, self.kinds)
        self.draft = Draft()
        names = ["Q0"] if goals else [f"Q{at}" for at in range(self.rng.choice([1] * 9 + [3]))]
        texts = [self.operation(name, goals or [self.rng.choice(self.coordinates)]) for name in names]
        fragments = [f"fragment {name} on {on} {body}" for name, (on, body, _) in self.draft.fragments.items()]
        if self.rng.random() < 0.3:
            self.rng.shuffle(fragments)
        asked = self.rng.choice(names)
        text = "\n".join([*texts, *fragments])
        return Case(text, asked, tuple(self.given(first=not at) for at in range(3)))

    def chance(self, percent: float) -> bool:
        """True so many times in a hundred."""
        return self.rng.random() * 100 < percent

    def name(self, start: str) -> str:
        """A name of its own."""
        self.draft.names += 1
        return f"{start}{self.draft.names}"

    def operation(self, name: str, goals: Sequence[str]) -> str:
        """An operation of a root for every goal, and of up to two more."""
        self.draft.used = {}
        scope = Scope()
        body = [self.step(self.way(one), self.root, scope) for one in goals]
        more = self.rng.choices(list(fields_of(self.root)), k=self.rng.choice([0, 0, 1, 2]))
        body += [self.field(one, self.root, self.rng.randint(1, 5), scope) for one in more]
        if self.chance(15):
            body.append(self.fragment(self.root, self.rng.randint(1, 4), scope))
        if self.chance(10):
            body.append("__typename")
        if self.chance(1):
            body.append("__schema { queryType { name } }")
        declared = ", ".join(self.draft.variables[one].text for one in self.draft.used)
        kind = {self.schema.mutation_type: "mutation", self.schema.subscription_type: "subscription"}
        return f"{kind.get(self.root, 'query')} {name}{f'({declared})' if declared else ''} {{ {' '.join(body)} }}"

    def way(self, goal: str) -> list[Step]:
        """A way to a coordinate, whose last step names the argument, if it is one."""
        kind, name, argument = AT.fullmatch(goal).groups("")  # type: ignore[union-attr]
        return [*self.paths.way(kind, self.rng), (kind, name, argument)]

    def step(self, way: Sequence[Step], on: GraphQLNamedType, scope: Scope) -> str:
        """The first field of a way, with the rest of the way inside."""
        (kind, name, argument), *rest = way
        must = "" if rest else argument
        if kind == on.name:
            return self.field(name, on, 1, scope, rest, must)
        at = self.schema.type_map[kind]
        return f"... on {kind} {{ {self.field(name, at, 1, Scope(), rest, must)} }}"

    def selections(self, on: GraphQLNamedType, depth: int, scope: Scope, way: Sequence[Step] = ()) -> str:
        """A selection set: leaves, objects while there is depth, names that come again, fragments."""
        fields = fields_of(on)
        leaves = [name for name, one in fields.items() if not fields_of(get_named_type(one.type))]
        objects = [name for name in fields if name not in leaves]
        chosen = [self.field(name, on, 0, scope) for name in self.some(leaves, 4)]
        if depth > 0:
            chosen += [self.field(name, on, depth - 1, scope) for name in self.some(objects, 3)]
        if way:
            chosen.append(self.step(way, on, scope))
        if scope.keys and self.chance(20):
            chosen.append(self.again(on, depth, scope))
        if self.chance(25):
            chosen.append(self.fragment(on, depth, scope))
        if not chosen or self.chance(15):
            chosen.append(f"{self.name('t')}: __typename {self.directive()}" if self.chance(50) else "__typename")
        if not way:
            self.rng.shuffle(chosen)
        return "{ " + " ".join(chosen) + " }"

    def some(self, names: list[str], most: int) -> list[str]:
        """A few of the names."""
        return self.rng.sample(names, min(len(names), self.rng.randint(0, most)))

    def field(
        self, name: str, on: GraphQLNamedType, depth: int, scope: Scope, way: Sequence[Step] = (), must: str = ""
    ) -> str:
        """A field under a name that is free in its scope, with the argument that must be given."""
        one, key = fields_of(on)[name], name
        if self.draft.aliases >= MOST_ALIASES and name in scope.keys:
            return "__typename"
        given = self.given_to(one, way, must)
        if name in scope.keys or (self.chance(60 if one.args else 12) and self.draft.aliases < MOST_ALIASES):
            self.draft.aliases += 1
            free = [letter for letter in "abcdefghijklmnopqrst" if letter not in scope.keys]
            key = self.rng.choice(free) if free and self.chance(60) else self.name("a")
        inside = Scope()
        scope.keys[key] = (name, given, inside)
        alias = "" if key == name else f"{key}: "
        return f"{alias}{name}{given} {self.directive()} {self.body(one, depth, inside, way)}"

    def body(self, one: GraphQLField, depth: int, scope: Scope, way: Sequence[Step] = ()) -> str:
        """What is selected on a field's objects; nothing for a leaf."""
        kind = get_named_type(one.type)
        return self.selections(kind, depth, scope, way) if fields_of(kind) else ""

    def again(self, on: GraphQLNamedType, depth: int, scope: Scope) -> str:
        """A field that stands in the scope already, once more: the two are merged."""
        key = self.rng.choice(list(scope.keys))
        name, given, inside = scope.keys[key]
        if name not in fields_of(on):
            return "__typename"
        self.draft.used |= dict.fromkeys(VARIABLE.findall(given))
        alias = "" if key == name else f"{key}: "
        return f"{alias}{name}{given} {self.directive()} {self.body(fields_of(on)[name], max(depth - 1, 0), inside)}"

    def fragment(self, on: GraphQLNamedType, depth: int, scope: Scope) -> str:
        """An inline fragment, a new named one, or one that is there already."""
        kinds: list[GraphQLNamedType] = [on]
        if isinstance(on, GraphQLInterfaceType):
            kinds += [one for one in self.schema.get_possible_types(on) if fields_of(one)]
        elif isinstance(on, GraphQLObjectType):
            kinds += on.interfaces
        known = [name for name, (kind, _, _) in self.draft.fragments.items() if kind in {one.name for one in kinds}]
        if known and self.chance(40):
            name = self.rng.choice(known)
            self.draft.used |= dict.fromkeys(self.draft.fragments[name][2])
            return f"...{name} {self.directive()}"
        condition = self.rng.choice(kinds)
        inner = scope if condition is on else Scope(dict(scope.keys)) if self.chance(70) else Scope()
        if self.chance(50):
            said = "" if condition is on and self.chance(40) else f"on {condition.name} "
            return f"... {said}{self.directive()} {self.selections(condition, min(depth, 2), inner)}"
        name, outer = self.name("F"), self.draft.used
        self.draft.used = {}
        body = self.selections(condition, min(depth, 2), inner)
        self.draft.fragments[name] = (condition.name, body, tuple(self.draft.used))
        self.draft.used = outer | self.draft.used
        return f"...{name} {self.directive()}"

    def directive(self) -> str:
        """Nothing, @include, @skip, or both, by a constant or a variable."""
        if not self.chance(15):
            return ""
        which = self.rng.choice([["include"], ["skip"], ["include", "skip"], ["skip", "include"]])
        return " ".join(f"@{one}(if: {self.condition()})" for one in which)

    def condition(self) -> str:
        """A truth, or a variable of one; the variable may have a default and be null."""
        if self.chance(35):
            return self.rng.choice(["true", "false"])
        kind = self.schema.directives[0].args["if"].type
        return self.variable("if", kind, self.rng.choice([True, False]), self.chance(30))

    def given_to(self, one: GraphQLField, way: Sequence[Step], must: str) -> str:
        """The arguments written on a field."""
        sizes = {SIZE_OF.get(must) or self.rng.choice(["first", "first", "last"])} if "first" in one.args else set()
        if sizes and self.chance(2):
            sizes = {"first", "last"}
        texts = []
        for name, declared in one.args.items():
            if name == must or self.wanted(name, declared, sizes):
                texts.append(f"{name}: {self.argument(name, declared, way)}")
        self.rng.shuffle(texts)
        return f"({', '.join(texts)})" if texts else ""

    def wanted(self, name: str, declared: GraphQLArgument, sizes: set[str]) -> bool:
        """Whether an argument is written; cursors mostly on the side where they belong."""
        if name in {"first", "last"}:
            return name in sizes
        if name in {"after", "before"}:
            belongs = SIZE_OF[name] in sizes
            return self.chance(35 if belongs else 2)
        return is_required_argument(declared) or self.chance(30)

    def argument(self, name: str, declared: GraphQLArgument, way: Sequence[Step]) -> str:
        """A value written in the document, or a variable."""
        value = self.arguments.of(name, declared.type)
        if way and name in {"id", "ids"} and self.chance(90):
            likely = f"@{way[0][0]}:{self.rng.randint(0, 11)}"
            value = [likely, *value] if isinstance(value, list) else likely
        if self.chance(35):
            with_default = not is_non_null_type(declared.type) or declared.default_value is not None
            return self.variable(name, declared.type, value, with_default and self.chance(40))
        if not is_non_null_type(declared.type) and name not in {"first", "last"} and self.chance(6):
            return "null"
        listed = loose(declared.type)
        if isinstance(listed, GraphQLList) and self.chance(30):
            item = listed.of_type
            mixed = [self.variable(name, item, one, False) if self.chance(40) else written(one) for one in value]
            return f"[{', '.join(mixed)}]"
        return written(value)

    def variable(self, name: str, kind: Any, value: Any, with_default: bool) -> str:
        """A variable for a value of a type: a new one, or one that is there for the same."""
        same = [of for of, one in self.draft.variables.items() if one.name == name and one.kind == kind]
        if same and self.chance(35):
            chosen = self.rng.choice(same)
            self.draft.used[chosen] = None
            return f"${chosen}"
        of = self.name("v")
        declared = loose(kind) if with_default else kind
        if not with_default and not is_non_null_type(kind) and self.chance(30):
            declared = GraphQLNonNull(kind)
        default = f" = {written(value)}" if with_default else ""
        optional = with_default or not is_non_null_type(declared)
        self.draft.variables[of] = Declared(f"${of}: {declared}{default}", name, kind, optional, value)
        self.draft.used[of] = None
        return f"${of}"

    def given(self, *, first: bool) -> Variables:
        """What a request gives for the variables; the first time all of it fits."""
        found: Variables = {}
        for of, one in self.draft.variables.items():
            if one.optional and self.chance(20):
                continue
            if first:
                found[of] = plain(one.value)
            elif self.chance(70):
                found[of] = self.arguments.given(one.name, one.kind)
            elif self.chance(96):
                found[of] = plain(one.value)
        return found


def interface_of(schema: GraphQLSchema) -> GraphQLInterfaceType:
    """Relay's interface of everything with a global id."""
    found = schema.type_map["Node"]
    assert isinstance(found, GraphQLInterfaceType)
    return found


def filled(value: Any, real: Mapping[str, Sequence[str]]) -> Any:
    """Text and values with what is found in the scene in the place of each `@kind:n`."""
    if isinstance(value, list):
        return [filled(one, real) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, real) for name, one in value.items()}
    return PLACE.sub(lambda at: found_at(real, *at.groups()), value) if isinstance(value, str) else value


def found_at(real: Mapping[str, Sequence[str]], kind: str, at: str) -> str:
    """One of what the scene has of a kind; text that is no id where it has none."""
    return real[kind][int(at) % len(real[kind])] if real.get(kind) else "none"
