"""Payroll's speed: the kernel over columns, a month through the product's own run and tables, bytes a payslip.

`python benchmarks/payroll.py [WORKERS]` (default 200,000), on a PostgreSQL of its own that is thrown away afterwards.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa

from services.kernel.period import Month
from services.payroll.domain.policy import VOCABULARY
from services.payroll.settings import PayrollSettings
from services.payroll.usecases.calculations import Calculator, PaidRows
from services.payroll.usecases.own_facts import blank
from services.payroll.usecases.payroll_runs import RunOrder, run_month
from services.payroll.usecases.progress import Progress
from services.payroll.usecases.rosters import RosterBlock, roster_blocks
from services.payroll.usecases.rules import RuleBook, Shelf
from services.runtime.database import NATION, Database
from services.runtime.migrate import upgrade
from services.runtime.packs import load
from services.runtime.settings import ROOT
from services.staffing.schemas.roster import ROSTER
from tools.postgres import Postgres

SUPPLEMENTS = ROOT / "tools" / "demo" / "supplements"
COMMUNITY = "530111001011"
DAYS = 31


def roster(count: int) -> pa.Table:
    """Guandu's workers on the demo's ladder, a community of twelve after another."""
    dice = np.random.default_rng(7)
    ids = [(0x0190_0000_0000_7000_8000_0000_0000_0000 + number).to_bytes(16, "big") for number in range(count)]
    tiers = np.array(["both_posts", "head", "deputy", "staff"])[dice.integers(0, 4, count)]
    steps = dice.integers(1, 18, count)
    values = {
        "worker_id": ids,
        "community": [COMMUNITY] * count,
        "category": ["full_time_community_worker"] * count,
        "entry_route": ["elected"] * count,
        "post": ["staff"] * count,
        "tier": tiers.tolist(),
        "step": steps.tolist(),
        "certificate": np.array(["none", "junior", "intermediate"])[dice.integers(0, 3, count)].tolist(),
        "education": ["college"] * count,
        "continuous_years": dice.integers(0, 12, count).tolist(),
        "continuous_years_as_head": [0] * count,
        "hired_on": [20454] * count,  # 2026-01-01: hired this year, so the month's wage is the base
        "urban": [True] * count,
        "in_state_establishment": [False] * count,
        "part_time": [False] * count,
        "subsidised": [True] * count,
        "holds_both_posts": [False] * count,
        "days_in_post": [DAYS] * count,
        "days_in_month": [DAYS] * count,
    }
    columns = [
        pa.array(values[field.name]).dictionary_encode().cast(field.type)
        if pa.types.is_dictionary(field.type)
        else pa.array(values[field.name]).cast(field.type)
        if not pa.types.is_date32(field.type)
        else pa.array(values[field.name], pa.int32()).cast(field.type)
        for field in ROSTER
    ]
    return pa.Table.from_arrays(columns, schema=ROSTER)


def kernel(shelf: Shelf, table: pa.Table) -> float:
    """Workers a second through scheme choice and kernel, every own fact blank."""
    month = Month(2026, 1)
    calculator = Calculator(RuleBook(shelf.packs, month, datetime.now(UTC)))
    blocks = []
    for block in roster_blocks(table):
        ones = np.ones(len(block), dtype=np.int64)
        own = blank(len(block)) | {"month_number": ones, "employed_months": ones, "hired_this_year": ones > 0}
        blocks.append((block, block.columns | own))
    list(calculator.run(blocks[0][0].communities, blocks[0][1]))
    start = time.perf_counter()
    paid = sum(
        len(found.rows)
        for block, columns in blocks
        for found in calculator.run(block.communities, columns)
        if isinstance(found, PaidRows)
    )
    if paid != table.num_rows:
        raise SystemExit(f"{table.num_rows - paid} workers were not paid")
    return paid / (time.perf_counter() - start)


async def months(shelf: Shelf, url: str, table: pa.Table) -> list[float]:
    """Seconds of January and of February (which reads January's slips) through the product's own run."""
    settings = PayrollSettings(database_url=url, log_level="ERROR")  # type: ignore[arg-type]
    taken = []
    async with Database.open(settings, "payroll") as database:
        for number in (1, 2):
            order = RunOrder(
                uuid4(), "530111000000", True, Month(2026, number), datetime.now(UTC), "bench", datetime.now(UTC)
            )
            start = time.perf_counter()
            async with database.transaction(NATION) as session:
                await run_month(session, shelf, order, _stream(table), Progress(database, NATION))
            taken.append(time.perf_counter() - start)
        async with database.bulk(NATION, read_only=True) as connection:
            size = await connection.fetchval("SELECT pg_total_relation_size('payslips_2026_01')")
            rows = await connection.fetchval("SELECT count(*) FROM payslips WHERE month = '2026-01-01'")
    print(f"stored: {rows:,} payslips a month, {size / rows:.0f} bytes each with key")
    return taken


async def _stream(table: pa.Table) -> AsyncIterator[RosterBlock]:
    for block in roster_blocks(table):
        yield block


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    packs = load(ROOT / "policies", [SUPPLEMENTS], {"payroll": VOCABULARY})
    shelf = Shelf(packs, (ROOT / "policies", SUPPLEMENTS))
    table = roster(count)
    print(f"kernel: {kernel(shelf, table):,.0f} workers/s (bar 5,000,000)")
    home = Path(tempfile.mkdtemp(prefix="gz-bench-", dir="/tmp"))
    server = Postgres(home / "pg", durable=False)
    try:
        url = server.start()
        upgrade(url, "payroll")
        for name, seconds in zip(("January", "February"), asyncio.run(months(shelf, url, table)), strict=True):
            print(f"{name}: {count:,} workers in {seconds:.2f} s = {count / seconds:,.0f}/s (bar 250,000/s stored)")
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
