"""Imports: what is sent, and how a report or a refusal is told."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tools import importing


def reply(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, json=body, request=httpx.Request("POST", "http://x"))


ERROR = {
    "row": 3,
    "column": "sex",
    "value": "x",
    "code": "cell.unknown",
    "message": {"zh": "不认识", "en": "is not known"},
    "remedy": {"zh": "改为 female", "en": "write female"},
}


def test_a_clean_report_is_zero() -> None:
    outcome = importing.judge(
        reply(200, {"rows": 3, "added": 2, "unchanged": 1, "rejected": 0, "dry_run": False, "errors": []})
    )
    assert outcome.code == importing.OK
    assert outcome.lines == ("读取 read 3, 新增 added 2, 未变 unchanged 1, 拒绝 refused 0",)


def test_a_dry_run_says_that_nothing_was_written() -> None:
    assert "dry run" in importing.judge(reply(200, {"rows": 1, "dry_run": True, "errors": []})).lines[0]


def test_a_bad_row_is_told_with_place_reason_and_remedy_in_both_languages() -> None:
    outcome = importing.judge(reply(200, {"rows": 3, "rejected": 1, "errors": [ERROR]}))
    assert outcome.code == importing.ROWS_REFUSED
    assert outcome.lines[0] == (
        "第 3 行 row 3, sex “x” [cell.unknown]: 不认识 / is not known → 改为 female / write female"
    )


def test_a_flat_row_error_is_told_too() -> None:
    line = importing.row_error({"row": 1, "column": None, "code": "row.bad", "zh": "坏", "en": "bad"})
    assert line == "第 1 行 row 1 [row.bad]: 坏 / bad"


def test_a_refusal_lists_its_rows_and_its_message() -> None:
    body = {
        "code": "import.refused",
        "message": {"zh": "有误", "en": "bad rows"},
        "rows": 3,
        "errors": [{**ERROR, "message": "is not known"}],
    }
    outcome = importing.judge(reply(422, body))
    assert outcome.code == importing.ROWS_REFUSED
    assert outcome.lines[-1] == "422 import.refused: 有误 / bad rows"
    assert "is not known → 改为 female" in outcome.lines[0]


def test_a_problem_without_rows_is_a_refusal() -> None:
    outcome = importing.judge(reply(403, {"code": "route.forbidden", "detail": "no"}))
    assert (outcome.code, outcome.lines) == (importing.REFUSED, ("403 route.forbidden: no",))


@pytest.mark.parametrize("body", [b"<html>", b"[1]"])
def test_an_answer_that_is_no_json_object_is_shown_as_it_is(body: bytes) -> None:
    answer = httpx.Response(502, content=body, request=httpx.Request("POST", "http://x"))
    assert importing.judge(answer).lines[0].endswith(body.decode())


def test_a_service_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x\n")
    outcome = importing.import_file("workers", file, {}, "t", "http://127.0.0.1:1")
    assert outcome.code == importing.UNREACHABLE
    assert "make run" in outcome.lines[0]


def test_every_noun_names_its_service() -> None:
    assert importing.service_url("workers", 9000) == "http://127.0.0.1:9001"
    assert importing.service_url("contribution-bases", 9000) == "http://127.0.0.1:9002"
    assert importing.service_url("issues", 9000) == "http://127.0.0.1:9003"


def test_what_is_sent() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"rows": 0})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        importing.send("facts", b"community\n", {"dry_run": "true"}, "tok", "http://s", client)
    assert str(seen[0].url) == "http://s/v1/imports/measures?dry_run=true"
    assert seen[0].headers["authorization"] == "Bearer tok"
    assert seen[0].headers["content-type"].startswith("text/csv")
    assert seen[0].headers["idempotency-key"]
