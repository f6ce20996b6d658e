"""Bulk writes: a table of text arrives by COPY in a temporary table, and one statement merges it into its register.

COPY straight into a register is impossible under row-level security; the merge also leaves out unchanged rows.
"""

import io

import asyncpg
import pyarrow as pa
import pyarrow.csv as pacsv

CREATE = {
    "divisions": 'code text COLLATE "C", start date, name text, level text, unit_type text, ended boolean, source text',
    "communities": (
        'code text COLLATE "C", start date, id uuid, name text, kind text, unit_type text, urban_rural smallint, '
        "ended boolean, provenance text, source text"
    ),
    "community_measures": (
        'community text COLLATE "C", start date, resident_households integer, registered_households integer, '
        "resident_population integer, urban_residents integer, premises_sqm integer, ground_floor_sqm integer, "
        "provenance text, source text"
    ),
}

MERGE = {
    "divisions": """
INSERT INTO staffing.divisions (code, start, name, level, unit_type, ended, source)
SELECT i.code, i.start, i.name, i.level, i.unit_type, i.ended, i.source FROM incoming i
LEFT JOIN (
    SELECT DISTINCT ON (code, start) * FROM staffing.divisions WHERE code >= $1 AND code <= $2
    ORDER BY code, start, recorded_at DESC
) d ON d.code = i.code AND d.start = i.start
WHERE d.code IS NULL
    OR (d.name, d.level, d.unit_type, d.ended) IS DISTINCT FROM (i.name, i.level, i.unit_type, i.ended)
ORDER BY i.code, i.start
""",
    "communities": """
INSERT INTO staffing.communities
    (code, start, id, name, kind, unit_type, urban_rural, ended, provenance, source)
SELECT i.code, i.start, coalesce(l.id, i.id), i.name, i.kind, i.unit_type, i.urban_rural, i.ended, i.provenance,
    i.source
FROM incoming i
LEFT JOIN (
    SELECT DISTINCT ON (code) code, id FROM staffing.communities WHERE code >= $1 AND code <= $2
    ORDER BY code, start
) l ON l.code = i.code
LEFT JOIN (
    SELECT DISTINCT ON (code, start) * FROM staffing.communities WHERE code >= $1 AND code <= $2
    ORDER BY code, start, recorded_at DESC
) c ON c.code = i.code AND c.start = i.start
WHERE c.code IS NULL OR (c.name, c.kind, c.unit_type, c.urban_rural, c.ended, c.provenance)
    IS DISTINCT FROM (i.name, i.kind, i.unit_type, i.urban_rural, i.ended, i.provenance)
ORDER BY i.code, i.start
""",
    "community_measures": """
INSERT INTO staffing.community_measures
    (community, start, resident_households, registered_households, resident_population, urban_residents,
     premises_sqm, ground_floor_sqm, provenance, source)
SELECT i.* FROM incoming i
LEFT JOIN (
    SELECT DISTINCT ON (community, start) * FROM staffing.community_measures WHERE community >= $1 AND community <= $2
    ORDER BY community, start, recorded_at DESC
) m ON m.community = i.community AND m.start = i.start
WHERE m.community IS NULL
    OR (m.resident_households, m.registered_households, m.resident_population, m.urban_residents,
        m.premises_sqm, m.ground_floor_sqm, m.provenance)
    IS DISTINCT FROM (i.resident_households, i.registered_households, i.resident_population, i.urban_residents,
        i.premises_sqm, i.ground_floor_sqm, i.provenance)
ORDER BY i.community, i.start
""",
}


async def merge(connection: asyncpg.Connection, table: str, rows: pa.Table, lo: str, hi: str) -> int:
    """Add the rows that say something new about the codes lo..hi (both in); the number of rows added.

    The columns of `rows` are those of CREATE in that order. Rows equal to the latest of the same start are left out,
    so that the same file loaded twice changes nothing; different ones are corrections and stand beside the old.
    """
    await connection.execute("SET LOCAL work_mem = '128MB'")
    # a register that was just filled still has the statistics of an empty one: never loop over it row by row
    await connection.execute("SET LOCAL enable_nestloop = off")
    await connection.execute("DROP TABLE IF EXISTS incoming")
    await connection.execute(f"CREATE TEMPORARY TABLE incoming ({CREATE[table]}) ON COMMIT DROP")
    buffer = io.BytesIO()
    pacsv.write_csv(rows, buffer, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    buffer.seek(0)
    await connection.copy_to_table("incoming", source=buffer, format="csv")
    # a glance is enough: the size decides the plan, and a full look costs as much as the COPY
    await connection.execute("SET LOCAL default_statistics_target = 1")
    await connection.execute("ANALYZE incoming")
    return int((await connection.execute(MERGE[table], lo, hi)).rsplit(" ", 1)[1])
