"""What a run tells while it is calculated, and when it has come to a new state."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import DomainError
from services.payroll.domain.payroll_runs import PayrollRun
from services.runtime import outbox
from services.runtime.database import Database
from services.runtime.log import log
from services.runtime.rls import Scope

PAUSE_S = 0.5
LONGEST_S = 2.0


def announce(session: AsyncSession, kind: str, run: PayrollRun, **more: object) -> None:
    """One event of a run, sent if the session's transaction commits: `payroll_run.<kind>`."""
    data = {
        "run": str(run.id),
        "region": run.region,
        "managed": run.managed,
        "month": str(run.month),
        "state": run.state.value,
        **more,
    }
    outbox.append(session, f"payroll_run.{kind}", str(run.id), data, run.region)


class Progress:
    """Tells how far a calculation is, while the transaction that holds its outcome is still open.

    Each telling is a small transaction of its own, beside the calculation and never awaited by it, at most one in half
    a second; what is overtaken meanwhile is not told. If one cannot be stored the calculation goes on. When the
    calculation fails, its failure is told; its outcome is told by its own transaction.
    """

    def __init__(self, database: Database, scope: Scope) -> None:
        self._database = database
        self._scope = scope
        self._run: PayrollRun | None = None
        self._next: Mapping[str, int | None] = {}
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begun(self, run: PayrollRun) -> None:
        """The calculation of a run begins."""
        self._run = run
        self._task = asyncio.create_task(self._tell_on())

    def counted(self, done: int, total: int | None) -> None:
        """So many of so many workers have been gone through."""
        self._next = {"done": done, "total": total}
        self._news.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is None:
            return
        self._over.set()
        self._news.set()
        await asyncio.wait({self._task}, timeout=LONGEST_S)  # what is told after this comes after what was told before
        self._task.cancel()
        if error is not None:
            code = error.code if isinstance(error, DomainError) else "internal"
            failure = asyncio.create_task(self._tell("failed", {"code": code}))
            await asyncio.wait({failure}, timeout=LONGEST_S)
            failure.cancel()

    async def _tell_on(self) -> None:
        await self._tell("started", {})
        while True:
            await self._news.wait()
            if self._over.is_set():
                return
            self._news.clear()
            await self._tell("calculating", self._next)
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._over.wait()

    async def _tell(self, kind: str, more: Mapping[str, object]) -> None:
        if self._run is None:
            return
        try:
            async with self._database.transaction(self._scope) as session:
                announce(session, kind, self._run, **more)
        except DomainError as refusal:
            log.warning("progress", code=refusal.code)
