"""Documents, citations and dated values: what was in force on a day, as known on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Generic, Literal, Protocol, TypeVar

Status = Literal["draft", "trial", "in_force", "repealed"]

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Text:
    """Words in the two languages the product speaks."""

    zh: str
    en: str

    def to_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Document:
    """A source document: who issued what, when, where we know it from, and whether we have seen its text."""

    id: str
    title: str
    issuer: str = ""
    doc_no: str = ""
    kind: str = "notice"
    status: Status = "in_force"
    issued: date | None = None
    published: date | None = None
    known: date | None = None
    source: str = ""
    evidence: str = ""
    seen: bool = False
    supersedes: tuple[str, ...] = ()
    synthetic: bool = False
    note: str = ""

    @property
    def known_on(self) -> date | None:
        """The day the document became known: stated, else published, else issued."""
        return self.known or self.published or self.issued

    def to_dict(self) -> dict[str, object]:
        """The document in JSON's types; days as ISO text."""
        days = {key: day.isoformat() if day else None for key, day in self._days().items()}
        return {
            "id": self.id, "title": self.title, "issuer": self.issuer, "doc_no": self.doc_no, "kind": self.kind,
            "status": self.status, **days, "source": self.source, "evidence": self.evidence, "seen": self.seen,
            "supersedes": list(self.supersedes), "synthetic": self.synthetic, "note": self.note,
        }  # fmt: skip

    def _days(self) -> dict[str, date | None]:
        return {"issued": self.issued, "published": self.published, "known": self.known}


@dataclass(frozen=True, slots=True)
class Citation:
    """The sentence a figure or rule rests on: document, place in it, verbatim quotation."""

    document: Document
    at: str = ""
    quote: str = ""

    def to_dict(self) -> dict[str, object]:
        """The citation as answers carry it."""
        document = self.document
        return {
            "document": document.id, "title": document.title, "doc_no": document.doc_no, "at": self.at,
            "quote": self.quote, "status": document.status, "synthetic": document.synthetic,
        }  # fmt: skip


class InTime(Protocol):
    """Anything in force from `start` to before `end`, and known since the day `known`."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date | None: ...
    @property
    def known(self) -> date: ...


T = TypeVar("T")
TimedT = TypeVar("TimedT", bound=InTime)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value in force from `start` to before `end` (None = open), known since `known`."""

    value: T
    start: date
    end: date | None = None
    known: date = date.min


def known_day(known_at: date | datetime | None) -> date:
    """The Beijing day of an instant; a day is itself; None is the end of time (all that is known now)."""
    if known_at is None:
        return date.max
    if isinstance(known_at, datetime):
        return (known_at.astimezone(BEIJING) if known_at.tzinfo else known_at).date()
    return known_at


def in_force(history: Iterable[TimedT], on: date, known_at: date | datetime | None = None) -> TimedT | None:
    """The version in force on the day `on`, as known on the day of `known_at`; None in a gap.

    The first day is in, the end is out. Where versions overlap, the later-known one supersedes; known on the same
    day, the later in the list does.
    """
    day = known_day(known_at)
    best: TimedT | None = None
    for version in history:
        covers = version.start <= on and (version.end is None or on < version.end) and version.known <= day
        if covers and (best is None or version.known >= best.known):
            best = version
    return best
