from collections import Counter
from typing import Any

import orjson
import pytest

from gateway.asked import Asked
from gateway.plan.together import reply_of
from gateway.ways import Ask, Reply
from tests.gateway.plan.both import Both
from tests.gateway.plan.hunting import compare
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, NOWHERE, SHIHUGUAN, VILLAGE, WENYI
from tests.gateway.test_graph import JOIN

PAGE = """query Page($region: DivisionCode, $wide: Boolean = true) { communities(region: $region, first: 20) {
    nodes { code name quota { posts } headcount vacancy
      workers(first: 10) { nodes { name community { name } latestPayslip { net } } }
      issues(first: 5) { nodes { title community @include(if: $wide) { name } } } } } }"""


END = float("inf")
LABEL = """query Q($c: DivisionCode!, $l: Language = ZH) {
    community(code: $c) { quota { explanation { label(language: $l) } } } }"""


async def same(both: Both, document: str, variables: dict[str, Any], bearer: str | None = None) -> dict[str, Any]:
    """Both paths' answer."""
    asked = Asked(document, variables)
    planned = await both.planned(asked, bearer)
    assert planned is not None
    compare(planned, await both.executed(asked, bearer))
    return planned


@pytest.mark.parametrize("code", [SHIHUGUAN, WENYI, CUIZHU, HONGMEI, VILLAGE, LONGWAN, NOWHERE])
async def test_the_join_is_planned(both: Both, code: str) -> None:
    await same(both, JOIN, {"code": code})


@pytest.mark.parametrize(
    ("role", "region"),
    [
        ("auditor", "530111000000"),
        ("auditor", "320400000000"),
        ("district_payroll", "530111000000"),
        ("community_secretary", SHIHUGUAN),
        ("street_office", "530111001000"),
        ("resident", SHIHUGUAN),
        ("leading_group", "530100000000"),
        ("integrator", "530111000000"),
        ("city_planner", "530100000000"),
    ],
)
async def test_every_role_is_told_the_same_on_both_paths(both: Both, role: str, region: str) -> None:
    bearer = both.token(role, region)
    for code in (SHIHUGUAN, LONGWAN):
        await same(both, JOIN, {"code": code}, bearer)
    await same(both, PAGE, {}, bearer)
    await same(both, PAGE, {"region": "530111000000", "wide": False}, bearer)


async def test_a_bad_token_is_told_the_same(both: Both) -> None:
    told = await same(both, JOIN, {"code": SHIHUGUAN}, "not.a.token")
    assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_one_request_for_a_service_and_level(both: Both) -> None:
    for way in both.ways.values():
        way.calls.clear()
    assert await both.planned(Asked(PAGE, {"region": "530111000000"}))
    calls = {name: Counter(path for path, _ in way.calls) for name, way in both.ways.items()}
    assert calls["payroll"] == {"/v1/reads": 1}
    assert calls["consultation"] == {"/v1/reads": 1}
    assert calls["staffing"] == {"/v1/reads": 2}  # the page with all below it, and the way back up from issues


async def test_a_known_code_asks_all_that_need_no_other_answer_at_once(both: Both) -> None:
    for way in both.ways.values():
        way.calls.clear()
    assert await both.planned(Asked(JOIN, {"code": SHIHUGUAN}))
    reads = [one["entity"] for one in orjson.loads(both.ways["consultation"].calls[0][1])["reads"]]
    assert reads[0] == "issue"
    assert len(both.ways["payroll"].calls) == 1


@pytest.mark.parametrize(
    ("document", "variables", "reason"),
    [
        ("{ __schema { queryType { name } } }", {}, "introspection"),
        ("query Q($c: DivisionCode!) { community(code: $c) { name } }", {"c": "12"}, "variables"),
        ('{ communities(region: "530111000000", authority: "530111000000", first: 1) { totalCount } }', {}, "areas"),
        (LABEL, {"c": SHIHUGUAN, "l": None}, "argument"),
    ],
)
async def test_what_a_plan_cannot_say_is_left_to_the_executor(
    both: Both, document: str, variables: dict[str, Any], reason: str
) -> None:
    both.planner.fallen_back.clear()
    assert await both.planned(Asked(document, variables)) is None
    assert await both.planned(Asked(document, variables)) is None
    assert both.planner.fallen_back == {reason: 2}


async def test_without_a_way_that_may_be_taken_the_executor_answers(both: Both) -> None:
    both.planner.fallen_back.clear()
    assert both.upstreams.on_behalf("a\r\nb", None) is None
    assert await both.planned(Asked("{ __typename }"), "a b") is None
    assert both.planner.fallen_back == {"token": 1}


async def test_an_answer_that_is_no_answer_is_an_absence(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange:
        def __init__(self, reply: bytes) -> None:
            self.reply = reply

        async def ask(self, _ask: Ask, _end: float) -> Reply:
            return reply_of(self.reply)

    prepared = both.endpoint.preparer.prepare('{ community(code: "530111001011") { name quota { citations { at } } } }')
    operation = prepared.operation(None)
    row = b'{"answers": [{"rows": [["a", []]]}]}'
    found = await both.planner.answer(prepared, operation, {}, {"staffing": Strange(row)}, END)
    assert found is not None
    assert found.data == {"community": {"name": "a", "quota": {"citations": []}}}
    for reply in (
        b"{",
        b"[]",
        b"{}",
        b'{"answers": []}',
        b'{"answers": [{"rows": [["a"]]}]}',
        b'{"answers": [{"rows": [[null, []]]}]}',
        b'{"answers": [{"rows": []}]}',
        b'{"answers": [{"pages": []}]}',
        b'{"answers": [{"error": {"status": 500, "code": "x", "zh": "z", "en": "e"}}]}',
    ):
        found = await both.planner.answer(prepared, operation, {}, {"staffing": Strange(reply)}, END)
        assert found is not None
        assert found.data == {"community": None}
        (error,) = found.errors
        assert both.endpoint.told(error, both.context(None, None))["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
