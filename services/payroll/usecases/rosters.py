"""Staffing's roster stream as columns of stored facts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.kernel.formula.vocabulary import Fact
from services.payroll.domain.policy import ROSTER_FACTS

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class RosterBlock:
    """Some workers of a month: ids as bytes of shape (rows, 16), their communities, and roster facts as stored.

    `total`: how many workers the whole roster has, when that is known.
    """

    workers: NDArray[np.uint8]
    communities: NDArray[Any]
    columns: Columns
    total: int | None = None

    def __len__(self) -> int:
        return len(self.workers)


BLOCK_ROWS = 32_768


def roster_blocks(table: pa.Table, rows: int = BLOCK_ROWS) -> Iterator[RosterBlock]:
    """A roster as blocks of at most `rows` workers, order kept."""
    for start in range(0, table.num_rows, rows):
        yield replace(roster_block(table.slice(start, rows)), total=table.num_rows)


def roster_block(table: pa.Table) -> RosterBlock:
    """Rows of the roster's schema -> one block, order kept.

    A symbol that the vocabulary does not know is absent, and so a named fault where a rule asks for it.
    """
    table = table.unify_dictionaries()
    columns: Columns = {}
    for fact in ROSTER_FACTS:
        columns |= _column(fact, table.column(fact.name).combine_chunks())
    return RosterBlock(
        _bytes_of(table.column("worker_id").cast(pa.binary(16)).combine_chunks(), 16),
        _bytes_of(table.column("community").cast(pa.binary(12)).combine_chunks(), 12).view("S12").reshape(-1),
        columns,
    )


def _bytes_of(array: pa.FixedSizeBinaryArray, width: int) -> NDArray[np.uint8]:
    """Values of one width without a null -> their bytes, of shape (rows, width)."""
    data = np.frombuffer(array.buffers()[1], dtype=np.uint8)
    return data[array.offset * width : (array.offset + len(array)) * width].reshape(-1, width)


def _column(fact: Fact, array: pa.Array) -> Columns:
    absent = np.asarray(array.is_null())
    if fact.kind == "symbol":
        stored, unknown = _codes(fact, array)
        absent = absent | unknown
    elif fact.kind == "flag":
        stored = np.asarray(array.fill_null(False))
    else:
        numbers = array.cast(pa.int32()) if fact.kind == "day" else array
        stored = np.asarray(numbers.fill_null(0)).astype(np.int64)
    return {fact.name: stored} | ({f"{fact.name}?": absent} if absent.any() else {})


def _codes(fact: Fact, array: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Positions in the fact's symbols, and which rows hold none of them."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    positions = [fact.symbols.index(text) if text in fact.symbols else -1 for text in encoded.dictionary.to_pylist()]
    places = np.array([*positions, -1], dtype=np.int64)
    indices = np.asarray(encoded.indices.fill_null(len(positions))).astype(np.int64)
    codes = places[indices]
    return np.maximum(codes, 0), codes < 0
