import contextlib
import time

import pytest

from gateway.errors import Code, GatewayError
from gateway.limits import Limits
from gateway.prepare import MOST_ERRORS, Invalid, Preparer
from gateway.schema import build
from tests.gateway.hostile import cycle, repeated, repeated_in_fragments


@pytest.fixture
def preparer() -> Preparer:
    return Preparer(build().core, Limits(), 2)


def test_a_document_is_prepared_once_and_the_oldest_is_let_go(preparer: Preparer) -> None:
    first = preparer.prepare("{ __typename }")
    assert preparer.prepare("{ __typename }") is first
    preparer.prepare("{ a: __typename }")
    assert preparer.prepare("{ __typename }") is first
    preparer.prepare("{ b: __typename }")
    preparer.prepare("{ c: __typename }")
    assert preparer.prepare("{ __typename }") is not first


def test_many_large_documents_are_not_kept_at_once() -> None:
    preparer = Preparer(build().core, Limits(), 10_000)
    ids = '"a",' * 960
    long = [f"query q{number} {{ nodes(ids: [{ids}]) {{ id }} }}" for number in range(45)]
    kept = [preparer.prepare(text) for text in long]
    assert kept[0].weight == 50 + 974
    assert preparer.prepare(long[-1]) is kept[-1]
    assert preparer.prepare(long[0]) is not kept[0]  # 45 of them weigh more than all may together


def test_a_document_off_the_schema_is_told_every_complaint(preparer: Preparer) -> None:
    with pytest.raises(Invalid) as invalid:
        preparer.prepare('{ community(code: "530111001001") { nam cod } }')
    assert len(invalid.value.errors) == 2
    assert "Did you mean" in invalid.value.errors[0].message


def test_a_document_full_of_mistakes_is_not_read_to_its_end(preparer: Preparer) -> None:
    with pytest.raises(Invalid) as invalid:
        preparer.prepare("{ " + " ".join(f"x{i}" for i in range(300)) + " }")
    assert len(invalid.value.errors) == MOST_ERRORS + 1
    assert "limit reached" in invalid.value.errors[-1].message


def test_hints_can_be_turned_off() -> None:
    with pytest.raises(Invalid) as invalid:
        Preparer(build().core, Limits(), 2, hints=False).prepare('{ community(code: "530111001001") { nam } }')
    assert "Did you mean" not in invalid.value.errors[0].message


@pytest.mark.parametrize("length", [3, 15, 40])
def test_rings_of_fragments_are_refused_at_once(preparer: Preparer, length: int) -> None:
    started = time.process_time()
    with pytest.raises((Invalid, GatewayError)):
        preparer.prepare(cycle(length))
    assert time.process_time() - started < 5  # what doubles takes minutes


@pytest.mark.parametrize(
    "text",
    [
        "{ " + "__typename " * 32 + "}",
        "{ " + 'a: node(id: "x") { id } ' * 15 + "}",
        repeated(32),
        repeated_in_fragments(32),
        "{ " + "... { __typename ... { __typename } } " * 16 + "}",
        "{ " + " ".join(f"x{i}" for i in range(900)) + " }",
    ],
)
def test_wide_documents_within_the_limits_are_judged_quickly(preparer: Preparer, text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(Invalid):
        preparer.prepare(text)
    assert time.process_time() - started < 5  # what doubles takes minutes


def test_the_operation_is_chosen_by_name(preparer: Preparer) -> None:
    prepared = preparer.prepare("query A { __typename } query B { a: __typename }")
    assert prepared.operation("B").name is not None
    for name in (None, "C"):
        with pytest.raises(GatewayError) as refused:
            prepared.operation(name)
        assert refused.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("text", "introspects"), [("{ __schema { types { name } } }", True), ("{ __typename }", False)]
)
def test_introspection_is_recognised(preparer: Preparer, text: str, introspects: bool) -> None:
    assert preparer.prepare(text).introspects is introspects
