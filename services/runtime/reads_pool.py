"""Connections for sparse reads: statements prepared and planned once, no resets, read-only, one retry when dead."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from services.runtime.database import connect_options, translated
from services.runtime.problem import Unavailable
from services.runtime.settings import ServiceSettings

MOST_STATEMENTS = 256
_LOOK_UPS = {
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_generic_plan",  # planning costs more than a look-up
    "jit": "off",
    # every plan is a chain of index look-ups from its keys, in their order, whatever the statistics say
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",
    "enable_memoize": "off",
    # a statement that sets no scope sees nothing (no region at all), while the planner, which guesses from these
    # defaults how much the policies let through, does not take every table for an empty one
    "app.lo": "0",
    "app.hi": ":",
    "app.scopes": "{}",
}
_DEAD = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # the server has said that it ends, but not hung up yet
    asyncpg.InvalidCachedStatementError,  # a migration went by
    OSError,
)


class _Unprepared:
    """A statement for a pooler that keeps none: it is sent whole each time."""

    __slots__ = ("_connection", "_sql")

    def __init__(self, connection: asyncpg.Connection, sql: str) -> None:
        self._connection = connection
        self._sql = sql

    async def fetch(self, *values: object) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(self._sql, *values)
        return rows


class _Line:
    """One connection and the statements it has prepared."""

    __slots__ = ("_prepares", "connection", "statements")

    def __init__(self, connection: asyncpg.Connection, *, prepares: bool) -> None:
        self.connection = connection
        self.statements: dict[str, PreparedStatement | _Unprepared] = {}
        self._prepares = prepares

    async def statement(self, sql: str) -> PreparedStatement | _Unprepared:
        """A statement not met before on this connection."""
        if len(self.statements) >= MOST_STATEMENTS:
            self.statements.clear()
        made = await self.connection.prepare(sql) if self._prepares else _Unprepared(self.connection, sql)
        if self._prepares:  # else the server waits, its locks taken, for values that may turn out not to be sendable
            await self.connection.execute("SELECT")
        self.statements[sql] = made
        return made


class ReadPool:
    """At most `pool_size` connections under the service's role, made when needed.

    A statement is a transaction of its own, so that nothing has to be reset after it: what it sets with
    `set_config(..., true)` ends with it.
    """

    def __init__(self, settings: ServiceSettings, schema: str) -> None:
        self._dsn = settings.dsn()
        options = connect_options(settings, schema)
        self._options = {**options, "server_settings": {**options["server_settings"], **_LOOK_UPS}}
        self._prepares = settings.statement_cache
        self._timeout_s = settings.pool_timeout_s
        self._free = settings.pool_size
        self._idle: list[_Line] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def fetch(self, sql: str, values: Sequence[object]) -> list[Any]:
        """The records of one statement. Unavailable when the data base is away or every connection stays taken."""
        line = self._idle.pop() if self._idle else await self._taken()
        try:
            statement = line.statements.get(sql) or await line.statement(sql)
            rows: list[Any] = await statement.fetch(*values)
        except BaseException as error:
            if not isinstance(error, _DEAD):
                self._settle(line, error)
                with translated():
                    raise
            self._drop(line)
        else:
            self._give(line)
            return rows
        return await self._again(sql, values)

    async def _again(self, sql: str, values: Sequence[object]) -> list[Any]:
        """Once more, on a fresh connection: the idle ones died with the one that was tried."""
        while self._idle:
            self._drop(self._idle.pop())
        with translated():
            line = await self._take()
            try:
                statement = line.statements.get(sql) or await line.statement(sql)
                rows: list[Any] = await statement.fetch(*values)
            except BaseException as error:
                self._settle(line, error)
                raise
        self._give(line)
        return rows

    async def _taken(self) -> _Line:
        with translated():
            return await self._take()

    async def _take(self) -> _Line:
        if self._idle:
            return self._idle.pop()
        while self._free <= 0 and not self._idle:
            await self._wait()
        if self._idle:
            return self._idle.pop()
        self._free -= 1
        try:
            return _Line(await asyncpg.connect(self._dsn, **self._options), prepares=self._prepares)
        except BaseException:
            self._release()
            raise

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._timeout_s):
                await turn
        except TimeoutError:
            raise Unavailable(
                "database.busy",
                "数据库繁忙或操作超时，请稍后重试。",
                "The data base is busy or the operation took too long; try again in a moment.",
                retry_after=1,
            ) from None
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif self._idle or self._free > 0:
                self._wake()  # whoever is next may be able to go as well, above all when this one gave up

    def _give(self, line: _Line) -> None:
        self._idle.append(line)
        if self._waiting:
            self._wake()

    def _settle(self, line: _Line, error: BaseException) -> None:
        """After a failure: a connection that only heard a refusal is as good as before, any other is not trusted."""
        if isinstance(error, asyncpg.PostgresError) and not line.connection.is_closed():
            self._give(line)
        else:
            self._drop(line)

    def _drop(self, line: _Line) -> None:
        line.connection.terminate()
        self._release()

    def _release(self) -> None:
        self._free += 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def close(self) -> None:
        """Closes what is idle; nothing may be under way. A connection whose server has gone is closed already."""
        while self._idle:
            line = self._idle.pop()
            line.statements.clear()
            with suppress(OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
                await line.connection.close()
            self._free += 1


def plain(value: object) -> str:
    """What JSON does not know of a record's values: the driver's identifiers are a class of their own."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
