from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from graphql import build_schema

from gateway.deprecations import leaving
from gateway.schema import printed
from tools.schema_diff import RELEASED, Judge, main

TODAY = date(2026, 11, 22)
DUE, LATER = (leaving(day, "Query.b") for day in (TODAY, date(2026, 11, 23)))
BASE = "type Query { a: Int b: Int }"
DEPRECATED = 'type Query { a: Int @deprecated(reason: "%s") b: Int }'
ONLY_B = "type Query { b: Int }"
TYPED = 'type Query { t: T @deprecated(reason: "%s") b: Int } type T { u: U } type U { x: Int }'
ENUM = "type Query { e(v: E, w: Int%s): E b: Int } enum E { X Y%s }"
INPUT = "input I { %s y: Int } type Query { b(i: I): Int }"
NODE = "interface N { x: Int } type Query { b: N } "
GOING = f' @deprecated(reason: "{DUE}")'


def refusals(before: str, after: str) -> list[str]:
    return list(Judge(build_schema(before), build_schema(after), TODAY).refusals())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, BASE),
        (BASE, "type Query { a: Int b: Int c(d: Int): Int }"),
        (BASE, "type Query { a: Int! b: Int }"),
        (DEPRECATED % DUE, ONLY_B),
        (TYPED % DUE, ONLY_B),
        (ENUM % (GOING, GOING), "type Query { e(v: E): E b: Int } enum E { X }"),
        (INPUT % f"x: Int{GOING}", INPUT % ""),
    ],
)  # fmt: skip
def test_what_breaks_nobody_or_was_announced_in_time_may_be(before: str, after: str) -> None:
    assert refusals(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (BASE, ONLY_B, "it was not deprecated"),
        (DEPRECATED % LATER, ONLY_B, "promised until 2026-11-23"),
        (BASE, "type Query { a: String b: Int }", "breaks documents"),
        (BASE, "type Query { a(x: Int!): Int b: Int }", "breaks documents"),
        ("type Query { a: Int! b: Int }", BASE, "breaks documents"),
        (TYPED % LATER, ONLY_B, "Query.t"),
        ("type Query { t: T b: Int } type T { x: Int }", ONLY_B, "Query.t"),
        (NODE + "type T implements N { x: Int }", NODE, "by: T"),
        (ENUM % ("", ""), "type Query { e(v: E, w: Int): E b: Int } enum E { X }", "Enum value E.Y was removed."),
        (ENUM % ("", ""), "type Query { e(v: E): E b: Int } enum E { X Y }", "Argument Query.e(w:) was removed."),
    ],
)  # fmt: skip
def test_what_breaks_documents_unannounced_is_refused(before: str, after: str, told: str) -> None:
    found = refusals(before, after)
    assert found
    assert told in "\n".join(found)


def test_the_present_schema_breaks_nothing_that_was_released(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], datetime.now(UTC).date()) == 0, capsys.readouterr().err


def test_a_schema_that_breaks_something_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released = tmp_path / "released.graphql"
    released.write_text(RELEASED.read_text(encoding="utf-8").replace("type Query {", "type Query {\n  gone: Int", 1))
    assert main([], TODAY, released) == 1
    told = capsys.readouterr()
    assert "field removed: Field Query.gone was removed." in told.out
    assert "拒绝 / refused: Field Query.gone was removed." in told.err


def test_a_release_writes_the_present_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released = tmp_path / "released.graphql"
    assert main(["--release"], TODAY, released) == 0
    assert released.read_text(encoding="utf-8") == printed()
    assert main([], TODAY, released) == 0
    assert "没有变化" in capsys.readouterr().out
