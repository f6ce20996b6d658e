from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse

from gateway.costs import LIST_LENGTH, afford, page_size, price
from gateway.errors import Code, GatewayError
from gateway.schema import build

CODE = '"530111001001"'


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build().core


def cost(schema: GraphQLSchema, text: str, variables: Mapping[str, Any] | None = None) -> int:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return price(schema, document, operation, variables or {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 0),
        (f"{{ community(code: {CODE}) {{ name code }} }}", 1),
        (f"{{ community(code: {CODE}) {{ quota {{ posts }} }} }}", 2),
        (f"{{ community(code: {CODE}) {{ workers(first: 10) {{ edges {{ node {{ name }} }} }} }} }}", 1 + 1 + 10),
        (f"{{ community(code: {CODE}) {{ workers(first: 10) {{ nodes {{ name }} pageInfo {{ endCursor }} }} }} }}", 12),
        (
            (
                "{ communities(first: 20) { edges { node { name workers(first: 10) "
                "{ edges { node { latestPayslip { net } } } } issues(first: 5) { edges { node { title } } } } } } }"
            ),
            1 + 20 * (1 + (1 + 10 * (1 + 1)) + (1 + 5)),
        ),
        ("{ __schema { types { name } } }", 0),
    ],
)
def test_a_price_counts_the_objects_an_operation_may_bring(schema: GraphQLSchema, text: str, expected: int) -> None:
    assert cost(schema, text) == expected


def test_lists_without_pages_count_as_several(schema: GraphQLSchema) -> None:
    text = f"{{ community(code: {CODE}) {{ quota {{ citations {{ quote }} }} }} }}"
    assert cost(schema, text) == 2 + LIST_LENGTH


def test_fragments_and_conditions_are_priced_where_they_stand(schema: GraphQLSchema) -> None:
    plain = f"{{ community(code: {CODE}) {{ quota {{ posts }} }} }}"
    spread = f"{{ community(code: {CODE}) {{ ...C ... {{ name }} }} }} fragment C on Community {{ quota {{ posts }} }}"
    inline = '{ node(id: "x") { ... on Community { quota { posts } } ... on Issue { community { name } } } }'
    assert cost(schema, spread) == cost(schema, plain)
    assert cost(schema, inline) == 1 + 1 + 1


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ('{ nodes(ids: ["a", "b", "c"]) { id ... on Issue { community { name } } } }', {}, 3 * 2),
        ("query Q($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 100}, 100),
        ("query Q($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": "a"}, 1),
    ],
)
def test_nodes_are_priced_by_the_ids_asked(
    schema: GraphQLSchema, text: str, variables: dict[str, Any], expected: int
) -> None:
    assert cost(schema, text, variables) == expected


def test_page_sizes_may_come_from_variables_or_their_defaults(schema: GraphQLSchema) -> None:
    text = "query Q($n: Int = 7) { communities(first: $n) { nodes { name } } }"
    assert cost(schema, text) == 8
    assert cost(schema, text, {"n": 20}) == 21


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ communities { nodes { name } } }", {}),
        ("{ communities(first: 0) { nodes { name } } }", {}),
        ("{ communities(first: 101) { nodes { name } } }", {}),
        ("{ communities(first: -1) { nodes { name } } }", {}),
        ("{ communities(first: null) { nodes { name } } }", {}),
        ("query Q($n: Int) { communities(first: $n) { nodes { name } } }", {}),
        ("query Q($n: Int) { communities(first: $n) { nodes { name } } }", {"n": 101}),
        ("query Q($n: Int) { communities(first: $n) { nodes { name } } }", {"n": True}),
        ("query Q($n: Int) { communities(first: $n) { nodes { name } } }", {"n": "10"}),
    ],
)
def test_a_page_without_a_good_size_is_refused(schema: GraphQLSchema, text: str, variables: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as refused:
        cost(schema, text, variables)
    assert refused.value.code is Code.BAD_USER_INPUT
    assert refused.value.details == {"argument": "first", "maximum": 100}


def test_page_sizes_at_the_bounds_pass() -> None:
    assert (page_size(1), page_size(100)) == (1, 100)


def test_an_operation_over_its_budget_is_refused_with_both_numbers() -> None:
    afford(50_000, 50_000)
    with pytest.raises(GatewayError) as refused:
        afford(50_001, 50_000)
    assert refused.value.code is Code.COST_EXCEEDED
    assert refused.value.details == {"requestedQueryCost": 50_001, "maximumAvailable": 50_000}
