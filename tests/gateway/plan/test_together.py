"""Requests of one moment travel together, and nobody notices but the services."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from gateway.asked import Asked
from gateway.plan.together import MOST_CALLERS, MOST_ROWS, Together, reply_of
from gateway.ways import Ask, Reply
from services.runtime.client import ServiceError
from services.runtime.reads_shared import Unreadable
from tests.gateway.plan.both import Both
from tests.gateway.plan.hunting import compare
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, NOWHERE, SHIHUGUAN, VILLAGE, WENYI
from tests.gateway.test_graph import JOIN

CODES = [SHIHUGUAN, WENYI, CUIZHU, HONGMEI, VILLAGE, LONGWAN, NOWHERE, SHIHUGUAN]
CARD = """query Card($code: DivisionCode!) { community(code: $code) { name headcount quota { posts }
    workers(first: 3) { totalCount nodes { name latestPayslip { net } community { name } } }
    issues(last: 2) { nodes { title community { name } } pageInfo { hasPreviousPage startCursor } } } }"""
ISSUE = "query Issue($id: ID!) { node(id: $id) { ... on Issue { title community { name } } } }"


class Service:
    """Answers one read with a row per key and, where there is a second read, a page under each."""

    def __init__(self, *, error: Exception | None = None, strange: bytes | None = None, refuses: str = "") -> None:
        self.bodies: list[dict[str, Any]] = []
        self.error, self.strange, self.refuses = error, strange, refuses
        self.held = asyncio.Event()
        self.held.set()

    async def send(self, body: bytes, _end: float) -> bytes:
        sent = orjson.loads(body)
        self.bodies.append(sent)
        await self.held.wait()
        if self.error and (self.refuses in str(sent["values"])):
            raise self.error
        if self.strange is not None:
            return self.strange
        count = len(sent["values"]) // (1 + len(sent.get("callers", ())))
        each = [sent["values"][at : at + count] for at in range(0, len(sent["values"]), count)]
        return orjson.dumps({"answers": [answer for values in each for answer in self.answers(values)]})

    def answers(self, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
        keys = values[0]["keys"]
        if self.refuses and self.refuses in keys:
            return [{"error": {"status": 422}}] * len(values)
        answers: list[dict[str, Any]] = [{"rows": [None if key == "none" else [key] for key in keys]}]
        if len(values) > 1:
            pages = [None if key == "none" else {"rows": [[f"{key}.1"], [f"{key}.2"]]} for key in keys]
            answers.append({"pages": pages})
        if len(values) > 2:
            under = [None if page is None else page["rows"] for page in answers[1]["pages"]]
            answers.append({"rows": [[one[0].upper()] for rows in under if rows for one in rows]})
        return answers

    @property
    def keys(self) -> list[list[list[str]]]:
        """The keys of the first reads by request and caller."""
        return [[one["keys"] for one in sent["values"] if "keys" in one] for sent in self.bodies]


def asking(*keys: str, reads: int = 1, first: int = 2) -> Ask:
    """So many reads, each under the one before, the first of them by keys."""
    values: list[dict[str, Any]] = [{}, {"first": first}, {}][:reads]
    above: list[int | None] = [None, 0, 1]
    under: list[Sequence[Any] | None] = [list(keys), None, None]
    return Ask(b'{"reads":[],"values":', values, under[:reads], above[:reads])


async def asked(service: Service, *asks: Ask, callers: str = "", ends: Sequence[float] = ()) -> list[Any]:
    """The replies to requests of one turn."""
    together, callers = Together(), callers or "x" * len(asks)
    each = [together.ask(callers[at], one, ends[at] if ends else 9.0, service.send) for at, one in enumerate(asks)]
    return await asyncio.gather(*each, return_exceptions=True)


async def test_each_gets_its_own_part_of_one_reply() -> None:
    service = Service()
    replies = await asked(service, asking("a"), asking("b", "none"), asking("a"))
    assert service.keys == [[["a", "b", "none", "a"]]]
    assert [one.answers for one in replies] == [
        [{"rows": [["a"]]}], [{"rows": [["b"], None]}], [{"rows": [["a"]]}],
    ]  # fmt: skip
    assert all(one.nulls for one in replies)


async def test_what_stands_under_a_row_goes_with_it() -> None:
    service = Service()
    one, none, other = await asked(service, asking("a", reads=3), asking("none", reads=3), asking("b", "c", reads=3))
    assert len(service.bodies) == 1
    assert one.answers == [
        {"rows": [["a"]]}, {"pages": [{"rows": [["a.1"], ["a.2"]]}]}, {"rows": [["A.1"], ["A.2"]]},
    ]  # fmt: skip
    assert none.answers == [{"rows": [None]}, {"pages": [None]}, {"rows": []}]
    assert other.answers[2] == {"rows": [["B.1"], ["B.2"], ["C.1"], ["C.2"]]}


@pytest.mark.parametrize("sizes", [(2, 3), (1, 1)])
async def test_only_what_is_alike_but_for_its_keys_goes_together(sizes: tuple[int, int]) -> None:
    service = Service()
    await asked(service, *[asking("a", reads=2, first=size) for size in sizes])
    assert len(service.bodies) == len(set(sizes))


async def test_callers_travel_together_each_with_keys_and_answers_of_its_own() -> None:
    service = Service()
    replies = await asked(service, asking("a"), asking("b"), asking("c", "d"), asking("e"), callers="xyxz")
    assert service.keys == [[["a", "c", "d"], ["b"], ["e"]]]
    assert service.bodies[0]["callers"] == ["y", "z"]
    assert [one.answers for one in replies] == [
        [{"rows": [["a"]]}], [{"rows": [["b"]]}], [{"rows": [["c"], ["d"]]}], [{"rows": [["e"]]}],
    ]  # fmt: skip


async def test_a_refusal_of_one_caller_is_that_callers() -> None:
    service = Service(refuses="bad")
    good, bad, other = await asked(service, asking("a"), asking("bad"), asking("b"), callers="xyz")
    assert len(service.bodies) == 1
    assert (good.answers, other.answers) == ([{"rows": [["a"]]}], [{"rows": [["b"]]}])
    assert "error" in bad.answers[0]


async def test_nobody_without_a_token_has_company() -> None:
    sent: list[bytes] = []

    async def send(body: bytes, _end: float) -> bytes:
        sent.append(body)
        return b'{"answers":[{"rows":[null]}]}'

    together = Together()
    await asyncio.gather(*[together.ask("", asking("a"), 9.0, send) for _ in range(2)])
    assert len(sent) == 2


async def test_a_request_has_so_many_callers_at_most() -> None:
    service = Service()
    names = "".join(chr(ord("A") + at) for at in range(MOST_CALLERS + 2))
    replies = await asked(service, *[asking(one) for one in names], callers=names)
    assert [len(one) for one in service.keys] == [MOST_CALLERS, 2]
    assert [one.answers for one in replies] == [[{"rows": [[one]]}] for one in names]


async def test_a_refusal_of_the_whole_request_is_not_everybodys() -> None:
    refusal = ServiceError("staffing", 413, "body.too_large", "过大", "too large")
    service = Service(error=refusal, refuses="big")
    good, bad = await asked(service, asking("a"), asking("big"), callers="xy")
    assert good.answers == [{"rows": [["a"]]}]
    assert bad is refusal
    assert len(service.bodies) == 3


async def test_a_request_near_its_end_takes_nobody_along() -> None:
    service = Service()
    await asked(service, asking("a"), asking("b"), asking("c"), ends=[1.0, 2.0, 2.05])
    assert service.keys == [[["a"]], [["b", "c"]]]


async def test_who_comes_a_turn_later_goes_alone() -> None:
    service, together = Service(), Together()
    service.held.clear()
    first = asyncio.ensure_future(together.ask("x", asking("a"), 9.0, service.send))
    for _ in range(3):
        await asyncio.sleep(0)
    second = asyncio.ensure_future(together.ask("x", asking("b"), 9.0, service.send))
    for _ in range(3):
        await asyncio.sleep(0)
    assert service.keys == [[["a"]], [["b"]]]
    service.held.set()
    await asyncio.gather(first, second)


async def test_many_rows_go_alone() -> None:
    service = Service()
    wide = asking(*map(str, range(MOST_ROWS + 1)))
    await asked(service, wide, wide)
    assert len(service.bodies) == 2
    service.bodies.clear()
    await asked(service, *[asking("a", "b", reads=2, first=100)] * 3)  # 202 rows each: two fit, not three
    assert sorted(len(keys) for (keys,) in service.keys) == [2, 4]


async def test_a_page_without_keys_goes_alone() -> None:
    sent: list[bytes] = []

    async def send(body: bytes, _end: float) -> bytes:
        sent.append(body)
        return b'{"answers":[{"pages":[{"rows":[]}]}]}'

    together = Together()
    page = Ask(b'{"values":', [{"region": None, "first": 2}], [None], [None])
    replies = await asyncio.gather(*[together.ask("x", page, 9.0, send) for _ in range(2)])
    assert sent == [b'{"values":[{"region":null,"first":2}]}'] * 2
    assert replies[0].answers == [{"pages": [{"rows": []}]}]


async def test_a_refusal_that_one_may_have_caused_is_each_ones_own() -> None:
    service = Service(refuses="bad")
    good, bad = await asked(service, asking("a"), asking("bad"))
    assert good.answers == [{"rows": [["a"]]}]
    assert "error" in bad.answers[0]
    assert service.keys == [[["a", "bad"]], [["a"]], [["bad"]]]


async def test_an_absence_is_everybodys() -> None:
    service = Service(error=ServiceError("staffing", 0, "service.unavailable", "无", "away"))
    assert await asked(service, asking("a"), asking("b")) == [service.error] * 2
    assert len(service.bodies) == 1


@pytest.mark.parametrize(
    "strange",
    [
        b"{", b"[]", b'{"answers":1}', b'{"answers":[1]}', b'{"answers":[{"rows":[["a"]]}]}', b'{"answers":[{}]}',
        b'{"answers":[{"rows":[["a"],["b"],["c"]]}]}', b'{"answers":[]}',
    ],
)  # fmt: skip
async def test_a_reply_that_does_not_fit_is_nobodys(strange: bytes) -> None:
    service = Service(strange=strange)
    replies = await asked(service, asking("a"), asking("b"))
    assert [type(one) for one in replies] == [Unreadable, Unreadable]


async def test_pages_that_are_none_are_nobodys() -> None:
    service = Service(strange=b'{"answers":[{"rows":[["a"],["b"]]},{"pages":[{},{}]},{"rows":[]}]}')
    replies = await asked(service, asking("a", reads=3), asking("b", reads=3))
    assert [type(one) for one in replies] == [Unreadable, Unreadable]


async def test_the_first_ones_end_is_nothing_to_the_others() -> None:
    service, together = Service(), Together()
    service.held.clear()
    first, second, third = (
        asyncio.ensure_future(together.ask("x", asking(key), 9.0, service.send)) for key in ("a", "b", "c")
    )
    for _ in range(3):
        await asyncio.sleep(0)
    first.cancel()
    third.cancel()
    await asyncio.sleep(0)
    service.held.set()
    assert (await second).answers == [{"rows": [["b"]]}]
    assert service.keys == [[["a", "b", "c"]], [["b"]]]
    assert (await asyncio.gather(first, third, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_first_one_that_goes_before_the_turn_ends_takes_nobody_along() -> None:
    service, together = Service(), Together()
    first, second = (asyncio.ensure_future(together.ask("x", asking(key), 9.0, service.send)) for key in "ab")
    await asyncio.sleep(0)
    first.cancel()
    late = asyncio.ensure_future(together.ask("x", asking("c"), 9.0, service.send))
    async with asyncio.timeout(5):
        assert [(await one).answers for one in (second, late)] == [[{"rows": [["b"]]}], [{"rows": [["c"]]}]]
        after = await together.ask("x", asking("d"), 9.0, service.send)
    assert after.answers == [{"rows": [["d"]]}]
    assert not together._leaving


async def test_one_who_has_gone_leaves_the_others_theirs() -> None:
    for service in (Service(), Service(error=ServiceError("staffing", 0, "x", "x", "x")), Service(refuses="a")):
        together = Together()
        service.held.clear()
        first, second = (asyncio.ensure_future(together.ask("x", asking(key), 9.0, service.send)) for key in "ab")
        for _ in range(3):
            await asyncio.sleep(0)
        second.cancel()
        service.held.set()
        (told,) = await asyncio.gather(first, return_exceptions=True)
        assert isinstance(told, Reply | ServiceError)


def test_a_reply_tells_whether_it_has_nulls() -> None:
    assert not reply_of(b'{"answers":[{"rows":[["a"]]}]}').nulls


@pytest.mark.parametrize("document", [JOIN, CARD])
async def test_the_same_questions_at_once_are_answered_as_one_by_one(both: Both, document: str) -> None:
    bearer = both.token("administrator", "000000000000")
    wanted = [await both.executed(Asked(document, {"code": code}), bearer) for code in CODES]
    for way in both.ways.values():
        way.calls.clear()
    found = await asyncio.gather(*[both.planned(Asked(document, {"code": code}), bearer) for code in CODES])
    for one, other in zip(found, wanted, strict=True):
        assert one is not None
        compare(one, other)
    calls = {name: Counter(path for path, _ in way.calls)["/v1/reads"] for name, way in both.ways.items()}
    assert all(count <= 2 for count in calls.values()), calls  # of one question; eight of them ask no oftener


async def test_each_caller_sees_what_is_the_callers(both: Both) -> None:
    bearers = [both.token("community_secretary", SHIHUGUAN), both.token("auditor", "320400000000")]
    asked = [(Asked(CARD, {"code": code}), bearer) for code in CODES for bearer in bearers]
    wanted = [await both.executed(*one) for one in asked]
    found = await asyncio.gather(*[both.planned(*one) for one in asked])
    for one, other in zip(found, wanted, strict=True):
        assert one is not None
        compare(one, other)


async def test_a_key_that_cannot_be_read_refuses_nobody_else(both: Both) -> None:
    ids = ["SXNzdWU6bm90LWEtdXVpZA==", *(await issues(both))]
    bearer = both.token("administrator", "000000000000")
    wanted = [await both.executed(Asked(ISSUE, {"id": one}), bearer) for one in ids]
    found = await asyncio.gather(*[both.planned(Asked(ISSUE, {"id": one}), bearer) for one in ids])
    for one, other in zip(found, wanted, strict=True):
        assert one is not None
        compare(one, other)
    assert found[1] is not None
    assert found[1]["data"]["node"]["title"]


async def issues(both: Both) -> list[str]:
    """The ids of some issues."""
    document = "query I($code: DivisionCode!) { community(code: $code) { issues(first: 3) { nodes { id } } } }"
    found = await both.executed(Asked(document, {"code": SHIHUGUAN}))
    return [one["id"] for one in found["data"]["community"]["issues"]["nodes"]]
