"""Documents that plans and the executor once answered differently, as the hunt found them; and failures."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.asked import Asked
from gateway.costs import Window
from gateway.plan import compile as compiling
from gateway.plan.slots import Constant
from gateway.types.pages import global_id
from gateway.ways import Ask, Reply, Way
from services.runtime.client import ServiceError
from services.runtime.paging import encode_cursor
from tests.gateway.plan.arguments import NO_UUID
from tests.gateway.plan.both import Both
from tests.gateway.plan.hunting import Hunter, Question
from tests.gateway.register import SHIHUGUAN, WENYI

Body = dict[str, Any]


async def told(
    hunter: Hunter,
    document: str,
    variables: Body | None = None,
    caller: str = "administrator",
    planned: str = "planned",
) -> Body:
    """Both paths' answer to a document over the scene, when it was answered the way that is expected."""
    hunter.tally.clear()
    body = await hunter.ask(Question(Asked(document, variables or {}), caller, "staffing", "up", 0))
    assert hunter.tally == {planned: 1}
    return body


def codes(body: Body) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", ())]


WIDE = """query Q($code: DivisionCode!, $wide: Boolean = true) {
    community(code: $code) { name kind @include(if: $wide) valid @skip(if: $wide) { start } } }"""


async def test_a_null_for_a_condition_is_refused_whatever_was_asked_before(hunter: Hunter) -> None:
    given = {"code": SHIHUGUAN}
    for _ in range(2):
        for wide in (False, True):
            found = (await told(hunter, WIDE, {**given, "wide": wide}))["data"]["community"]
            assert found.keys() == ({"name", "kind"} if wide else {"name", "valid"})
        refused = await told(hunter, WIDE, {**given, "wide": None}, planned="directive")
        assert codes(refused) == ["BAD_USER_INPUT"]
        assert (await told(hunter, WIDE, given))["data"]["community"].keys() == {"name", "kind"}


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{ __typename }", {"__typename": "Query"}),
        ('{ community(code: "530111001011") @skip(if: true) { name } }', {}),
        ('{ community(code: "530111001011") { name @include(if: false) } }', {"community": {}}),
        ("{ nodes(ids: []) { id } }", {"nodes": []}),
    ],
)
async def test_what_asks_no_service_is_planned(hunter: Hunter, document: str, data: Body) -> None:
    assert (await told(hunter, document))["data"] == data


async def test_lines_of_a_run_where_no_scheme_is_in_force(hunter: Hunter) -> None:
    body = await told(
        hunter, '{ payrollRuns(first: 9, region: "440000000000") { nodes { lineTotals { code label } } } }'
    )
    assert body["data"]["payrollRuns"]["nodes"] == [{"lineTotals": []}]


async def test_the_nation_is_a_region_of_runs(hunter: Hunter) -> None:
    for area in ("region", "authority"):
        body = await told(hunter, f'{{ payrollRuns(first: 1, {area}: "000000000000") {{ totalCount }} }}')
        assert not codes(body)


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
async def test_an_instant_past_the_years_of_utc_reaches_no_service(hunter: Hunter, instant: str) -> None:
    document = 'query Q($at: DateTime) { community(code: "530111001011", knownAt: $at) { name } }'
    body = await told(hunter, document, {"at": instant}, planned="variables")
    assert codes(body) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("reading", ["x" * 65, "nonsense", "\\x00"])
async def test_what_names_no_reading(hunter: Hunter, reading: str) -> None:
    document = 'query Q($r: String) { community(code: "320402001001") { quota(reading: $r) { posts } } }'
    body = await told(hunter, document, {"r": reading})
    assert body["data"] == {"community": {"quota": None}}
    assert codes(body) == ["BAD_USER_INPUT"]


