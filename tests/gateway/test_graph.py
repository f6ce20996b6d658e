from collections import Counter

import pytest

from gateway.types.pages import global_id
from tests.gateway.conftest import System, errors
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, MONTH, NOWHERE, SHIHUGUAN, VILLAGE, WENYI

GUANDU, CHANGZHOU = "530111000000", "320400000000"
JOIN = """
query Join($code: DivisionCode!) {
  community(code: $code) {
    id code name kind residentHouseholds registeredHouseholds synthetic
    measures { residentHouseholds provenance synthetic }
    quota {
      posts basis pack synthetic reason { code message { zh en } } headcount { persons posts }
      explanation { label(language: EN) value rule synthetic steps { level node { name value } } }
      citations { document title docNo at quote synthetic }
    }
    headcount vacancy
    workers(first: 10) {
      totalCount
      edges { cursor node {
        id name post tier step certificate hiredOn holdsBothPosts synthetic appointments { post communityCode }
        community { code }
        latestPayslip {
          id month gross net employerCost matches
          lines { code label amount explanation { label value synthetic citations { document quote } } }
        }
      } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    }
    issues(first: 5, state: open) {
      edges { node { id title state step openedAt channel community { code } } }
    }
  }
}
"""


def calls(system: System) -> Counter[str]:
    return Counter(url.path for url in system.calls)


async def test_the_join_of_the_first_issue(system: System) -> None:
    body = await system.ask(JOIN, {"code": SHIHUGUAN})
    assert errors(body) == []
    community = body["data"]["community"]
    assert (community["code"], community["kind"]) == (SHIHUGUAN, "URBAN_COMMUNITY")
    assert (community["residentHouseholds"], community["registeredHouseholds"]) == (3000, 2000)
    assert (community["headcount"], community["vacancy"]) == (3, 14)
    quota = community["quota"]
    assert (quota["posts"], quota["basis"], quota["pack"]) == (17, "staffing_target", "national")
    assert quota["headcount"] == {"persons": 3, "posts": 4}
    assert quota["citations"][0]["quote"] == "十四五末期城市社区每万名城镇常住居民配备社区工作者18人"
    assert quota["explanation"]["steps"][1] == {"level": 1, "node": {"name": "urban_residents", "value": "9000"}}
    first = community["workers"]["edges"][0]["node"]
    assert (first["name"], first["post"], first["holdsBothPosts"]) == ("张一", "SECRETARY", True)
    assert first["community"] == {"code": SHIHUGUAN}
    assert [edge["node"]["title"] for edge in community["issues"]["edges"]] == ["垃圾分类", "加装电梯", "停车难"]


async def test_every_line_of_a_payslip_is_explained_and_they_add_up(system: System) -> None:
    body = await system.ask(JOIN, {"code": SHIHUGUAN})
    edges = body["data"]["community"]["workers"]["edges"]
    assert len(edges) == 3
    for edge in edges:
        slip = edge["node"]["latestPayslip"]
        assert (slip["month"], slip["matches"]) == (MONTH, True)
        for line in slip["lines"]:
            assert line["explanation"]["value"] == line["amount"]
            assert line["explanation"]["label"]
            assert line["explanation"]["citations"]
        fen = {line["code"]: round(float(line["amount"]) * 100) for line in slip["lines"]}
        gross = sum(fen[code] for code in ("base", "grade_pay", "performance", "award", "certificate_allowance"))
        assert gross == round(float(slip["gross"]) * 100)


async def test_what_is_synthetic_says_so(system: System) -> None:
    community = (await system.ask(JOIN, {"code": SHIHUGUAN}))["data"]["community"]
    assert community["synthetic"] is True
    assert community["measures"]["synthetic"] is True
    assert community["quota"]["synthetic"] is True
    worker = community["workers"]["edges"][0]["node"]
    assert worker["synthetic"] is True
    by_code = {line["code"]: line["explanation"]["synthetic"] for line in worker["latestPayslip"]["lines"]}
    assert by_code["grade_pay"] is True  # no document prints the ladder's figures
    assert by_code["certificate_allowance"] is False


