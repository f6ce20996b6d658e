"""Bulk import of workers and of what they hold: service, posts, grades, certificates, seats; and of managements."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.kernel.region import subtree
from services.runtime.cells import choices, codes, days, flags, whole_numbers
from services.runtime.imports import Column, Fault, Sheet
from services.runtime.rls import Scope
from services.staffing.domain.committees import BODIES, ROLES
from services.staffing.domain.workers import CATEGORIES, CERTIFICATES, EDUCATIONS, ENTRY_ROUTES, POSTS, SEXES, TIERS
from services.staffing.storage import holdings, persons
from services.staffing.storage.holdings import Holding
from services.staffing.usecases.registers import OUTSIDE, UNKNOWN_COMMUNITY, lineages, plain

Mask = NDArray[np.bool_]

SPAN = (Column("start", ("起始日",)), Column("end", ("终止日",), required=False))
WORKER = Column("worker", ("工号", "number"))
COMMUNITY = Column("community", ("社区", "社区代码"))
MANAGEMENTS = (
    Column("authority", ("管理机关",)),
    Column("unit", ("单位",)),
    *SPAN,
    Column("source", ("来源",), required=False),
)
WORKERS = (
    Column("number", ("工号",)),
    Column("name", ("姓名",)),
    Column("sex", ("性别",)),
    Column("birth_on", ("出生日期",)),
    Column("education", ("学历",)),
    Column("category", ("人员类别",)),
    Column("entry_route", ("进入方式",)),
    COMMUNITY,
    Column("hired_on", ("入职日",)),
    Column("left_on", ("离职日",), required=False),
    Column("urban", ("城市社区",), required=False),
    Column("in_state_establishment", ("事业编",), required=False),
    Column("part_time", ("兼职",), required=False),
    Column("subsidised", ("享受财政补贴",), required=False),
    Column("provenance", ("性质",)),
    Column("source", ("来源",), required=False),
)
APPOINTMENTS = (WORKER, COMMUNITY, Column("post", ("岗位",)), Column("full_time", ("专职",), required=False), *SPAN)
GRADINGS = (WORKER, Column("tier", ("档",)), Column("step", ("级",)), *SPAN)
HELD_CERTIFICATES = (WORKER, Column("level", ("等级",)), Column("issued_on", ("取得日",)))
MEMBERSHIPS = (WORKER, COMMUNITY, Column("body", ("组织",)), Column("role", ("职务",)), *SPAN)

UNKNOWN_WORKER = Fault(
    "worker.not_found", "没有这个工号", "names no worker",
    "请核对工号,或先导入人员", "check the number, or import the worker first",
)  # fmt: skip
ENDS_EARLY = Fault(
    "period.empty", "终止日须晚于起始日", "must come after the start",
    "终止日为最后一天的次日", "the end is the first day after it",
)  # fmt: skip
OVERLAP = Fault(
    "period.overlap", "与同一对象的其他时段重叠", "overlaps another period of the same",
    "请先终止前一时段,或更正起始日", "end the earlier one first, or correct the start",
)  # fmt: skip
TWICE = Fault(
    "row.repeated", "在文件中重复", "appears twice in the file", "请只保留一行", "keep one row",
)  # fmt: skip


def _column(values: Mapping[str, Any], keys: pa.Array) -> list[Any]:
    return [values.get(key) for key in keys.to_pylist()]


def _span(sheet: Sheet, start: str, end: str) -> tuple[pa.Array, pa.Array]:
    first, last = days(sheet, start), days(sheet, end)
    early = pc.fill_null(pc.less_equal(last, first), fill_value=False)
    sheet.fault(end, np.asarray(early), ENDS_EARLY)
    return first, last


def _rows(sheet: Sheet) -> dict[str, Any]:
    count = sheet.table.num_rows
    places = pa.array(np.arange(count, dtype=np.int32))
    return {"row": places, "id": lineages(places.cast(pa.string()))}


async def _workers_of(connection: asyncpg.Connection, sheet: Sheet) -> tuple[pa.Array, pa.Array]:
    """The id and home community of each row's worker; unknown numbers are faults."""
    numbers = sheet.text("worker")
    found: dict[str, tuple[UUID, str]] = {}
    for number, worker, community in await persons.numbered(connection, pc.unique(numbers.drop_null()).to_pylist()):
        found[number] = worker, community
    both = _column(found, numbers)
    sheet.fault("worker", np.array([one is None for one in both], dtype=bool) & ~sheet.empty("worker"), UNKNOWN_WORKER)
    ids = pa.array([one[0].hex if one else None for one in both], pa.string())
    return ids, pa.array([one[1] if one else None for one in both], pa.string())


