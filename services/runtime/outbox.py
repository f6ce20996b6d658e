"""Events, written in the transaction of what they tell of, in the order in which those transactions commit."""

from collections.abc import Mapping
from uuid import UUID

import orjson
from sqlalchemy import event as hooks
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from services.runtime.ids import new_id

_PENDING = "outbox"
_INSERT = text(
    """
    INSERT INTO outbox (id, type, subject, region, data, time)
    SELECT id, type, subject, coalesce(region, rpad(current_setting('app.lo', true), 12, '0')), data::jsonb,
           clock_timestamp()
    FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:subjects AS text[]), CAST(:regions AS text[]),
                CAST(:data AS text[])) WITH ORDINALITY AS given (id, type, subject, region, data, place)
    ORDER BY place
    """
)
# its owner is bound by the table's policy too: it names the nation for itself, and for nothing after it
_PURGE = """
    CREATE FUNCTION {schema}.purge_outbox(days integer, most integer) RETURNS integer
    LANGUAGE plpgsql STRICT SECURITY DEFINER
    SET search_path = {schema}, pg_temp SET app.lo = '0' SET app.hi = ':' SET app.scopes = '' AS $$
    DECLARE
        oldest bigint[];
        times timestamptz[];
        gone integer := 0;
    BEGIN
        IF days < 1 OR most < 1 THEN
            RAISE 'events are kept for a day at least' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF NOT pg_try_advisory_xact_lock(hashtext('outbox_purge'), hashtext('{schema}')) THEN
            RETURN 0;
        END IF;
        SELECT array_agg(position ORDER BY position), array_agg(time ORDER BY position) INTO oldest, times
            FROM (SELECT position, time FROM outbox ORDER BY position LIMIT most) first;
        WHILE times[gone + 1] < clock_timestamp() - make_interval(days => days) LOOP
            gone := gone + 1;
        END LOOP;
        IF gone > 0 THEN
            DELETE FROM outbox WHERE position <= oldest[gone];
            INSERT INTO outbox_purged (position) VALUES (oldest[gone])
                ON CONFLICT (one) DO UPDATE SET position = excluded.position;
        END IF;
        RETURN gone;
    END $$"""


def outbox_sql(schema: str) -> list[str]:
    """Statements for a migration: the events of one schema as the first version kept them; `outbox_turns_sql` next."""
    return [
        f"""CREATE TABLE {schema}.outbox (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, type text NOT NULL,
            subject text NOT NULL, data jsonb NOT NULL, time timestamptz NOT NULL DEFAULT now(),
            transaction xid8 NOT NULL DEFAULT pg_current_xact_id())""",
        f"REVOKE UPDATE, DELETE ON {schema}.outbox FROM gongzhi_{schema}",
    ]


def outbox_turns_sql(schema: str) -> list[str]:
    """Statements for the migration after: a region on each event, and positions in the order of commits.

    Whoever inserts takes a lock first and keeps it until the commit: a position is given out only when every lower
    one can be seen, so a reader that goes by position skips nothing, however long a neighbour's transaction takes.
    `append` inserts as the last thing before the commit, so the lock is held for the commit alone, which NOTIFY
    would hold up as long. Rows from before get the region in their data, else they are the nation's.
    """
    return [
        # whoever names no region (the version that still serves meanwhile) writes for the caller's own
        f"""ALTER TABLE {schema}.outbox DROP COLUMN transaction, ADD COLUMN region text COLLATE "C" NOT NULL
            DEFAULT rpad(coalesce(current_setting('app.lo', true), ''), 12, '0')""",
        f"UPDATE {schema}.outbox SET region = data ->> 'community' WHERE data ? 'community'",  # noqa: S608
        f"CREATE INDEX outbox_subject ON {schema}.outbox (subject, position)",
        f"""CREATE FUNCTION {schema}.take_turn() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtext('outbox'), hashtext('{schema}'));
                PERFORM pg_notify('{channel(schema)}', '');
                RETURN NULL;
            END $$""",
        f"""CREATE TRIGGER turn BEFORE INSERT ON {schema}.outbox
            FOR EACH STATEMENT EXECUTE FUNCTION {schema}.take_turn()""",
        f"REVOKE TRUNCATE ON {schema}.outbox FROM gongzhi_{schema}",
    ]


def outbox_turns_undo_sql(schema: str) -> list[str]:
    """Statements that take `outbox_turns_sql` back."""
    return [
        f"DROP TRIGGER turn ON {schema}.outbox",
        f"DROP FUNCTION {schema}.take_turn",
        f"DROP INDEX {schema}.outbox_subject",
        f"""ALTER TABLE {schema}.outbox DROP COLUMN region,
            ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id()""",
    ]


def outbox_purge_sql(schema: str) -> list[str]:
    """Statements for the migration after: the one way in which events ever go, and the place up to which they went.

    The service's role still may not delete. It may call a function that takes at most so many of the oldest, each of
    them and all before it older than so many days (never less than one) by the clock that stamped them; a clock that
    was wrong for a while keeps events longer, it never takes younger ones. Whoever calls while another does gets 0.
    Nothing here waits for a writer or lets one wait: the turn is taken by inserts alone.
    """
    role = f"gongzhi_{schema}"
    return [
        f"""CREATE TABLE {schema}.outbox_purged (
            one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint NOT NULL)""",
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {schema}.outbox_purged FROM {role}",
        _PURGE.format(schema=schema),
        f"REVOKE ALL ON FUNCTION {schema}.purge_outbox FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {schema}.purge_outbox TO {role}",
    ]


def outbox_purge_undo_sql(schema: str) -> list[str]:
    """Statements that take `outbox_purge_sql` back; what is gone stays gone, and nobody is told any more."""
    return [f"DROP FUNCTION {schema}.purge_outbox", f"DROP TABLE {schema}.outbox_purged"]


def channel(schema: str) -> str:
    """The NOTIFY channel that says: there may be new events. It carries nothing else."""
    return f"{schema}_outbox"


def append(
    session: AsyncSession,
    type: str,  # noqa: A002 - CloudEvents' word
    subject: str,
    data: Mapping[str, object],
    region: str | None = None,
) -> UUID:
    """Keeps an event of a dotted type (`issue.opened`) about a subject for the session's commit; answers its id.

    `region`: the division whose readers may see it; without one, the first region of the session's scope. All of a
    session's events are inserted together, just before it commits, in the order of the calls.
    """
    held = session.sync_session
    if _PENDING not in held.info:
        held.info[_PENDING] = []
        hooks.listen(held, "before_commit", _insert)
    event = new_id()
    held.info[_PENDING].append((event, type, subject, region, orjson.dumps(data, default=str).decode()))
    return event


def _insert(session: Session) -> None:
    pending = session.info[_PENDING]
    if not pending or session.in_nested_transaction():
        return
    columns = (list(column) for column in zip(*pending, strict=True))
    session.execute(_INSERT, dict(zip(("ids", "types", "subjects", "regions", "data"), columns, strict=True)))
    pending.clear()
