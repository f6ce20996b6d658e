import json
import stat
import tarfile
from pathlib import Path

import pytest

from gateway.console import vendor
from gateway.console.vendor import Package, integrity

FAKE_NPM = """#!/bin/sh
printf 'noise\\n'
cp "{archive}" given.tgz
printf 'given.tgz\\n'
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf, one package to put on it, and an npm that hands that package out."""
    inside = tmp_path / "package" / "dist"
    inside.mkdir(parents=True)
    (inside / "lib.js").write_bytes(b"x\n//# sourceMappingURL=lib.js.map")
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "package", "package")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(FAKE_NPM.format(archive=archive))
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    assets = tmp_path / "assets"
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    monkeypatch.setattr(vendor, "ASSETS", assets)
    monkeypatch.setattr(vendor, "LOCK", assets / "assets.lock.json")
    monkeypatch.setattr(vendor, "PACKAGES", (Package("lib", "1.0.0", "MIT", (("dist/lib.js", "lib.js"),)),))
    return assets


def test_a_package_is_fetched_cleaned_and_locked(shelf: Path) -> None:
    assert vendor.main() == 0
    assert (shelf / "lib.js").read_bytes() == b"x\n"
    lock = json.loads((shelf / "assets.lock.json").read_text())["lib"]
    assert (lock["version"], lock["licence"]) == ("1.0.0", "MIT")
    assert lock["files"] == {"lib.js": integrity(b"x\n")}
    assert lock["package"].startswith("sha512-")


def test_what_is_missing_is_said(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Package("lib", "1.0.0", "MIT", (("dist", "lib.js"),))
    monkeypatch.setattr(vendor, "PACKAGES", (folder,))
    with pytest.raises(SystemExit, match="has no file dist"):
        vendor.main()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match="npm is needed"):
        vendor.main()