async def test_ids_that_several_services_refuse_are_refused_once(hunter: Hunter) -> None:
    ids = [global_id(kind, NO_UUID) for kind in ("Payslip", "Issue", "Worker")]
    body = await told(hunter, "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, caller="past")
    assert body["data"] is None
    assert codes(body) == ["UNAUTHENTICATED"]


async def test_the_same_id_twice_and_cursors_that_are_none(hunter: Hunter) -> None:
    one = global_id("Issue", NO_UUID)
    assert (await told(hunter, f'{{ nodes(ids: ["{one}", "{one}", "x"]) {{ id }} }}'))["data"]["nodes"] == [None] * 3
    page = """query Q($c: DivisionCode!, $at: String) {
        community(code: $c) { issues(first: 2, after: $at) { totalCount } } }"""
    for cursor in ("?", "", encode_cursor("a"), encode_cursor("a", "b", "c"), encode_cursor(1, NO_UUID)):
        assert codes(await told(hunter, page, {"c": WENYI, "at": cursor})) == ["BAD_USER_INPUT"]


async def test_too_many_ids(hunter: Hunter) -> None:
    document = "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    many = await told(hunter, document, {"ids": ["x"] * 101})
    assert (many["data"], codes(many)) == (None, ["BAD_USER_INPUT"])


TAKEN = """{ community(code: "530111001011") { sessions(first: 9) { totalCount nodes {
    title participants { kind role count } issues { title state community { code } stepsDone { step } } } } } }"""


async def test_the_issues_of_sessions_are_one_for_each_step_taken_in_them(hunter: Hunter) -> None:
    sessions = (await told(hunter, TAKEN))["data"]["community"]["sessions"]
    assert sessions["totalCount"] == len(sessions["nodes"])
    titles = [sorted(one["title"] for one in session["issues"]) for session in sessions["nodes"]]
    assert max(titles) == ["乙事", "甲事", "甲事"]
    roles = {one["role"] for session in sessions["nodes"] for one in session["participants"]}
    assert roles == {None, "lead", "participant", "residents"}


async def test_a_list_longer_than_a_plan_asks_for_is_left_to_the_executor(
    hunter: Hunter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size, planned in ((3, "planned"), (2, "rows")):
        monkeypatch.setattr(compiling, "WHOLE", Constant(Window(size)))
        body = await told(hunter, TAKEN.replace("{ community", f"query Of{size} {{ community"), planned=planned)
        assert max(len(one["issues"]) for one in body["data"]["community"]["sessions"]["nodes"]) == 3


async def test_divisions_of_a_level(hunter: Hunter) -> None:
    document = """query Q($level: DivisionLevel, $first: Int) {
        divisions(level: $level, first: $first, region: "530000000000") { totalCount nodes { code level start } } }"""
    counties = await told(hunter, document, {"level": "COUNTY", "first": 1})
    (one,) = counties["data"]["divisions"]["nodes"]
    assert (one["code"], one["level"], counties["data"]["divisions"]["totalCount"]) == ("530111000000", "COUNTY", 2)
    every = await told(hunter, document, {"level": None, "first": 9})
    assert every["data"]["divisions"]["totalCount"] == 5
    assert codes(await told(hunter, document, {"level": "COUNTY"}, caller="resident", planned="refused")) == [
        "BAD_USER_INPUT"
    ]
    refused = await told(hunter, document, {"first": 9}, caller="resident")
    assert (refused["data"], codes(refused)) == ({"divisions": None}, ["FORBIDDEN"])


DAYS = """query Q($day: Date, $other: Date) { community(code: "530111001011", on: $day) {
    quota(on: $other) { on } headcount(on: $other) quota { on }
    workers(first: 1) { nodes { community { quota(on: $other) { on } headcounts { persons } } } } } }"""


async def test_a_fields_own_day_comes_before_the_parents(hunter: Hunter) -> None:
    document = DAYS.replace("quota { on }", "same: quota { on }")
    for day, other in ((None, None), ("2022-07-01", None), (None, "2024-01-01"), ("2022-07-01", "2024-01-01")):
        body = await told(hunter, document, {"day": day, "other": other})
        community = body["data"]["community"]
        assert other is None or community["quota"]["on"] == other
        assert day is None or community["same"]["on"] == day
        assert community["workers"]["nodes"][0]["community"]["quota"] == community["quota"]


async def test_a_page_that_is_asked_from_both_sides(hunter: Hunter) -> None:
    for arguments in ('first: 1, before: "x"', 'last: 1, after: "x"'):
        document = f'{{ community(code: "530111001011") {{ name workers({arguments}) {{ nodes {{ name }} }} }} }}'
        assert codes(await told(hunter, document)) == ["BAD_USER_INPUT"]


class Failing:
    """A way to a service that fails in some manner."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def ask(self, _ask: Ask, _end: float) -> Reply:
        raise self.error


JOINED = """{ community(code: "530111001011") {
    name issues(first: 1) { nodes { title } } workers(first: 1) { nodes { name } } } }"""


@pytest.mark.parametrize("service", ["staffing", "consultation"])
async def test_a_defect_of_a_plan_is_left_to_the_executor(both: Both, service: str) -> None:
    prepared = both.endpoint.preparer.prepare(JOINED)
    bearer = both.token("administrator", "000000000000")
    ways: Mapping[str, Way] | None = both.upstreams.on_behalf(bearer, None)
    assert ways is not None
    both.planner.fallen_back.clear()
    broken = {**ways, service: Failing(RuntimeError("a defect"))}
    assert await both.planner.answer(prepared, prepared.operation(None), {}, broken, float("inf")) is None
    assert both.planner.fallen_back == {"defect": 1}
    late = {**ways, service: Failing(TimeoutError())}
    with pytest.raises(TimeoutError):
        await both.planner.answer(prepared, prepared.operation(None), {}, late, float("inf"))


async def test_a_refusal_of_one_service_leaves_the_rest(both: Both) -> None:
    prepared = both.endpoint.preparer.prepare(JOINED)
    ways = both.upstreams.on_behalf(both.token("administrator", "000000000000"), None)
    assert ways is not None
    refused = Failing(ServiceError("consultation", 409, "x.y", "不行", "no"))
    found = await both.planner.answer(
        prepared, prepared.operation(None), {}, {**ways, "consultation": refused}, float("inf")
    )
    assert found is not None
    assert found.data is not None
    assert found.data["community"]["issues"] is None
    assert found.data["community"]["workers"] is not None
    assert [error.path for error in found.errors] == [["community", "issues"]]