async def test_a_level_of_the_document_is_one_call(system: System) -> None:
    document = """{ communities(first: 20, on: "2026-06-01") { nodes { name quota { posts } headcount vacancy
        workers(first: 10) { nodes { name community { name } latestPayslip { net } } }
        issues(first: 5) { nodes { title community { name } } } } } }"""
    body = await system.ask(document)
    assert errors(body) == []
    assert calls(system) == {
        "/v1/communities": 2,  # the page, and the way back up
        "/v1/quotas": 1,
        "/v1/workers-of-communities": 1,
        "/v1/issues-of-communities": 1,
        "/v1/payslips": 1,
    }


async def test_the_deepest_join_of_a_region_fits_the_limits(system: System) -> None:
    document = """{ communities(first: 6) { edges { node { workers(first: 5) { edges { node { latestPayslip {
        lines { explanation { citations { quote } } } } } } } } } } }"""
    body = await system.ask(document)
    assert errors(body) == []
    slips = [
        worker["node"]["latestPayslip"]
        for community in body["data"]["communities"]["edges"]
        for worker in community["node"]["workers"]["edges"]
    ]
    assert any(slip and slip["lines"][0]["explanation"]["citations"] for slip in slips)


async def test_the_same_thing_under_two_names_is_read_once(system: System) -> None:
    await system.ask(
        "query Q($c: DivisionCode!) { a: community(code: $c) { headcount } b: community(code: $c) { vacancy } }",
        {"c": SHIHUGUAN},
    )
    assert calls(system) == {"/v1/communities": 1, "/v1/quotas": 1}


async def test_arguments_are_kept_apart(system: System) -> None:
    body = await system.ask(
        """query Q($c: DivisionCode!) { community(code: $c) {
            now: quota(on: "2022-07-01") { posts alternatives { reading inUse posts } }
            floor: quota(on: "2022-07-01", reading: "floor") { posts readingsUsed { rule reading } }
            before: quota(on: "2022-07-01", knownAt: "2021-01-01T00:00:00+08:00") { posts reason { code } } } }""",
        {"c": HONGMEI},
    )
    community = body["data"]["community"]
    assert (community["now"]["posts"], community["floor"]["posts"]) == (13, 12)
    assert {"reading": "floor", "rule": "staffing_norm"} in community["floor"]["readingsUsed"]
    assert calls(system)["/v1/quotas"] == 3


async def test_a_quota_without_a_norm_gives_its_reason_as_data(system: System) -> None:
    body = await system.ask(
        "query Q($c: DivisionCode!) { community(code: $c) "
        '{ quota(on: "2026-06-01") { posts reason { code message { zh en } } explanation { value } } } }',
        {"c": VILLAGE},
    )
    assert errors(body) == []
    quota = body["data"]["community"]["quota"]
    assert (quota["posts"], quota["explanation"], quota["reason"]["code"]) == (None, None, "parameter.expired")
    assert quota["reason"]["message"]["zh"]
    assert quota["reason"]["message"]["en"]


async def test_what_hangs_on_a_community_is_asked_of_its_day(system: System) -> None:
    document = """query Q($c: DivisionCode!) { community(code: $c, on: "2022-07-01") {
        quota { on posts } vacancy workers(first: 1) { nodes { age community { quota { on } } } } } }"""
    body = await system.ask(document, {"c": CUIZHU})
    community = body["data"]["community"]
    assert community["quota"] == {"on": "2022-07-01", "posts": 13}
    (worker,) = community["workers"]["nodes"]
    assert (worker["age"], worker["community"]["quota"]["on"]) == (37, "2022-07-01")
    assert calls(system)["/v1/quotas"] == 1


async def test_an_unknown_reading_is_refused_in_the_service_s_words(system: System) -> None:
    body = await system.ask(
        'query Q($c: DivisionCode!) { community(code: $c) { name quota(on: "2022-07-01", reading: "C") { posts } } }',
        {"c": HONGMEI},
    )
    assert errors(body) == [("BAD_USER_INPUT", ["community", "quota"])]
    assert body["errors"][0]["extensions"]["problem"] == "reading.unknown"
    assert body["data"]["community"] == {"name": "红梅社区", "quota": None}


