"""Keyset pages: an opaque cursor that names the last row seen, so pages stay stable under inserts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from services.kernel.errors import Malformed

T = TypeVar("T")
MOST_IDS = 1000

Limit: TypeAlias = Annotated[int, Query(ge=1, le=1000, description="一页最多几条 / most items of a page")]
After: TypeAlias = Annotated[str | None, Query(max_length=512, description="上一页的 next / `next` of the page before")]


class Page(BaseModel, Generic[T]):
    """One page: its items, and the cursor of the following page (null on the last)."""

    items: list[T]
    next: str | None = Field(default=None, examples=["WyI1MzAxMTEwMDEwMDEiXQ"])


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
        raise _unreadable() from None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise _unreadable()
    if any((isinstance(part, int) and abs(part) >= 2**63) or (isinstance(part, str) and "\0" in part) for part in key):
        raise _unreadable()
    return tuple(key)


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], tuple[str | int, ...]]) -> tuple[list[T], str | None]:
    """The first `limit` rows and the next cursor; read `limit + 1` rows to know whether more follow."""
    items = list(rows[:limit])
    return items, encode_cursor(*key(items[-1])) if len(rows) > limit else None


def _unreadable() -> Malformed:
    return Malformed(
        "page.cursor",
        "分页游标无效，请使用上一页返回的 next，或从第一页重新开始。",
        "The cursor `after` cannot be read; use `next` of the page before, or start again without it.",
    )
