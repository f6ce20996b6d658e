"""What may be read sparsely of issues; each column means what storage/issues.py says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.kernel.errors import Malformed
from services.kernel.region import parse, subtree
from services.runtime.selection import COUNTED, Ask, Column, Entity, Filter, Given, Join, Lookup, Order

OPEN = "open"  # a group of states: all that are not final

_HISTORY = ("sequence", "step", "outcome", "actor_kind", "at", "from_state", "to_state", "tier")
_ISSUES = "SELECT * FROM consultation.issues WHERE"
_OF_COMMUNITY = f"{_ISSUES} community = k.key AND"
MANY = 1000  # in a range: sooner found by time than sorted, in a nation too
_RANGE = "community >= k.lo AND community < k.hi"
_SPREAD = "community >= ANY (ARRAY[k.lo]) AND community < ANY (ARRAY[k.hi])"
"""The same, in words from which the planner does not conclude that few are meant (of a pair of bounds it would)."""
_OF_SESSION = (
    "(SELECT i.*, v.id AS cited FROM consultation.sessions s "
    "JOIN consultation.issue_events v ON v.community = s.community AND v.session = s.id "
    "JOIN consultation.issues i ON i.community = v.community AND i.id = v.issue WHERE s.id = k.key OFFSET 0) i"
)
"""The issues taken in a session: one for every event that cites it."""


def _issues(given: Given) -> str:
    """The issues of a community; of one state, or of all that are not final, each from the index that orders them.

    Only one arm runs: the other's condition on the parameter is false before its first row.
    """
    if "state" not in given:
        return "consultation.issues i"
    return (
        f"({_OF_COMMUNITY} NOT final AND :state::text = '{OPEN}' UNION ALL "
        f"{_OF_COMMUNITY} state = :state::text AND :state::text <> '{OPEN}') i"
    )


def _everywhere(given: Given) -> str:
    """The issues of a range: no planner knows how wide it will be, or how rare what is asked for in it.

    What is named is looked up where it is. What is narrowed down is found by community and sorted: going by time, the
    rare would be looked for among all. So are few issues, and those open where they are few, and what is only counted;
    many come in the order of time, from the index that has it. Of the arms one runs: the others' conditions are false
    before their first row.
    """
    if "ids" in given:
        return f"({_ISSUES} id = ANY(:ids::uuid[]) AND {_RANGE} OFFSET 0) i"
    if "communities" in given:
        return f"({_ISSUES} community = ANY(:communities::text[]) AND {_RANGE} OFFSET 0) i"
    if not given.isdisjoint(("states", "process", COUNTED)):
        return f"({_ISSUES} {_RANGE} OFFSET 0) i"
    if "state" not in given:
        return f"({_few_or_many(given, 'true')}) i"
    is_open = f":state::text = '{OPEN}'"
    return (
        f"({_few_or_many(given, 'NOT final', is_open)} UNION ALL "
        f"({_ISSUES} NOT {is_open} AND {_RANGE} AND state = :state::text OFFSET 0)) i"
    )


def _few_or_many(given: Given, which: str, when: str = "true") -> str:
    """Two arms; which one runs is known after having counted up to so many.

    The LIMIT, of no number that the planner knows, lets it think of the first rows instead of all.
    """
    many = f"EXISTS (SELECT FROM consultation.issues WHERE {_RANGE} AND {which} OFFSET {MANY})"
    way = "" if "backward" in given else "DESC"
    return (
        f"({_ISSUES} {when} AND NOT {many} AND {_RANGE} AND {which} OFFSET 0) UNION ALL "
        f"({_ISSUES} {when} AND {many} AND {_SPREAD} AND {which} "
        f"ORDER BY opened_at {way}, id {way} LIMIT (SELECT {2**62}))"
    )


def _state(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise Malformed("issue.state_unreadable", "state 应为文本", "`state` is a text")
    return value


def texts(value: object) -> list[str]:
    """A list of texts. Malformed `issue.filter_unreadable`."""
    if not isinstance(value, list) or not all(isinstance(one, str) and "\0" not in one for one in value):
        raise Malformed("issue.filter_unreadable", "应为文本的列表", "it is a list of texts")
    return value


async def whole_region(ask: Ask, region: str | None) -> Sequence[tuple[str, str]]:
    """One range, so that one page is in the order of time: what the caller may see, or the hull of it."""
    return [(ask.scope[0][0], ask.scope[-1][1]) if region is None else subtree(parse(region))]


def _told(at: datetime) -> str:
    return at.isoformat()


def _instant(part: str) -> str:
    """The instant that a cursor holds, as it was told. ValueError for any other text."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("an instant tells its offset")
    try:
        return at.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise ValueError("no instant of UTC") from error


