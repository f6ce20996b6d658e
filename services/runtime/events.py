"""Committed events of a service: which of them a reader wants, pages of them, and their CloudEvents form."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import Conflict, Malformed
from services.kernel.region import subtree
from services.runtime.rls import Scope, merge

PAGE = 500
DIGITS = 19
_WANTED = text(
    """
    SELECT position, id, type, subject, region, time, data::text AS data FROM outbox
    WHERE position > greatest(:after, (SELECT position FROM outbox_purged)) AND position <= :upto
      AND (CAST(:types AS text[]) IS NULL OR type = ANY (CAST(:types AS text[])))
      AND (CAST(:subjects AS text[]) IS NULL OR subject = ANY (CAST(:subjects AS text[])))
      AND region >= :lo AND region < :hi
      AND (CAST(:los AS text[]) IS NULL OR EXISTS (
          SELECT FROM unnest(CAST(:los AS text[]), CAST(:his AS text[])) AS part (lo, hi)
          WHERE region >= part.lo AND region < part.hi))
    ORDER BY position LIMIT :limit
    """
)
FOLLOWING = """
SELECT position, id, type, subject, region, time, data::text AS data,
       (SELECT position FROM outbox_purged) AS purged
FROM outbox WHERE position > $1 ORDER BY position LIMIT $2
"""
LATEST = "SELECT greatest(0, (SELECT max(position) FROM outbox), (SELECT position FROM outbox_purged))"
_PURGED = text("SELECT position FROM outbox_purged")
_COLUMNS = ("position", "id", "type", "subject", "region", "time", "data")


@dataclass(frozen=True)
class Event:
    """A committed event; `data` is JSON text."""

    position: int
    id: UUID
    type: str
    subject: str
    region: str
    time: datetime
    data: str

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "Event":
        """From a row of either reader."""
        return cls(*(row[name] for name in _COLUMNS))

    @property
    def sequence(self) -> str:
        """The position as a text whose order is that of the events."""
        return sequence_of(self.position)

    def cloud(self, source: str) -> bytes:
        """The event as CloudEvents 1.0 JSON, with `sequence` and `region`; written once for all readers."""
        kept: bytes | None = self.__dict__.get("_cloud")
        if kept is None:
            kept = self.__dict__["_cloud"] = self._write(source)
        return kept

    def _write(self, source: str) -> bytes:
        head = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": f"/{source}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "dataschema": f"/openapi.json#/webhooks/{self.type}",
            "sequence": self.sequence,
            "region": self.region,
            "data": orjson.Fragment(self.data),
        }
        return orjson.dumps(head)


@dataclass(frozen=True)
class Wanted:
    """Which events: within these ranges of regions, of these types, about these subjects (None: all)."""

    scope: Scope
    types: tuple[str, ...] | None = None
    subjects: tuple[str, ...] | None = None


def within(scope: Scope, regions: Sequence[str] | None) -> Scope:
    """The part of a scope that lies in any of some divisions; all of it without any."""
    if regions is None:
        return scope
    parts = merge([subtree(region) for region in regions])
    return merge([(max(lo, low), min(hi, high)) for lo, hi in parts for low, high in scope])


def sequence_of(position: int) -> str:
    """A position as readers know it."""
    return f"{position:0{DIGITS}d}"


def position_of(sequence: str) -> int:
    """The position of a sequence; Malformed `events.sequence` for any other text."""
    if sequence.isascii() and sequence.isdigit() and len(sequence) <= DIGITS and int(sequence) < 2**63:
        return int(sequence)
    raise Malformed(
        "events.sequence",
        "序号无法读取，请使用事件的 sequence（即 SSE 的 id）。",
        "The sequence cannot be read; give the `sequence` of an event, which is the `id` of the stream.",
    )


async def page(session: AsyncSession, wanted: Wanted, after: int | None, upto: int, limit: int = PAGE) -> list[Event]:
    """At most `limit` committed events after one position up to another, in order, as the session's scope allows.

    Without `after` they begin with the oldest kept. Conflict `events.sequence_purged` when one after it is gone.
    """
    if not wanted.scope:
        return []
    values = {
        "after": after or 0,
        "upto": upto,
        "limit": limit,
        "types": _listed(wanted.types),
        "subjects": _listed(wanted.subjects),
        "lo": wanted.scope[0][0],
        "hi": wanted.scope[-1][1],
        "los": [lo for lo, _ in wanted.scope] if len(wanted.scope) > 1 else None,  # else `lo` and `hi` say it all
        "his": [hi for _, hi in wanted.scope],
    }
    found = [Event.of(row) for row in (await session.execute(_WANTED, values)).mappings()]
    if after is not None:
        await check_kept(session, after)  # last: what goes after this was still there to be read
    return found


async def latest(session: AsyncSession) -> int:
    """The position of the last committed event that the session's scope shows, purged ones too; 0 before the first."""
    found: int = (await session.execute(text(LATEST))).scalar_one()
    return found


async def check_kept(session: AsyncSession, after: int) -> None:
    """Raises Conflict `events.sequence_purged` when an event after the position is kept no more."""
    purged: int | None = (await session.execute(_PURGED)).scalar()
    if purged is not None and purged > after:
        raise Conflict(
            "events.sequence_purged",
            "此序号之后的部分事件已过保存期并清除。请重新读取数据，再不带序号读取或订阅。",
            "Some events after this sequence were kept long enough and are gone. Read the data again, then begin "
            "without a sequence.",
            kept_after=sequence_of(purged),
        )


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


@dataclass(frozen=True)
class Batch:
    """Events read together, looked through once for each reader, without comparing each event with each reader."""

    events: Sequence[Event]
    _subjects: dict[str, list[int]] = field(init=False, default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for place, event in enumerate(self.events):
            self._subjects[event.subject].append(place)

    @cached_property
    def _regions(self) -> list[tuple[str, int]]:
        return sorted((event.region, place) for place, event in enumerate(self.events))

    def of(self, wanted: Wanted) -> list[Event]:
        """Those that are wanted, in order."""
        places: Iterable[int] = self._about(wanted) if wanted.subjects is not None else self._inside(wanted)
        found = (self.events[place] for place in sorted(places))
        return [event for event in found if wanted.types is None or event.type in wanted.types]

    def _about(self, wanted: Wanted) -> Iterator[int]:
        for subject in wanted.subjects or ():
            for place in self._subjects.get(subject, ()):
                if any(lo <= self.events[place].region < hi for lo, hi in wanted.scope):
                    yield place

    def _inside(self, wanted: Wanted) -> Iterator[int]:
        for lo, hi in wanted.scope:
            start, end = bisect_left(self._regions, (lo, 0)), bisect_left(self._regions, (hi, 0))
            yield from (place for _, place in self._regions[start:end])
