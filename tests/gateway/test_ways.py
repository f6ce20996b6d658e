"""What goes out for a request: its text, how many rows it may bring, and whether all of it has keys."""

import orjson
import pytest

from gateway.ways import Ask

HEAD = b'{"reads":[],"values":'


def test_keys_stand_with_the_values_of_their_reads() -> None:
    ask = Ask(HEAD, [{"on": "2026-01-01"}, {"first": 5}], [["a", "b"], None], [None, 0])
    assert orjson.loads(ask.body(ask.keys))["values"] == [{"on": "2026-01-01", "keys": ["a", "b"]}, {"first": 5}]
    assert ask.values == [{"on": "2026-01-01"}, {"first": 5}]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ([{}, {}, {}], 2 + 2 + 2),
        ([{"first": 3}, {}, {"last": 2}], 6 + 6 + 12),
        ([{}, {"last": 10}, {}], 2 + 20 + 20),
    ],
)
def test_rows_are_counted_down_from_the_keys(values: list[dict[str, int]], rows: int) -> None:
    assert Ask(HEAD, values, [["a", "b"], None, None], [None, 0, 1]).rows == rows


def test_a_page_by_region_has_no_keys() -> None:
    assert Ask(HEAD, [{}, {}], [["a"], None], [None, 0]).keyed
    assert not Ask(HEAD, [{"region": None}, {}], [None, None], [None, 0]).keyed
