"""Bulk import of the registers that cover the nation: divisions, communities and their measures."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.kernel.region import Kind, kind_of
from services.runtime.ids import new_id
from services.staffing.domain.communities import KINDS, MEASURES, UNIT_TYPES, URBAN_RURAL, kind_of_type
from services.staffing.storage import bulk, columns
from services.staffing.usecases.tables import (
    AREA,
    CODE,
    NUMBER,
    RowError,
    Sheet,
    empty_as_null,
    good_rows,
    read_sheet,
)

Scope = tuple[tuple[str, str], ...]
BOOK_START = "2023-06-30"
LEVELS = {"1": "province", "2": "city", "3": "county", "4": "town"}
AREAS = ("premises_sqm", "ground_floor_sqm")
ALIASES: Mapping[str, str] = {
    "代码": "code", "区划代码": "code", "名称": "name", "级别": "level", "类型": "unit_type", "单位类型": "unit_type",
    "type": "unit_type", "ur_code_2016": "urban_rural", "城乡分类": "urban_rural", "种类": "kind", "社区": "community",
    "社区代码": "community", "起始日": "start", "终止日": "end", "来源": "source", "性质": "provenance",
    "常住户数": "resident_households", "户籍户数": "registered_households", "常住人口": "resident_population",
    "城镇常住人口": "urban_residents", "用房面积": "premises_sqm", "一楼面积": "ground_floor_sqm",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: rows read, rows added, rows already known, rows refused with their reasons."""

    rows: int
    added: int
    rejected: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """Checked rows of one register, ready to merge: its table, the rows, and what was refused."""

    table: str
    rows: pa.Table
    sheet: Sheet


def read_divisions(body: bytes, scope: Scope) -> list[Load]:
    """The code book: rows of town level and above become divisions, village-level rows communities.

    Columns code, name, level (1-5 or its word), unit_type (or type), and optionally ur_code_2016, start, source.
    """
    sheet = read_sheet(body, ALIASES, ("code", "name", "level", "unit_type"))
    sheet.need_match("code", CODE, "12 位数字 / 12 digits")
    sheet.need_one_of("level", (*LEVELS, *LEVELS.values(), "5", "village"))
    sheet.need_day("start", optional=True)
    sheet.need_inside("code", scope)
    village = np.asarray(pc.is_in(sheet.text("level"), pa.array(["5", "village"])).to_numpy(zero_copy_only=False))
    above, below = _part(sheet, ~village), _part(sheet, village)
    loads = [Load("divisions", good_rows(above, _division_columns), above)]
    if below.rows:
        _check_units(below, kind_needed=False)
        loads.append(Load("communities", good_rows(below, _book_columns), below))
    return loads


def read_communities(body: bytes, scope: Scope) -> list[Load]:
    """The register of grass-roots units: code, name, kind, unit_type, urban_rural, start, end, provenance, source."""
    sheet = read_sheet(body, ALIASES, ("code", "name", "kind", "start", "provenance"))
    sheet.need_match("code", CODE, "12 位数字 / 12 digits")
    sheet.need_one_of("kind", KINDS)
    sheet.need_day("start")
    sheet.need_day("end", optional=True)
    sheet.need_inside("code", scope)
    _check_units(sheet, kind_needed=True)
    rows = good_rows(sheet, _community_columns)
    return [Load("communities", _with_endings(rows, good_rows(sheet, lambda s: {"end": s.text("end")})), sheet)]


def read_measures(body: bytes, scope: Scope) -> list[Load]:
    """Measures, one row per unit and day: community, start, any measure columns (empty = not stated), provenance."""
    sheet = read_sheet(body, ALIASES, ("community", "start", "provenance"))
    sheet.need_match("community", CODE, "12 位数字 / 12 digits")
    sheet.need_day("start")
    sheet.need_match("provenance", ".", "数据性质,例如 synthetic / for example synthetic")
    for name in MEASURES:
        if name in sheet.columns:
            pattern, hint = (AREA, "平方米 / square metres, 405.50") if name in AREAS else (NUMBER, "整数 / a whole number")
            sheet.need_match(name, pattern, hint, optional=True)
    sheet.need_inside("community", scope)
    return [Load("community_measures", good_rows(sheet, _measure_columns), sheet)]


async def save(connection: asyncpg.Connection, loads: list[Load]) -> Outcome:
    """Merge checked rows into their registers and rebuild the packed columns of the counties touched."""
    added = 0
    for load in loads:
        if not load.rows.num_rows:
            continue
        codes = load.rows.column(0)
        lo, hi = pc.min(codes).as_py(), pc.max(codes).as_py()
        new = await bulk.merge(connection, load.table, load.rows, lo, hi)
        added += new
        if new and load.table != "divisions":
            await columns.repack(connection, lo[:6] + "000000", hi[:6] + ":")
    return outcome(loads, added)


def outcome(loads: list[Load], added: int) -> Outcome:
    """What happened to the rows of all loads together."""
    return Outcome(
        rows=sum(load.sheet.rows for load in loads),
        added=added,
        rejected=sum(int(load.sheet.bad.sum()) for load in loads),
        errors=tuple(error for load in loads for error in load.sheet.errors),
    )


