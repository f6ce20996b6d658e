"""Events that were kept long enough go, a small batch at a time, by whichever process of the service comes first."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.errors import DomainError
from services.runtime.database import NATION, Database
from services.runtime.log import log
from services.runtime.settings import ServiceSettings

BATCH = 1000
BREATH_S = 0.1
FIRST_PAUSE_S, PAUSE_S = 30.0, 600.0
_PURGE = text("SELECT purge_outbox(:days, :most)")


class Purge:
    """Removes a service's events that are older than `event_keep_days`, oldest first, while the process lives.

    Each batch is a short transaction of its own in which nobody has to wait. Of several processes one is at it at a
    time. If it fails, it is tried again at the next look.
    """

    def __init__(self, settings: ServiceSettings, registry: CollectorRegistry) -> None:
        self._days = settings.event_keep_days
        self._purged = Counter("gongzhi_events_purged", "Events that were kept long enough", registry=registry)

    @asynccontextmanager
    async def at_work(self, database: Database) -> AsyncIterator[None]:
        """Looks every few minutes until the block ends."""
        task = asyncio.create_task(self._run(database))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def once(self, database: Database) -> int:
        """Removes all that is due, unless another process is at it; how many events that were."""
        total = 0
        while True:
            async with database.transaction(NATION) as session:
                gone: int = (await session.execute(_PURGE, {"days": self._days, "most": BATCH})).scalar_one()
            self._purged.inc(gone)
            total += gone
            if gone < BATCH:
                return total
            await asyncio.sleep(BREATH_S)

    async def _run(self, database: Database) -> None:
        pause = FIRST_PAUSE_S
        while True:
            await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads the processes
            pause = PAUSE_S
            try:
                if gone := await self.once(database):
                    log.info("purge", events=gone)
            except (DomainError, SQLAlchemyError) as error:
                log.warning("purge", reason=getattr(error, "code", None) or type(error).__name__)
