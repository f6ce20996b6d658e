"""Registers: the reading of sheets, lineages in order, gzip that is broken."""

import gzip

import pyarrow as pa
import pytest

from services.kernel.errors import Malformed
from services.runtime.database import NATION
from services.staffing.usecases import registers


def test_equal_codes_share_a_lineage_and_all_are_version_7_in_order() -> None:
    made = registers.lineages(pa.array(["a", "b", "a", None])).to_pylist()
    assert made[0] == made[2] != made[1]
    assert [text[12] for text in made] == ["7"] * 4
    assert all(text[16] in "89ab" and len(text) == 32 for text in made)
    assert made[0] < made[1] < made[3]


def test_a_packed_body_that_is_empty_or_broken() -> None:
    for body in (gzip.compress(b""), b"\x1f\x8b\x08broken"):
        with pytest.raises(Malformed) as refused:
            registers.open_sheet(body, registers.DIVISIONS)
        assert refused.value.code == "import.unreadable"


def test_a_type_left_out_follows_the_code() -> None:
    text = "code,name,kind,provenance\n320402001200,甲村,village,code_book\n320402001401,乙,community,code_book\n"
    [load] = registers.read_communities(registers.open_sheet(text.encode(), registers.COMMUNITIES), NATION)
    assert load.rows.column("unit_type").to_pylist() == ["villagers_committee", "residents_like"]
    assert [str(day) for day in load.rows.column("start").to_pylist()] == [registers.BOOK_START] * 2


def test_an_end_is_a_step_unless_another_follows_on_that_day() -> None:
    text = (
        "code,name,kind,start,end,provenance\n"
        "320402001200,甲村,village,2017-01-01,2020-01-01,code_book\n"
        "320402001200,甲社区,converted_community,2020-01-01,,code_book\n"
        "320402001201,丙村,village,2017-01-01,2021-01-01,code_book\n"
    )
    [load] = registers.read_communities(registers.open_sheet(text.encode(), registers.COMMUNITIES), NATION)
    steps = [(row["code"][-1], str(row["start"]), row["ended"]) for row in load.rows.to_pylist()]
    assert steps == [
        ("0", "2017-01-01", False),
        ("0", "2020-01-01", False),
        ("1", "2017-01-01", False),
        ("1", "2021-01-01", True),
    ]


def test_areas_become_hundredths_without_a_float() -> None:
    rows = ("320402001001,2021-01-01,405.5", "320402001002,2021-01-01,7", "320402001003,2021-01-01,")
    text = "community,start,premises_sqm,provenance\n" + "".join(f"{row},synthetic\n" for row in rows)
    [load] = registers.read_measures(registers.open_sheet(text.encode(), registers.MEASURED), NATION)
    assert load.rows.column("premises_sqm").to_pylist() == [40550, 700, None]
