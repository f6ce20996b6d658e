"""Lists page both ways: neighbours, counts and cursors."""

from functools import reduce
from typing import Any

import pytest

from tests.gateway.conftest import System, errors
from tests.gateway.register import SHIHUGUAN

CHANGZHOU = "320400000000"
TURNED = """query Q($code: DivisionCode!, $first: Int, $after: String, $last: Int, $before: String) {
    community(code: $code) { %s(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { id name: %s } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
ROOT_TURNED = """query Q($first: Int, $after: String, $last: Int, $before: String) {
    communities(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { id name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.mark.parametrize(("document", "path", "whole"), [
    (TURNED % ("workers", "name"), ("community", "workers"), 3),
    (TURNED % ("issues", "title"), ("community", "issues"), 3),
    (ROOT_TURNED, ("communities",), 6),
])  # fmt: skip
async def test_a_list_reads_the_same_from_both_ends(
    system: System, document: str, path: tuple[str, ...], whole: int
) -> None:
    async def page(**asked: object) -> Any:
        body = await system.ask(document, {"code": SHIHUGUAN, **asked})
        assert errors(body) == []
        return reduce(dict.__getitem__, path, body["data"])

    def place(one: Any) -> tuple[bool, bool]:
        return one["pageInfo"]["hasPreviousPage"], one["pageInfo"]["hasNextPage"]

    every = await page(first=100)
    assert (len(every["edges"]), every["totalCount"], place(every)) == (whole, whole, (False, False))
    cursors = [edge["cursor"] for edge in every["edges"]]
    for at in range(whole):
        upward = await page(first=1, after=cursors[at - 1] if at else None)
        downward = await page(last=1, before=cursors[at + 1] if at + 1 < whole else None)
        for one in (upward, downward):
            assert one["edges"] == [every["edges"][at]]
            assert (one["totalCount"], place(one)) == (whole, (at > 0, at + 1 < whole))
    assert (await page(last=2))["edges"] == every["edges"][-2:]
    past, ahead = await page(first=5, after=cursors[-1]), await page(last=5, before=cursors[0])
    for one, where in ((past, (True, False)), (ahead, (False, True))):
        assert (one["edges"], one["totalCount"], place(one)) == ([], whole, where)
        assert one["pageInfo"]["startCursor"] is None


async def test_a_page_of_issues_in_one_state_has_the_neighbours_of_that_state(system: System) -> None:
    document = """query Q($code: DivisionCode!, $state: Word) { community(code: $code) {
        issues(last: 1, state: $state) { totalCount pageInfo { hasNextPage hasPreviousPage } } } }"""
    for state, total in (("open", 3), ("closed", 0)):
        found = (await system.ask(document, {"code": SHIHUGUAN, "state": state}))["data"]["community"]["issues"]
        assert found == {"totalCount": total, "pageInfo": {"hasNextPage": False, "hasPreviousPage": total > 1}}


@pytest.mark.parametrize(("asked", "argument"), [
    ("first: 1, last: 1", "last"),
    ('first: 1, before: "WyJ4Il0"', "before"),
    ('last: 1, after: "WyJ4Il0"', "after"),
    ("last: 101", "last"),
    ("last: 0", "last"),
    ("first: null, last: null", "first"),
])  # fmt: skip
async def test_a_page_is_asked_from_one_end(system: System, asked: str, argument: str) -> None:
    body = await system.ask(f"{{ communities({asked}) {{ nodes {{ name }} }} }}")
    (error,) = body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)


async def test_a_list_is_counted_only_when_asked(system: System) -> None:
    await system.ask("{ communities(first: 1) { ...Total } } fragment Total on CommunityConnection { totalCount }")
    assert "count" in system.calls[0].params
    await system.ask("{ communities(first: 1) { nodes { name } pageInfo { hasNextPage } } }")
    assert "count" not in system.calls[0].params


async def pages(system: System, document: str, names: list[str], variables: dict[str, Any]) -> list[Any]:
    """All items of a connection, one at a time, with each page's way back checked."""
    found, after = [], None
    while True:
        body = await system.ask(document, {**variables, "after": after})
        assert errors(body) == []
        page = body["data"]
        for name in names:
            page = page[name]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


FRAME = "{ edges { cursor node { id name: %s } } pageInfo { hasNextPage hasPreviousPage endCursor } }"


@pytest.mark.parametrize(("name", "label", "expected"), [
    ("workers", "name", ["张一", "李二", "王三"]),
    ("issues", "title", ["垃圾分类", "加装电梯", "停车难"]),
])  # fmt: skip
async def test_pages_of_a_community_follow_each_other(
    system: System, name: str, label: str, expected: list[str]
) -> None:
    document = (
        f"query Q($code: DivisionCode!, $after: String) {{ community(code: $code) "
        f"{{ {name}(first: 1, after: $after) {FRAME % label} }} }}"
    )
    found = await pages(system, document, ["community", name], {"code": SHIHUGUAN})
    assert [one["name"] for one in found] == expected


async def test_pages_of_communities_follow_each_other(system: System) -> None:
    document = (
        "query Q($region: DivisionCode, $after: String) "
        f"{{ communities(region: $region, first: 1, after: $after) {FRAME % 'name'} }}"
    )
    found = await pages(system, document, ["communities"], {"region": CHANGZHOU})
    assert [one["name"] for one in found] == ["翠竹社区", "红梅社区", "某村"]
    assert len(await pages(system, document, ["communities"], {"region": None})) == 6


async def test_a_cursor_that_was_never_given_is_refused(system: System) -> None:
    body = await system.ask('{ communities(first: 1, after: "nonsense") { nodes { name } } }')
    assert errors(body) == [("BAD_USER_INPUT", ["communities"])]
