"""Several questions asked as one, alike but for their keys; the answers parted again, each one's as if asked alone."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

Answer: TypeAlias = dict[str, Any]
Keys: TypeAlias = Sequence[Any] | None
"""The keys of a read; None for one that takes them from the rows of a read above."""
Values: TypeAlias = Sequence[Mapping[str, Any]]
"""The values of each read of one question."""


class Unreadable(Exception):
    """Answers that do not fit what was asked."""


def joined(keys: Sequence[Sequence[Keys]]) -> list[list[Any] | None]:
    """The keys of each read, of all questions one after the other."""
    return [None if each[0] is None else list(chain(*each)) for each in zip(*keys, strict=True)]


def parted(
    keys: Sequence[Sequence[Keys]], above: Sequence[int | None], answers: Sequence[Answer]
) -> list[list[Answer]]:
    """The answers of each question; `above` is the place of the read that a read takes its keys from.

    Raises Unreadable for answers that are more or fewer than the keys, or none at all.
    """
    taken = [0] * len(answers)
    parts = [_part(one, above, answers, taken) for one in keys]
    if taken != [len(_listed(answer)[1]) for answer in answers]:
        raise Unreadable
    return parts


async def as_one(
    above: Sequence[int | None], values: Sequence[Values], ask: Callable[[Values], Awaitable[list[Answer]]]
) -> list[list[Answer]]:
    """What each of several questions is answered, asked as one; one by one when a refusal may be meant for one alone.

    Their values are alike but for `keys`, which every read has that stands under no other.
    """
    if len(values) > 1:
        keys = [[value.get("keys") for value in one] for one in values]
        together = [
            value if own is None else {**value, "keys": own} for value, own in zip(values[0], joined(keys), strict=True)
        ]
        answers = await ask(together)
        if not any("error" in answer for answer in answers):
            return parted(keys, above, answers)
    return [await ask(one) for one in values]


def _part(
    keys: Sequence[Keys], above: Sequence[int | None], answers: Sequence[Answer], taken: list[int]
) -> list[Answer]:
    """One question's part; `taken` is how many of each read's answers went to questions before."""
    mine: list[Answer] = []
    for at, (own, under) in enumerate(zip(keys, above, strict=True)):
        name, found = _listed(answers[at])
        count = len(own) if own is not None else 0 if under is None else _rows_in(mine[under])
        mine.append({name: found[taken[at] : taken[at] + count]})
        taken[at] += count
    return mine


def _listed(answer: Answer) -> tuple[str, list[Any]]:
    """What an answer holds, one per key: rows or pages."""
    for name in ("rows", "pages"):
        found = answer.get(name)
        if isinstance(found, list):
            return name, found
    raise Unreadable


def _rows_in(answer: Answer) -> int:
    """How many keys an answer gives to what stands under it."""
    name, found = _listed(answer)
    if name == "rows":
        return len(found)
    try:
        return sum(len(page["rows"]) for page in found if page is not None)
    except (KeyError, TypeError):
        raise Unreadable from None
