"""The runner against a tiny real HTTP service: rows pass only when the answers are right."""

import json
from pathlib import Path

import httpx
import pytest

from tests.conformance.conftest import Service
from tests.conformance.test_conformance_rows import packs
from tools.conformance import Report, render, run
from tools.conformance_asks import Asker, fill
from tools.conformance_rows import load_rows

ROWS = """
T-01:
  sentence: {zh: 全市共有930个村, en: 930 villages}
  status: built
  later: 名单 / the list
  checks:
    - ask: {service: staffing, path: /v1/count, query: {region: "530100000000", kind: [a, b]}}
      expect: {villages: 930}
T-02:
  sentence: {zh: 先议后决, en: discuss before deciding}
  status: built
  checks:
    - ask: {service: staffing, method: POST, path: /v1/issues, body: {title: "标题 ${run}", on: 2026-01-02}}
      as: {role: community_secretary, region: "530111001011"}
      expect: {status: 201}
      save: {issue: id, nothing: not_there}
    - ask: {service: staffing, method: POST, path: "/v1/issues/${issue}/steps", body: {step: decide, n: "${size}"}}
      expect: {status: 409, code: issue.step_skipped}
T-03:
  sentence: {zh: 待建, en: to be built}
  status: unbuilt
  reason: 尚未建立 / not built yet
T-04:
  sentence: {zh: 待事实, en: waits}
  status: unknown
  needs: 条文 / the text
"""


@pytest.fixture
def answered(service: Service) -> Service:
    service.answers |= {
        "GET /v1/count": (200, {"villages": 930}),
        "POST /v1/issues": (201, {"id": "i-7"}),
        "POST /v1/issues/i-7/steps": (409, {"code": "issue.step_skipped"}),
    }
    return service


def token(role: str, region: str) -> str:
    return f"{role}@{region}"


def ask(service: Service, folder: Path, *only: str) -> Report:
    return run({"staffing": service.url}, token, folder, only)


def test_right_answers_pass_and_the_last_line_counts(answered: Service, tmp_path: Path) -> None:
    report = ask(answered, packs(tmp_path, ROWS))
    assert [result.outcome for result in report.results] == ["passed", "passed", "unbuilt", "unknown"]
    assert report.ok
    text = render(report)
    assert text.splitlines()[-1] == "2 passed, 0 failed, 1 unbuilt, 1 unknown"
    assert "尚未建立 / not built yet" in text
    assert "条文 / the text" in text
    assert "later 以后: 名单 / the list" in text


def test_a_planted_wrong_expectation_fails_the_row(answered: Service, tmp_path: Path) -> None:
    report = ask(answered, packs(tmp_path, ROWS.replace("villages: 930", "villages: 931")))
    assert report.results[0].outcome == "failed"
    assert not report.ok
    assert report.summary == "1 passed, 1 failed, 1 unbuilt, 1 unknown"
    assert "GET /v1/count: villages is 930, not 931" in render(report)


def test_a_wrong_answer_of_the_system_fails_the_row(answered: Service, tmp_path: Path) -> None:
    answered.answers["POST /v1/issues/i-7/steps"] = (200, {})
    report = ask(answered, packs(tmp_path, ROWS))
    assert [result.outcome for result in report.results][:2] == ["passed", "failed"]
    assert "status is 200, not 409" in report.results[1].problems[0]


def test_a_refusal_is_quoted_in_the_problem(answered: Service, tmp_path: Path) -> None:
    answered.answers["GET /v1/count"] = (403, {"code": "route.forbidden"})
    problems = ask(answered, packs(tmp_path, ROWS), "T-01").results[0].problems
    assert problems[0].endswith("(answered 403 route.forbidden)")
    answered.answers["GET /v1/count"] = (502, "bad gateway")
    problems = ask(answered, packs(tmp_path / "again", ROWS), "T-01").results[0].problems
    assert problems[0].endswith("(answered 502)")


