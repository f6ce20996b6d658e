"""The nation's divisions and communities as import files, and synthetic households for every village-level unit."""

import io
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tools.demo import places, rows

SEED = 20230630
BOOK_2016, BOOK_2023, CENSUS = "2016-07-31", "2023-06-30", "2020-11-01"
BOOK = "NBS-2023"  # short: it stands in 619,336 lines; data/README.md tells the source in full
LEVELS = {1: "province", 2: "city", 3: "county", 4: "town"}


def csv(table: pa.Table) -> bytes:
    """The table as CSV with a header line; cells are quoted where they must be."""
    out = io.BytesIO()
    pacsv.write_csv(table, out, pacsv.WriteOptions(quoting_style="needed"))
    return out.getvalue()


def _constant(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), count)


def divisions() -> bytes:
    """CSV of the code book from the provinces down to town level: code, name, level, unit_type, start, source."""
    table = places.nation()
    table = table.filter(pc.less(table["level"], 5))
    names = pa.array([LEVELS[level] for level in table["level"].to_pylist()])
    return csv(
        pa.table(
            {
                "code": table["code"],
                "name": table["name"],
                "level": names,
                "unit_type": table["type"],
                "start": _constant(BOOK_2016, table.num_rows),
                "source": _constant(BOOK, table.num_rows),
            }
        )
    )


def units(without: Iterable[str] = ()) -> pa.Table:
    """The village-level units of the nation except those whose code starts with one of the prefixes `without`."""
    table = places.nation()
    table = table.filter(pc.equal(table["level"], 5))
    for prefix in without:
        table = table.filter(pc.invert(pc.starts_with(table["code"], prefix)))
    return table


def communities(table: pa.Table) -> pa.Table:
    """Rows of village-level units, in being from the day of the first code book that shows them (2016 or 2023)."""
    count = table.num_rows
    resident = pc.starts_with(table["type"], "residents")
    known_2016 = pc.not_equal(pc.fill_null(table["ur_code_2016"], ""), "")
    return pa.table(
        {
            "code": table["code"],
            "name": table["name"],
            "kind": pc.if_else(resident, "community", "village"),
            "unit_type": table["type"],
            "urban_rural": pc.fill_null(table["ur_code_2016"], ""),
            "start": pc.if_else(known_2016, BOOK_2016, BOOK_2023),
            "end": _constant("", count),
            "provenance": _constant("code_book", count),
            "source": _constant(BOOK, count),
        }
    )


def households(table: pa.Table, rng: np.random.Generator) -> dict[str, npt.NDArray[np.int64]]:
    """Synthetic households per unit, drawn from a log-normal by kind: communities around 2,000, villages around 430.

    Registered households lie between 40 % and 110 % of the resident ones; residents are 2.0 to 3.2 per household.
    """
    resident = np.asarray(pc.starts_with(table["type"], "residents").to_numpy(zero_copy_only=False), dtype=bool)
    count = table.num_rows
    middle = np.where(resident, np.log(2000.0), np.log(430.0))
    homes = np.clip(np.rint(np.exp(rng.normal(middle, 0.55, count))), 20, 20000).astype(np.int64)
    registered = np.rint(homes * rng.uniform(0.4, 1.1, count)).astype(np.int64)
    people = np.rint(homes * rng.uniform(2.0, 3.2, count)).astype(np.int64)
    return {"resident_households": homes, "registered_households": registered, "resident_population": people}


def measures(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Rows of the synthetic households of `table`'s units, all from the day of the 2020 census, marked synthetic."""
    count = table.num_rows
    drawn = {name: pa.array(values) for name, values in households(table, rng).items()}
    resident = pc.starts_with(table["type"], "residents")
    drawn["urban_residents"] = pc.if_else(resident, drawn["resident_population"], pa.scalar(None, pa.int64()))
    return pa.table(
        {
            "community": table["code"],
            "start": _constant(CENSUS, count),
            **drawn,
            "provenance": _constant(rows.SYNTHETIC, count),
            "source": _constant(rows.SOURCE, count),
        }
    )


def together(table: pa.Table, own: bytes, parts: int) -> Iterator[bytes]:
    """The nation's rows and the CSV rows of the five systems as one register, in about `parts` CSV files by code.

    No county is split: a service that keeps something per county can take the parts side by side.
    """
    types = {field.name: field.type for field in table.schema}
    more = pacsv.read_csv(io.BytesIO(own), convert_options=pacsv.ConvertOptions(column_types=types))
    both = pa.concat_tables([table, more.select(table.column_names)])
    both = both.take(pc.sort_indices(both, sort_keys=[(both.column_names[0], "ascending"), ("start", "ascending")]))
    counties = pc.utf8_slice_codeunits(both[both.column_names[0]], 0, 6).to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(counties[1:] != counties[:-1]) + 1
    wished = np.arange(1, parts) * both.num_rows // parts
    cuts = [0, *np.unique(starts[np.minimum(np.searchsorted(starts, wished), len(starts) - 1)]), both.num_rows]
    for first, last in pairwise(cuts):
        yield csv(both.slice(first, last - first))