async def _check_communities(connection: asyncpg.Connection, sheet: Sheet) -> pa.Array:
    found = codes(sheet, "community")
    known = await persons.known_codes(connection, pc.unique(found.drop_null()).to_pylist())
    missing = pc.invert(pc.is_in(found, pa.array(sorted(known), pa.string())))
    sheet.fault("community", np.asarray(missing) & np.asarray(pc.is_valid(found)), UNKNOWN_COMMUNITY)
    return found


async def read_managements(_connection: asyncpg.Connection, sheet: Sheet, scope: Scope) -> pa.Table:
    """Relations authority -> unit; both are division codes, the unit must lie in the caller's region."""
    unit = codes(sheet, "unit")
    inside = [code is None or any(lo <= code < hi for lo, hi in scope) for code in unit.to_pylist()]
    sheet.fault("unit", ~np.array(inside, dtype=bool), OUTSIDE)
    start, stop = _span(sheet, "start", "end")
    ends = [subtree(code)[1] if code else None for code in unit.to_pylist()]
    return pa.table(
        {
            **_rows(sheet),
            "unit": unit,
            "authority": codes(sheet, "authority"),
            "unit_end": pa.array(ends, pa.string()),
            "source": pc.fill_null(sheet.text("source"), ""),
            "start": start,
            "stop": stop,
        }
    )


async def read_appointments(connection: asyncpg.Connection, sheet: Sheet, _scope: Scope) -> pa.Table:
    """Posts: worker (number), community, post, full_time (true unless told), start, end."""
    worker, _ = await _workers_of(connection, sheet)
    community = await _check_communities(connection, sheet)
    start, stop = _span(sheet, "start", "end")
    return pa.table(
        {
            **_rows(sheet),
            "worker": worker,
            "community": community,
            "post": choices(sheet, "post", POSTS),
            "full_time": pa.array(flags(sheet, "full_time", absent=True)),
            "start": start,
            "stop": stop,
        }
    )


async def read_gradings(connection: asyncpg.Connection, sheet: Sheet, _scope: Scope) -> pa.Table:
    """Grades: worker (number), tier, step 1-99, start, end."""
    worker, home = await _workers_of(connection, sheet)
    start, stop = _span(sheet, "start", "end")
    return pa.table(
        {
            **_rows(sheet),
            "worker": worker,
            "community": home,
            "tier": choices(sheet, "tier", TIERS),
            "step": pa.array(whole_numbers(sheet, "step", low=1, high=99, absent=1)),
            "start": start,
            "stop": stop,
        }
    )


async def read_memberships(connection: asyncpg.Connection, sheet: Sheet, _scope: Scope) -> pa.Table:
    """Seats: worker (number), community, body, role, start, end."""
    worker, _ = await _workers_of(connection, sheet)
    community = await _check_communities(connection, sheet)
    start, stop = _span(sheet, "start", "end")
    return pa.table(
        {
            **_rows(sheet),
            "worker": worker,
            "community": community,
            "body": choices(sheet, "body", BODIES),
            "role": choices(sheet, "role", ROLES),
            "start": start,
            "stop": stop,
        }
    )