def _part(sheet: Sheet, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> Sheet:
    picked = pa.array(rows)
    numbers = {int(n) for n in np.flatnonzero(rows) + 1}
    return Sheet(
        {name: column.filter(picked) for name, column in sheet.columns.items()},
        int(rows.sum()),
        sheet.bad[rows],
        [error for error in sheet.errors if error.row in numbers],
    )


def _check_units(sheet: Sheet, *, kind_needed: bool) -> None:
    sheet.need_one_of("unit_type", UNIT_TYPES, optional=kind_needed)
    sheet.need_one_of("urban_rural", tuple(str(code) for code in URBAN_RURAL), optional=True)


def _division_columns(sheet: Sheet) -> dict[str, Any]:
    level = sheet.text("level")
    words = pa.array([LEVELS.get(str(key), str(key)) for key in pc.unique(level).to_pylist()])
    named = words.take(pc.index_in(level, pc.unique(level)))
    return {
        "code": sheet.text("code"),
        "start": _or(sheet.text("start"), BOOK_START),
        "name": sheet.text("name"),
        "level": named,
        "unit_type": sheet.text("unit_type"),
        "ended": pa.array(np.zeros(sheet.rows, dtype=bool)),
        "source": sheet.text("source"),
    }


def _book_columns(sheet: Sheet) -> dict[str, Any]:
    types = sheet.text("unit_type").dictionary_encode()
    kinds = pa.array([kind_of_type(str(name)).value for name in types.dictionary.to_pylist()], pa.string())
    return _unit_columns(sheet, kinds.take(types.indices), sheet.text("unit_type"), pa.array(["code_book"]))


def _community_columns(sheet: Sheet) -> dict[str, Any]:
    types = sheet.text("unit_type")
    if pc.any(pc.equal(types, "")).as_py():
        derived = [_type_of(str(code)) for code in sheet.text("code").to_pylist()]
        types = pc.if_else(pc.equal(types, ""), pa.array(derived), types)
    return _unit_columns(sheet, sheet.text("kind"), types, sheet.text("provenance"))


def _type_of(code: str) -> Kind:
    return kind_of(code) if len(code) == 12 and code[9:] != "000" and code[9] < "6" else "residents_committee"


def _unit_columns(sheet: Sheet, kinds: pa.Array, types: pa.Array, provenance: pa.Array) -> dict[str, Any]:
    many = provenance if len(provenance) == sheet.rows else pa.array(["code_book"] * sheet.rows)
    return {
        "code": sheet.text("code"),
        "start": _or(sheet.text("start"), BOOK_START),
        "id": lineages(sheet.text("code")),
        "name": sheet.text("name"),
        "kind": kinds,
        "unit_type": types,
        "urban_rural": empty_as_null(sheet.text("urban_rural")),
        "ended": pa.array(np.zeros(sheet.rows, dtype=bool)),
        "provenance": many,
        "source": sheet.text("source"),
    }


def _with_endings(rows: pa.Table, ends: pa.Table) -> pa.Table:
    """Add the closing step of every unit that ends and is not followed by another step on that day."""
    text = ends.column("end").combine_chunks()
    closing = rows.filter(pc.not_equal(text, ""))
    if not closing.num_rows:
        return rows
    days = text.filter(pc.not_equal(text, ""))
    closing = closing.set_column(1, "start", days)
    closing = closing.set_column(7, "ended", pa.array(np.ones(closing.num_rows, dtype=bool)))
    key = pc.binary_join_element_wise(closing.column("code"), closing.column("start"), "|")
    taken = pc.binary_join_element_wise(rows.column("code"), rows.column("start"), "|")
    return pa.concat_tables([rows, closing.filter(pc.invert(pc.is_in(key, taken.combine_chunks())))])


def _measure_columns(sheet: Sheet) -> dict[str, Any]:
    made: dict[str, Any] = {"community": sheet.text("community"), "start": sheet.text("start")}
    for name in MEASURES:
        column = sheet.text(name)
        made[name] = empty_as_null(_hundredths(column, sheet.bad) if name in AREAS else column)
    return {**made, "provenance": sheet.text("provenance"), "source": sheet.text("source")}


def _hundredths(column: pa.Array, bad: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Array:
    """Square metres as text -> 1/100 square metres as text, without passing through a float."""
    if not pc.any(pc.not_equal(column, "")).as_py():
        return column
    texts = []
    for text, refused in zip(column.to_pylist(), bad, strict=True):
        whole, _, part = ("" if refused else text).partition(".")
        texts.append(str(int(whole) * 100 + int(part.ljust(2, "0"))) if whole else "")
    return pa.array(texts, pa.string())


def _or(column: pa.Array, default: str) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), default, column)


def lineages(codes: pa.Array) -> pa.Array:
    """A new UUID version 7 per distinct code, as 32 hexadecimal digits; equal codes share one."""
    encoded = codes.dictionary_encode()
    count = len(encoded.dictionary)
    raw = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    raw[:, :6] = np.frombuffer(new_id().bytes[:6], dtype=np.uint8)
    place = np.arange(count, dtype=np.uint32)  # a counter before the random part keeps the index in order (RFC 9562, 6.2)
    raw[:, 6:8] = (0x7000 | place >> 14).astype(">u2").view(np.uint8).reshape(count, 2)
    raw[:, 8:10] = (0x8000 | place & 0x3FFF).astype(">u2").view(np.uint8).reshape(count, 2)
    digits = raw.tobytes().hex()
    made = pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(np.arange(0, 32 * count + 1, 32, dtype=np.int32)), pa.py_buffer(digits.encode())]
    )
    return made.take(encoded.indices)
