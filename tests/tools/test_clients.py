import os
from pathlib import Path

import pytest

from tools import clients


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs; the caller is root; npm notes how it is called and brings node_modules."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(tmp_path / "npm", f'echo "$@" >> {tmp_path}/calls; /bin/mkdir -p node_modules')
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "package-lock.json").write_text("{}")
    return made


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


@pytest.mark.parametrize(("told", "enough"), [("v20.0.0", True), ("v24.1.0", True), ("v18.19.1", False)])
def test_node_must_be_new_enough(folder: Path, told: str, enough: bool) -> None:
    program(folder / "node", f"echo {told}")
    assert clients.new_enough() is enough


def test_node_without_npm_is_not_enough(folder: Path) -> None:
    program(folder / "node", "echo v20.0.0")
    (folder / "npm").unlink()
    assert clients.node_version() is None


def test_packages_are_fetched_once_for_a_lock(folder: Path, project: Path) -> None:
    assert clients.packages(project)
    assert clients.packages(project)
    assert calls(folder) == ["ci --ignore-scripts"]
    (project / "package-lock.json").write_text('{"changed": true}')
    assert clients.packages(project)
    assert len(calls(folder)) == 2


def test_packages_that_cannot_be_fetched_are_told(
    folder: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(folder / "npm", "echo no network >&2; exit 1")
    assert not clients.packages(project)
    assert "no network" in capsys.readouterr().err
    assert not (project / "node_modules").exists()


def test_root_on_debian_has_node_installed(folder: Path, project: Path) -> None:
    node = f"{folder}/node"
    program(
        folder / "apt-get",
        f'echo "$@" >> {folder}/calls; printf "#!/bin/sh\\necho v20.1.0\\n" > {node}; /bin/chmod +x {node}',
    )
    assert clients.main(project) == 0
    assert calls(folder) == [
        "-qq -o Dpkg::Use-Pty=0 update",
        "-qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends nodejs npm",
        "ci --ignore-scripts",
    ]


def test_others_are_told_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clients.main() == 1
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert clients.main() == 1
    told = capsys.readouterr().err
    assert "apt-get install -y nodejs npm" in told
    assert "请先安装" in told
