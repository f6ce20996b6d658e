"""Issues, their append-only events, sessions and pinned procedures.

The events are the truth: the data base itself refuses an event that does not continue the chain (sequence, state,
time), and an issue whose standing is not that of its last event. What was known at an instant is what was recorded by
then.
"""

from collections.abc import Sequence

from alembic import op

from services.runtime.idempotency import idempotency_sql
from services.runtime.outbox import outbox_sql
from services.runtime.rls import append_only_sql, region_policy_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = 'text COLLATE "C"'

TABLES = f"""
CREATE TABLE consultation.procedures (
    digest text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{{64}}$'),
    body jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE consultation.sessions (
    community {KEY} NOT NULL CHECK (community ~ '^[1-9][0-9]{{11}}$'),
    id uuid NOT NULL,
    number text NOT NULL,
    title text NOT NULL,
    held_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    tier text NOT NULL CHECK (tier IN ('community', 'street')),
    participants jsonb NOT NULL,
    minutes text NOT NULL,
    PRIMARY KEY (community, id),
    CONSTRAINT sessions_number UNIQUE (community, number)
);
CREATE INDEX sessions_id ON consultation.sessions (id);
CREATE TABLE consultation.issues (
    community {KEY} NOT NULL CHECK (community ~ '^[1-9][0-9]{{11}}$'),
    id uuid NOT NULL,
    number text NOT NULL,
    process text NOT NULL CHECK (process IN ('consultation', 'service_order')),
    title text NOT NULL,
    text text NOT NULL,
    channel text,
    proposer_kind text NOT NULL,
    proposer_name text,
    proposer_anonymous boolean NOT NULL,
    procedure text NOT NULL REFERENCES consultation.procedures (digest),
    campaign text,
    mechanism text,
    opened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    state text NOT NULL,
    step text NOT NULL,
    tier text NOT NULL CHECK (tier IN ('community', 'street')),
    final boolean NOT NULL,
    sequence integer NOT NULL CHECK (sequence >= 1),
    updated_at timestamptz NOT NULL,
    merged_into uuid,
    PRIMARY KEY (community, id),
    CONSTRAINT issues_number UNIQUE (community, number)
);
CREATE INDEX issues_id ON consultation.issues (id);
CREATE INDEX issues_opened ON consultation.issues (community, opened_at, id);
CREATE TABLE consultation.issue_events (
    community {KEY} NOT NULL,
    issue uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence >= 1),
    id uuid NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    actor_kind text NOT NULL,
    actor_name text,
    actor_anonymous boolean NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    tier text NOT NULL CHECK (tier IN ('community', 'street')),
    evidence jsonb NOT NULL,
    mark text CHECK (mark IN ('adopted', 'published', 'implemented', 'fed_back', 'closed')),
    session uuid,
    PRIMARY KEY (community, issue, sequence),
    FOREIGN KEY (community, issue) REFERENCES consultation.issues (community, id),
    FOREIGN KEY (community, session) REFERENCES consultation.sessions (community, id)
);
CREATE INDEX issue_events_session ON consultation.issue_events (community, session) WHERE session IS NOT NULL;
CREATE INDEX issue_events_mark ON consultation.issue_events (community, issue, mark, at) WHERE mark IS NOT NULL;
"""

CHAIN = """
CREATE FUNCTION consultation.check_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    SELECT sequence, to_state, at INTO last FROM consultation.issue_events
        WHERE community = NEW.community AND issue = NEW.issue ORDER BY sequence DESC LIMIT 1;
    IF NEW.sequence <> coalesce(last.sequence, 0) + 1 OR NEW.from_state IS DISTINCT FROM last.to_state
        OR NEW.at < last.at THEN
        RAISE EXCEPTION 'event % of issue % does not continue its chain', NEW.sequence, NEW.issue
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON consultation.issue_events
    FOR EACH ROW EXECUTE FUNCTION consultation.check_chain();
CREATE FUNCTION consultation.check_standing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE now record; last record;
BEGIN
    SELECT state, sequence INTO now FROM consultation.issues WHERE community = NEW.community AND id = NEW.id;
    SELECT to_state, sequence INTO last FROM consultation.issue_events
        WHERE community = NEW.community AND issue = NEW.id ORDER BY sequence DESC LIMIT 1;
    IF now.state IS DISTINCT FROM last.to_state OR now.sequence IS DISTINCT FROM last.sequence THEN
        RAISE EXCEPTION 'issue % does not stand where its last event left it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER standing AFTER INSERT OR UPDATE ON consultation.issues DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION consultation.check_standing();
"""

RIGHTS = """
REVOKE UPDATE, DELETE, TRUNCATE ON consultation.issues, consultation.procedures FROM gongzhi_consultation;
GRANT UPDATE (state, step, tier, final, sequence, updated_at, merged_into)
    ON consultation.issues TO gongzhi_consultation;
"""


def upgrade() -> None:
    for statement in (TABLES, CHAIN, RIGHTS):
        for part in _split(statement):
            op.execute(part)
    for table in ("sessions", "issue_events"):
        for part in append_only_sql("consultation", table):
            op.execute(part)
    for part in (*idempotency_sql("consultation"), *outbox_sql("consultation")):
        op.execute(part)
    for table in ("issues", "issue_events", "sessions"):
        for part in region_policy_sql("consultation", table):
            op.execute(part)


def downgrade() -> None:
    for table in ("issue_events", "issues", "sessions", "procedures", "outbox", "idempotency_keys"):
        op.execute(f"DROP TABLE consultation.{table}")
    op.execute("DROP FUNCTION consultation.check_chain")
    op.execute("DROP FUNCTION consultation.check_standing")


def _split(script: str) -> list[str]:
    """One statement each: asyncpg prepares them singly. A function's body keeps its own semicolons."""
    parts, held = [], ""
    for line in script.strip().splitlines():
        held += line + "\n"
        if line.rstrip().endswith(";") and held.count("$$") % 2 == 0:
            parts.append(held)
            held = ""
    return parts
