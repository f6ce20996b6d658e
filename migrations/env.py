"""Runs one service's migrations in its own schema: `alembic -c migrations/alembic.ini -n staffing upgrade head`."""

import asyncio
import importlib

import asyncpg
from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.runtime.migrate import lock_number, preparation_sql
from services.runtime.settings import ServiceSettings, plain_dsn, read_settings

config = context.config
service = config.config_ini_section


def target_metadata() -> MetaData | None:
    """The service's tables, when they are written as SQLAlchemy metadata; for `alembic check` only."""
    try:
        tables = importlib.import_module(f"services.{service}.storage.tables")
    except ModuleNotFoundError:
        return None
    found = [each.metadata for each in vars(tables).values() if isinstance(getattr(each, "metadata", None), MetaData)]
    return next(iter(found), None)


MAPPED = target_metadata()


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Mapped tables and what is in them; partitions and the runtime's own tables are written as SQL."""
    if kind == "schema":
        return name == service
    return kind != "table" or MAPPED is None or f"{service}.{name}" in MAPPED.tables


def include_object(_thing: object, _name: str | None, kind: str, reflected: bool, mapped: object) -> bool:
    """All but indexes that only the migration knows: partial and GiST ones have no mapping."""
    return not (kind == "index" and reflected and mapped is None)


def run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": lock_number(service)})
    connection.exec_driver_sql("SET lock_timeout = 10000")  # after the advisory lock, which may take long
    for statement in preparation_sql(service):
        connection.exec_driver_sql(statement)
    connection.commit()
    connection.dialect.default_schema_name = "public"  # else alembic takes the search path's schema for nameless
    context.configure(
        connection=connection,
        target_metadata=MAPPED,
        version_table_schema=service,
        include_schemas=True,
        include_name=include_name,
        include_object=include_object,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON {service}.alembic_version FROM gongzhi_{service}")
    connection.commit()


async def main() -> None:
    url = config.attributes.get("url")
    dsn = plain_dsn(url) if url else read_settings(ServiceSettings).direct_dsn()
    settings = {
        "lock_timeout": "10000",
        "statement_timeout": "0",
        "search_path": f"{service},public",
        "timezone": "UTC",
    }

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(dsn, server_settings=settings, statement_cache_size=0)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
