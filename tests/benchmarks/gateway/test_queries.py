"""The benchmark asks what the schema offers and the limits allow, and its client reads what it writes."""

import asyncio
import os

import pytest
from graphql import build_schema, parse, validate

from benchmarks.gateway.client import exchange, packed, request, unpacked
from benchmarks.gateway.cpu import Meter, cpu_ns, resident_mib, tree
from benchmarks.gateway.data import Place
from benchmarks.gateway.measure import difference
from benchmarks.gateway.queries import questions
from services.runtime.settings import ROOT

PLACES = [
    Place(f"32010{district}{street:03d}{unit:03d}", "示例", "residents_committee")
    for district in range(1, 4)
    for street in range(1, 9)
    for unit in range(1, 31)
]


@pytest.fixture(scope="module")
def schema():
    return build_schema((ROOT / "gateway" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("question", questions(PLACES), ids=lambda one: one.name)
def test_each_question_is_valid_and_asked_of_the_floor_alike(schema, question):
    assert validate(schema, parse(question.document)) == []
    assert len(question.variables) == len(question.floor) > 1
    assert question.bar.aim < question.bar.must


def test_the_same_seed_asks_the_same():
    assert [one.variables for one in questions(PLACES)] == [one.variables for one in questions(PLACES)]


def test_streets_have_a_whole_page():
    (dashboard,) = (one for one in questions(PLACES) if one.name == "Q2")
    assert all(sum(place.code[:9] == asked["street"][:9] for place in PLACES) >= 20 for asked in dashboard.variables)


def test_requests_survive_the_pipe():
    sent = [request("/graphql", b"{}", {"Authorization": "Bearer x"}), request("/Q1", '{"名":1}'.encode(), {})]
    assert unpacked(packed(sent)) == sent


async def test_the_client_reads_one_answer_at_a_time():
    reader = asyncio.StreamReader()
    reader.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 503 no\r\ncontent-length: 0\r\n\r\n")

    class Writer:
        def write(self, data):
            assert data == b"GET"

    assert await exchange(reader, Writer(), b"GET") == (200, b"ok")
    assert await exchange(reader, Writer(), b"GET") == (503, b"")


def test_cpu_of_a_process_tree_grows_with_work():
    meter = Meter({"own": os.getpid()})
    meter.start()
    before = cpu_ns(os.getpid())
    assert sum(range(3_000_000)) > 0
    assert cpu_ns(os.getpid()) > before
    assert meter.seconds()["own"] > 0
    assert os.getpid() in tree(os.getpid())
    assert resident_mib([os.getpid()]) > 1


def test_a_process_that_is_gone_has_used_nothing():
    assert cpu_ns(2**22 + 1) == 0


def test_a_difference_is_told_by_its_path():
    one, other = {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}
    assert difference(one, other) == "data.a[1].b: '2' and '3'"
    assert difference({"a": None}, {"a": [1]}) == "data.a: 'None' and '[1]'"
