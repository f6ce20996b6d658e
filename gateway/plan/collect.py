"""The fields a selection asks of an object of one type, as the specification collects them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)

from gateway.limits import fragments_of
from gateway.plan.slots import Coerced, Unplanned

Grouped = Mapping[str, list[FieldNode]]


class Switches(Visitor):
    """Gathers the variables that @include and @skip depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names[argument.value.name.value] = None


def switches(document: DocumentNode) -> tuple[str, ...]:
    """The variables whose values decide which fields a document asks for."""
    found = Switches()
    visit(document, found)
    return tuple(found.names)


def included(node: SelectionNode | OperationDefinitionNode, variables: Coerced) -> bool:
    """Whether a selection's own directives let it stand. Raises Unplanned for a directive that is not ours."""
    for directive in node.directives or ():
        if directive.name.value not in {"include", "skip"}:
            raise Unplanned("directive")
        value = next(one.value for one in directive.arguments or ())
        found = variables.get(value.name.value) if isinstance(value, VariableNode) else getattr(value, "value", None)
        if not isinstance(found, bool):
            raise Unplanned("directive")
        if found is (directive.name.value == "skip"):
            return False
    return True


@dataclass
class Collector:
    """Collects fields within one document and one set of variables."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Coerced
    fragments: Mapping[str, FragmentDefinitionNode] = field(init=False)

    def __post_init__(self) -> None:
        self.fragments = fragments_of(self.document)

    def collect(self, sets: Iterable[SelectionSetNode | None], on: GraphQLObjectType) -> Grouped:
        """The fields of merged selection sets by the name they answer under, in the order they are answered."""
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for one in sets:
            if one is not None:
                self._visit(one, on, grouped, seen)
        return grouped

    def _visit(
        self, chosen: SelectionSetNode, on: GraphQLObjectType, grouped: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in chosen.selections:
            if not included(node, self.variables):
                continue
            if isinstance(node, FieldNode):
                grouped.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self.fits(node.type_condition.name.value, on):
                    self._visit(node.selection_set, on, grouped, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                fragment = self.fragments[node.name.value]
                if self.fits(fragment.type_condition.name.value, on):
                    seen.add(node.name.value)
                    self._visit(fragment.selection_set, on, grouped, seen)

    def fits(self, condition: str, on: GraphQLObjectType) -> bool:
        """Whether an object of a type answers a fragment's condition."""
        if condition == on.name:
            return True
        kind = self.schema.get_type(condition)
        return isinstance(kind, GraphQLInterfaceType) and self.schema.is_sub_type(kind, on)
