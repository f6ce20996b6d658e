"""A validated operation compiled to a plan: the reads it needs and the shape of its answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
)

from gateway.costs import Window
from gateway.plan.bindings import KINDS, PROOF, ROWS, bindings_of
from gateway.plan.collect import Collector
from gateway.plan.kinds import Aspect, Binding, ById, Join, Part, Parts, RootPage, Same, Value
from gateway.plan.reads import Area, ColumnOf, Given, Keys, OfKind, Question, Read
from gateway.plan.shapes import Field, Inner, Joined, Leaf, Many, Nodes, Shape
from gateway.plan.slots import NULL, Constant, GlobalIds, Slot, Unplanned, arguments, either, window_of

PLACEHOLDER = re.compile(r"\{(?:([apj])\.)?([A-Za-z.]+)\}")
Arguments = Mapping[str, Slot]
Moment = tuple[Slot, Slot]
NOW: Moment = (NULL, NULL)
WHOLE = Constant(Window(100))
"""The page that stands for a whole list; of a longer list nothing is planned."""


@dataclass(frozen=True)
class Place:
    """Where an object stands: the name of its row, the read the row is of, the day it is asked for, known columns.

    A part of a row has no read of its own.
    """

    row: str
    read: Read | None = None
    moment: Moment = NOW
    known: Mapping[str, int] = field(default_factory=dict)
    above: "Place | None" = None


@dataclass(frozen=True)
class Plan:
    """What an operation needs, and how its answer is built."""

    slots: tuple[Slot, ...]
    reads: tuple[Read, ...]
    shape: Shape


@dataclass(frozen=True)
class Asked:
    """A field as it is asked for: its nodes, its definition, its arguments, the place of the object it is on."""

    key: str
    nodes: Sequence[FieldNode]
    definition: GraphQLField
    given: Arguments
    at: Place

    @property
    def named(self) -> dict[str, Any]:
        """What every shape of a field has."""
        return {"key": self.key, "nodes": self.nodes, "nullable": not self.firm}

    @property
    def firm(self) -> bool:
        """Whether the field may not be null."""
        return bool(is_non_null_type(self.definition.type))

    @property
    def many(self) -> bool:
        """Whether the field is a list."""
        return bool(is_list_type(get_nullable_type(self.definition.type)))

    @property
    def inside(self) -> GraphQLObjectType | None:
        """The type of the objects the field answers, if it answers objects."""
        kind = get_named_type(self.definition.type)
        return kind if isinstance(kind, GraphQLObjectType) else None


class Compiler:
    """Compiles one operation, for one set of the variables its directives depend on."""

    def __init__(self, schema: GraphQLSchema, collector: Collector) -> None:
        self.schema = schema
        self.collector = collector
        self.slots: dict[Slot, int] = {}
        self.reads: dict[Question, Read] = {}
        self.names = 0

    def compile(self, operation: OperationDefinitionNode) -> Plan:
        """The plan. Raises Unplanned for what only the executor answers."""
        root = self.schema.query_type
        if root is None or operation.directives:
            raise Unplanned("directive")
        grouped = self.collector.collect([operation.selection_set], root)
        shape = self.shape(grouped, root, Place("None"))
        for read in self.reads.values():
            if not read.columns:
                read.column(PROOF[read.question.entity])
        return Plan(tuple(self.slots), tuple(self.reads.values()), shape)

    def shape(self, grouped: Mapping[str, list[FieldNode]], kind: GraphQLObjectType, at: Place) -> Shape:
        """The shape of an object of a type, standing at a place."""
        return Shape(kind.name, tuple(self.field(key, nodes, kind, at) for key, nodes in grouped.items()))

    def inside(self, asked: Asked, at: Place) -> Shape:
        """The shape of the objects a field answers."""
        kind = asked.inside
        if kind is None:
            raise Unplanned("binding")
        return self.shape(self.collector.collect([node.selection_set for node in asked.nodes], kind), kind, at)

    def field(self, key: str, nodes: Sequence[FieldNode], kind: GraphQLObjectType, at: Place) -> Field:
        """The shape of one field. Raises Unplanned."""
        name = nodes[0].name.value
        if name == "__typename":
            return Leaf(key, nodes, nullable=False, value=repr(kind.name))
        binding = bindings_of(kind.name).get(name)
        if binding is None:
            raise Unplanned("introspection" if name.startswith("__") else "binding")
        definition = kind.fields[name]
        asked = Asked(key, nodes, definition, arguments(definition, nodes[0]), at)
        return self.bound(asked, binding)

    def bound(self, asked: Asked, binding: Binding) -> Field:
        """A field by the kind of its binding."""
        if isinstance(binding, Value):
            return self.value(asked, binding)
        if isinstance(binding, Same):
            return Inner(**asked.named, row=asked.at.row, value=None, shape=self.inside(asked, asked.at))
        if isinstance(binding, Part | Parts):
            return self.part(asked, binding)
        if isinstance(binding, Join):
            return self.join(asked, binding)
        if isinstance(binding, Aspect):
            return self.aspect(asked, binding)
        return self.root_page(asked, binding) if isinstance(binding, RootPage) else self.nodes(asked, binding)

    def value(self, asked: Asked, binding: Value) -> Leaf:
        """A value out of the row; a bare column that may not be null is firm."""
        read = asked.at.read
        if binding.needs and read is not None:
            setattr(read, binding.needs, True)
        text = self.filled(binding.text, asked, firm=asked.firm)
        named = is_enum_type(get_named_type(asked.definition.type))
        return Leaf(**asked.named, value=f"NAMES[{text}]" if named else text)

    def part(self, asked: Asked, binding: Part | Parts) -> Inner | Many:
        """An object of the row, or several; the rows of a page stay rows of their read."""
        row = self.name()
        text = self.filled(binding.text, asked, firm=asked.firm)
        place = replace(asked.at, row=row) if binding is ROWS else Place(row, above=asked.at)
        if isinstance(binding, Parts):
            return Many(**asked.named, row=row, value=text, shape=self.inside(asked, place))
        return Inner(**asked.named, row=row, value=text, shape=self.inside(asked, place))

    def join(self, asked: Asked, binding: Join) -> Joined:
        """What another read has under a key."""
        moment = self.moment(asked) if binding.service == "staffing" else NOW
        keys, value, known = self.keys(asked, binding)
        question = Question(
            binding.service,
            binding.entity,
            binding.by,
            keys,
            self.moment_of(moment),
            args=self.chosen(asked, binding.args),
            where=self.chosen(asked, binding.where),
            window=self.window(asked) if binding.paged else self.slot(WHOLE) if binding.listed else None,
        )
        read = self.read(question)
        read.compulsory = read.compulsory or binding.missing != "null"
        return self.joined(asked, binding, read, value, replace(Place("", read, moment, known), above=asked.at))

    def joined(self, asked: Asked, binding: Join, read: Read, by_value: str, found: Place) -> Joined:
        """The shape of what a join found, of all its rows, or of what is picked from it."""
        found = replace(found, row=self.name())
        picked, row = found.row, found.row
        inner = found
        if binding.listed:
            row, picked = self.name(), f"whole({found.row})"
            inner = replace(found, row=row)
        elif binding.picked is not None:
            row, picked = self.name(), self.filled(binding.picked, asked, joined=found)
            inner = Place(row, above=found)
        shape = self.inside(asked, inner) if asked.inside else None
        return Joined(
            **asked.named,
            read=read.index,
            by_value=by_value,
            found=found.row,
            row=row,
            picked=picked,
            many=asked.many,
            missing=binding.missing,
            shape=shape,
        )

    def keys(self, asked: Asked, binding: Join) -> tuple[Keys, str, Mapping[str, int]]:
        """Where a join's keys come from, the expression of one, and the columns known before the read is answered."""
        match = PLACEHOLDER.fullmatch(binding.key)
        if match is None:
            raise Unplanned("binding")
        whose, name = match.groups()
        if whose == "a":
            slot = self.slot(asked.given[name])
            return Given(slot), f"v[{slot}]", {binding.by: slot}
        source = asked.at.above if whose == "p" else asked.at
        if source is None or source.read is None:
            raise Unplanned("binding")
        if name in source.known:
            slot = source.known[name]
            return Given(slot), f"v[{slot}]", {binding.by: slot}
        value = self.filled(binding.key, asked, firm=True)
        return ColumnOf(source.read.index, name), value, {}

    def aspect(self, asked: Asked, binding: Aspect) -> Field:
        """A part of the own row, or of the same community's row of another day or under another reading."""
        at = asked.at
        if self.moment(asked) != at.moment or any(asked.given[of] != NULL for of in binding.args.values()):
            other = Join(
                "staffing", "community", "code", "{code}", binding.args, picked=binding.picked, missing="absent"
            )
            found = self.join(asked, other)
            if binding.args:  # so that an unknown reading is refused whatever is selected
                self.every[found.read].column("quota.on")
            return found
        if binding.picked is not None:
            return Leaf(**asked.named, value=self.filled(binding.picked, asked, joined=at))
        return Inner(**asked.named, row=at.row, value=None, shape=self.inside(asked, replace(at, above=at)))

    def root_page(self, asked: Asked, binding: RootPage) -> Joined:
        """A page of an area."""
        area = Area(self.slot(asked.given["region"]), self.slot(asked.given.get("authority", NULL)))
        moment = self.moment(asked)
        where, window = self.chosen(asked, binding.where), self.window(asked)
        question = Question(
            binding.service, binding.entity, None, area, self.moment_of(moment), where=where, window=window
        )
        as_join = Join(binding.service, binding.entity, "", "", paged=True)
        return self.joined(asked, as_join, self.read(question), "None", Place("", self.read(question), moment))

    def nodes(self, asked: Asked, binding: ById) -> Nodes:
        """Objects by global id: a read and a shape for every kind."""
        slot = self.slot(GlobalIds(asked.given[binding.argument]))
        kinds = {}
        for kind, (service, entity) in KINDS.items():
            read = self.read(Question(service, entity, "id", OfKind(slot, kind), self.moment_of(NOW)))
            at = Place(self.name(), read)
            of = self.schema.get_type(kind)
            if not isinstance(of, GraphQLObjectType):
                raise Unplanned("binding")
            grouped = self.collector.collect([node.selection_set for node in asked.nodes], of)
            kinds[kind] = (read.index, at.row, self.shape(grouped, of, at))
        return Nodes(**asked.named, ids=slot, kinds=kinds, many=binding.many)

    @property
    def every(self) -> tuple[Read, ...]:
        """The reads so far, by their numbers."""
        return tuple(self.reads.values())

    def moment(self, asked: Asked) -> Moment:
        """The day and instant a join is asked for: the field's own, else the parent's."""
        on, known_at = asked.at.moment
        return either(asked.given.get("on", NULL), on), either(asked.given.get("knownAt", NULL), known_at)

    def moment_of(self, moment: Moment) -> tuple[int, int]:
        """The slots of a moment."""
        return self.slot(moment[0]), self.slot(moment[1])

    def window(self, asked: Asked) -> int:
        """The slot of the page that a connection asks for."""
        return self.slot(window_of(*(asked.given[name] for name in ("first", "after", "last", "before"))))

    def chosen(self, asked: Asked, names: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
        """The read's arguments by the field's; an empty name stands for null."""
        return tuple((name, self.slot(asked.given.get(of, NULL))) for name, of in names.items())

    def read(self, question: Question) -> Read:
        """The read of a question, the same for equal questions."""
        if question not in self.reads:
            level = 0
            if isinstance(question.keys, ColumnOf):
                parent = self.every[question.keys.read]
                level = parent.level + (parent.question.service != question.service)
            self.reads[question] = Read(len(self.reads), question, level)
        return self.reads[question]

    def slot(self, slot: Slot) -> int:
        """The number of a slot."""
        return self.slots.setdefault(slot, len(self.slots))

    def name(self) -> str:
        """A name no other row has."""
        self.names += 1
        return f"r{self.names}"

    def filled(self, text: str, asked: Asked, *, firm: bool = False, joined: Place | None = None) -> str:
        """An expression with its placeholders filled in; `firm` when a column standing alone may not be null."""
        alone = firm and PLACEHOLDER.fullmatch(text) is not None
        places = {None: asked.at, "p": asked.at.above, "j": joined}

        def one(match: re.Match[str]) -> str:
            whose, name = match.groups()
            if whose == "a":
                return self.argument(asked, name)
            if whose is None and name in {"r", "p", "j"}:
                return self.row_of(places["p" if name == "p" else "j" if name == "j" else None])
            place = places[whose]
            if place is None or place.read is None:
                raise Unplanned("binding")
            return f"{place.row}[{place.read.column(name, firm=alone)}]"

        return PLACEHOLDER.sub(one, text)

    def argument(self, asked: Asked, name: str) -> str:
        """The expression of an argument, or of the window of the page the object is."""
        if name == "window" and asked.at.read is not None:
            return f"v[{asked.at.read.question.window}]"
        slot = asked.given[name]
        return repr(slot.given) if isinstance(slot, Constant) else f"v[{self.slot(slot)}]"

    @staticmethod
    def row_of(place: Place | None) -> str:
        """The name of a place's row. Raises Unplanned where there is none."""
        if place is None:
            raise Unplanned("binding")
        return place.row
