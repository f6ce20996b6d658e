"""Bulk import of the registers that cover the nation: divisions, communities and their measures."""

import gzip
import io
import os
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.kernel.errors import Malformed
from services.runtime.cells import choices, codes, days, whole_numbers
from services.runtime.ids import new_id
from services.runtime.imports import Column, Fault, Sheet, read_sheet
from services.runtime.rls import Scope
from services.staffing.domain.communities import KINDS, MEASURES, UNIT_TYPES, URBAN_RURAL, kind_of_type
from services.staffing.storage import bulk, columns

BOOK_START = "2016-07-31"  # the book does not say since when a unit stands: from the earliest edition at hand
LEVELS = ("province", "city", "county", "town", "village")
AREAS = ("premises_sqm", "ground_floor_sqm")
MOST_BYTES = 256 * 1024 * 1024

PLACE = (
    Column("name", ("名称",)),
    Column("unit_type", ("类型", "单位类型", "type"), required=False),
    Column("urban_rural", ("城乡分类", "ur_code_2016"), required=False),
    Column("start", ("起始日",), required=False),
    Column("source", ("来源",), required=False),
)
DIVISIONS = (Column("code", ("代码", "区划代码")), Column("level", ("级别",)), *PLACE)
COMMUNITIES = (
    Column("code", ("代码", "区划代码")),
    Column("kind", ("种类",)),
    *PLACE,
    Column("end", ("终止日",), required=False),
    Column("provenance", ("性质",)),
)
COUNTED = ("常住户数", "户籍户数", "常住人口", "城镇常住人口", "用房面积", "一楼面积")
MEASURED = (
    Column("community", ("社区", "社区代码", "code")),
    Column("start", ("起始日",)),
    *(Column(name, (zh,), required=False) for name, zh in zip(MEASURES, COUNTED, strict=True)),
    Column("provenance", ("性质",)),
    Column("source", ("来源",), required=False),
)
UNKNOWN_COMMUNITY = Fault(
    "community.not_found", "没有这个社区(村),或不在您的权限范围内", "names no community, or one outside your region",
    "请核对代码,或先导入社区", "check the code, or import the community first",
)  # fmt: skip
OUTSIDE = Fault(
    "region.outside", "该代码不在您的权限范围内", "is outside your region",
    "请核对代码,或向管理员申请权限", "check the code, or ask the administrator for the right",
)  # fmt: skip
SQUARE = Fault(
    "cell.area", "应为平方米,最多两位小数", "must be square metres with at most two decimals",
    "例如 405.50", "write 405.50",
)  # fmt: skip
NEEDS_TYPE = Fault(
    "cell.choice", f"只能是:{', '.join(UNIT_TYPES)}", f"must be one of: {', '.join(UNIT_TYPES)}",
    "请改为列出的值", "use one of these words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """Checked rows of one register, ready to merge."""

    table: str
    rows: pa.Table


def open_sheet(body: bytes, wanted: tuple[Column, ...]) -> Sheet:
    """The CSV, or gzip of one, as a sheet; Malformed `import.unreadable` for a packed body that is broken or huge."""
    if body[:2] != b"\x1f\x8b":
        return read_sheet(body, wanted)
    try:
        with gzip.open(io.BytesIO(body)) as packed:
            content = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError):
        content = b""
    if not content or len(content) > MOST_BYTES:
        raise Malformed(
            "import.unreadable",
            "压缩文件损坏或解压后超过 256 MB,请重新压缩或分批导入。",
            "The gzip file is broken or unpacks to more than 256 MB; pack it again or send it in parts.",
        )
    return read_sheet(content, wanted)


def read_divisions(sheet: Sheet, scope: Scope) -> list[Load]:
    """The code book: rows of town level and above become divisions, village-level rows communities.

    `level` is 1-5 or its word; without `start` a row holds from BOOK_START.
    """
    digits = pa.array([str(number) for number in range(1, 6)])
    level = sheet.text("level")
    place = pc.coalesce(pc.index_in(level, digits), pc.index_in(level, pa.array(LEVELS)))
    choices(sheet, "level", (*LEVELS, *digits.to_pylist()))
    start = _starts(sheet)
    code = _codes_inside(sheet, "code", scope)
    village = np.asarray(pc.fill_null(pc.equal(place, 4), fill_value=False))
    unknown = village & ~np.asarray(
        pc.fill_null(pc.is_in(sheet.text("unit_type"), pa.array(UNIT_TYPES)), fill_value=False)
    )
    sheet.fault("unit_type", unknown, NEEDS_TYPE)
    units = _units(sheet, code, start, _book_kinds(sheet), _all(sheet, "code_book"))
    book = pa.table(
        {
            "code": code,
            "start": start,
            "name": sheet.text("name"),
            "level": pa.array(LEVELS).take(place),
            "unit_type": pc.fill_null(sheet.text("unit_type"), ""),
            "ended": _flags(sheet.table.num_rows, value=False),
            "source": pc.fill_null(sheet.text("source"), ""),
        }
    )
    return [
        Load("divisions", book.filter(pa.array(sheet.good & ~village))),
        Load("communities", units.filter(pa.array(sheet.good & village))),
    ]


def read_communities(sheet: Sheet, scope: Scope) -> list[Load]:
    """The register of grass-roots units; a code may come twice with different starts, which is one lineage.

    A row with `end` is closed by a step of its own, unless another row of the code starts on that day.
    """
    code = _codes_inside(sheet, "code", scope)
    kind = choices(sheet, "kind", KINDS)
    choices(sheet, "unit_type", UNIT_TYPES)
    start, end = _starts(sheet), days(sheet, "end")
    units = _units(sheet, code, start, kind, sheet.text("provenance")).append_column("end", end)
    return [Load("communities", _with_endings(units.filter(pa.array(sheet.good))))]


def read_measures(sheet: Sheet, scope: Scope) -> list[Load]:
    """Measures, one row per unit and day; an empty measure is not stated there, and the earlier figure holds."""
    made: dict[str, Any] = {"community": _codes_inside(sheet, "community", scope), "start": days(sheet, "start")}
    for name in MEASURES:
        if name in AREAS:
            made[name] = _hundredths(sheet, name)
        else:
            made[name] = pa.array(whole_numbers(sheet, name, high=10**9), mask=sheet.empty(name))
    made["provenance"] = sheet.text("provenance")
    made["source"] = pc.fill_null(sheet.text("source"), "")
    return [Load("community_measures", pa.table(made).filter(pa.array(sheet.good)))]


async def of_registered(connection: asyncpg.Connection, sheet: Sheet, loads: list[Load]) -> list[Load]:
    """The measures of units that the register has; those of any other code are faults of their rows."""
    found = codes(sheet, "community")
    readable = found.drop_null()
    if not len(readable):
        return loads
    span = pc.min_max(readable).as_py()
    known = pa.array(await columns.registered(connection, span["min"], span["max"]))
    missing = pc.invert(pc.is_in(found.cast(pa.int64()), value_set=known))
    # a row that is refused already (another region's, say) tells one reason
    sheet.fault("community", np.asarray(missing) & np.asarray(pc.is_valid(found)) & sheet.good, UNKNOWN_COMMUNITY)
    rows = loads[0].rows
    return [Load(loads[0].table, rows.filter(pc.is_in(rows.column("community").cast(pa.int64()), value_set=known)))]


async def save(connection: asyncpg.Connection, loads: list[Load]) -> int:
    """Merge checked rows into their registers and repack the counties touched; the rows that said something new."""
    added = 0
    for load in loads:
        if not load.rows.num_rows:
            continue
        lo, hi = pc.min(load.rows.column(0)).as_py(), pc.max(load.rows.column(0)).as_py()
        new = await bulk.merge(connection, load.table, load.rows, lo, hi)
        added += new
        if new and load.table != "divisions":
            await columns.repack(connection, lo[:6] + "000000", hi[:6] + ":")
    return added


def _codes_inside(sheet: Sheet, name: str, scope: Scope) -> pa.Array:
    found = codes(sheet, name)
    inside = _flags(len(found), value=False)
    for lo, hi in scope:
        inside = pc.or_(inside, pc.and_(pc.greater_equal(found, lo), pc.less(found, hi)))
    sheet.fault(name, ~np.asarray(pc.fill_null(inside, fill_value=True)), OUTSIDE)
    return found


def _starts(sheet: Sheet) -> pa.Array:
    return pc.fill_null(days(sheet, "start"), pc.strptime(BOOK_START, format="%Y-%m-%d", unit="s").cast(pa.date32()))


def _flags(count: int, *, value: bool) -> pa.Array:
    return pa.array(np.full(count, value))


def _all(sheet: Sheet, word: str) -> pa.Array:
    return pa.array([word]).take(pa.array(np.zeros(sheet.table.num_rows, dtype=np.int8)))


def _book_kinds(sheet: Sheet) -> pa.Array:
    kinds = pa.array([kind_of_type(name).value for name in UNIT_TYPES])
    return kinds.take(pc.index_in(sheet.text("unit_type"), pa.array(UNIT_TYPES)))


def _units(sheet: Sheet, code: pa.Array, start: pa.Array, kind: pa.Array, provenance: pa.Array) -> pa.Table:
    allowed = tuple(str(number) for number in URBAN_RURAL)
    return pa.table(
        {
            "code": code,
            "start": start,
            "id": lineages(code),
            "name": sheet.text("name"),
            "kind": kind,
            "unit_type": pc.coalesce(sheet.text("unit_type"), _types(code)),
            "urban_rural": choices(sheet, "urban_rural", allowed),
            "ended": _flags(len(code), value=False),
            "provenance": provenance,
            "source": pc.fill_null(sheet.text("source"), ""),
        }
    )


def _types(code: pa.Array) -> pa.Array:
    """The unit type that the last three digits stand for (统计用区划代码编制规则)."""
    by_digit = pa.array([UNIT_TYPES[0], UNIT_TYPES[0], UNIT_TYPES[2], UNIT_TYPES[2], UNIT_TYPES[1], UNIT_TYPES[3]])
    digit = pc.utf8_slice_codeunits(code, 9, 10)
    return by_digit.take(pc.index_in(digit, pa.array(["0", "1", "2", "3", "4", "5"])))


def _with_endings(units: pa.Table) -> pa.Table:
    rows = units.drop_columns(["end"])
    closing = units.filter(pc.is_valid(units.column("end")))
    ended = closing.set_column(1, "start", closing.column("end")).drop_columns(["end"])
    ended = ended.set_column(7, "ended", _flags(ended.num_rows, value=True))
    following = pc.is_in(_key(ended), _key(rows))
    return pa.concat_tables([rows, ended.filter(pc.invert(following))])


def _key(rows: pa.Table) -> pa.Array:
    return pc.binary_join_element_wise(
        rows.column("code"), rows.column("start").cast(pa.string()), "|"
    ).combine_chunks()


def _hundredths(sheet: Sheet, name: str) -> pa.Array:
    """Square metres as text -> 1/100 square metres as int64, without passing through a float."""
    column = sheet.text(name)
    fine = pc.fill_null(pc.match_substring_regex(column, r"^\d{1,7}(\.\d{1,2})?$"), fill_value=False)
    sheet.fault(name, ~np.asarray(fine) & ~sheet.empty(name), SQUARE)
    whole = pc.replace_substring_regex(column, r"\..*$", "")
    part = pc.utf8_rpad(pc.replace_substring_regex(column, r"^[^.]*\.?", ""), 2, "0")
    joined = pc.if_else(fine, pc.binary_join_element_wise(whole, part, ""), None)
    return joined.cast(pa.int64())


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of what may be several chunks."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def lineages(code: pa.Array) -> pa.Array:
    """A new UUID version 7 per distinct code, as 32 hexadecimal digits; equal codes share one, null has its own."""
    encoded = plain(pc.fill_null(code, "")).dictionary_encode()
    count = len(encoded.dictionary)
    raw: NDArray[np.uint8] = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    raw[:, :6] = np.frombuffer(new_id().bytes[:6], dtype=np.uint8)
    place = np.arange(
        count, dtype=np.uint32
    )  # a counter before the random part keeps the index in order (RFC 9562, 6.2)
    raw[:, 6:8] = (0x7000 | place >> 14).astype(">u2").view(np.uint8).reshape(count, 2)
    raw[:, 8:10] = (0x8000 | place & 0x3FFF).astype(">u2").view(np.uint8).reshape(count, 2)
    ends = pa.py_buffer(np.arange(0, 32 * count + 1, 32, dtype=np.int32))
    made = pa.Array.from_buffers(pa.string(), count, [None, ends, pa.py_buffer(raw.tobytes().hex().encode())])
    return made.take(encoded.indices)
