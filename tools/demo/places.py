"""The bundled real divisions: the nation as columns, a system as a list of units."""

import csv
import gzip
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

DATA = Path(__file__).parent / "data"
SYSTEMS = {
    "kunming": "kunming_530100",
    "guandu": "guandu_530111",
    "changzhou": "changzhou_320400",
    "longwan": "longwan_330303",
    "chaoyang": "chaoyang_211300",
}
REGIONS = {
    "kunming": "530100000000",
    "guandu": "530111000000",
    "changzhou": "320400000000",
    "longwan": "330303000000",
    "chaoyang": "211300000000",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the code book of 2023-06-30; `class_2016` is empty for a unit made or recoded since 2016."""

    code: str
    name: str
    level: str
    unit_type: str
    class_2016: str

    @property
    def is_community(self) -> bool:
        """True for residents' committees and like units, False for villages."""
        return self.unit_type.startswith("residents")


def system(name: str) -> list[Unit]:
    """Every unit of one of the five systems, by code."""
    with gzip.open(DATA / f"{SYSTEMS[name]}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [
            Unit(row["code"], row["name"], row["level"], row["unit_type"], row["ur_code_2016"])
            for row in csv.DictReader(file)
        ]


def village_level(name: str) -> list[Unit]:
    """The village-level units (communities and villages) of one system, by code."""
    return [unit for unit in system(name) if unit.level == "village"]


def added_since_2016(name: str) -> set[str]:
    """Codes of the system's units that the book of 2016-07-31 did not hold."""
    with gzip.open(DATA / f"{SYSTEMS[name]}_changes_2016_2023.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return {row["code"] for row in csv.DictReader(file) if row["change"] == "added"}


@cache
def nation() -> pa.Table:
    """The national code book: code, name, level (1-5), type, ur_code_2016; 664,034 rows by code."""
    options = pacsv.ConvertOptions(column_types={"code": pa.string(), "ur_code_2016": pa.string(), "level": pa.int8()})
    return pacsv.read_csv(io.BytesIO(gzip.decompress((DATA / "national.csv.gz").read_bytes())), convert_options=options)
