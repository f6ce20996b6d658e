"""The nation's import files."""

import io
from itertools import chain, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from tools.demo import bundle, nation, places


def read(data: bytes, *texts: str) -> pa.Table:
    return pacsv.read_csv(
        io.BytesIO(data), convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(texts, pa.string()))
    )


@pytest.fixture(scope="module")
def few() -> pa.Table:
    table = nation.units()
    return table.filter(pc.starts_with(table["code"], "110101"))


def test_the_nation_has_619336_units() -> None:
    assert nation.units().num_rows == 619_336


def test_the_five_systems_are_left_out_and_nothing_else() -> None:
    own = sum(len(places.village_level(name)) for name in places.SYSTEMS if name != "guandu")
    assert nation.units(bundle.OWN_PREFIXES).num_rows == 619_336 - own


def test_divisions_go_down_to_town_level() -> None:
    table = read(nation.divisions(), "code")
    counted = {row["values"]: row["counts"] for row in pc.value_counts(table["level"]).to_pylist()}
    assert counted == {"province": 31, "city": 342, "county": 2974, "town": 41351}


def test_communities_keep_names_and_classes(few: pa.Table) -> None:
    table = nation.communities(few)
    assert table["code"].to_pylist() == few["code"].to_pylist()
    assert table["name"].to_pylist() == few["name"].to_pylist()
    assert set(table["kind"].to_pylist()) == {"community"}
    assert set(table["provenance"].to_pylist()) == {"code_book"}
    assert {str(day) for day in table["start"].to_pylist()} <= {"2016-07-31", "2023-06-30"}


def test_households_are_synthetic_positive_and_the_same_for_the_same_seed(few: pa.Table) -> None:
    table = nation.measures(few, np.random.default_rng(7))
    assert table == nation.measures(few, np.random.default_rng(7))
    assert table != nation.measures(few, np.random.default_rng(8))
    assert set(table["provenance"].to_pylist()) == {"synthetic"}
    assert min(table["resident_households"].to_pylist()) >= 20
    assert table["urban_residents"].to_pylist() == table["resident_population"].to_pylist()


def test_villages_have_no_urban_residents() -> None:
    table = nation.units()
    villages = table.filter(pc.equal(table["type"], "villagers_committee")).slice(0, 50)
    made = nation.measures(villages, np.random.default_rng(1))
    assert set(made["urban_residents"].to_pylist()) == {None}


def test_the_nation_and_the_systems_come_in_parts_by_code_and_no_county_is_split() -> None:
    table = nation.units()
    few = table.filter(pc.starts_with(table["code"], "1101"))
    own = b"code,name,kind,unit_type,urban_rural,start,end,provenance,source\n"
    own += b"110101001000,x,village,villagers_committee,220,2016-07-31,2021-01-01,synthetic,demo\n"
    parts = [read(part, "code") for part in nation.together(nation.communities(few), own, 3)]
    codes = [part["code"].to_pylist() for part in parts]
    assert list(chain.from_iterable(codes)) == sorted([*few["code"].to_pylist(), "110101001000"])
    counties = [{code[:6] for code in each} for each in codes]
    assert len(parts) == 3
    assert all(not one & two for one, two in pairwise(counties))


def test_bundle_files_cover_every_import_once() -> None:
    names = [name for name, data in bundle.system_files() if data]
    assert names == ["managements", "workers", "appointments", "gradings", "certificates", "memberships"]


def test_the_national_files_hold_every_unit_of_the_code_book() -> None:
    files = list(bundle.national_files())
    assert [name for name, _ in files] == ["divisions", *["communities"] * 6, *["measures"] * 6]
    counted = {name: sum(data.count(b"\n") - 1 for noun, data in files if noun == name) for name, _ in files}
    assert counted == {"divisions": 44_698, "communities": 619_336 + 12, "measures": 619_336}