def test_each_ask_carries_its_own_token_and_key(answered: Service, tmp_path: Path) -> None:
    ask(answered, packs(tmp_path, ROWS))
    count, issue, step = answered.asked
    assert count["path"] == "/v1/count?region=530100000000&kind=a&kind=b"
    assert count["headers"]["authorization"] == "Bearer auditor@999900000000"
    assert "idempotency-key" not in count["headers"]
    assert issue["headers"]["authorization"] == "Bearer community_secretary@530111001011"
    assert issue["headers"]["idempotency-key"] != step["headers"]["idempotency-key"]
    assert json.loads(issue["body"])["on"] == "2026-01-02"
    assert "${run}" not in json.loads(issue["body"])["title"]
    assert json.loads(step["body"])["n"] == "${size}"


def test_a_text_body_and_headers_are_sent_as_they_stand(answered: Service, tmp_path: Path) -> None:
    rows = ROWS.replace(
        'query: {region: "530100000000", kind: [a, b]}', "headers: {Content-Type: text/csv}, body: '姓名,岗位'"
    )
    ask(answered, packs(tmp_path, rows), "T-01")
    assert answered.asked[0]["body"] == "姓名,岗位"
    assert answered.asked[0]["headers"]["content-type"] == "text/csv"


def test_only_the_rows_asked_for_are_asked(answered: Service, tmp_path: Path) -> None:
    folder = packs(tmp_path, ROWS)
    assert [result.row.id for result in ask(answered, folder, "T-01").results] == ["T-01"]
    with pytest.raises(ValueError, match="no such row: T-99"):
        ask(answered, folder, "T-99", "T-01")


def test_a_service_that_does_not_answer_fails_its_rows(answered: Service, tmp_path: Path) -> None:
    folder = packs(tmp_path, ROWS)

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    for urls, transport, word in (
        ({}, None, "no address of the service staffing"),
        ({"staffing": "http://127.0.0.1:9"}, httpx.MockTransport(refuse), "staffing did not answer /v1/count"),
    ):
        report = run(urls, token, folder, ["T-01"], transport)
        assert report.results[0].outcome == "failed"
        assert word in report.results[0].problems[0]


def test_an_unreadable_path_fails_its_row(answered: Service, tmp_path: Path) -> None:
    report = ask(answered, packs(tmp_path, ROWS.replace("{villages: 930}", "{'villages[]': 930}")), "T-01")
    assert report.results[0].outcome == "failed"


def test_headers_and_body_can_be_looked_at(answered: Service, tmp_path: Path) -> None:
    rows = ROWS.replace("{villages: 930}", '{headers.content-length: {">": 0}, body.villages: 930}')
    assert ask(answered, packs(tmp_path, rows), "T-01").ok


def test_long_answers_are_cut_in_the_problem(answered: Service, tmp_path: Path) -> None:
    answered.answers["GET /v1/count"] = (200, {"villages": "村" * 500})
    assert len(ask(answered, packs(tmp_path, ROWS), "T-01").results[0].problems[0]) < 300


def test_an_asker_works_only_inside_its_with_statement(tmp_path: Path) -> None:
    check = load_rows(packs(tmp_path, ROWS))[0].checks[0]
    asker = Asker({"staffing": "http://127.0.0.1:9"}, token)
    asker.__exit__()
    with pytest.raises(RuntimeError, match="with statement"):
        asker.wrong(check, {})


def test_variables_are_filled_everywhere() -> None:
    variables = {"id": 7, "name": "x"}
    assert fill({"a": ["${id}", "n-${name}-${gone}"]}, variables) == {"a": [7, "n-x-${gone}"]}
    assert fill("${gone}", variables) == "${gone}"
    assert fill(3, variables) == 3


def test_a_saved_list_is_spread_into_a_list() -> None:
    variables = {"a": [1, 2], "b": ["x"], "text": "t"}
    assert fill(["${*a}", "${*b}", "${*gone}", "${text}"], variables) == [1, 2, "x", "${*gone}", "t"]


def test_a_path_may_name_a_saved_value(answered: Service, tmp_path: Path) -> None:
    answered.answers["GET /v1/count"] = (200, {"items": [{"id": 4, "n": 7}, {"id": 5, "n": 8}]})
    rows = ROWS.replace("{villages: 930}", "{'items[id=${one}].count': 1}\n      save: {one: 'items[0].id'}")
    first = """    - ask: {service: staffing, path: /v1/count}
      expect: {items.count: 2}
      save: {one: 'items[1].id'}
"""
    assert ask(answered, packs(tmp_path, rows.replace("checks:\n", "checks:\n" + first, 1)), "T-01").ok
