"""A method as the resolver of a field, with its type kept for the checker; a type filled from a wire form."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def resolved(description: str) -> Callable[[F], F]:
    """The method answers a field of its name, described in Chinese and English."""
    return cast("Callable[[F], F]", strawberry.field(description=description))


def alike(kind: type[T], out: object, **more: object) -> T:
    """An object of a type whose fields have the names of a service's answer, but for those in `more`."""
    names = (field.name for field in dataclasses.fields(cast("Any", kind)) if field.name not in more)
    return kind(**{name: getattr(out, name) for name in names}, **more)
