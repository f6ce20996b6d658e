"""Communities as columns for a whole area: packed per county for current knowledge, else from the registers."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.runtime.transfer import read_block
from services.runtime.wire import Field, Layout
from services.staffing.domain.columns import MISSING, Columns
from services.staffing.domain.communities import KINDS, MEASURES
from services.staffing.domain.moments import Area, Moment
from services.staffing.storage.moments import within
from services.staffing.storage.tables import CountyColumnsRow

PACKED = np.dtype([("code", "<i8"), ("kind", "i1"), *((name, "<i4") for name in MEASURES)])
COUNTY = 10**6
UNIT = Layout((Field("code", "int8"), Field("kind", "int4"), Field("ended", "bool")))
COUNT = Layout((Field("community", "int8"), *(Field(name, "int4") for name in MEASURES)))

UNITS = """
SELECT code::bigint, kind_no, ended FROM (
    SELECT DISTINCT ON (code) code, array_position($3::text[], kind) - 1 AS kind_no, ended
    FROM staffing.communities
    WHERE start <= $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2) AND code >= $4 AND code < $5
    ORDER BY code, start DESC, recorded_at DESC
) last ORDER BY code
"""
COUNTS = f"""
SELECT community::bigint, {", ".join(f"coalesce({name}, -1)" for name in MEASURES)} FROM staffing.community_measures
WHERE start <= $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2) AND community >= $3 AND community < $4
ORDER BY community, start, recorded_at
"""
CHANGED = """
SELECT left(code, 6) AS county, max(start) AS start FROM staffing.communities
WHERE code >= $1 AND code < $2 GROUP BY 1
UNION ALL
SELECT left(community, 6), max(start) FROM staffing.community_measures
WHERE community >= $1 AND community < $2 GROUP BY 1
"""


async def read(session: AsyncSession, area: Area, moment: Moment) -> Columns:
    """The communities of an area as columns, in the order of codes.

    Current knowledge of whole counties comes packed: one row per county, whatever the length of its history. Any
    other question (earlier knowledge, an earlier day, a part of a county) is read from the registers.
    """
    packed = await _packed(session, area, moment)
    if packed is None:
        raw = (await (await session.connection()).get_raw_connection()).driver_connection
        packed = await read_registers(raw, area, moment)
    return _columns(packed)


async def _packed(session: AsyncSession, area: Area, moment: Moment) -> NDArray[Any] | None:
    if moment.known_at is not None or any(_splits_county(code) for bounds in area.ranges for code in bounds):
        return None
    query = select(CountyColumnsRow.valid_from, CountyColumnsRow.packed).where(within(CountyColumnsRow.county, area))
    rows = (await session.execute(query.order_by(CountyColumnsRow.county))).all()
    if any(valid_from > moment.on for valid_from, _ in rows):
        return None
    return np.frombuffer(b"".join(packed for _, packed in rows), dtype=PACKED)


def _splits_county(bound: str) -> bool:
    return bool(bound[6:].strip("0"))


async def read_registers(connection: asyncpg.Connection, area: Area, moment: Moment) -> NDArray[Any]:
    """The same columns straight from the step histories; `connection` is asyncpg's own."""
    parts = [await _read_range(connection, lo, hi, moment) for lo, hi in area.ranges]
    return np.concatenate([np.zeros(0, PACKED), *parts])


async def _read_range(connection: asyncpg.Connection, lo: str, hi: str, moment: Moment) -> NDArray[Any]:
    units = await read_block(connection, UNIT, UNITS, moment.on, moment.known_at, list(KINDS), lo, hi)
    standing = ~units["ended"]
    packed = np.zeros(int(standing.sum()), dtype=PACKED)
    packed["code"], packed["kind"] = units["code"][standing], units["kind"][standing]
    counts = await read_block(connection, COUNT, COUNTS, moment.on, moment.known_at, lo, hi)
    for name in MEASURES:
        packed[name] = _last_stated(packed["code"], counts["community"], counts[name])
    return packed


def _last_stated(codes: NDArray[Any], keys: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Per code the last value >= 0 of its rows (rows sorted by code and time); -1 where there is none."""
    found = np.full(len(codes), MISSING, dtype=np.int64)
    stated = values >= 0
    keys, values = keys[stated], values[stated]
    last = np.flatnonzero(np.concatenate((keys[1:] != keys[:-1], np.ones(min(len(keys), 1), dtype=bool))))
    if len(last) and len(codes):
        places = np.minimum(np.searchsorted(codes, keys[last]), len(codes) - 1)
        here = codes[places] == keys[last]
        found[places[here]] = values[last[here]]
    return found


def _columns(packed: NDArray[Any]) -> Columns:
    return Columns(
        codes=np.ascontiguousarray(packed["code"]),
        kinds=np.ascontiguousarray(packed["kind"]),
        measures={name: packed[name].astype(np.int64) for name in MEASURES},
    )


async def repack(connection: asyncpg.Connection, lo: str, hi: str, far: date = date.max) -> int:
    """Rebuild the packed columns of every county between two codes from current knowledge; the counties rebuilt."""
    packed = await _read_range(connection, lo, hi, Moment(far))
    changed: dict[str, date] = {}
    for county, start in await connection.fetch(CHANGED, lo, hi):
        changed[county] = max(start, changed.get(county, start))
    counties = packed["code"] // COUNTY
    rows = []
    for county, valid_from in sorted(changed.items()):
        first, last = np.searchsorted(counties, [int(county), int(county) + 1])
        rows.append((county + "000000", valid_from, packed[first:last].tobytes()))
    await _replace(connection, lo, hi, rows)
    return len(rows)


async def _replace(connection: asyncpg.Connection, lo: str, hi: str, rows: Sequence[tuple[str, date, bytes]]) -> None:
    await connection.execute("DELETE FROM staffing.county_columns WHERE county >= $1 AND county < $2", lo, hi)
    await connection.executemany(
        "INSERT INTO staffing.county_columns (county, valid_from, packed) VALUES ($1, $2, $3)", rows
    )
