"""The committed contracts are the ones the code serves."""

import pytest

from tools.snapshots import ROOT, snapshots

CURRENT = snapshots()


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: str(path.name))
def test_the_committed_contract_is_current(path) -> None:
    assert path.exists(), f"run `make snapshots`: {path.relative_to(ROOT)} is missing"
    assert path.read_bytes() == CURRENT[path], f"run `make snapshots`: {path.relative_to(ROOT)} is out of date"