async def test_every_node_can_be_read_again(system: System) -> None:
    community = (await system.ask(JOIN, {"code": SHIHUGUAN}))["data"]["community"]
    worker = community["workers"]["edges"][0]["node"]
    issue = community["issues"]["edges"][0]["node"]
    ids = [community["id"], worker["id"], worker["latestPayslip"]["id"], issue["id"]]
    document = """query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id
        ... on Community { code } ... on Worker { name } ... on Payslip { month } ... on Issue { title } } }"""
    body = await system.ask(document, {"ids": [*ids, global_id("Issue", "01a201b8-7963-7000-8000-55836669ae43")]})
    assert errors(body) == []
    assert body["data"]["nodes"] == [
        {"__typename": "Community", "id": ids[0], "code": SHIHUGUAN},
        {"__typename": "Worker", "id": ids[1], "name": "张一"},
        {"__typename": "Payslip", "id": ids[2], "month": MONTH},
        {"__typename": "Issue", "id": ids[3], "title": "垃圾分类"},
        None,
    ]
    for key in ids:
        one = await system.ask("query Q($id: ID!) { node(id: $id) { id } }", {"id": key})
        assert one["data"]["node"] == {"id": key}


@pytest.mark.parametrize("kind", ["Community", "Worker", "Payslip", "Issue", "Unheard"])
async def test_a_node_that_is_not_there_is_null(system: System, kind: str) -> None:
    missing = global_id(kind, "01a201b8-7963-7000-8000-55836669ae43")
    body = await system.ask("query Q($id: ID!) { node(id: $id) { id } }", {"id": missing})
    assert errors(body) == []
    assert body["data"] == {"node": None}


@pytest.mark.parametrize("text", ["", "x", "汉字", "530111001011", "Q29tbXVuaXR5OjE"])
async def test_text_that_is_no_id_is_null(system: System, text: str) -> None:
    body = await system.ask("query Q($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", {"id": text})
    assert (errors(body), body["data"], calls(system)) == ([], {"node": None, "nodes": [None]}, {})


async def test_too_many_nodes_at_once_are_refused(system: System) -> None:
    body = await system.ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101})
    assert [code for code, _ in errors(body)] == ["BAD_USER_INPUT"]


async def test_another_region_is_answered_like_nothing(system: System) -> None:
    stranger = system.token("auditor", "330303000000")
    document = "query Q($c: DivisionCode!) { community(code: $c) { name } }"
    there = await system.ask(document, {"c": SHIHUGUAN}, stranger)
    nowhere = await system.ask(document, {"c": NOWHERE}, stranger)
    for body in (there, nowhere):
        assert body["data"] == {"community": None}
        assert errors(body) == [("NOT_FOUND", ["community"])]
        del body["errors"][0]["extensions"]["requestId"], body["extensions"]["requestId"]
    assert str(there).replace(SHIHUGUAN, NOWHERE) == str(nowhere)