async def read_certificates(connection: asyncpg.Connection, sheet: Sheet, _scope: Scope) -> pa.Table:
    """Certificates: worker (number), level, issued_on; a level is held once."""
    worker, home = await _workers_of(connection, sheet)
    level = choices(sheet, "level", CERTIFICATES[1:])
    sheet.fault("worker", _repeated(pc.binary_join_element_wise(worker, level, "|")), TWICE)
    rows = _rows(sheet)
    return pa.table(
        {"id": rows["id"], "worker": worker, "community": home, "level": level, "issued_on": days(sheet, "issued_on")}
    )


async def read_workers(connection: asyncpg.Connection, sheet: Sheet, _scope: Scope) -> tuple[pa.Table, pa.Table]:
    """Persons, and their service from `hired_on` to before `left_on`; a number known in the county is that person."""
    community = await _check_communities(connection, sheet)
    number = sheet.text("number")
    known = await persons.numbered(connection, pc.unique(number.drop_null()).to_pylist())
    ids: dict[tuple[str | None, str | None], str] = {(text, home[:6]): worker.hex for text, worker, home in known}
    keys = list(zip(number.to_pylist(), [code[:6] if code else None for code in community.to_pylist()], strict=True))
    labels = pa.array([f"{text}|{county}" for text, county in keys])
    worker = pc.coalesce(pa.array([ids.get(key) for key in keys], pa.string()), lineages(labels))
    start, stop = _span(sheet, "hired_on", "left_on")
    people = {
        "id": worker,
        "number": number,
        "name": sheet.text("name"),
        "sex": choices(sheet, "sex", SEXES),
        "birth_on": days(sheet, "birth_on"),
        "education": choices(sheet, "education", EDUCATIONS),
        "category": choices(sheet, "category", CATEGORIES),
        "entry_route": choices(sheet, "entry_route", ENTRY_ROUTES),
        "community": community,
        "provenance": sheet.text("provenance"),
        "source": pc.fill_null(sheet.text("source"), ""),
    }
    service = {
        **_rows(sheet),
        "worker": worker,
        "community": community,
        "urban": pa.array(flags(sheet, "urban")),
        "in_state_establishment": pa.array(flags(sheet, "in_state_establishment")),
        "part_time": pa.array(flags(sheet, "part_time")),
        "subsidised": pa.array(flags(sheet, "subsidised", absent=True)),
        "start": start,
        "stop": stop,
    }
    return pa.table(people), pa.table(service)


def _repeated(keys: pa.Array) -> Mask:
    """True for every row whose key appeared in a row above it."""
    encoded = plain(keys).dictionary_encode()
    places = np.asarray(pc.fill_null(encoded.indices, -1))
    _, first = np.unique(places, return_index=True)
    mask = np.ones(len(places), dtype=bool)
    mask[first] = False
    return mask & (places >= 0)


async def stage(connection: asyncpg.Connection, holding: Holding, sheet: Sheet, rows: pa.Table, column: str) -> None:
    """Stage the good rows and note those that overlap."""
    await holdings.stage(connection, holding, rows.filter(pa.array(sheet.good)))
    clash = np.zeros(sheet.table.num_rows, dtype=bool)
    clash[await holdings.overlaps(connection, holding)] = True
    sheet.fault(column, clash, OVERLAP)


async def merge(connection: asyncpg.Connection, holding: Holding, sheet: Sheet) -> int:
    """Merge the staged rows that are still good; the rows that said something new."""
    skipped: Sequence[int] = np.flatnonzero(~sheet.good).tolist()
    return await holdings.merge(connection, holding, skipped)


def last_of_each(people: pa.Table, good: Mask) -> pa.Table:
    """One row per person: a file may hold several stretches of service of one, the last row describes the person."""
    kept = people.filter(pa.array(good))
    places = np.asarray(plain(kept.column("id")).dictionary_encode().indices)
    _, back = np.unique(places[::-1], return_index=True)
    return kept.take(pa.array(np.sort(len(places) - 1 - back)))
