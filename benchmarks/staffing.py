"""National quotas and their four-level roll-up through the formula engine, beside hand-written NumPy of the same rules.

    .venv/bin/python benchmarks/staffing.py

The communities are the real ones of the bundled code book; their households and residents are drawn by a seed.
Bars (performance.md, section 3): formula and roll-up at most 100 ms in memory; a formula column at most 3 times the
hand-written one. The cost is shown at three sizes, because it must grow with the number of communities and no faster.
"""

import gzip
import io
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from services.kernel.formula.ruleset import Ruleset
from services.kernel.period import day_number
from services.kernel.region import subtree
from services.runtime.packs import load
from services.staffing.domain.columns import MISSING, Columns, Int
from services.staffing.domain.communities import KINDS
from services.staffing.domain.moments import Moment
from services.staffing.domain.policy import STAFFING_NORM, VOCABULARY
from services.staffing.domain.quota_tables import WIDTH, QuotaColumns, quota_columns, roll_ups, segments, sums_of
from services.staffing.usecases.quotas import ruleset_of

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "tools" / "demo" / "data" / "national.csv.gz"
ON = date(2026, 6, 1)
ROUNDS = 15


def nation() -> Columns:
    """The village-level units of the code book with drawn figures, in the order of codes."""
    text = {"code": pa.string(), "type": pa.string()}
    table = csv.read_csv(
        io.BytesIO(gzip.decompress(BOOK.read_bytes())), convert_options=csv.ConvertOptions(column_types=text)
    )
    units = table.filter(pc.equal(table["level"], 5))
    dice = np.random.default_rng(20261122)
    count = units.num_rows
    village = np.asarray(pc.starts_with(units["type"], "villagers"))
    households = dice.integers(200, 6000, count)
    measures = {
        "resident_households": households,
        "registered_households": households * 7 // 10,
        "resident_population": households * 26 // 10,
        "urban_residents": np.where(village, MISSING, households * 26 // 10),
    }
    kinds = np.where(village, KINDS.index("village"), KINDS.index("community")).astype(np.int8)
    codes = np.asarray(units["code"].cast(pa.int64()))
    order = np.argsort(codes)
    return Columns(codes[order], kinds[order], {name: measures[name][order].astype(np.int64) for name in measures})


def median_ms(work: Callable[[], object]) -> float:
    """The median time of a piece of work."""
    work()
    laps = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        laps.append((time.perf_counter() - start) * 1000)
    return statistics.median(laps)


def by_formula(columns: Columns, rules: Mapping[str, Ruleset], owners: list[tuple[int, int, str]]) -> dict[str, Int]:
    """Quotas and roll-ups as the service computes them, without the data base."""
    today = day_number(ON)
    nobody = np.zeros(len(columns), dtype=np.int64)
    parts = [
        (columns.part(rows), quota_columns(rules[pack], columns.part(rows), today))
        for rows, pack in segments(columns.codes, owners, "national")
    ]
    posts = np.concatenate([quotas.posts for _, quotas in parts])
    basis = np.concatenate([quotas.basis for _, quotas in parts])
    sums = sums_of(columns, QuotaColumns(posts, basis), nobody, nobody)
    return {level: rolled.sums["posts"] for level, rolled in roll_ups(columns.codes, sums).items()}


def by_hand(columns: Columns) -> dict[str, Int]:
    """The same quotas and the same sums written for these rules alone."""
    codes, village = columns.codes, columns.kinds == KINDS.index("village")
    changzhou = (codes >= 320400000000) & (codes < 320500000000)
    norm = -(-columns.measures["resident_households"] // 250)
    target = -(-columns.measures["urban_residents"] * 18 // 10000)
    posts = np.where(village, 0, np.where(changzhou, norm, target))
    has = (~village).astype(np.int64)
    sums = [posts, has, village.astype(np.int64), np.maximum(posts, 0), np.where(changzhou & ~village, 1, 0)]
    sums += [np.where(village, 0, columns.measures["urban_residents"]), columns.measures["resident_households"]]
    sums += [np.where(changzhou, 0, has), np.zeros_like(posts), posts - posts, posts - posts, has - has, has - has]
    found: dict[str, Int] = {}
    for level in ("town", "county", "city", "province"):
        heads = codes // WIDTH[level]
        starts = np.flatnonzero(np.concatenate(([True], heads[1:] != heads[:-1])))
        sums = [np.add.reduceat(column, starts) for column in sums]
        codes = heads[starts] * WIDTH[level]
        found[level] = sums[0]
    return found


def main() -> None:
    """Print the figures beside their bars."""
    columns = nation()
    packs = load(ROOT / "policies", (), {"staffing": VOCABULARY})
    rules = {name: ruleset_of(packs, name, Moment(ON)) for name in packs.names()}
    bounds = {name: subtree(packs.pack(name).region) for name in packs.cities()}
    owners = [(int(lo.ljust(12, "0")), int(hi.ljust(12, "0")), name) for name, (lo, hi) in bounds.items()]
    print(f"staffing: {len(columns):,} real communities, figures drawn; medians of {ROUNDS}")
    for share in (4, 2, 1):
        part = columns.part(slice(0, len(columns) // share))
        formula = median_ms(partial(by_formula, part, rules, owners))
        hand = median_ms(partial(by_hand, part))
        same = all((by_formula(part, rules, owners)[level] == posts).all() for level, posts in by_hand(part).items())
        print(
            f"  {len(part):>9,}  quotas and four levels {formula:6.1f} ms   by hand {hand:6.1f} ms   "
            f"{formula / hand:4.2f} times   sums {'equal' if same else 'DIFFER'}"
        )
    ruleset = packs.ruleset("changzhou", section="staffing", vocabulary=VOCABULARY, on=ON)
    block = {"resident_households": columns.measures["resident_households"]}
    engine = median_ms(lambda: ruleset.column(STAFFING_NORM, block, output="posts"))
    numpy = median_ms(lambda: -(-block["resident_households"] // 250))
    print(f"  one formula column {engine:6.1f} ms   by hand {numpy:6.1f} ms   {engine / numpy:4.2f} times   (bar 3)")
    print("  bar: 100 ms for quotas and roll-up in memory")


if __name__ == "__main__":
    main()
