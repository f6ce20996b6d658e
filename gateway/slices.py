"""A page as a service answered it, before GraphQL frames it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class PageOf(Generic[T]):
    """A page as a service answered it, whether items come before and after it, and how many in all when counted."""

    items: Sequence[T]
    earlier: bool
    later: bool
    total: int | None = None
