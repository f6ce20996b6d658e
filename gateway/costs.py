"""The price of an operation before it runs: one for every object it may bring, pages counted in full.

A fragment is priced once per operation, so that the price is found in time linear in the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from gateway.errors import Code, GatewayError
from gateway.limits import fragments_of

PAGE_MOST = 100
LIST_LENGTH = 8  # what an unpaged list (lines, steps, citations) is taken to hold


@dataclass(frozen=True)
class Window:
    """The page asked of a connection: `size` items after a cursor or, backward, before it; from an end without one."""

    size: int
    cursor: str | None = None
    backward: bool = False


def page_size(first: object, last: object = None) -> int:
    """The size of the page asked for: `first` or `last`, one of them, 1 to 100. Raises GatewayError BAD_USER_INPUT."""
    if first is not None and last is not None:
        raise GatewayError(
            Code.BAD_USER_INPUT,
            "first 和 last 只能给一个：first 从前往后，last 从后往前",
            "give `first` or `last`, not both: `first` pages forward, `last` backward",
            argument="last",
        )
    name, size = ("first", first) if last is None else ("last", last)
    if isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= PAGE_MOST:
        return size
    raise GatewayError(
        Code.BAD_USER_INPUT,
        f"请给出 first（或 last），1 至 {PAGE_MOST}",
        f"give `first` (or `last`), 1 to {PAGE_MOST}",
        argument=name,
        maximum=PAGE_MOST,
    )


def window(first: object, after: str | None, last: object, before: str | None) -> Window:
    """The page that a connection's arguments ask for. Raises GatewayError BAD_USER_INPUT.

    `after` goes with `first`, `before` with `last`; null counts as not given.
    """
    size, backward = page_size(first, last), last is not None
    stray = after if backward else before
    if stray is not None:
        name, partner = ("after", "first") if backward else ("before", "last")
        raise GatewayError(
            Code.BAD_USER_INPUT,
            f"{name} 只与 {partner} 同用",
            f"`{name}` goes with `{partner}` only",
            argument=name,
        )
    return Window(size, before if backward else after, backward)


@dataclass
class Pricing:
    """One walk over one operation of a validated document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, int] = field(default_factory=dict)

    def selections(self, chosen: SelectionSetNode | None, parent: GraphQLNamedType | None) -> int:
        """The price of what is selected on one object."""
        return sum(self.selection(one, parent) for one in chosen.selections) if chosen else 0

    def selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> int:
        """The price of a field, an inline fragment or a spread."""
        if isinstance(node, FieldNode):
            return self.field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return self.fragment(node.name.value)
        if isinstance(node, InlineFragmentNode) and node.type_condition:
            parent = self.schema.get_type(node.type_condition.name.value)
        return self.selections(getattr(node, "selection_set", None), parent)

    def fragment(self, name: str) -> int:
        """The price of a fragment, found at its first spread."""
        if name not in self.known:
            definition = self.fragments[name]
            on = self.schema.get_type(definition.type_condition.name.value)
            self.known[name] = self.selections(definition.selection_set, on)
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        """One for the object and the price of what is selected on it, as often as it may come; scalars are free."""
        name = node.name.value
        definition: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        if definition is None or not is_composite_type(get_named_type(definition.type)):
            return 0
        inside = self.selections(node.selection_set, get_named_type(definition.type))
        if "first" in definition.args:
            return 1 + self.page(node) * (1 + inside)
        if is_frame(parent):
            return inside
        if "ids" in definition.args:
            return self.ids(node) * (1 + inside)
        return (1 + inside) * (LIST_LENGTH if is_list_type(get_nullable_type(definition.type)) else 1)

    def page(self, node: FieldNode) -> int:
        """The page size written in the document or given by a variable. Raises GatewayError BAD_USER_INPUT."""
        return page_size(self.given(node, "first"), self.given(node, "last"))

    def given(self, node: FieldNode, name: str) -> object:
        """The integer given for an argument; None for null and where it is left out."""
        value = argument(node, name)
        if isinstance(value, IntValueNode):
            return int(value.value)
        return self.variables.get(value.name.value) if isinstance(value, VariableNode) else None

    def ids(self, node: FieldNode) -> int:
        """How many objects are asked for by id; the resolver bounds them."""
        value = argument(node, "ids")
        if isinstance(value, ListValueNode):
            return len(value.values)
        given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return len(given) if isinstance(given, list) else 1


def argument(node: FieldNode, name: str) -> ValueNode | None:
    """The value written for an argument, None when it is not given."""
    return next((given.value for given in node.arguments or () if given.name.value == name), None)


def is_frame(parent: GraphQLNamedType | None) -> bool:
    """Whether a type is the frame of a page, whose objects the page size has counted already."""
    return parent is not None and parent.name.endswith(("Connection", "Edge"))


def given_variables(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The integers an operation will see: what the request gives, else the default the operation declares."""
    seen = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name in variables:
            seen[name] = variables[name]
        elif isinstance(definition.default_value, IntValueNode):
            seen[name] = int(definition.default_value.value)
    return seen


def price(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """The price of one operation of a validated document. Raises GatewayError for a page without a size."""
    root = schema.get_root_type(operation.operation)
    walk = Pricing(schema, fragments_of(document), given_variables(operation, variables))
    return walk.selections(operation.selection_set, root)


def afford(cost: int, budget: int) -> None:
    """Refuse an operation over its budget, before anything runs. Raises GatewayError COST_EXCEEDED."""
    if cost > budget:
        raise GatewayError(
            Code.COST_EXCEEDED,
            f"查询成本 {cost} 超出预算 {budget}，请减小 first 或拆分查询",
            f"the query costs {cost}, the budget is {budget}; ask smaller pages or split it",
            requestedQueryCost=cost,
            maximumAvailable=budget,
        )
