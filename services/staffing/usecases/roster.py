"""Stream the roster: stored facts of a month turned into the facts pay depends on, batch by batch."""

from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.kernel.period import Month, completed_years_column
from services.staffing.domain.moments import Area
from services.staffing.domain.workers import CERTIFICATES, POSTS
from services.staffing.storage import roster


async def stream(
    connection: asyncpg.Connection, area: Area, month: Month, known_at: datetime | None, schema: pa.Schema
) -> AsyncIterator[pa.RecordBatch]:
    """Batches of `schema` (schemas.roster.ROSTER): one row per person who held a post on a day of the month.

    Years are completed years on the person's last day in post of the month, of service without a break.
    """
    async for stored in roster.read(connection, area, month, known_at, (list(POSTS), list(CERTIFICATES))):
        yield _facts(stored, month, schema)


def _facts(stored: pa.RecordBatch, month: Month, schema: pa.Schema) -> pa.RecordBatch:
    day = stored.column("day")
    made = {
        "continuous_years": _years(stored.column("since"), day),
        "continuous_years_as_head": _years(stored.column("head_since"), day),
        "days_in_month": pa.array(np.full(stored.num_rows, month.days, dtype=np.int8)),
    }
    columns = [
        _cast(made[field.name] if field.name in made else stored.column(field.name), field.type) for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else column.cast(kind)


def _years(since: pa.Array, day: pa.Array) -> pa.Array:
    """Completed years from each day to each day; 0 where there is no first day."""
    starts = pc.if_else(pc.is_null(since), day, since).cast(pa.int32()).to_numpy()
    return pa.array(completed_years_column(starts, day.cast(pa.int32()).to_numpy()).astype(np.int16))
