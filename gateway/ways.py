"""The way to the sparse reads of a service: what is asked there, and what comes back."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from services.runtime.reads_shared import Answer


@dataclass(frozen=True, slots=True)
class Reply:
    """The answers of a request, one per read, and whether the whole text had any null."""

    answers: list[Answer]
    nulls: bool


@dataclass(slots=True)
class Ask:
    """A request: the same start each time, a value per read, and the keys of the reads that stand under no other."""

    head: bytes
    values: list[dict[str, Any]]
    keys: list[Sequence[Any] | None]
    above: list[int | None]  # the place of the read that a read stands under

    def given(self, keys: Sequence[Sequence[Any] | None]) -> list[dict[str, Any]]:
        """The values with these keys."""
        return [value if one is None else {**value, "keys": one} for value, one in zip(self.values, keys, strict=True)]

    def body(self, keys: Sequence[Sequence[Any] | None]) -> bytes:
        """The request's text, for these keys."""
        return self.head + orjson.dumps(self.given(keys)) + b"}"

    @property
    def keyed(self) -> bool:
        """Whether every read has keys."""
        return all(keys is not None or above is not None for keys, above in zip(self.keys, self.above, strict=True))

    @property
    def rows(self) -> int:
        """How many rows it may bring at most."""
        found: list[int] = []
        for value, keys, above in zip(self.values, self.keys, self.above, strict=True):
            size: int = value.get("first") or value.get("last") or 1
            found.append(size * (found[above] if keys is None and above is not None else len(keys or ())))
        return sum(found)


class Way(Protocol):
    """The way to the sparse reads of one service under one caller's token."""

    def ask(self, ask: Ask, end: float) -> Awaitable[Reply]:
        """The reply of POST /v1/reads.

        Raises ServiceError, Unreadable, and TimeoutError at the `end` of the request's time.
        """
