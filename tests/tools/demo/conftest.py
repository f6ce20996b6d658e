"""The demo's registers, generated once per session."""

import pytest

from tools.demo import bundle, rows


@pytest.fixture(scope="session")
def registers() -> dict[str, rows.Register]:
    return bundle.registers()