async def test_nodes_of_another_region_are_null(system: System) -> None:
    community = (await system.ask(JOIN, {"code": SHIHUGUAN}))["data"]["community"]
    worker = community["workers"]["edges"][0]["node"]
    ids = [community["id"], worker["id"], worker["latestPayslip"]["id"], community["issues"]["edges"][0]["node"]["id"]]
    stranger = system.token("administrator", "330303000000")
    body = await system.ask("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, stranger)
    assert (errors(body), body["data"]["nodes"]) == ([], [None] * 4)


async def test_a_list_shows_the_token_s_region_only(system: System) -> None:
    mine = system.token("auditor", GUANDU)
    body = await system.ask("{ communities(first: 50) { nodes { code } } }", bearer=mine)
    assert [one["code"] for one in body["data"]["communities"]["nodes"]] == [SHIHUGUAN, WENYI]
    other = await system.ask(
        "query Q($r: DivisionCode) { communities(region: $r, first: 50) { nodes { code } } }", {"r": CHANGZHOU}, mine
    )
    assert other["data"]["communities"]["nodes"] == []


async def test_a_role_that_may_not_see_pay_loses_only_the_pay(system: System) -> None:
    secretary = system.token("community_secretary", SHIHUGUAN)
    document = """query Q($c: DivisionCode!) { community(code: $c) { name quota { posts }
        workers(first: 1) { nodes { name latestPayslip { net } } } issues(first: 1) { nodes { title } } } }"""
    body = await system.ask(document, {"c": SHIHUGUAN}, secretary)
    assert errors(body) == [("FORBIDDEN", ["community", "workers", "nodes", 0, "latestPayslip"])]
    community = body["data"]["community"]
    assert community["workers"]["nodes"] == [{"name": "张一", "latestPayslip": None}]
    assert community["quota"]["posts"] == 17
    assert community["issues"]["nodes"]


@pytest.mark.parametrize("bearer", ["nonsense", "a.b.c"])
async def test_a_bad_token_is_told_by_code(system: System, bearer: str) -> None:
    body = await system.ask("query Q($c: DivisionCode!) { community(code: $c) { name } }", {"c": SHIHUGUAN}, bearer)
    assert errors(body) == [("UNAUTHENTICATED", ["community"])]


async def test_without_a_token_nothing_is_read(system: System) -> None:
    client = await system.client_of(system.gateway)
    body = (await client.post("/graphql", json={"query": "{ communities(first: 1) { nodes { name } } }"})).json()
    assert errors(body) == [("UNAUTHENTICATED", ["communities"])]


async def test_headcounts_tell_persons_and_posts_apart(system: System) -> None:
    body = await system.ask(
        "query Q($c: DivisionCode!) { community(code: $c) "
        "{ headcounts { persons posts fullTimePersons fullTimePosts } measures { premisesSqm } valid { start end } } }",
        {"c": SHIHUGUAN},
    )
    community = body["data"]["community"]
    assert community["headcounts"] == {"persons": 3, "posts": 4, "fullTimePersons": 3, "fullTimePosts": 4}
    assert community["valid"] == {"start": "2016-01-01", "end": None}
    assert community["measures"] == {"premisesSqm": None}


async def test_payslips_by_month(system: System) -> None:
    document = """query Q($c: DivisionCode!) { community(code: $c) { workers(first: 1) { nodes {
        paid: payslip(month: "2026-09") { month schemeLabel { zh en } state } unpaid: payslip(month: "2020-01") { net }
        } } } }"""
    body = await system.ask(document, {"c": SHIHUGUAN})
    assert errors(body) == []
    (worker,) = body["data"]["community"]["workers"]["nodes"]
    assert (worker["paid"]["month"], worker["paid"]["state"]) == ("2026-09", "CALCULATED")
    assert worker["unpaid"] is None


async def test_an_issue_tells_its_procedure_and_steps(system: System) -> None:
    document = """query Q($c: DivisionCode!) { community(code: $c) { issues(first: 1) { nodes {
        title final daysOpen stateName { zh en } procedure { code pack name { zh } }
        stepsDone { sequence step actorKind toState citations { quote } }
        nextSteps { step actors needs citations { document quote } } } } } }"""
    body = await system.ask(document, {"c": LONGWAN})
    assert errors(body) == []
    (issue,) = body["data"]["community"]["issues"]["nodes"]
    assert (issue["procedure"]["code"], issue["procedure"]["pack"]) == ("five_steps", "longwan")
    assert [step["step"] for step in issue["stepsDone"]] == ["collect"]
    assert "screen" in [step["step"] for step in issue["nextSteps"]]


async def test_the_changzhou_norm_is_told_with_its_sentence(system: System) -> None:
    body = await system.ask(
        'query Q($c: DivisionCode!) { community(code: $c) { quota(on: "2022-07-01") { posts exact '
        "explanation { inputs { name value unit } formula } citations { document at quote } } } }",
        {"c": CUIZHU},
    )
    quota = body["data"]["community"]["quota"]
    assert (quota["posts"], quota["exact"]) == (13, "13")
    assert quota["explanation"]["inputs"][0]["value"] == "3250"
    assert quota["citations"] == [{"document": "changzhou-2022", "at": "四", "quote": "调整为按常住居民每250户配备1名"}]
