"""Prices remembered by what decides them are the prices found anew."""

import pytest
from graphql import parse

from gateway.costs import price
from gateway.errors import GatewayError
from gateway.prices import MOST_PRICES, Prices
from gateway.schema import build

SCHEMA = build().core
PAGES = parse("""
query A($n: Int, $code: DivisionCode!) { community(code: $code) { ...Page } communities(first: $n) { nodes { id } } }
query B($n: Int) { communities(last: $n) { nodes { id } } }
fragment Page on Community { workers(first: $n) { nodes { id } } }
""")
IDS = parse("query($ids: [ID!]!) { nodes(ids: $ids) { id } }")
A, B = PAGES.definitions[:2]


def test_each_operation_and_page_size_has_its_own_price() -> None:
    prices = Prices(PAGES)
    for _ in range(2):
        for operation in (A, B):
            for size in (1, 5, 100):
                given = {"n": size, "code": "530111001011"}
                assert prices.of(SCHEMA, operation, given) == price(SCHEMA, PAGES, operation, given)


def test_other_values_do_not_decide() -> None:
    prices = Prices(PAGES)
    first = prices.of(SCHEMA, A, {"n": 5, "code": "530111001011"})
    assert prices.of(SCHEMA, A, {"n": 5, "code": "320402001001"}) == first
    assert len(prices._known) == 1


def test_the_length_of_a_list_decides() -> None:
    prices = Prices(IDS)
    (operation,) = IDS.definitions
    assert prices.of(SCHEMA, operation, {"ids": ["a"]}) < prices.of(SCHEMA, operation, {"ids": ["a", "b"]})
    assert prices.of(SCHEMA, operation, {"ids": "a"}) == price(SCHEMA, IDS, operation, {"ids": "a"})


@pytest.mark.parametrize("size", [None, True, 1.0, "1", 0, 101])
def test_a_bad_size_is_refused_every_time(size: object) -> None:
    prices = Prices(PAGES)
    prices.of(SCHEMA, B, {"n": 1})
    for _ in range(2):
        with pytest.raises(GatewayError):
            prices.of(SCHEMA, B, {"n": size})
    with pytest.raises(GatewayError):
        prices.of(SCHEMA, B, {})


def test_what_is_remembered_is_bounded() -> None:
    prices = Prices(IDS)
    (operation,) = IDS.definitions
    for length in range(MOST_PRICES + 10):
        prices.of(SCHEMA, operation, {"ids": ["a"] * length})
    assert len(prices._known) == MOST_PRICES
