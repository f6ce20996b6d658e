"""A method as the resolver of a field, with its type kept for the checker."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[F], F]:
    """The method answers a field of its name, described in Chinese and English."""
    return cast("Callable[[F], F]", strawberry.field(description=description))
