"""Keyset pages: an opaque cursor that names a row seen, so pages stay stable under inserts, forwards and backwards."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from services.kernel.errors import Malformed

T = TypeVar("T")
U = TypeVar("U")
MOST_IDS = 1000

Limit: TypeAlias = Annotated[int, Query(ge=1, le=1000, description="一页最多几条 / most items of a page")]
After: TypeAlias = Annotated[str | None, Query(max_length=512, description="上一页的 next / `next` of the page before")]

Before: TypeAlias = Annotated[
    str | None,
    Query(max_length=512, description="下一页的 previous / `previous` of the page after: the items before it"),
]
Last: TypeAlias = Annotated[
    bool, Query(description="从末尾取，与 before 同用或单用 / the list's last items, or the last ones before `before`")
]
NextCursor: TypeAlias = Annotated[
    str | None,
    Field(
        description="用作 after，后面没有时为空 / for `after`, null when nothing follows", examples=["WyI1MzAxMTEiXQ"]
    ),
]
PreviousCursor: TypeAlias = Annotated[
    str | None, Field(description="用作 before，前面没有时为空 / for `before`, null when nothing precedes")
]
Total: TypeAlias = Annotated[int | None, Field(description="全列表的项数 / items of the whole list, where counted")]


class Page(BaseModel, Generic[T]):
    """One page: its items, and the cursor of the following page (null on the last)."""

    items: list[T]
    next: str | None = Field(default=None, examples=["WyI1MzAxMTEwMDEwMDEiXQ"])


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list: at most `limit` items after a key; or, backward, before it; without a key from an end."""

    limit: int
    key: tuple[Any, ...] | None = None
    backward: bool = False
    cursor: str | None = None

    def inside(
        self, *columns: ColumnElement[Any] | InstrumentedAttribute[Any], descending: bool = False
    ) -> list[ColumnElement[bool]]:
        """The rows the page is taken from, of a list ordered by the columns."""
        if self.key is None:
            return []
        row, key = tuple_(*columns), tuple_(*self.key)
        return [row < key if self.backward != descending else row > key]

    def beyond(
        self, *columns: ColumnElement[Any] | InstrumentedAttribute[Any], descending: bool = False
    ) -> list[ColumnElement[bool]]:
        """The rows on the other side of the key, its own row among them; none without a key."""
        if self.key is None:
            return []
        row, key = tuple_(*columns), tuple_(*self.key)
        return [row >= key if self.backward != descending else row <= key]

    def slice(self, rows: Sequence[T], *, beyond: bool, total: int | None = None) -> "Slice[T]":
        """The page out of up to `limit + 1` rows read in the window's direction; `beyond`: is there a row beyond."""
        items, more = list(rows[: self.limit]), len(rows) > self.limit
        if self.backward:
            items.reverse()
        earlier, later = (more, beyond) if self.backward else (beyond, more)
        return Slice(items, earlier, later, total, self.cursor)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A page in the list's order, and whether items lie before and after it; `total` counts the whole list."""

    items: list[T]
    earlier: bool
    later: bool
    total: int | None = None
    cursor: str | None = None

    def of(self, items: list[U]) -> "Slice[U]":
        """The same place in the list with its items made into something else."""
        return Slice(items, self.earlier, self.later, self.total, self.cursor)

    def links(self, key: Callable[[T], tuple[str | int, ...]]) -> dict[str, str | None]:
        """`next` and `previous`; on an empty page both are the cursor it was asked with, where items lie there."""
        first, last = (encode_cursor(*key(self.items[at])) if self.items else self.cursor for at in (0, -1))
        return {"next": last if self.later else None, "previous": first if self.earlier else None}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list a request asks: `after` a cursor, or backwards with `before` or `last=true`."""

    after: After = None
    before: Before = None
    last: Last = False

    def is_backward(self) -> bool:
        """Whether the items before a cursor or the last ones are asked for. Malformed `page.both`."""
        backward = self.last or self.before is not None
        if backward and self.after is not None:
            raise Malformed(
                "page.both",
                "after 不能与 before 或 last 同用",
                "`after` does not go with `before` or `last`",
            )
        return backward

    def window(self, limit: int, *kinds: type[str] | type[int]) -> Window:
        """The window of at most `limit` items. Malformed `page.cursor`, `page.both`."""
        backward = self.is_backward()
        cursor = self.before if backward else self.after
        return Window(limit, decode_cursor(cursor, *kinds), backward, cursor)


PlaceDep: TypeAlias = Annotated[Place, Depends()]


def encode_cursor(*key: str | int) -> str:
    """The sort key of a row as an opaque, URL-safe text."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: type[str] | type[int]) -> tuple[Any, ...] | None:
    """The sort key inside a cursor, one value per kind; None for None; Malformed `page.cursor` for anything else."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise cursor_unreadable() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise cursor_unreadable()
    if any((isinstance(part, int) and abs(part) >= 2**63) or (isinstance(part, str) and "\0" in part) for part in key):
        raise cursor_unreadable()
    return tuple(key)


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], tuple[str | int, ...]]) -> tuple[list[T], str | None]:
    """The first `limit` rows and the next cursor; read `limit + 1` rows to know whether more follow."""
    items = list(rows[:limit])
    return items, encode_cursor(*key(items[-1])) if len(rows) > limit else None


def cursor_unreadable() -> Malformed:
    """The refusal of a cursor that is not of the list it is sent to."""
    return Malformed(
        "page.cursor",
        "分页游标无效，请使用某一页返回的 next 或 previous，或从第一页重新开始。",
        "The cursor cannot be read; use `next` or `previous` of a page, or start again without it.",
    )
