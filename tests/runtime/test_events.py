"""Which events a reader gets, without a data base."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Malformed
from services.runtime.events import Batch, Event, Wanted, position_of, sequence_of, within
from services.runtime.rls import Scope, merge

NATION: Scope = (("0", ":"),)
KUNMING = "530100000000"


def event(position: int, region: str = "530111001011", subject: str = "a", type: str = "x.y") -> Event:  # noqa: A002
    return Event(position, UUID(int=position), type, subject, region, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "{}")


def positions(events: list[Event]) -> list[int]:
    return [one.position for one in events]


def test_an_event_is_a_cloud_event() -> None:
    body = orjson.loads(event(42).cloud("consultation"))
    assert body == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-00000000002a",
        "source": "/consultation",
        "type": "x.y",
        "subject": "a",
        "time": "2026-01-02T03:04:05Z",
        "datacontenttype": "application/json",
        "dataschema": "/openapi.json#/webhooks/x.y",
        "sequence": "0000000000000000042",
        "region": "530111001011",
        "data": {},
    }


def test_sequences_sort_as_their_positions_do() -> None:
    assert sorted(map(sequence_of, (10, 9, 100))) == [sequence_of(9), sequence_of(10), sequence_of(100)]
    assert position_of(sequence_of(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize("text", ["", "-1", "x", "9" * 19, "1" * 20, "１"])
def test_other_texts_are_no_sequence(text: str) -> None:
    with pytest.raises(Malformed, match="sequence"):
        position_of(text)


def test_a_division_narrows_a_scope_and_never_widens_it() -> None:
    guandu = (("530111000000", "530112"),)
    assert within(guandu, None) == guandu
    assert within(guandu, ["530111001000"]) == (("530111001000", "530111002"),)
    assert within(guandu, [KUNMING]) == guandu
    assert within(guandu, ["211300000000"]) == ()
    assert within((("2", "3"), ("53", "54")), ["000000000000"]) == (("2", "3"), ("53", "54"))
    several = ["530111002000", "211300000000", "530111001011", "530111002001"]
    assert within(guandu, several) == (("530111001011", "530111001012"), ("530111002000", "530111003"))
    assert within((("21", "22"), ("53", "54")), ["211300000000"]) == (("211300000000", "2114"),)


def test_a_batch_gives_each_reader_what_he_wants_in_order() -> None:
    batch = Batch([
        event(1, "530111001011", "a"), event(2, "110105001001", "b", "x.z"), event(3, "530102001001", "a"),
    ])  # fmt: skip
    assert positions(batch.of(Wanted(NATION))) == [1, 2, 3]
    assert positions(batch.of(Wanted((("53", "54"),)))) == [1, 3]
    assert positions(batch.of(Wanted(NATION, types=("x.z",)))) == [2]
    assert positions(batch.of(Wanted(NATION, subjects=("b", "a")))) == [1, 2, 3]
    assert positions(batch.of(Wanted((("530102", "530103"),), subjects=("a",)))) == [3]
    assert batch.of(Wanted(())) == []


REGIONS = st.sampled_from(["110105001001", "530102001001", "530111001011", "530111001012", "990101001001"])
SCOPES = st.lists(st.sampled_from([("11", "12"), ("530111001011", "530111001012"), ("53", "54"), ("99", ":")]))


@given(
    st.lists(st.tuples(REGIONS, st.sampled_from("ab"), st.sampled_from(["x.y", "x.z"]))),
    SCOPES,
    st.none() | st.sets(st.sampled_from(["x.y", "x.z"])),
    st.none() | st.sets(st.sampled_from("abc")),
)
def test_a_batch_agrees_with_looking_at_each_event(
    rows: list[tuple[str, str, str]],
    scope: list[tuple[str, str]],
    types: set[str] | None,
    subjects: set[str] | None,
) -> None:
    events = [event(place, *row) for place, row in enumerate(rows)]
    wanted = Wanted(
        merge(scope), None if types is None else tuple(types), None if subjects is None else tuple(subjects)
    )
    plain = [
        one
        for one in events
        if any(lo <= one.region < hi for lo, hi in wanted.scope)
        and (types is None or one.type in types)
        and (subjects is None or one.subject in subjects)
    ]
    assert Batch(events).of(wanted) == plain
