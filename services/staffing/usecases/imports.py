"""Run an import: read the sheet, refuse or go on, write, report. Nothing is written in a dry run."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import asyncpg
import pyarrow as pa

from services.runtime.imports import Column, Sheet
from services.runtime.rls import Scope
from services.staffing.storage import holdings, persons
from services.staffing.storage.holdings import Holding
from services.staffing.usecases import people, registers

Kind = Literal[
    "divisions", "communities", "measures", "managements", "workers", "appointments", "gradings", "certificates",
    "memberships",
]  # fmt: skip
Answer = tuple[Sheet, int]
Reader = Callable[[asyncpg.Connection, Sheet, Scope], Awaitable[pa.Table]]

REGISTERS: Mapping[str, tuple[tuple[Column, ...], Callable[[Sheet, Scope], list[registers.Load]]]] = {
    "divisions": (registers.DIVISIONS, registers.read_divisions),
    "communities": (registers.COMMUNITIES, registers.read_communities),
    "measures": (registers.MEASURED, registers.read_measures),
}
HELD: Mapping[str, tuple[tuple[Column, ...], Reader, Holding, str]] = {
    "managements": (people.MANAGEMENTS, people.read_managements, holdings.MANAGEMENTS, "unit"),
    "appointments": (people.APPOINTMENTS, people.read_appointments, holdings.APPOINTMENTS, "start"),
    "gradings": (people.GRADINGS, people.read_gradings, holdings.GRADINGS, "start"),
    "memberships": (people.MEMBERSHIPS, people.read_memberships, holdings.MEMBERSHIPS, "start"),
}


async def load(
    connection: asyncpg.Connection, kind: Kind, body: bytes, scope: Scope, *, accept: str, dry_run: bool
) -> Answer:
    """The sheet with its faults and the number of rows that said something new (0 in a dry run).

    ImportRefused when rows are bad and `accept` is `all`: nothing is written then.
    """
    if kind in REGISTERS:
        return await _load_register(connection, kind, body, scope, accept=accept, dry_run=dry_run)
    if kind == "workers":
        return await _load_workers(connection, body, scope, accept=accept, dry_run=dry_run)
    if kind == "certificates":
        return await _load_certificates(connection, body, scope, accept=accept, dry_run=dry_run)
    columns, read, holding, column = HELD[kind]
    sheet = registers.open_sheet(body, columns)
    rows = await read(connection, sheet, scope)
    await people.stage(connection, holding, sheet, rows, column)
    sheet.settle(accept, dry_run=dry_run)
    return sheet, 0 if dry_run else await people.merge(connection, holding, sheet)


async def _load_register(
    connection: asyncpg.Connection, kind: str, body: bytes, scope: Scope, *, accept: str, dry_run: bool
) -> Answer:
    columns, read = REGISTERS[kind]
    sheet = registers.open_sheet(body, columns)
    loads = read(sheet, scope)
    if kind == "measures":
        loads = await registers.of_registered(connection, sheet, loads)
    sheet.settle(accept, dry_run=dry_run)
    return sheet, 0 if dry_run else await registers.save(connection, loads)


async def _load_workers(
    connection: asyncpg.Connection, body: bytes, scope: Scope, *, accept: str, dry_run: bool
) -> Answer:
    sheet = registers.open_sheet(body, people.WORKERS)
    found, service = await people.read_workers(connection, sheet, scope)
    await people.stage(connection, holdings.EMPLOYMENTS, sheet, service, "hired_on")
    sheet.settle(accept, dry_run=dry_run)
    if dry_run:
        return sheet, 0
    added = await persons.merge(connection, people.last_of_each(found, sheet.good))
    return sheet, max(added, await people.merge(connection, holdings.EMPLOYMENTS, sheet))


async def _load_certificates(
    connection: asyncpg.Connection, body: bytes, scope: Scope, *, accept: str, dry_run: bool
) -> Answer:
    sheet = registers.open_sheet(body, people.HELD_CERTIFICATES)
    rows: Any = await people.read_certificates(connection, sheet, scope)
    sheet.settle(accept, dry_run=dry_run)
    return sheet, 0 if dry_run else await persons.merge_certificates(connection, rows.filter(pa.array(sheet.good)))
