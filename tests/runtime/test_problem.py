"""Kinds of refusals and their statuses; citations and details in the body."""

import json
from datetime import date

from fastapi import Request

from services.kernel.errors import Conflict, DomainError, Forbidden, Malformed, NotFound, RuleViolation
from services.kernel.policy import Citation, Document
from services.runtime.client import ServiceError
from services.runtime.problem import Incomplete, MessageOut, Unauthenticated, Unavailable, problem_of, status_of


class Special(NotFound):
    """A kind of a kind."""


def request() -> Request:
    return Request(
        {"type": "http", "method": "GET", "path": "/v1/x", "headers": [], "query_string": b"", "server": ("s", 80)}
    )


def test_each_kind_has_its_status() -> None:
    kinds = {NotFound: 404, Conflict: 409, RuleViolation: 409, Forbidden: 403, Malformed: 422, Special: 404}
    own = {Incomplete: 400, Unauthenticated: 401, Unavailable: 503, DomainError: 500}
    for kind, status in {**kinds, **own}.items():
        assert status_of(kind("a.b", "", "")) == status


def test_another_services_refusal_is_passed_on() -> None:
    assert status_of(ServiceError("staffing", 404, "a.b", "", "")) == 404
    assert status_of(ServiceError("staffing", 0, "a.b", "", "")) == 503
    assert status_of(ServiceError("staffing", 500, "a.b", "", "")) == 503


def test_citations_and_details_leave_in_the_body() -> None:
    document = Document(id="longwan-2021", title="办法", doc_no="温龙民〔2021〕11号")
    error = RuleViolation(
        "issue.step_skipped",
        "须先审核",
        "screening comes first",
        citations=(Citation(document, "三", "先审核"),),
        missing=("screening",),
        on=date(2026, 10, 1),
        words=MessageOut(zh="一", en="one"),
        counts={1: 2},
    )
    body = json.loads(bytes(problem_of(error, request()).body))
    assert body["citations"][0]["document"] == "longwan-2021"
    assert body["citations"][0]["quote"] == "先审核"
    assert body["details"] == {
        "missing": ["screening"],
        "on": "2026-10-01",
        "words": {"zh": "一", "en": "one"},
        "counts": {"1": 2},
    }
    assert "errors" not in body


def test_errors_have_a_place_of_their_own() -> None:
    error = Malformed("a.b", "", "", errors=[{"pointer": "/x", "code": "c", "message": "m"}])
    body = json.loads(bytes(problem_of(error, request()).body))
    assert body["errors"] == [{"pointer": "/x", "code": "c", "message": "m"}]
    assert "details" not in body


def test_what_is_away_says_when_to_come_back() -> None:
    reply = problem_of(Unavailable("a.b", "", "", retry_after=7), request())
    assert reply.headers["retry-after"] == "7"
    assert "details" not in json.loads(bytes(reply.body))
