"""Events, written in the same transaction as what they tell of; the relay comes with the issue on events."""

from collections.abc import Mapping
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.runtime.ids import new_id

_APPEND = text(
    "INSERT INTO outbox (id, type, subject, data) VALUES (:id, :type, :subject, CAST(:data AS jsonb))",
)


def outbox_sql(schema: str) -> list[str]:
    """Statements for a migration: the events of one schema; its role may add and read, not change.

    `transaction` lets a relay skip rows whose neighbours have not committed yet.
    """
    return [
        f"""CREATE TABLE {schema}.outbox (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, type text NOT NULL,
            subject text NOT NULL, data jsonb NOT NULL, time timestamptz NOT NULL DEFAULT now(),
            transaction xid8 NOT NULL DEFAULT pg_current_xact_id())""",
        f"REVOKE UPDATE, DELETE ON {schema}.outbox FROM gongzhi_{schema}",
    ]


async def append(session: AsyncSession, type: str, subject: str, data: Mapping[str, object]) -> UUID:  # noqa: A002 - CloudEvents' word
    """Adds an event of a dotted type (`issue.step_done`) about a subject; answers its id. Sent only if this commits."""
    event = new_id()
    values = {"id": event, "type": type, "subject": subject, "data": orjson.dumps(data, default=str).decode()}
    await session.execute(_APPEND, values)
    return event
