import os
from pathlib import Path

import pytest

from tools import browser


def program(path: Path, text: str = "") -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs; nothing names a browser elsewhere; the caller is root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def apt(folder: Path, text: str) -> None:
    program(folder / "apt-get", f'echo "$@" >> {folder}/calls; {text}')


def test_a_browser_on_the_path_is_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(folder / "google-chrome")
    assert browser.main() == 0
    assert capsys.readouterr().out == f"{folder}/google-chrome\n"


def test_a_browser_elsewhere_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(folder / "mine")
    program(folder / "chromium")
    monkeypatch.setenv("CHROMIUM", str(folder / "mine"))
    assert browser.chromium() == str(folder / "mine")


def test_root_on_debian_has_it_installed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apt(folder, f'case "$*" in *install*) echo > {folder}/chromium; /bin/chmod +x {folder}/chromium;; esac')
    assert browser.main() == 0
    assert (folder / "calls").read_text().splitlines() == [
        "-qq -o Dpkg::Use-Pty=0 update",
        "-qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends chromium fonts-noto-cjk",
    ]
    assert "正在安装" in capsys.readouterr().out


def test_an_installation_that_fails_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apt(folder, "echo no network >&2; exit 100")
    assert browser.main() == 1
    assert "no network" in capsys.readouterr().err


def test_others_are_told_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert browser.main() == 1
    apt(folder, "exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser.main() == 1
    told = capsys.readouterr().err
    assert "apt-get install -y chromium fonts-noto-cjk" in told
    assert "请先安装" in told
    assert not (folder / "calls").exists()
