"""The tables of consultation, as the migrations make them."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(schema="consultation")
KEY = Text(collation="C")
INSTANT = DateTime(timezone=True)

procedures = Table(
    "procedures",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("recorded_at", INSTANT, nullable=False, server_default=text("now()")),
)

sessions = Table(
    "sessions",
    metadata,
    Column("community", KEY, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("held_at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("participants", JSONB, nullable=False),
    Column("minutes", Text, nullable=False),
    UniqueConstraint("community", "number", name="sessions_number"),
    Index("sessions_id", "id"),
    Index("sessions_held", "community", "held_at", "id"),
)

issues = Table(
    "issues",
    metadata,
    Column("community", KEY, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("channel", Text),
    Column("proposer_kind", Text, nullable=False),
    Column("proposer_name", Text),
    Column("proposer_anonymous", Boolean, nullable=False),
    Column("procedure", Text, ForeignKey("consultation.procedures.digest"), nullable=False),
    Column("campaign", Text),
    Column("mechanism", Text),
    Column("opened_at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("merged_into", Uuid),
    UniqueConstraint("community", "number", name="issues_number"),
    Index("issues_id", "id"),
    Index("issues_opened", "community", "opened_at", "id"),
    Index("issues_latest", "opened_at", "id", "community"),
)

issue_events = Table(
    "issue_events",
    metadata,
    Column("community", KEY, primary_key=True),
    Column("issue", Uuid, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text),
    Column("actor_anonymous", Boolean, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("mark", Text),
    Column("session", Uuid),
    ForeignKeyConstraint(["community", "issue"], ["consultation.issues.community", "consultation.issues.id"]),
    ForeignKeyConstraint(["community", "session"], ["consultation.sessions.community", "consultation.sessions.id"]),
)
Index("issues_open", issues.c.community, issues.c.opened_at, issues.c.id, postgresql_where=~issues.c.final)
Index("issues_state", issues.c.community, issues.c.state, issues.c.opened_at, issues.c.id)
Index(
    "issue_events_session",
    issue_events.c.community,
    issue_events.c.session,
    postgresql_where=issue_events.c.session.is_not(None),
)
Index(
    "issue_events_mark",
    issue_events.c.community,
    issue_events.c.issue,
    issue_events.c.mark,
    issue_events.c["at"],
    postgresql_where=issue_events.c.mark.is_not(None),
)
