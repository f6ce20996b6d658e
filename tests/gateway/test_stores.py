"""A bounded store forgets what was asked for longest ago, by number and by weight."""

import pytest

from gateway.stores import Store


def test_a_store_keeps_what_was_used_last() -> None:
    made: list[int] = []
    store: Store[int, int] = Store(2)
    for key in (1, 2, 1, 3, 1, 2):
        store.get(key, lambda key=key: made.append(key) or key)
    assert made == [1, 2, 3, 2]


def test_heavy_things_make_room_for_each_other() -> None:
    store: Store[str, int] = Store(100, 10, lambda _, value: value)
    for key, weight in (("a", 4), ("b", 4), ("a", 4), ("c", 4)):
        assert store.get(key, lambda weight=weight: weight) == weight
    assert list(store.kept) == ["a", "c"]
    assert store.weight == 8
    store.get("d", lambda: 10)
    assert list(store.kept) == ["d"]
    assert store.get("too heavy", lambda: 11) == 11
    assert (list(store.kept), store.weight) == ([], 0)
    assert store.get("e", lambda: 1) == 1
    assert store.weight == 1


def test_what_cannot_be_made_is_not_kept() -> None:
    store: Store[str, int] = Store(2, 10, lambda _, value: value)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.get("a", fail)
    assert (len(store.kept), store.weight) == (0, 0)
    assert store.get("a", lambda: 1) == 1


def test_nothing_is_kept_in_a_store_for_nothing() -> None:
    store: Store[int, int] = Store(0)
    assert store.get(1, lambda: 2) == 2
    assert not store.kept
