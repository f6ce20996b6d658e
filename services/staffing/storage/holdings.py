"""What is held for a while (service, posts, grades, seats, relations): staged, checked for overlaps, merged."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg
import pyarrow as pa

from services.runtime.transfer import copy_arrow


@dataclass(frozen=True, slots=True)
class Holding:
    """A table of things held for a while: what may not overlap, what else a row says, and their SQL types."""

    table: str
    identity: tuple[str, ...]
    payload: tuple[str, ...]
    types: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Identity and payload."""
        return (*self.identity, *self.payload)

    def kind(self, column: str) -> str:
        """The SQL type of a column: text unless told."""
        return dict(self.types).get(column, 'text COLLATE "C"')


_FLAGS = (
    ("urban", "boolean"),
    ("in_state_establishment", "boolean"),
    ("part_time", "boolean"),
    ("subsidised", "boolean"),
)
_WORKER = (("worker", "uuid"),)
MANAGEMENTS = Holding("managements", ("unit",), ("authority", "unit_end", "source"))
EMPLOYMENTS = Holding("employments", ("worker",), ("community", *(name for name, _ in _FLAGS)), (*_WORKER, *_FLAGS))
APPOINTMENTS = Holding(
    "appointments", ("worker", "community", "post"), ("full_time",), (*_WORKER, ("full_time", "boolean"))
)
GRADINGS = Holding("gradings", ("worker",), ("community", "tier", "step"), (*_WORKER, ("step", "smallint")))
MEMBERSHIPS = Holding("memberships", ("worker", "community", "body"), ("role",), _WORKER)


async def stage(connection: asyncpg.Connection, holding: Holding, rows: pa.Table) -> None:
    """Put checked rows (row, id, identity, payload, start, stop) into the temporary table `held`."""
    columns = ", ".join(f"{name} {holding.kind(name)}" for name in holding.columns)
    await connection.execute("DROP TABLE IF EXISTS held")
    # a table that was just filled still has the statistics of an empty one: never loop over it row by row
    await connection.execute("SET LOCAL enable_nestloop = off")
    await connection.execute(
        f"CREATE TEMPORARY TABLE held (row integer, id uuid, {columns}, start date, stop date) ON COMMIT DROP"
    )
    await copy_arrow(connection, "held", rows, direct=True)
    await connection.execute("ALTER TABLE held ADD COLUMN valid daterange")
    await connection.execute("UPDATE held SET valid = daterange(start, stop)")
    await connection.execute("ANALYZE held")


async def overlaps(connection: asyncpg.Connection, holding: Holding) -> list[int]:
    """The staged rows that overlap another one, or a known one that no staged row replaces."""
    table, same = f"staffing.{holding.table}", _same(holding)
    query = f"""
SELECT i.row FROM held i JOIN {table} t ON {same("i", "t")} AND upper_inf(t.recorded) AND t.valid && i.valid
    AND NOT EXISTS (SELECT FROM held j WHERE {same("j", "t")} AND j.start = lower(t.valid))
UNION
SELECT i.row FROM held i JOIN held j ON {same("i", "j")} AND i.row > j.row AND i.valid && j.valid
"""
    return [row for (row,) in await connection.fetch(query)]


async def merge(connection: asyncpg.Connection, holding: Holding, skipped: Sequence[int]) -> int:
    """Add the staged rows that say something new, closing what they correct; rows already known are left alone."""
    table, same = f"staffing.{holding.table}", _same(holding)
    said = ", ".join(holding.payload)
    news = f"(t.valid, {_of('t', holding.payload)}) IS DISTINCT FROM (i.valid, {_of('i', holding.payload)})"
    await connection.execute("DELETE FROM held WHERE row = ANY($1::int[])", list(skipped))
    await connection.execute(
        f"DELETE FROM held i USING {table} t WHERE {same('i', 't')} AND upper_inf(t.recorded) "
        f"AND lower(t.valid) = i.start AND NOT {news}"
    )
    await connection.execute(
        f"UPDATE {table} t SET recorded = tstzrange(lower(t.recorded), now()) FROM held i "
        f"WHERE {same('i', 't')} AND upper_inf(t.recorded) AND lower(t.valid) = i.start"
    )
    done = await connection.execute(
        f"INSERT INTO {table} (id, {', '.join(holding.identity)}, {said}, valid) "
        f"SELECT id, {', '.join(holding.identity)}, {said}, valid FROM held"
    )
    return int(done.rsplit(" ", 1)[1])


def _of(alias: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns)


def _same(holding: Holding) -> Callable[[str, str], str]:
    """The condition that two aliases speak of the same thing."""

    def same(one: str, other: str) -> str:
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in holding.identity)

    return same