def _plain(*names: str) -> dict[str, Column]:
    return {name: Column(f"b.{name}") for name in names}


def latest_first(at: str) -> tuple[Order, ...]:
    """The order of lists: by the instant in a column, then by identifier, the latest first."""
    return (
        Order(at, cast="timestamptz", show=_told, read=_instant, descending=True),
        Order("id", cast="uuid", read=_identifier, descending=True),
    )


def _identifier(part: str) -> str:
    return str(UUID(part))


ISSUE = Entity(
    name="issue",
    permissions=("consultation.read",),
    columns={
        name: f"i.{name}"
        for name in (
            "id", "community", "number", "title", "text", "state", "step", "tier", "final", "channel", "process",
            "opened_at", "updated_at", "procedure", "sequence", "campaign", "mechanism", "merged_into",
            "proposer_kind", "proposer_name", "proposer_anonymous", "cited",
        )
    },
    lookups={
        "id": Lookup(source="consultation.issues i", where="i.id = k.key", key="uuid"),
        "community": Lookup(
            source=_issues,
            where="i.community = k.key",
            order=latest_first("opened_at"),
        ),
        "session": Lookup(
            source=_OF_SESSION,
            where="true",
            key="uuid",
            order=(Order("id", cast="uuid", read=_identifier), Order("cited", cast="uuid", read=_identifier)),
        ),
        "region": Lookup(
            source=_everywhere,
            where="true",
            order=latest_first("opened_at"),
            ranges=whole_region,
        ),
    },
    joins={
        "v": Join(
            columns={name: f"array_agg(v.{name} ORDER BY v.sequence)" for name in _HISTORY},
            sql="SELECT {columns} FROM consultation.issue_events v "
            "WHERE v.community = b.community AND v.issue = b.id",
        )
    },
    fields={
        **_plain("number", "title", "text", "state", "step", "tier", "final", "channel", "process"),
        **_plain("sequence", "campaign", "mechanism"),
        "id": Column("b.id::text"),
        "mergedInto": Column("b.merged_into::text"),
        "communityCode": Column("b.community"),
        "openedAt": Column("b.opened_at"),
        "updatedAt": Column("b.updated_at"),
    },
    filters={
        "state": Filter(f"CASE WHEN :state::text = '{OPEN}' THEN NOT i.final ELSE i.state = :state::text END", _state),
        "states": Filter(
            f"i.state = ANY(array_remove(:states::text[], '{OPEN}')) "
            f"OR ('{OPEN}' = ANY(:states::text[]) AND NOT i.final)",
            texts,
        ),
        "communities": Filter("i.community = ANY(:communities::text[])", texts),
        "ids": Filter("i.id = ANY(:ids::uuid[])", texts),
        "process": Filter("i.process = :process::text", _state),
    },
)  # fmt: skip
"""Names, the procedure and the steps, the pinned procedure's words, and the proposer are added by the use case."""

HISTORY = tuple(f"v.{name}" for name in _HISTORY)
"""An issue's events as columns: each a list in the order of the events."""

PINNED = "SELECT p.digest, p.body::text FROM consultation.procedures p WHERE p.digest = ANY(:digests::text[])"
"""The pinned procedures of digests; nothing in them is a region's."""
