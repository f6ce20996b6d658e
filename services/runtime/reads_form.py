"""What one read asks: its form, which many requests share and which is checked once, and the values of one request."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, TypeVar

from services.kernel.errors import Malformed
from services.kernel.policy import BEIJING
from services.runtime.paging import cursor_unreadable, decode_cursor
from services.runtime.reads_schemas import MOST_FIELDS, MOST_KEYS, MOST_ROWS
from services.runtime.selection import Entity, Given, Order, Parse
from services.runtime.selection_sql import Selection, compile_selection, unknown

CACHED_SHAPES = 1024
VALUES = frozenset({
    "keys", "region", "authority", "on", "knownAt", "after", "before", "args", "where", "first", "last",
})  # fmt: skip
"""What differs between requests of one form."""

_TEXTS = frozenset({str})
Json: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


class Shapes:
    """The compiled selections of one service, by what decides their SQL."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Selection] = {}

    def of(self, entity: Entity, by: str, fields: tuple[str, ...], given: Given) -> Selection:
        """The compiled selection of a shape. Malformed `read.field_unknown`, `read.by_unknown`."""
        key = (entity.name, by, fields, given)
        found = self._known.get(key)
        if found is None:
            found = compile_selection(entity, by, fields, given)
            if len(self._known) >= CACHED_SHAPES:
                self._known.pop(next(iter(self._known)))
            self._known[key] = found
        return found


class Form:
    """A read without the values of a request; those that stand in it hold until a request gives others."""

    __slots__ = (
        "_by", "_entity_shapes", "_shapes", "args", "beyond", "count", "ends", "entity", "names", "rest", "source",
        "under", "where",
    )  # fmt: skip

    def __init__(self, shapes: Shapes, entity: Entity, read: Json) -> None:
        """Malformed for what is not of the form of a read, or names what the entity does not declare."""
        self.entity = entity
        self.names = _names(read)
        self.count, self.beyond = bool(read.get("count")), bool(read.get("beyond"))
        self.ends = read.get("ends") is not False
        self.under: int | None = read.get("under")
        self.source = read.get("source")
        if self.under is not None and not isinstance(self.source, str):
            raise no_source()
        self.rest = {name: value for name, value in read.items() if name in VALUES}
        self.args = args_of(entity, self.rest)
        self.where = where_of(entity, self.rest)
        self._by = read.get("by")
        self._entity_shapes = shapes
        self._shapes: dict[tuple[str, Given], Selection] = {}

    def by(self, read: Json) -> str:
        """The lookup that a read takes: a member `region` or `authority`, also null, makes a root page.

        Malformed `read.by_unknown`.
        """
        area = "region" if "region" in read else "authority" if "authority" in read else None
        by = area or self._by
        lookup = self.entity.lookups.get(by) if isinstance(by, str) else None
        if lookup is None or (lookup.ranges is None) != (area is None):
            raise unknown("by", str(by), self.entity, self.entity.lookups)
        return str(by)

    def selection(self, by: str, given: Given) -> Selection:
        """The compiled selection of the form's fields, for what is given."""
        found = self._shapes.get((by, given))
        if found is None:
            found = self._shapes[by, given] = self._entity_shapes.of(self.entity, by, self.names, given)
        return found


def args_of(entity: Entity, read: Json) -> dict[str, object]:
    """The arguments given, read. Malformed `read.arg_unknown`."""
    given = read.get("args")
    return _parsed(entity, "arg", entity.args, given) if given else {}


def where_of(entity: Entity, read: Json) -> dict[str, object]:
    """The filters given, read. Malformed `read.filter_unknown`."""
    given = read.get("where")
    return _parsed(entity, "filter", {n: one.parse for n, one in entity.filters.items()}, given) if given else {}


def _parsed(entity: Entity, part: str, known: Mapping[str, Parse], given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise malformed(part, "args 和 where 须为对象", "args and where are objects")
    for name in given:
        if name not in known:
            raise unknown(part, name, entity, known)
    return {name: known[name](value) for name, value in given.items() if value is not None}


def _names(read: Json) -> tuple[str, ...]:
    names = read.get("fields")
    if (
        not isinstance(names, list)
        or not 0 < len(names) <= MOST_FIELDS
        or not all(isinstance(one, str) for one in names)
    ):
        raise malformed("fields", f"fields 须为 1 至 {MOST_FIELDS} 个名称", f"fields are 1 to {MOST_FIELDS} names")
    return tuple(names)


def keys_of(read: Json) -> list[str]:
    """The keys of a read that takes them from no other. Malformed `read.keys`."""
    keys = read.get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not _TEXTS.issuperset(map(type, keys)):
        raise malformed("keys", f"keys 须为至多 {MOST_KEYS} 个文本", f"keys are at most {MOST_KEYS} texts")
    return keys


def page_of(read: Json) -> tuple[int, bool]:
    """The size of a page, and whether it is read backward. Malformed `read.page`."""
    first, last = read.get("first"), read.get("last")
    if (first is None) == (last is None):
        raise malformed("page", "first 和 last 必须且只能给一个", "give first or last, and not both")
    size = last if first is None else first
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MOST_ROWS:
        raise malformed("page", f"每页 0 至 {MOST_ROWS} 项", f"a page has 0 to {MOST_ROWS} items")
    return size, first is None


def cursor_key(cursor: str, order: Sequence[Order]) -> list[object]:
    """The sort key inside a cursor of such an order. Malformed `page.cursor`."""
    key = decode_cursor(cursor, *(one.kind for one in order))
    try:
        return [one.read(part) for one, part in zip(order, key or (), strict=True)]
    except ValueError:
        raise cursor_unreadable() from None


def text_of(value: object) -> str | None:
    """A text or nothing. Malformed `read.value`."""
    if value is None or isinstance(value, str):
        return value
    raise malformed("value", f"须为文本：{value!r:.60}", f"must be a text: {value!r:.60}")


def day_of(value: object) -> date:
    """A day; today without one. Malformed `read.on`."""
    if value is None:
        return datetime.now(BEIJING).date()
    return _read(date.fromisoformat, value, "on")


def instant_of(value: object) -> datetime | None:
    """An instant, in Beijing time without an offset. Malformed `read.knownAt`."""
    if value is None:
        return None
    return _read(_instant, value, "knownAt")


def _instant(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    return (at if at.tzinfo else at.replace(tzinfo=BEIJING)).astimezone(UTC)


def _read(parse: Callable[[str], T], value: object, name: str) -> T:
    try:
        return parse(text_of(value) or "")
    except (ValueError, OverflowError):
        raise malformed(name, f"{name} 无法读取：{value!r:.60}", f"{name} cannot be read: {value!r:.60}") from None


def check_under(reads: Sequence[Json]) -> None:
    """Malformed `read.under` unless every read hangs on an earlier one, if on any."""
    for at, read in enumerate(reads):
        under = read.get("under")
        if under is not None and (not isinstance(under, int) or isinstance(under, bool) or not 0 <= under < at):
            raise malformed("under", "under 须指向前面的读取", "under names an earlier read by its place")


def no_source() -> Malformed:
    """The refusal of a read under another that takes no field of it as its key."""
    return malformed("source", "source 须是上级读取的字段", "source names a field of the read above")


def malformed(part: str, zh: str, en: str) -> Malformed:
    """The refusal of one part of a read."""
    return Malformed(f"read.{part}", zh, en)
