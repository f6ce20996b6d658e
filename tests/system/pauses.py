"""Places within a transaction where the data base can be made to wait: at a row of a table, or at its commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

KEY = 20261122
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
FUNCTION = f"""CREATE OR REPLACE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({KEY}); RETURN NEW; END $$"""


@dataclass(frozen=True)
class Place:
    """Where to wait: before a row of `table` is inserted or updated, at all rows or `when`; or as its change commits.

    `when` is SQL over NEW.
    """

    table: str
    event: str = "INSERT"
    when: str = "true"
    at_commit: bool = False

    @property
    def trigger(self) -> str:
        """The statement that makes it."""
        kind, moment, wait = "", "BEFORE", ""
        if self.at_commit:
            kind, moment, wait = "CONSTRAINT ", "AFTER", "DEFERRABLE INITIALLY DEFERRED "
        return (
            f"CREATE {kind}TRIGGER pause {moment} {self.event} ON {self.table} {wait}"
            f"FOR EACH ROW WHEN ({self.when}) EXECUTE FUNCTION public.pause()"
        )


@dataclass(frozen=True)
class Pause:
    """A place where transactions wait until they are let on."""

    connection: asyncpg.Connection

    async def waiting(self) -> int:
        """How many wait there."""
        found: int = await self.connection.fetchval(WAITING, KEY)
        return found

    async def let_on(self) -> None:
        """Nobody waits any more."""
        await self.connection.execute("SELECT pg_advisory_unlock_all()")


@asynccontextmanager
async def paused(url: str, place: Place) -> AsyncIterator[Pause]:
    """Transactions wait at the place from now on, until they are let on or the block ends."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FUNCTION)
        await connection.execute(place.trigger)
        await connection.execute(f"SELECT pg_advisory_lock({KEY})")
        pause = Pause(connection)
        try:
            yield pause
        finally:
            await pause.let_on()
            await connection.execute(f"DROP TRIGGER pause ON {place.table}")
    finally:
        await connection.close()
