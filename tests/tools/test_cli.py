"""The command gongzhi: help, tokens, exit codes."""

import base64
import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.cli import app

RUNNER = CliRunner()
COMMANDS = ("run", "migrate", "import", "token", "verify", "conformance")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_HOME", str(tmp_path / "home"))
    for name in ("GONGZHI_TOKEN", "PORT_BASE", "DATABASE_URL", "GONGZHI_DATABASE_URL", "GONGZHI_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


def claims(token: str) -> dict[str, object]:
    middle = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return decoded


def test_the_help_names_every_command() -> None:
    text = RUNNER.invoke(app, ["--help"]).output
    assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(name: str) -> None:
    result = RUNNER.invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_a_token_names_role_region_and_person() -> None:
    worker = "0190a8e0-0000-7000-8000-000000000001"
    result = RUNNER.invoke(app, ["token", "--role", "worker", "--region", "530111000000", "--worker", worker])
    assert result.exit_code == 0
    assert claims(result.output.strip())["grants"] == [{"role": "worker", "region": "530111000000"}]
    assert claims(result.output.strip())["worker_id"] == worker


def test_a_region_that_cannot_be_read_is_refused_in_words() -> None:
    result = RUNNER.invoke(app, ["token", "--role", "auditor", "--region", "5301"])
    assert result.exit_code == 2
    assert "12" in result.stderr


def test_an_unknown_role_is_refused_with_the_roles_there_are() -> None:
    result = RUNNER.invoke(app, ["token", "--role", "king", "--region", "530111000000"])
    assert result.exit_code == 2
    assert "auditor" in result.stderr


def test_no_token_is_issued_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_ENVIRONMENT", "production")
    monkeypatch.setenv("GONGZHI_OIDC_ISSUER", "https://login.invalid")
    monkeypatch.setenv("GONGZHI_OIDC_JWKS_URL", "https://login.invalid/keys")
    result = RUNNER.invoke(app, ["token", "--role", "auditor", "--region", "530111000000"])
    assert result.exit_code == 2
    assert "production" in result.stderr


def test_a_bad_setting_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGZHI_ENVIRONMENT", "mars")
    result = RUNNER.invoke(app, ["token", "--role", "auditor", "--region", "530111000000"])
    assert result.exit_code == 2
    assert "GONGZHI_ENVIRONMENT" in result.stderr


def test_an_import_without_a_service_ends_with_four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "workers.csv"
    file.write_text("number\n")
    monkeypatch.setenv("PORT_BASE", "1")
    result = RUNNER.invoke(app, ["import", "workers", str(file), "--dry-run"])
    assert result.exit_code == 4
    assert "make run" in result.output


@pytest.mark.parametrize("arguments", [["import", "gold", "x.csv"], ["import", "workers", "missing.csv"]])
def test_wrong_usage_of_import_ends_with_two(arguments: list[str]) -> None:
    assert RUNNER.invoke(app, arguments).exit_code == 2


def test_a_port_base_that_is_no_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "workers.csv"
    file.write_text("number\n")
    monkeypatch.setenv("PORT_BASE", "many")
    result = RUNNER.invoke(app, ["import", "workers", str(file), "--token", "t"])
    assert result.exit_code == 2
    assert "PORT_BASE" in result.stderr


def test_migrate_needs_a_database_and_a_known_service() -> None:
    assert RUNNER.invoke(app, ["migrate", "gold"]).exit_code == 2
    result = RUNNER.invoke(app, ["migrate"])
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.stderr


def test_run_refuses_a_taken_port() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = RUNNER.invoke(app, ["run", "--port-base", str(min(port, 65532)), "--no-demo"])
    assert result.exit_code == 1
    assert str(port) in result.stderr


def test_verify_without_a_system_fails_every_check() -> None:
    result = RUNNER.invoke(app, ["verify", "--port-base", "1"])
    assert result.exit_code == 1
    assert "FAILED" in result.output
