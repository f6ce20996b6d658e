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
CODE = Layout((Field("code", "int8"),))
UNIT = Layout((Field("code", "int8"), Field("start", "date"), Field("kind", "int4"), Field("ended", "bool")))
COUNT = Layout((Field("code", "int8"), Field("start", "date"), *(Field(name, "int4") for name in MEASURES)))
Block = dict[str, NDArray[Any]]

# in the order of the primary keys, so that no row is sorted: the last row of a code is the one that holds
UNITS = """
SELECT code::bigint, start, array_position($3::text[], kind) - 1, ended FROM staffing.communities
WHERE start <= $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2) AND code >= $4 AND code < $5
ORDER BY communities.code, communities.start, recorded_at
"""
COUNTS = f"""
SELECT community::bigint, start, {", ".join(f"coalesce({name}, -1)" for name in MEASURES)}
FROM staffing.community_measures
WHERE start <= $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2) AND community >= $3 AND community < $4
ORDER BY community_measures.community, community_measures.start, recorded_at
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


async def registered(connection: asyncpg.Connection, lo: str, hi: str) -> NDArray[np.int64]:
    """The codes from lo to hi, both in, that the register of communities has for any day, in order."""
    sql = "SELECT DISTINCT code::bigint AS code FROM staffing.communities WHERE code >= $1 AND code <= $2 ORDER BY 1"
    found: NDArray[np.int64] = (await read_block(connection, CODE, sql, lo, hi))["code"]
    return found


async def read_registers(connection: asyncpg.Connection, area: Area, moment: Moment) -> NDArray[Any]:
    """The same columns straight from the step histories; `connection` is asyncpg's own."""
    parts = [_pack(*await _read_range(connection, lo, hi, moment)) for lo, hi in area.ranges]
    return np.concatenate([np.zeros(0, PACKED), *parts])


async def _read_range(connection: asyncpg.Connection, lo: str, hi: str, moment: Moment) -> tuple[Block, Block]:
    """The steps of the units and of their measures between two codes, each by code and time."""
    units = await read_block(connection, UNIT, UNITS, moment.on, moment.known_at, list(KINDS), lo, hi)
    return units, await read_block(connection, COUNT, COUNTS, moment.on, moment.known_at, lo, hi)


def _pack(units: Block, counts: Block) -> NDArray[Any]:
    last = _last_of_each(units["code"])
    last = last[~units["ended"][last]]
    packed = np.zeros(len(last), dtype=PACKED)
    packed["code"], packed["kind"] = units["code"][last], units["kind"][last]
    for name in MEASURES:
        packed[name] = _last_stated(packed["code"], counts["code"], counts[name])
    return packed


def _last_of_each(keys: NDArray[Any]) -> NDArray[np.int64]:
    """The place of the last row of each key; rows of a key lie together."""
    return np.flatnonzero(np.concatenate((keys[1:] != keys[:-1], np.ones(min(len(keys), 1), dtype=bool))))


def _last_stated(codes: NDArray[Any], keys: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """Per code the last value >= 0 of its rows (rows sorted by code and time); -1 where there is none."""
    found = np.full(len(codes), MISSING, dtype=np.int64)
    stated = values >= 0
    keys, values = keys[stated], values[stated]
    last = _last_of_each(keys)
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
    units, counts = await _read_range(connection, lo, hi, Moment(far))
    packed = _pack(units, counts)
    changed, since = _latest_starts(
        np.concatenate((units["code"], counts["code"])) // COUNTY, np.concatenate((units["start"], counts["start"]))
    )
    counties = packed["code"] // COUNTY
    first, last = np.searchsorted(counties, changed), np.searchsorted(counties, changed, side="right")
    rows = [
        (f"{county * COUNTY:012}", start, packed[low:high].tobytes())
        for county, start, low, high in zip(
            changed.tolist(), since.astype("datetime64[D]").tolist(), first.tolist(), last.tolist(), strict=True
        )
    ]
    await _replace(connection, lo, hi, rows)
    return len(rows)


def _latest_starts(counties: NDArray[Any], starts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The counties in order, and the latest start (days since 1970-01-01) among the rows of each."""
    order = np.lexsort((starts, counties))
    last = order[_last_of_each(counties[order])]
    return counties[last], starts[last]


async def _replace(connection: asyncpg.Connection, lo: str, hi: str, rows: Sequence[tuple[str, date, bytes]]) -> None:
    await connection.execute("DELETE FROM staffing.county_columns WHERE county >= $1 AND county < $2", lo, hi)
    await connection.executemany(
        "INSERT INTO staffing.county_columns (county, valid_from, packed) VALUES ($1, $2, $3)", rows
    )
