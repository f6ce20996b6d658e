"""Operations over both live transports count what they use of what is going, on a schema made for it."""

from collections.abc import AsyncGenerator
from datetime import date
from typing import Annotated

import pytest
import strawberry

from gateway.deprecations import leaving
from gateway.endpoint import GraphQLEndpoint
from gateway.limits import Limits
from gateway.persisted import Documents
from gateway.prepare import Preparer
from gateway.schema import HandOver, Schema
from tests.gateway.living import Living

SOON = date(2027, 6, 1)
Step = Annotated[int, strawberry.argument(deprecation_reason=leaving(SOON))]


@strawberry.type
class Tick:
    number: int
    count: int = strawberry.field(default=0, deprecation_reason=leaving(SOON, "Tick.number"))


@strawberry.type
class Query:
    tick: Tick = strawberry.field(default_factory=lambda: Tick(number=0))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, step: Step = 1) -> AsyncGenerator[Tick, None]:
        for number in range(3):
            yield Tick(number=number * step)


@pytest.fixture
def endpoint(alive: Living, monkeypatch: pytest.MonkeyPatch) -> GraphQLEndpoint:
    """The served gateway's live transports on a schema of their own."""
    schema = Schema(query=Query, subscription=Subscription, extensions=[HandOver])
    made = GraphQLEndpoint(schema, Documents(Preparer(schema.core, Limits(), 8), 8), 5.0)
    monkeypatch.setattr(alive.live, "endpoint", made)
    return made


OPERATIONS = [
    ("subscription { ticks { number } }", 3, []),
    ("subscription { ticks { number count } }", 3, ["Tick.count"]),
    ("subscription { ticks(step: 2) { a: count b: count } }", 3, ["Subscription.ticks(step:)", "Tick.count"]),
    ("query { tick { count } }", 1, ["Tick.count"]),
]  # fmt: skip


def counted(endpoint: GraphQLEndpoint) -> dict[str, int]:
    return {name: count for name, count in endpoint.watch.counts.items() if count}


@pytest.mark.parametrize(("document", "answers", "used"), OPERATIONS)
async def test_over_a_socket_each_operation_counts_once_and_every_answer_tells(
    alive: Living, endpoint: GraphQLEndpoint, document: str, answers: int, used: list[str]
) -> None:
    async with alive.socket() as socket:
        await socket.subscribe("1", document)
        told = [(await socket.get())["payload"]["extensions"] for _ in range(answers)]
        assert await socket.get() == {"id": "1", "type": "complete"}
    assert [[one["coordinate"] for one in each.get("deprecations", [])] for each in told] == [used] * answers
    assert counted(endpoint) == dict.fromkeys(used, 1)


@pytest.mark.parametrize(("document", "answers", "used"), OPERATIONS)
async def test_over_a_stream_each_operation_counts_once_and_every_answer_tells(
    alive: Living, endpoint: GraphQLEndpoint, document: str, answers: int, used: list[str]
) -> None:
    async with alive.sse(document) as stream:
        told = [(await stream.get())[1]["extensions"] for _ in range(answers)]
        assert await stream.get() == ("complete", None)
    assert [[one["coordinate"] for one in each.get("deprecations", [])] for each in told] == [used] * answers
    assert counted(endpoint) == dict.fromkeys(used, 1)


async def test_what_may_not_run_counts_nothing(alive: Living, endpoint: GraphQLEndpoint) -> None:
    async with alive.sse("subscription { ticks { count nothing } }") as stream:
        _, body = await stream.get()
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert counted(endpoint) == {}
