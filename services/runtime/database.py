"""A process's way into PostgreSQL: engine, bulk pool, and transactions that see only the caller's regions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeAlias

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.kernel.errors import Conflict, DomainError, Forbidden
from services.runtime.problem import Unavailable
from services.runtime.rls import Scope, scope_settings
from services.runtime.settings import ServiceSettings

NATION: Scope = (("0", ":"),)
_OPEN = text(
    "SELECT set_config('app.lo', :lo, true), set_config('app.hi', :hi, true), set_config('app.scopes', :scopes, true), "
    "set_config('transaction_read_only', :read_only, true)"
)
_OPEN_RAW = (
    "SELECT set_config('app.lo', $1, true), set_config('app.hi', $2, true), set_config('app.scopes', $3, true), "
    "set_config('transaction_read_only', $4, true)"
)
_BUSY_STATES = frozenset({"40001", "40P01", "55P03", "57014"})  # serialization, deadlock, lock timeout, time limit
_AWAY_CLASSES = ("08", "53", "57P")
# the last: between the server's last words and its hanging up the driver knows no better word
_AWAY_ERRORS = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_NOT_PRIVILEGED = "42501"
_CLASH_STATES = frozenset({"23505", "23P01", "23503"})


@dataclass(frozen=True)
class Database:
    """The engine for requests and the raw pool for bulk work of one schema, both under the service's own role."""

    schema: str
    engine: AsyncEngine
    _pool: asyncpg.Pool
    _pool_timeout_s: float

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: ServiceSettings, schema: str) -> AsyncIterator[Self]:
        """The data base of the schema until the block ends; connections are made when first needed."""
        dsn, options = settings.dsn(), connect_options(settings, schema)

        async def connect() -> asyncpg.Connection:
            return await asyncpg.connect(dsn, **options)

        cache = 100 if settings.statement_cache else 0
        engine = create_async_engine(
            f"postgresql+asyncpg://?prepared_statement_cache_size={cache}",
            async_creator=connect,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_timeout_s,
        )
        pool = asyncpg.create_pool(dsn, min_size=0, max_size=settings.bulk_pool_size, **options)
        try:
            async with pool:
                yield cls(schema, engine, pool, settings.pool_timeout_s)
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def transaction(self, scope: Scope, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """A session in one transaction that sees the scope's regions only; commits when the block ends well."""
        with translated():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                await _open(session, scope, read_only)
                yield session
                await session.commit()

    @asynccontextmanager
    async def bulk(self, scope: Scope, *, read_only: bool = False) -> AsyncIterator[asyncpg.Connection]:
        """A raw asyncpg connection in one transaction that sees the scope's regions only: COPY and streams."""
        with translated():
            async with (
                self._pool.acquire(timeout=self._pool_timeout_s) as connection,
                connection.transaction(),
            ):
                lo, hi, scopes = scope_settings(scope)
                await connection.execute("SET LOCAL statement_timeout = 0")
                await connection.fetchrow(_OPEN_RAW, lo, hi, scopes, "on" if read_only else "off")
                yield connection

    async def check(self) -> str | None:
        """The migration the schema stands at (None before the first); Unavailable when the data base is away."""
        with translated():
            async with AsyncSession(self.engine) as session:
                found = await session.scalar(
                    text("SELECT to_regclass(:name)::text"), {"name": f"{self.schema}.alembic_version"}
                )
                if found is None:
                    return None
                head: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
                return head


def connect_options(settings: ServiceSettings, schema: str) -> dict[str, Any]:
    """What every connection is made with: role, schema, time limits, and UTC."""
    role = f"gongzhi_{schema}" if settings.database_role is None else settings.database_role
    server = {
        "application_name": f"gongzhi-{schema}",
        "search_path": schema,
        "statement_timeout": str(int(settings.statement_timeout_s * 1000)),
        "idle_in_transaction_session_timeout": "300000",
        "timezone": "UTC",
        **({"role": role} if role else {}),
    }
    return {
        "server_settings": server,
        "timeout": settings.pool_timeout_s,
        "statement_cache_size": 100 if settings.statement_cache else 0,
    }


async def _open(session: AsyncSession, scope: Scope, read_only: bool) -> None:
    """First statement of a transaction; on a connection that died while idle, once more on a fresh one."""
    lo, hi, scopes = scope_settings(scope)
    values = {"lo": lo, "hi": hi, "scopes": scopes, "read_only": "on" if read_only else "off"}
    try:
        await session.execute(_OPEN, values)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        await session.rollback()
        await session.execute(_OPEN, values)


class translated:  # noqa: N801 - reads as a verb where it is used
    """`with translated():` turns what the driver raises into refusals that a caller can act on."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        refusal = refusal_of(error) if error is not None else None
        if refusal is not None:
            raise refusal from error


def refusal_of(error: BaseException) -> DomainError | None:
    """What a data base error means to a caller: away or busy (503), a clash (409); None for anything else."""
    if isinstance(error, DomainError):
        return None
    if isinstance(error, PoolTimeout):
        return _busy()
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _away()
    state = _state(error)
    if isinstance(error, IntegrityError) or state in _CLASH_STATES:
        return _clash(state)
    if state in _BUSY_STATES:
        return _busy()
    if state == _NOT_PRIVILEGED and "row-level security" in str(error):
        return _outside()
    if state.startswith(_AWAY_CLASSES) or isinstance(error, _AWAY_ERRORS):
        return _away()
    return None


def _state(error: BaseException) -> str:
    for one in (error, getattr(error, "orig", None)):
        state = getattr(one, "sqlstate", None)
        if isinstance(state, str):
            return state
    return ""


def _away() -> Unavailable:
    return Unavailable(
        "database.unavailable",
        "数据库暂时无法连接，请稍后重试；若持续，请管理员检查数据库。",
        "The data base cannot be reached for now; try again, and if it lasts ask the administrator to look at it.",
        retry_after=2,
    )


def _busy() -> Unavailable:
    return Unavailable(
        "database.busy",
        "数据库繁忙或操作超时，请稍后重试。",
        "The data base is busy or the operation took too long; try again in a moment.",
        retry_after=1,
    )


def _clash(state: str) -> Conflict:
    return Conflict(
        "database.conflict",
        "该数据与已有数据冲突（重复、时间重叠或引用不存在），请核对后重试。",
        "This clashes with what is stored (a duplicate, overlapping times, or a missing reference); check and resend.",
        sqlstate=state,
    )


def _outside() -> Forbidden:
    return Forbidden(
        "region.outside",
        "数据中有不属于您管辖区域的行，未写入；请只提交本区域的数据。",
        "Some of this lies outside your regions and nothing was written; send only what is within them.",
    )


def scope_of(request: Request) -> Scope:
    """The regions that `permit()` allowed this request; Forbidden when the route carries no permission rule."""
    scope: Scope | None = getattr(request.state, "scope", None)
    if not scope:
        raise Forbidden(
            "route.without_permission",
            "该接口未声明权限规则，默认拒绝；请联系开发者。",
            "This route declares no permission rule and is refused by default; tell the developers.",
        )
    return scope


def database_of(request: Request) -> Database:
    """The process's data base."""
    database: Database = request.app.state.database
    return database


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with database_of(request).transaction(scope_of(request)) as session:
        yield session


async def _read_only(request: Request) -> AsyncIterator[AsyncSession]:
    async with database_of(request).transaction(scope_of(request), read_only=True) as session:
        yield session


async def _bulk(request: Request) -> AsyncIterator[asyncpg.Connection]:
    async with database_of(request).bulk(scope_of(request)) as connection:
        yield connection


async def _bulk_read(request: Request) -> AsyncIterator[asyncpg.Connection]:
    async with database_of(request).bulk(scope_of(request), read_only=True) as connection:
        yield connection


# scope="function": the transaction is decided before the reply is sent. BulkRead lives until a stream's last byte.
Transaction: TypeAlias = Annotated[AsyncSession, Depends(_transaction, scope="function")]
ReadOnly: TypeAlias = Annotated[AsyncSession, Depends(_read_only, scope="function")]
Bulk: TypeAlias = Annotated[asyncpg.Connection, Depends(_bulk, scope="function")]
BulkRead: TypeAlias = Annotated[asyncpg.Connection, Depends(_bulk_read, scope="request")]
