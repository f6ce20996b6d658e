"""Bulk columns: Arrow or NumPy into PostgreSQL by COPY, out by COPY or cursor, over HTTP as an Arrow stream."""

import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi.responses import StreamingResponse
from pyarrow import csv, ipc
from typing_extensions import Buffer

from services.runtime.wire import Layout

ARROW = "application/vnd.apache.arrow.stream"
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


async def copy_arrow(
    connection: asyncpg.Connection, table: str, data: pa.Table, *, on_conflict: str = "", direct: bool = False
) -> int:
    """Inserts the rows of an Arrow table whose column names are the table's; answers how many were inserted.

    Rows pass through a temporary table, because PostgreSQL refuses COPY into a table with row-level security;
    `direct=True` copies straight into one without. `on_conflict` is the clause after the INSERT, such as
    `ON CONFLICT DO NOTHING`. UUIDs are fixed_size_binary(16); lists of numbers become arrays.
    """
    columns = [_checked(name) for name in data.column_names]
    text = io.BytesIO()
    plain = pa.table([_as_text(data.column(name)) for name in columns], names=columns)
    csv.write_csv(plain, text, csv.WriteOptions(include_header=False))
    text.seek(0)
    target = _checked(table) if direct else await _stage(connection, table, columns)
    await _copy(connection, target, source=text, columns=columns, format="csv")
    return data.num_rows if direct else await _settle(connection, table, target, columns, on_conflict)


async def copy_block(
    connection: asyncpg.Connection,
    table: str,
    layout: Layout,
    block: Mapping[str, np.ndarray],
    *,
    on_conflict: str = "",
    direct: bool = False,
) -> int:
    """Inserts a block of equally long NumPy columns by binary COPY; see copy_arrow for the temporary table."""
    columns = [_checked(one.name) for one in layout.fields]
    target = _checked(table) if direct else await _stage(connection, table, columns)
    data = layout.encode(block)
    await _copy(connection, target, source=io.BytesIO(data), columns=columns, format="binary")
    rows = len(next(iter(block.values())))
    return rows if direct else await _settle(connection, table, target, columns, on_conflict)


async def read_block(
    connection: asyncpg.Connection, layout: Layout, query: str, *arguments: object
) -> dict[str, np.ndarray]:
    """The result of a query as NumPy columns, by binary COPY; its columns are the layout's, none of them NULL."""
    buffer = io.BytesIO()
    await connection.copy_from_query(query, *arguments, output=buffer, format="binary")
    return layout.decode(buffer.getbuffer())


async def fetch_arrow(
    connection: asyncpg.Connection, schema: pa.Schema, query: str, *arguments: object, rows: int = 16_384
) -> AsyncIterator[pa.RecordBatch]:
    """The result of a query as Arrow batches of at most `rows`; columns by position, NULLs kept, UUIDs as 16 bytes."""
    cursor = await connection.cursor(query, *arguments)
    while records := await cursor.fetch(rows):
        columns = zip(*(record.values() for record in records), strict=True)
        yield pa.record_batch(
            [_array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema
        )


def arrow_response(schema: pa.Schema, batches: AsyncIterator[pa.RecordBatch]) -> StreamingResponse:
    """The batches as an Arrow IPC stream, sent as they come."""
    return StreamingResponse(_chunks(schema, batches), media_type=ARROW)


def read_arrow(stream: bytes) -> pa.Table:
    """The table inside a complete Arrow IPC stream; ValueError when the stream was cut off."""
    if not stream.endswith(_END_OF_STREAM):
        raise ValueError("the Arrow stream was cut off before its end mark")
    try:
        return ipc.open_stream(stream).read_all()
    except pa.ArrowInvalid as error:
        raise ValueError("not an Arrow stream") from error


class _Drain(io.RawIOBase):
    """A sink that gives back what was written since the last time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Buffer) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


async def _chunks(schema: pa.Schema, batches: AsyncIterator[pa.RecordBatch]) -> AsyncIterator[bytes]:
    sink = _Drain()
    writer = ipc.new_stream(sink, schema)
    async for batch in batches:
        writer.write_batch(batch)
        yield sink.take()
    writer.close()
    yield sink.take()


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_binary(kind):
        values = [None if one is None else one.bytes for one in values]
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, kind)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A column in a form whose CSV text PostgreSQL reads: dictionaries spelt out, UUIDs in hex, lists in braces."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_fixed_size_binary(kind):
        return _hexadecimal(column.combine_chunks(), kind.byte_width)
    if pa.types.is_list(kind):
        joined = pc.binary_join(column.cast(pa.list_(pa.string())), ",")
        return pc.binary_join_element_wise("{", joined, "}", "")
    return column


def _hexadecimal(column: pa.Array, width: int) -> pa.Array:
    filled = pc.fill_null(column, b"\0" * width)
    data = np.frombuffer(filled.buffers()[1], dtype=np.uint8, count=len(filled) * width, offset=filled.offset * width)
    digits = np.empty((len(filled), width * 2), dtype=np.uint8)
    octets = data.reshape(len(filled), width)
    digits[:, 0::2], digits[:, 1::2] = _HEX[octets >> 4], _HEX[octets & 15]
    text = pa.array(digits.reshape(-1).view(f"S{width * 2}")).cast(pa.string())
    return pc.if_else(column.is_valid(), text, None) if column.null_count else text


async def _stage(connection: asyncpg.Connection, table: str, columns: Sequence[str]) -> str:
    name = f"staged_{_checked(table).replace('.', '_')}"
    await connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    await connection.execute(
        f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {_quoted(columns)} FROM {table} WITH NO DATA"  # noqa: S608 - checked names
    )
    return name


async def _copy(connection: asyncpg.Connection, target: str, **options: object) -> None:
    schema, _, name = target.rpartition(".")
    await connection.copy_to_table(name, schema_name=schema or None, **options)


async def _settle(
    connection: asyncpg.Connection, table: str, staged: str, columns: Sequence[str], on_conflict: str
) -> int:
    names = _quoted(columns)
    tag: str = await connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {staged} {on_conflict}")  # noqa: S608 - checked names
    await connection.execute(f"DROP TABLE pg_temp.{staged}")
    return int(tag.rpartition(" ")[2])


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)  # `on` and `end` are days here and words of SQL


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a plain SQL name: {name!r}")
    return name
