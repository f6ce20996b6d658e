"""What a plan asks of the services: reads, the keys they are asked for, and the answers by key.

Arguments stand as numbers: places in the plan's list of slots, whose values each request finds anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from gateway.costs import Window
from gateway.plan.slots import Unplanned

Row: TypeAlias = list[Any]
Found: TypeAlias = dict[Any, Any]  # the answer of a read: a row or a page by its key
Values: TypeAlias = Sequence[Any]  # of the plan's slots, in one request
MOST_KEYS = 10_000  # of one read, as the services take them


class BadAnswer(Exception):
    """An answer that is not what was asked for: the service counts as away."""


@dataclass(frozen=True)
class Given:
    """One key, an argument of the document."""

    slot: int


@dataclass(frozen=True)
class OfKind:
    """The keys of those global ids that are of one kind."""

    slot: int
    kind: str


@dataclass(frozen=True)
class Area:
    """No keys: one page of a region, of an authority, or of all that the caller may see."""

    region: int
    authority: int

    def body(self, values: Values) -> dict[str, Any]:
        """The area on the wire. Raises Unplanned for two areas, which the ordinary read refuses in its own words."""
        region, authority = values[self.region], values[self.authority]
        if region is not None and authority is not None:
            raise Unplanned("areas")
        return {"region": region} if authority is None else {"authority": authority}


@dataclass(frozen=True)
class ColumnOf:
    """The values of a column of another read's rows."""

    read: int
    column: str


Keys: TypeAlias = Given | OfKind | Area | ColumnOf


@dataclass(frozen=True)
class Question:
    """What makes two reads the same: all but the fields. `window` is which page, for a read with many rows a key."""

    service: str
    entity: str
    by: str | None
    keys: Keys
    moment: tuple[int, int]
    args: tuple[tuple[str, int], ...] = ()
    where: tuple[tuple[str, int], ...] = ()
    window: int | None = None


@dataclass
class Read:
    """One read of a plan: a question, the columns it needs, and the level of the document it belongs to."""

    index: int
    question: Question
    level: int
    columns: dict[str, int] = field(default_factory=dict)
    firm: set[int] = field(default_factory=set)  # places that may not be null
    counts: bool = False
    looks_back: bool = False  # whether items come before the page matters
    looks_on: bool = False  # whether items follow the page matters
    ends: bool = False  # whether the cursors of a page's ends matter
    compulsory: bool = False  # a key without a row is an error

    def column(self, name: str, *, firm: bool = False) -> int:
        """Where a column stands in a row; it is asked for from now on, and may not be null when `firm`."""
        place = self.columns.setdefault(name, len(self.columns))
        if firm:
            self.firm.add(place)
        return place

    @property
    def parent(self) -> int | None:
        """The read whose rows give the keys, if any."""
        keys = self.question.keys
        return keys.read if isinstance(keys, ColumnOf) else None

    def form(self, *, beyond: bool) -> dict[str, Any]:
        """What every request says of the read; what is not so is left out."""
        asked = self.question
        form: dict[str, Any] = {"entity": asked.entity, "fields": list(self.columns)}
        if asked.by is not None:
            form["by"] = asked.by
        if asked.window is not None:
            if not self.ends:
                form["ends"] = False
            if self.counts:
                form["count"] = True
            if beyond:
                form["beyond"] = True
        return form

    def given(self, values: Values) -> dict[str, Any]:
        """What this request says of the read, but for its keys; what is not given is left out. Raises Unplanned."""
        asked, given = self.question, {}
        for name, slot in zip(("on", "knownAt"), asked.moment, strict=True):
            if values[slot] is not None:
                given[name] = values[slot]
        for name, arguments in (("args", asked.args), ("where", asked.where)):
            if arguments and (named := chosen(arguments, values)):
                given[name] = named
        if asked.window is not None:
            window: Window = values[asked.window]
            given["last" if window.backward else "first"] = window.size
            if window.cursor is not None:
                given["before" if window.backward else "after"] = window.cursor
        if isinstance(asked.keys, Area):
            given |= asked.keys.body(values)
        return given

    def beyond(self, values: Values) -> bool:
        """Whether this request wants to know of rows on the other side of its cursor."""
        at = self.question.window
        if at is None or not (self.looks_on or self.looks_back) or values[at].cursor is None:
            return False
        return self.looks_on if values[at].backward else self.looks_back

    def keys(self, values: Values) -> list[Any]:
        """The keys of a read that depends on no other."""
        keys = self.question.keys
        if isinstance(keys, Given):
            return [values[keys.slot]]
        if isinstance(keys, OfKind):
            ids = values[keys.slot]
            return list(dict.fromkeys(key for kind, key in ids if kind == keys.kind)) if isinstance(ids, list) else []
        return [None]

    def column_of(self, name: str, found: Found) -> list[Any]:
        """The distinct values of a column of this read's answer, in the order of its rows. Raises Unplanned."""
        place = self.columns[name]
        keys = list(dict.fromkeys([row[place] for row in self.rows(found)]))
        if len(keys) > MOST_KEYS:
            raise Unplanned("keys")
        return keys

    def rows(self, found: Found) -> list[Row]:
        """All rows of an answer, in order."""
        if self.question.window is not None:
            return [row for page in found.values() if page is not None for row in page["rows"]]
        return [row for row in found.values() if row is not None]

    def aligned(self, name: str, wire: Mapping[str, Any]) -> list[Any]:
        """The values of a column as the service takes them for a read under this one: one per row, None for no row."""
        place = self.columns[name]
        if self.question.window is None:
            return [None if row is None else row[place] for row in wire["rows"]]
        return [row[place] for page in wire["pages"] if page is not None for row in page["rows"]]

    def answer(self, wire: Mapping[str, Any], keys: Sequence[Any], *, nulls: bool) -> Found:
        """A service's answer by key. Raises BadAnswer for one that does not fit the question.

        `nulls`: whether the reply has any null at all; its text tells that faster than its rows.
        """
        try:
            if self.question.window is None:
                self.check(wire["rows"], nulls=nulls)
                return dict(zip(keys, wire["rows"], strict=True))
            for page in wire["pages"]:
                if page is not None:
                    self.check(page["rows"], nulls=nulls)
                    if self.counts and not isinstance(page["total"], int):
                        raise BadAnswer
            return dict(zip(keys, wire["pages"], strict=True))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadAnswer from error

    def check(self, rows: Sequence[Row | None], *, nulls: bool) -> None:
        """Raise BadAnswer for a row of another length, or a null that may not be. By whole columns: rows are many."""
        found = [row for row in rows if row is not None] if nulls else cast("Sequence[Row]", rows)
        if found and set(map(len, found)) != {len(self.columns)}:
            raise BadAnswer
        with_nulls = [row for row in found if None in row] if nulls else []
        if with_nulls and any(None in [row[at] for row in with_nulls] for at in self.firm):
            raise BadAnswer


def chosen(names: Sequence[tuple[str, int]], values: Values) -> dict[str, Any]:
    """Arguments that are given, by name."""
    return {name: values[slot] for name, slot in names if values[slot] is not None}
