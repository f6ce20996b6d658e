"""A document made ready once: read within the limits, validated, kept by its text in a bounded store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    validate,
)

from gateway.costs import afford
from gateway.errors import Code, GatewayError
from gateway.limits import Limits, read, tokens_of
from gateway.prices import Prices
from gateway.stores import Store

MOST_ERRORS = 20  # a document with more mistakes than this is not read to its end
MOST_TOKENS_KEPT = 30_000  # of all documents kept together: with its plan a token takes up to 750 bytes
TOKENS_OF_NOTHING = 50  # what a document with its plan takes before its first token
INTROSPECTION = re.compile(r"__schema\b|__type\b")


class Invalid(Exception):
    """A document that does not fit the schema, with each of the validator's complaints."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


@dataclass(frozen=True, eq=False)
class Prepared:
    """A document that may run: within the limits and valid. What depends on its text alone is found once.

    `introspects`: whether it may ask about the schema itself; a text that only speaks of it counts as well.
    `weight`: its tokens and some more, to which the memory it takes is in proportion.
    `known`: what the planner found of each operation, by its name.
    """

    text: str
    document: DocumentNode
    introspects: bool = field(init=False)
    weight: int = field(init=False)
    prices: Prices = field(init=False, repr=False)
    known: dict[str | None, Any] = field(init=False, repr=False, default_factory=dict)
    _operations: dict[str | None, OperationDefinitionNode] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "introspects", INTROSPECTION.search(self.text) is not None)
        object.__setattr__(self, "weight", TOKENS_OF_NOTHING + tokens_of(self.document))
        object.__setattr__(self, "prices", Prices(self.document))

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises GatewayError when the name fits none, or is needed and absent."""
        return self._operations.get(name) or self._find(name)

    def _find(self, name: str | None) -> OperationDefinitionNode:
        found = get_operation_ast(self.document, name)
        if found is None:
            raise GatewayError(
                Code.BAD_USER_INPUT,
                "文档含多个操作或没有此名称的操作，请用 operationName 指明",
                "the document has several operations or none of that name; say which in `operationName`",
                argument="operationName",
            )
        self._operations[name] = found
        return found


class Preparer:
    """Prepares documents against one schema and keeps the latest `size` that passed."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, size: int, *, hints: bool = True) -> None:
        self.schema = schema
        self.limits = limits
        self.hints = hints
        self._kept: Store[str, Prepared] = Store(size, MOST_TOKENS_KEPT, lambda _, prepared: prepared.weight)

    def prepare(self, text: str) -> Prepared:
        """The document of a text. Raises GatewayError for one over the limits, Invalid for one off the schema.

        Refused documents are not kept: they must not push out the good ones.
        """
        return self._kept.get(text, lambda: self._made(text))

    def _made(self, text: str) -> Prepared:
        document = read(text, self.limits)
        errors = validate(self.schema, document, max_errors=MOST_ERRORS, hide_suggestions=not self.hints)
        if errors:
            raise Invalid(errors)
        return Prepared(text, document)

    def price(self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What the operation may cost. Raises GatewayError over the budget, or for a page without a size."""
        cost = prepared.prices.of(self.schema, operation, variables)
        afford(cost, self.limits.cost)
        return cost
