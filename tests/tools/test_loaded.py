"""A running system with one city's demo loaded through the APIs: import, payroll months, self-checks, the command."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from typer.testing import CliRunner

from services.runtime.settings import ServiceSettings
from services.runtime.tokens import issue_token
from tests.tools.test_dev import free_base, started, until_ready
from tools import dev, importing, verify
from tools.cli import app
from tools.demo import issues, load, longwan, pay, rows
from tools.talk import TIMEOUT, Refused, Talk

RUNNER = CliRunner()
HEADER = "number,name,sex,birth_on,education,category,entry_route,community,hired_on,left_on,urban"
HEADER += ",in_state_establishment,part_time,subsidised,provenance,source\n"


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dev.Options]:
    options = dev.Options(free_base(), tmp_path_factory.mktemp("loaded") / "home", demo=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GONGZHI_SUPPLEMENTS", str(dev.SUPPLEMENTS))
        with started(options) as process:
            until_ready(process)
            yield options
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def settings(options: dev.Options) -> ServiceSettings:
    return ServiceSettings().model_copy(update={"home": options.home})


@pytest.fixture(scope="module")
def talk(options: dev.Options, settings: ServiceSettings) -> Iterator[Talk]:
    token = issue_token(settings, "administrator", load.NATION, subject="maker")
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        yield Talk(options.urls, token, client)


@pytest.fixture(scope="module")
def loaded(talk: Talk) -> Talk:
    register = longwan.register(Random("loaded"))
    names = ("communities", "measures", "managements", "workers", "appointments", "certificates")
    load.bring(talk, [(name, rows.csv_text(getattr(register, name)).encode()) for name in names])
    records = issues.longwan_records(Random("loaded"))
    load.bring(
        talk,
        [(name, rows.csv_text(getattr(records, name)).encode()) for name in ("issues", "sessions", "issue_events")],
    )
    return talk


def test_what_is_not_there_is_seen(talk: Talk) -> None:
    assert not load.nation_is_there(talk)
    assert not load.registers_are_there(talk)
    assert not load.records_are_there(talk)


def test_the_register_gives_the_documents_figures(loaded: Talk) -> None:
    assert verify.longwans_workers(loaded).ok


def test_payroll_months_are_run_checked_and_not_run_again(
    loaded: Talk, settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay, "ORDER", ("longwan",))
    monkeypatch.setattr(pay, "MONTHS", ("2026-01", "2026-02"))
    checker = Talk(loaded.urls, issue_token(settings, "administrator", load.NATION, subject="checker"), loaded.client)
    assert pay.load_missing(loaded, checker)
    assert not pay.load_missing(loaded, checker)
    runs = loaded.get("payroll", "/v1/payroll-runs", authority="330303000000")["items"]
    assert {run["month"]: (run["state"], run["workers"], run["faulted"]) for run in runs} == {
        "2026-01": ("approved", 199, 0),
        "2026-02": ("calculated", 199, 0),
    }
    assert {run["totals"]["employer_cost"] for run in runs} == {"1741250.00"}  # 199 x 105,000 / 12
    assert verify.lines_make_the_total(loaded).ok
    assert verify.explanations_match_what_is_stored(loaded).ok


def test_a_bad_file_is_refused_with_its_rows(loaded: Talk) -> None:
    with pytest.raises(Refused, match="import certificates"):
        load.bring_one(loaded, "certificates", b"worker,level,issued_on\nLW-0001,gold,2020-01-01\n")
    load.bring_one(loaded, "certificates", b"")


def test_a_refusal_carries_the_services_words(talk: Talk) -> None:
    with pytest.raises(Refused, match="404") as caught:
        talk.get("staffing", "/v1/communities/999999999999")
    assert caught.value.status == 404


class TestCommand:
    @pytest.fixture(autouse=True)
    def _settings(self, options: dev.Options, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT_BASE", str(options.port_base))
        monkeypatch.setenv("GONGZHI_HOME", str(options.home))

    @pytest.mark.usefixtures("loaded")
    def test_bad_rows_are_told_in_both_languages_and_nothing_is_written(self, tmp_path: Path) -> None:
        file = tmp_path / "workers.csv"
        good = "T-1,演示,female,1990-01-01,college,full_time_community_worker,elected,330303001013,2020-01-01,,true"
        good += ",false,false,true,synthetic,t\n"
        file.write_text(HEADER + good + good.replace("T-1", "T-2").replace("female", "x"), encoding="utf-8")
        result = RUNNER.invoke(app, ["import", "workers", str(file)])
        assert result.exit_code == importing.ROWS_REFUSED
        assert "row 3, sex" in result.output
        assert "must be one of" in result.output
        assert "第 3 行" in result.output
        dry = RUNNER.invoke(app, ["import", "workers", str(file), "--dry-run", "--accept", "good"])
        assert "dry run" in dry.output
        some = RUNNER.invoke(app, ["import", "workers", str(file), "--accept", "good"])
        assert some.exit_code == importing.ROWS_REFUSED
        file.write_text(HEADER + good, encoding="utf-8")
        again = RUNNER.invoke(app, ["import", "workers", str(file)])
        assert again.exit_code == importing.OK

    def test_verify_tells_what_holds_and_what_does_not(self) -> None:
        result = RUNNER.invoke(app, ["verify"])
        assert result.exit_code == 1
        assert "FAILED" in result.output
        assert "ok  " in result.output

    def test_conformance_asks_the_rows_named(self) -> None:
        result = RUNNER.invoke(app, ["conformance", "LW-23"])
        assert result.output.splitlines()[-1].endswith("unknown")
        assert RUNNER.invoke(app, ["conformance", "XX-99"]).exit_code == 2
