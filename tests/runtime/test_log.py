"""The log: JSON lines without personal numbers."""

import json
import logging

import pytest

from services.runtime import log as logs
from services.runtime.log import log


@pytest.mark.parametrize("secret", ["53011119900101123X", "6222021234567890123", "13812345678"])
def test_personal_numbers_are_blotted_out(capsys: pytest.CaptureFixture[str], secret: str) -> None:
    logs.configure("INFO")
    log.info("import", note=f"编号 {secret} 有误", rows=3)
    line = json.loads(capsys.readouterr().err)
    assert line["note"] == "编号 [redacted] 有误"
    assert (line["event"], line["level"], line["rows"]) == ("import", "info", 3)


def test_division_codes_are_not_personal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    log.info("import", community="530111001001")
    assert json.loads(capsys.readouterr().err)["community"] == "530111001001"


def test_the_level_counts(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("ERROR")
    log.info("quiet")
    assert capsys.readouterr().err == ""


def test_other_libraries_end_in_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING")
    logging.getLogger("uvicorn").info("quiet")
    logging.getLogger("some.library").warning("careful")
    assert json.loads(capsys.readouterr().err)["event"] == "careful"
    try:
        int("53011119900101123X")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "it failed (ValueError)"
    assert line["logger"] == "some.library"
