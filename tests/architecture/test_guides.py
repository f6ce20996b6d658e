"""The front-end guide says what is so: its code is that of the tested clients, its limits and scalars the gateway's."""

import re
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest

from gateway.limits import Limits
from gateway.scalars import SCALARS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "front-end.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (\S+) -->\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(file, code) for file, _, code in BLOCK.findall(GUIDE)]


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of a table's rows by their first, without its backticks."""
    table = GUIDE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: rest for first, *rest in cells}


def test_there_is_code_and_all_of_it_has_a_source() -> None:
    assert len(BLOCKS) > 10
    assert [code[:60] for file, code in BLOCKS if not file] == []


@pytest.mark.parametrize(("file", "code"), BLOCKS, ids=[f"{place} {file}" for place, (file, _) in enumerate(BLOCKS)])
def test_the_code_is_that_of_a_tested_file(file: str, code: str) -> None:
    assert file.startswith("tests/clients/")
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    wanted = code.splitlines()
    found = (lines[at : at + len(wanted)] for at in range(len(lines)))
    assert any(dedent("\n".join(part)).splitlines() == wanted for part in found), f"not in {file}:\n{code}"


def test_the_limits_are_those_in_force() -> None:
    told = {name: int(cells[0]) for name, cells in rows("limit").items()}
    assert len(told) > 5
    given = Limits()
    assert told == {name: getattr(given, name) for name in told}
    assert set(told) <= {field.name for field in fields(Limits)}


def test_every_scalar_is_told_with_an_example_it_takes() -> None:
    told = rows("scalar")
    assert set(told) == {scalar.name for scalar in SCALARS.values()}
    for scalar in SCALARS.values():
        assert scalar.parse_value is not None
        scalar.parse_value(told[scalar.name][0].strip('"'))


def test_both_languages_are_in_every_section() -> None:
    for section in GUIDE.split("\n## ")[1:]:
        words = BLOCK.sub("", section)
        assert re.search(r"[一-鿿]{4}", words), section[:40]
        assert re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", words), section[:40]
