"""Questions joined and their answers parted: whatever the keys, each gets what it would get alone."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from services.runtime.reads_shared import Answer, Unreadable, Values, as_one, joined, parted

ABOVE = [None, 0, 1, None]


async def service(values: Values) -> list[Answer]:
    """Rows by key, a page under each, a row under each of those; and a page by key."""
    keys, others = values[0]["keys"], values[3]["keys"]
    if "bad" in (*keys, *others):
        return [{"error": {}}] * 4
    rows = [None if key == "none" else [key] for key in keys]
    pages = [None if row is None else {"rows": [[f"{row[0]}{at}"] for at in range(len(row[0]))]} for row in rows]
    under = [[row[0] * 2] for page in pages if page is not None for row in page["rows"]]
    return [{"rows": rows}, {"pages": pages}, {"rows": under}, {"pages": [{"rows": [[key]]} for key in others]}]


def question(rng: Random, words: Sequence[str]) -> list[dict[str, Any]]:
    """Keys by chance, doubles and ones that are not there among them."""
    first, last = ([rng.choice(words) for _ in range(rng.randrange(4))] for _ in range(2))
    return [{"keys": first, "on": "x"}, {"first": 3}, {}, {"keys": last}]


async def test_whatever_is_asked_together_is_answered_as_alone() -> None:
    rng = Random(20261122)
    calls = 0

    async def counted(values: Values) -> list[Answer]:
        nonlocal calls
        calls += 1
        return await service(values)

    for turn in range(200):
        words = ("a", "bb", "none", "ccc", "bad") if turn % 5 == 0 else ("a", "bb", "none", "ccc")
        values = [question(rng, words) for _ in range(rng.randrange(1, 6))]
        alone = [await service(one) for one in values]
        calls = 0
        assert await as_one(ABOVE, values, counted) == alone
        refused = any("error" in answer for answers in alone for answer in answers)
        assert calls == (1 if not refused or len(values) == 1 else 1 + len(values))


def test_keys_are_joined_read_by_read() -> None:
    assert joined([[["a"], None], [[], None], [["b", "a"], None]]) == [["a", "b", "a"], None]


@pytest.mark.parametrize(
    "answers",
    [
        [{"rows": [1, 2]}, {"pages": []}],
        [{"rows": [1, 2, 3, 4]}, {"pages": [None] * 4}],
        [{"rows": [1, 2, 3]}, {"pages": [None] * 2}],
        [{"pages": [{}, {}, {}]}, {"rows": []}],
        [{}, {"rows": []}],
        [{"rows": [1, 2, 3]}, {"rows": 3}],
    ],
)
def test_answers_that_do_not_fit_are_unreadable(answers: list[Answer]) -> None:
    with pytest.raises(Unreadable):
        parted([[["a"], None], [["b", "c"], None]], [None, 0], answers)
