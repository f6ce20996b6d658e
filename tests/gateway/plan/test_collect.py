"""Fields collected as the executor collects them; what only the executor knows is left to it."""

import pytest
from graphql import GraphQLObjectType, OperationDefinitionNode, build_schema, parse

from gateway.plan.collect import Collector, switches
from gateway.plan.compile import Compiler
from gateway.plan.slots import Unplanned

SCHEMA = build_schema("""
    directive @shade(if: Boolean) on FIELD | QUERY
    interface Named { name: String }
    type Query implements Named { name: String other: String community(code: String!): Community communities: Int }
    type Community { name: String headcounts: Int }
""")


def collected(text: str, **variables: object) -> dict[str, int]:
    """The names under which fields of the root answer, with how often each stands."""
    document = parse(text)
    (operation, *_) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    root = SCHEMA.query_type
    assert isinstance(root, GraphQLObjectType)
    found = Collector(SCHEMA, document, variables).collect([None, operation.selection_set], root)
    return {name: len(nodes) for name, nodes in found.items()}


def test_fields_of_one_name_are_gathered_in_the_order_of_their_first() -> None:
    fragments = "fragment F on Named { name ...G } fragment G on Query { other }"
    text = "{ other ...F ... { other } ... on Query { b: name } ...F }"
    assert collected(f"{text} {fragments}") == {"other": 3, "name": 1, "b": 1}


def test_a_fragment_on_another_type_says_nothing() -> None:
    text = "{ name ... on Community { name } ...F } fragment F on Community { name }"
    assert collected(text) == {"name": 1}


def test_a_fragment_that_was_left_out_once_may_stand_again() -> None:
    assert collected("{ ...F @skip(if: true) ...F } fragment F on Query { name }") == {"name": 1}


def test_conditions_are_those_of_the_variables() -> None:
    fields = "name @include(if: $a) other @skip(if: $b) x: name @include(if: $a) @skip(if: $b)"
    text = f"query Q($a: Boolean!, $b: Boolean!) {{ {fields} }}"
    assert switches(parse(text)) == ("a", "b")
    assert collected(text, a=True, b=False) == {"name": 1, "other": 1, "x": 1}
    assert collected(text, a=True, b=True) == {"name": 1}
    assert collected(text, a=False, b=False) == {"other": 1}


@pytest.mark.parametrize("condition", ["@shade", "@shade(if: true)", "@include(if: $a)", "@skip(if: $none)"])
def test_what_is_no_condition_of_ours_is_left_to_the_executor(condition: str) -> None:
    with pytest.raises(Unplanned, match="directive"):
        collected(f"{{ name {condition} }}", a=None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("query @shade { name }", "directive"),
        ("{ other }", "binding"),
        ("{ __schema { description } }", "introspection"),
        ('{ community(code: "1") { headcounts } }', "binding"),
    ],
)
def test_what_has_no_binding_is_left_to_the_executor(text: str, reason: str) -> None:
    document = parse(text)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    with pytest.raises(Unplanned, match=reason):
        Compiler(SCHEMA, Collector(SCHEMA, document, {})).compile(operation)
