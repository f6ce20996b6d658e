"""Persons and their certificates, as known now: staged, merged, and looked up by number."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pyarrow as pa

from services.runtime.transfer import copy_arrow

PERSON = (
    "number",
    "name",
    "sex",
    "birth_on",
    "education",
    "category",
    "entry_route",
    "community",
    "provenance",
    "source",
)


async def numbered(connection: asyncpg.Connection, numbers: Sequence[str]) -> list[tuple[str, UUID, str]]:
    """(number, id, home community) of everybody known now with those numbers."""
    rows = await connection.fetch(
        "SELECT number, id, community FROM staffing.workers WHERE upper_inf(recorded) AND number = ANY($1::text[])",
        list(numbers),
    )
    return [(number, worker, community) for number, worker, community in rows]


async def known_codes(connection: asyncpg.Connection, codes: Sequence[str]) -> set[str]:
    """Those of the codes that are in the register of communities."""
    rows = await connection.fetch(
        "SELECT DISTINCT code FROM staffing.communities WHERE code = ANY($1::text[])", list(codes)
    )
    return {code for (code,) in rows}


async def merge(connection: asyncpg.Connection, rows: pa.Table) -> int:
    """Add the persons (id and PERSON) that are new or different, closing the version they correct."""
    await connection.execute("DROP TABLE IF EXISTS persons")
    await connection.execute(
        "CREATE TEMPORARY TABLE persons ON COMMIT DROP AS SELECT id, number, name, sex, birth_on, education, category, "
        "entry_route, community, provenance, source FROM staffing.workers WITH NO DATA"
    )
    await copy_arrow(connection, "persons", rows, direct=True)
    said = ", ".join(f"{{0}}.{name}" for name in PERSON)
    await connection.execute(
        f"DELETE FROM persons i USING staffing.workers t WHERE t.id = i.id AND upper_inf(t.recorded) "
        f"AND ({said.format('t')}) IS NOT DISTINCT FROM ({said.format('i')})"
    )
    await connection.execute(
        "UPDATE staffing.workers t SET recorded = tstzrange(lower(t.recorded), now()) FROM persons i "
        "WHERE t.id = i.id AND upper_inf(t.recorded)"
    )
    done = await connection.execute(
        f"INSERT INTO staffing.workers (id, {', '.join(PERSON)}) SELECT id, {', '.join(PERSON)} FROM persons"
    )
    return int(done.rsplit(" ", 1)[1])


async def merge_certificates(connection: asyncpg.Connection, rows: pa.Table) -> int:
    """Add certificates (id, worker, community, level, issued_on) that are new or differ in their day."""
    await connection.execute("DROP TABLE IF EXISTS papers")
    await connection.execute(
        "CREATE TEMPORARY TABLE papers ON COMMIT DROP AS "
        "SELECT id, worker, community, level, issued_on FROM staffing.certificates WITH NO DATA"
    )
    await copy_arrow(connection, "papers", rows, direct=True)
    known = "t.worker = i.worker AND t.level = i.level AND upper_inf(t.recorded)"
    await connection.execute(
        f"DELETE FROM papers i USING staffing.certificates t WHERE {known} AND t.issued_on = i.issued_on"
    )
    await connection.execute(
        f"UPDATE staffing.certificates t SET recorded = tstzrange(lower(t.recorded), now()) FROM papers i WHERE {known}"
    )
    done = await connection.execute(
        "INSERT INTO staffing.certificates (id, worker, community, level, issued_on) "
        "SELECT id, worker, community, level, issued_on FROM papers"
    )
    return int(done.rsplit(" ", 1)[1])
