"""Relay's frame around a page: connections, edges, cursors and opaque global identifiers."""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from gateway.costs import Window
from gateway.errors import Code, GatewayError
from gateway.slices import PageOf
from gateway.types.fields import resolved
from services.kernel.errors import Malformed
from services.runtime.paging import decode_cursor

T = TypeVar("T")
W = TypeVar("W")


@strawberry.interface(description="有全局标识、可用 node 重新读取的对象 An object with a global id")
class Node:
    """Anything with a global id."""

    id: strawberry.ID = strawberry.field(description="不透明的全局唯一标识 The opaque global identifier")


def global_id(kind: str, key: str) -> strawberry.ID:
    """The opaque identifier of one object of a kind."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("="))


def parse_global_id(text: str) -> tuple[str, str] | None:
    """The kind and key of an identifier this gateway made; None for any other text."""
    try:
        kind, _, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        canonical = str(UUID(key)) == key and global_id(kind, key) == text
    except ValueError:  # not base64, not UTF-8, or no identifier behind the colon
        return None
    return (kind, key) if canonical else None


@strawberry.type(description="分页信息 Where a page stands in its list")
class PageInfo:
    """Where a page stands."""

    has_next_page: bool = strawberry.field(description="后面是否还有 Whether more follow")
    has_previous_page: bool = strawberry.field(description="前面是否还有 Whether some come before")
    start_cursor: str | None = strawberry.field(description="首项的游标 The cursor of the first item")
    end_cursor: str | None = strawberry.field(
        description="末项的游标，用作 after The cursor of the last item, for `after`"
    )


@strawberry.type(description="列表中的一项 An item of a list with its cursor")
class Edge(Generic[T]):
    """An item and its cursor."""

    cursor: str = strawberry.field(description="本项的游标 The cursor of the item")
    node: T = strawberry.field(description="本项 The item")


@strawberry.type(description="一页 A page of a list")
class Connection(Generic[T]):
    """A page."""

    edges: list[Edge[T]] = strawberry.field(description="带游标的各项 The items with their cursors")
    page_info: PageInfo = strawberry.field(description="分页信息 Where the page stands")
    total: strawberry.Private[int | None] = None

    @resolved("全列表的项数，不论分页 How many items the whole list has, whatever the page")
    def total_count(self) -> int:
        if self.total is None:
            raise ValueError("the list was not counted")
        return self.total

    @resolved("不带游标的各项 The items without their cursors")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


def connection(page: PageOf[W], cursor: Callable[[W], str], node: Callable[[W], T]) -> Connection[T]:
    """A page of nodes with the cursor of each."""
    items = [(cursor(one), node(one)) for one in page.items]
    info = PageInfo(
        has_next_page=page.later,
        has_previous_page=page.earlier,
        start_cursor=items[0][0] if items else None,
        end_cursor=items[-1][0] if items else None,
    )
    return Connection(edges=[Edge(cursor=at, node=node) for at, node in items], page_info=info, total=page.total)


def counts(chosen: Iterable[Selection]) -> bool:
    """Whether a connection's selections ask for its `totalCount`, also in fragments."""
    return any(one.name == "totalCount" if isinstance(one, SelectedField) else counts(one.selections) for one in chosen)


def sliced(items: Sequence[W], key: Callable[[W], str], asked: Window) -> PageOf[W]:
    """A page of a list that is known as a whole, ordered by `key`, which is what cursors hold.

    Raises GatewayError BAD_USER_INPUT for a cursor of another list.
    """
    try:
        found = decode_cursor(asked.cursor, str)
    except Malformed as refused:
        raise GatewayError(Code.BAD_USER_INPUT, refused.zh, refused.en, argument="after") from None
    keys = [key(one) for one in items]
    if asked.backward:
        end = bisect_left(keys, found[0]) if found else len(items)
        start = max(0, end - asked.size)
    else:
        start = bisect_right(keys, found[0]) if found else 0
        end = min(len(items), start + asked.size)
    return PageOf(items[start:end], earlier=start > 0, later=end < len(items), total=len(items))
