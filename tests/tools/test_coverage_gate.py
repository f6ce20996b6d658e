"""The gate asks coverage's own data: it opens when every bar is met, and names what falls short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import coverage_gate

WHOLE = "def double(number):\n    return 2 * number\n"
PART = f"{WHOLE}\n\ndef never():\n    return None\n"


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to measure in, left to no coverage but its own."""
    for name in [name for name in os.environ if name.startswith("COV")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def measure(folder: Path, kernel: str, gateway: str) -> None:
    """Run both modules under coverage."""
    for name, text in (("services/kernel", kernel), ("gateway", gateway)):
        place = folder / name
        place.mkdir(parents=True)
        for package in {place, place.parent} - {folder}:
            (package / "__init__.py").touch()
        (place / "part.py").write_text(text)
    run = "from services.kernel.part import double\nfrom gateway.part import double as other\nother(double(1))\n"
    (folder / "run.py").write_text(run)
    command = [sys.executable, "-m", "coverage", "run", "--branch", "--source=services,gateway", "run.py"]
    subprocess.run(command, check=True)


def test_it_opens_when_all_is_covered(measured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure(measured, WHOLE, WHOLE)
    assert coverage_gate.main() == 0
    assert "at least 100 %" in capsys.readouterr().out


@pytest.mark.parametrize(("kernel", "gateway", "named"), [(PART, WHOLE, "kernel/part.py"), (WHOLE, PART, "gateway")])
def test_it_stays_shut_and_names_what_is_missing(
    measured: Path, capsys: pytest.CaptureFixture[str], kernel: str, gateway: str, named: str
) -> None:
    measure(measured, kernel, gateway)
    assert coverage_gate.main() == 1
    assert named in capsys.readouterr().out
