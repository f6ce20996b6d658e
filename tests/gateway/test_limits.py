import time
import tracemalloc

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from gateway.errors import Code, GatewayError
from gateway.limits import Limits, fragments_of, read, repeats
from tests.gateway.hostile import (
    HOSTILE,
    chain,
    circular_introspection,
    cycle,
    deep,
    doubling,
    many_aliases,
    many_directives,
    repeated,
)

LIMITS = Limits()


def refusal(text: str) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        read(text, LIMITS)
    return refused.value


@pytest.mark.parametrize("name", [name for name, (_, limit) in HOSTILE.items() if limit])
def test_a_hostile_document_is_refused_at_once_and_names_the_limit(name: str) -> None:
    text, limit = HOSTILE[name]
    started = time.process_time()
    refused = refusal(text)
    assert time.process_time() - started < 5  # what doubles takes minutes
    assert (refused.code, refused.details["limit"]) == (Code.LIMIT_EXCEEDED, limit)
    assert str(refused.details["maximum"]) in refused.zh
    assert str(refused.details["maximum"]) in refused.en


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_takes_little_memory(name: str) -> None:
    text, limit = HOSTILE[name]
    tracemalloc.start()
    try:
        if limit:
            refusal(text)
        else:
            read(text, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_time_grows_with_the_document_not_with_what_it_spells() -> None:
    def seconds(levels: int) -> float:
        started = time.process_time()
        for _ in range(20):
            refusal(doubling(levels))
        return time.process_time() - started

    assert seconds(18) < 10 * seconds(12)


@pytest.mark.parametrize(
    "text",
    [
        many_aliases(15),
        many_directives(50),
        doubling(10),
        chain(15),
        get_introspection_query(),
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        ),
        "{ __typename }",
        circular_introspection(3),
        "query A { __typename } query B { a: __typename }",
        repeated(32),
    ],
)
def test_a_document_at_the_limit_passes(text: str) -> None:
    assert read(text, LIMITS).definitions


def test_depth_counts_fields_that_select_others() -> None:
    assert read(deep(9), LIMITS)
    assert refusal(deep(10)).details["limit"] == "depth"


def test_a_fragment_counts_as_often_as_it_is_spread() -> None:
    fragment = "fragment F on Query { a: __typename b: __typename c: __typename d: __typename }"
    assert read("{ ...F ...F ...F } " + fragment, LIMITS)
    assert refusal("{ ...F ...F ...F ...F } " + fragment).details["limit"] == "aliases"


def test_an_unused_fragment_is_measured_too() -> None:
    refused = refusal("{ __typename } fragment F on Query " + many_aliases(16))
    assert refused.details["limit"] == "aliases"


def test_directives_count_wherever_they_stand() -> None:
    skip = "@skip(if: false) " * 20
    text = f"query Q {skip} {{ ... {skip} {{ __typename }} ...F }} fragment F on Query {skip} {{ __typename }}"
    assert refusal(text).details["limit"] == "directives"


@pytest.mark.parametrize("length", [1, 2, 12, 30])
def test_rings_of_fragments_are_refused(length: int) -> None:
    assert refusal(cycle(length)).code is Code.GRAPHQL_VALIDATION_FAILED


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("{ a b c }", 0),
        ("{ a a a }", 3),
        ("{ a x: a a: b }", 1),
        ("{ a { c } b { c } }", 0),
        ("{ a { c } a { c c } }", 1 + 3),
        ("{ a { c } ... { a { c } } ...F } fragment F on Q { a { c } }", 3 + 3),
        ("{ a { ...F ...F ... { ...F } } } fragment F on Q { c }", 0),
        ("{ a { ...F } b { ...F } ...G } fragment F on Q { c }", 0),
    ],
)
def test_pairs_of_one_name_are_counted_where_they_merge(text: str, pairs: int) -> None:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert repeats([operation.selection_set], fragments_of(document)) == pairs


def test_a_spread_of_nothing_is_left_to_the_validator() -> None:
    assert read("{ ...Missing }", LIMITS).definitions


@pytest.mark.parametrize("text", ["{", "{ a(", 'query { a(b: "', "}", "{ community { } }", "\x00"])
def test_text_that_is_not_graphql_is_told_with_its_place(text: str) -> None:
    refused = refusal(text)
    assert refused.code is Code.GRAPHQL_PARSE_FAILED
    assert refused.details["locations"]
