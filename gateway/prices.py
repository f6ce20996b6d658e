"""The prices of a document's operations, remembered by the values that decide them."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from gateway.costs import price

DECIDING = {"first", "last", "ids"}  # the arguments that say how many objects come
MOST_PRICES = 64  # of one document; page sizes beyond that are priced anew each time
LEFT_OUT = "left out"


class _Deciders(Visitor):
    """Collects the variables given for the size of a page or a list of ids, wherever they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Note the variable of a deciding argument."""
        if node.name.value in DECIDING and isinstance(node.value, VariableNode):
            self.names.add(node.value.name.value)


class Prices:
    """The prices of one validated document: each found once per operation and deciding values."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        deciders = _Deciders()
        visit(document, deciders)
        self._deciding = tuple(sorted(deciders.names))
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """The price of one operation. Raises GatewayError for a page without a size."""
        key: list[object] = [operation.name.value if operation.name else None]
        key += [mark(variables.get(name, LEFT_OUT)) for name in self._deciding]
        known = tuple(key)
        found = self._known.get(known)
        if found is None:
            found = price(schema, self._document, operation, variables)
            if len(self._known) < MOST_PRICES and None not in known[1:]:
                self._known[known] = found
        return found


def mark(value: object) -> object:
    """What a deciding value amounts to; None for one that must be judged each time."""
    if type(value) is int or value is LEFT_OUT:
        return value
    return ("list", len(value)) if isinstance(value, list) else None
