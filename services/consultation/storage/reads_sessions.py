"""What may be read sparsely of sessions; each column means what storage/sessions.py says."""

from services.consultation.storage.reads import latest_first, texts, whole_region
from services.runtime.selection import Column, Entity, Filter, Given, Join, Lookup

_SESSIONS = "SELECT * FROM consultation.sessions WHERE"
_NAMED = {"ids": "id = ANY(:ids::uuid[])", "communities": "community = ANY(:communities::text[])"}


def _everywhere(given: Given) -> str:
    """The sessions of a range: those that are named are looked up where they are, all others by community."""
    named = [f"{condition} AND" for name, condition in _NAMED.items() if name in given]
    return f"({_SESSIONS} {' '.join(named)} community >= k.lo AND community < k.hi OFFSET 0) s"


SESSION = Entity(
    name="session",
    permissions=("consultation.read",),
    columns={
        name: f"s.{name}"
        for name in (
            "id", "community", "number", "title", "held_at", "recorded_at", "tier", "participants", "minutes",
        )
    },
    lookups={
        "id": Lookup(source="consultation.sessions s", where="s.id = k.key", key="uuid"),
        "community": Lookup(
            source="consultation.sessions s", where="s.community = k.key", order=latest_first("held_at")
        ),
        "region": Lookup(source=_everywhere, where="true", order=latest_first("held_at"), ranges=whole_region),
    },
    joins={
        "v": Join(
            columns={"issues": "coalesce(array_agg(v.issue::text ORDER BY v.issue, v.id), '{}')"},
            sql="SELECT {columns} FROM consultation.issue_events v "
            "WHERE v.community = b.community AND v.session = b.id",
        )
    },
    fields={
        **{name: Column(f"b.{name}") for name in ("number", "title", "tier", "minutes")},
        "id": Column("b.id::text"),
        "communityCode": Column("b.community"),
        "heldAt": Column("b.held_at"),
        "recordedAt": Column("b.recorded_at"),
        "items": Column("v.issues"),
    },
    filters={name: Filter(f"s.{condition}", texts) for name, condition in _NAMED.items()},
)  # fmt: skip
"""Participants with the roles of their day are added by the use case."""
