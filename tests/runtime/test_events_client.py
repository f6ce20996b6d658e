"""A stream of events cut into messages, however its bytes come."""

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.client import ServiceError
from services.runtime.events_client import EventsClient, Message, Reader, Unreadable

STREAM = (
    'retry: 2000\r\nid: 1\n:\n\nid: 2\ndata: {"a":\ndata: "议题"}\n\nevent: dropped\ndata:{}\nunknown: x\nalone\n\n'
).encode()
MESSAGES = [Message("", "1", ""), Message("", "2", '{"a":\n"议题"}'), Message("dropped", "2", "{}")]
EVENT = {
    "specversion": "1.0", "id": "0198f0d0-0000-7000-8000-000000000001", "source": "/x", "type": "x.y", "subject": "s",
    "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "dataschema": "/x", "sequence": "7",
    "region": "530111001011", "data": {"n": 1},
}  # fmt: skip


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_messages_are_the_same_however_the_bytes_come(cuts: list[int]) -> None:
    reader, found, at = Reader(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        found += reader.read(STREAM[at:cut])
        at = cut
    assert found == MESSAGES


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 65_536, b"data: " + b"x" * 65_536 + b"\n"])
def test_an_event_has_an_end_within_a_megabyte(piece: bytes) -> None:
    reader = Reader()
    for _ in range(15):
        assert reader.read(piece) == []
    with pytest.raises(Unreadable):
        reader.read(piece * 2)


class _Canned(httpx.AsyncBaseTransport):
    """A service that answers every request with the same bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self.content, request=request)


@pytest.mark.parametrize("content", [b"id: 1\ndata: {}\n\n", b"id: 1\ndata: x\n\n", b"data: " + b"x" * 2_000_000])
async def test_what_is_no_event_is_a_bad_reply(content: bytes) -> None:
    client = EventsClient("http://service", transport=_Canned(content))
    with pytest.raises(ServiceError) as refusal:
        await anext(client.follow())
    assert (refusal.value.status, refusal.value.code) == (502, "service.bad_reply")


async def test_only_events_and_places_are_told() -> None:
    content = b"data: {}\n\n" + b"id: 7\ndata: %b\n\n" % orjson.dumps(EVENT) + b"event: dropped\ndata: {}\n\nid: 9\n\n"
    client = EventsClient("http://service", transport=_Canned(content))
    told = [(said.sequence, said.event and said.event.data) async for said in client.follow()]
    assert told == [("7", {"n": 1}), ("9", None)]
