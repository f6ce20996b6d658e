"""An operation's variables as the schema reads them, by a way found once per operation."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_variable_values,
    is_non_null_type,
    type_from_ast,
)

from gateway.plan.slots import Coerced, Unplanned


class Coercer:
    """Reads the variables of one operation.

    Scalars and enumerations are read right away, by the same function that the executor calls; a value it refuses, a
    default, a list and whatever else there may be goes the executor's whole way, which decides.
    """

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self.schema = schema
        self.definitions = operation.variable_definitions or ()
        self.leaves: list[tuple[str, Callable[[Any], Any], bool]] | None = []
        for definition in self.definitions:
            declared = type_from_ast(schema, definition.type)
            firm = is_non_null_type(declared)
            leaf = declared.of_type if is_non_null_type(declared) else declared
            if definition.default_value is not None or not isinstance(leaf, GraphQLScalarType | GraphQLEnumType):
                self.leaves = None
                return
            self.leaves.append((definition.variable.name.value, leaf.parse_value, firm))

    def read(self, variables: Mapping[str, Any]) -> Coerced:
        """The variables' values by name, those that were not given left out. Raises Unplanned for a refused one."""
        if self.leaves is None:
            return self.whole(variables)
        found = {}
        for name, parse, firm in self.leaves:
            value = variables.get(name)
            if value is not None:
                try:
                    value = parse(value)
                except Exception:  # noqa: BLE001 - whatever it is, the executor has the words for it
                    return self.whole(variables)
                if value is Undefined:
                    return self.whole(variables)
            elif firm:
                return self.whole(variables)
            elif name not in variables:
                continue
            found[name] = value
        return found

    def whole(self, variables: Mapping[str, Any]) -> Coerced:
        """As the executor reads them. Raises Unplanned."""
        found = get_variable_values(self.schema, self.definitions, dict(variables), max_errors=1)
        if isinstance(found, list):
            raise Unplanned("variables")
        return found.coerced
