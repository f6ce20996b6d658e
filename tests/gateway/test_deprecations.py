"""What is going is declared in one form, told to whoever uses it and counted: on a schema made for it."""

from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema
from prometheus_client import CollectorRegistry, generate_latest

from gateway.asked import Asked
from gateway.context import Context
from gateway.deprecations import Watch, leaving, leavings
from gateway.endpoint import GraphQLEndpoint
from gateway.limits import Limits
from gateway.persisted import Documents
from gateway.prepare import Preparer
from gateway.schema import HandOver, Schema, build

SOON = date(2027, 6, 1)


@strawberry.enum
class Colour(Enum):
    RED = "red"
    CRIMSON = strawberry.enum_value("crimson", deprecation_reason=leaving(SOON, "Colour.RED"))


@strawberry.input
class Wish:
    colour: Colour = Colour.RED
    shade: int | None = strawberry.field(default=None, deprecation_reason=leaving(SOON))
    others: "list[Wish] | None" = None


@strawberry.type
class Thing:
    name: str = "thing"
    label: str = strawberry.field(default="thing", deprecation_reason=leaving(SOON, "Thing.name"))


Size = Annotated[int | None, strawberry.argument(deprecation_reason=leaving(SOON, "Query.thing(colour:)"))]


@strawberry.type
class Query:
    @strawberry.field
    def thing(
        self,
        colour: Colour = Colour.RED,  # noqa: ARG002 - the arguments of the field, here and below
        size: Size = None,  # noqa: ARG002
        wish: Wish | None = None,  # noqa: ARG002
    ) -> Thing:
        return Thing()

    @strawberry.field(deprecation_reason=leaving(SOON, "Query.thing"))
    def item(self) -> Thing:
        return Thing()


def schema() -> Schema:
    return Schema(query=Query, extensions=[HandOver])


@pytest.fixture
def endpoint() -> GraphQLEndpoint:
    made = schema()
    preparer = Preparer(made.core, Limits(), 8)
    return GraphQLEndpoint(made, Documents(preparer, 8), 5.0)


async def told(endpoint: GraphQLEndpoint, query: str, variables: dict[str, Any] | None = None) -> list[str]:
    context = Context("r1", lambda: pytest.fail("no loaders are needed"))
    body, status = await endpoint.answer(Asked(query, variables or {}), context)
    assert status == 200, body
    assert "errors" not in body
    return [one["coordinate"] for one in body["extensions"].get("deprecations", [])]


@pytest.mark.parametrize(
    ("query", "variables", "used"),
    [
        ("{ thing { name } }", {}, []),
        ("{ thing { label } }", {}, ["Thing.label"]),
        ("{ thing { a: label } item { ...F } } fragment F on Thing { label }", {}, ["Thing.label", "Query.item"]),
        ("{ thing(size: 1) { name } }", {}, ["Query.thing(size:)"]),
        ("{ thing(colour: RED) { name } }", {}, []),
        ("{ thing(colour: CRIMSON) { name } }", {}, ["Colour.CRIMSON"]),
        ("{ thing(wish: {shade: 1, colour: RED}) { name } }", {}, ["Wish.shade"]),
        ("{ thing(wish: {others: [{colour: CRIMSON}]}) { name } }", {}, ["Colour.CRIMSON"]),
        ("query Q($c: Colour = CRIMSON) { thing(colour: $c) { name } }", {}, ["Colour.CRIMSON"]),
        ("query Q($c: Colour!) { thing(colour: $c) { name } }", {"c": "CRIMSON"}, ["Colour.CRIMSON"]),
        ("query Q($c: Colour!) { thing(colour: $c) { name } }", {"c": "RED"}, []),
        ("query Q($w: Wish) { thing(wish: $w) { name } }", {"w": {"others": [{"shade": 2}]}}, ["Wish.shade"]),
        ("query Q($w: Wish) { thing(wish: $w) { name } }", {"w": None}, []),
        ("query Q($yes: Boolean!) { thing { name @include(if: $yes) } }", {"yes": True}, []),
    ],
)  # fmt: skip
async def test_whoever_uses_what_is_going_is_told(
    endpoint: GraphQLEndpoint, query: str, variables: dict[str, Any], used: list[str]
) -> None:
    assert sorted(await told(endpoint, query, variables)) == sorted(used)
    assert {name for name, count in endpoint.watch.counts.items() if count} == set(used)


async def test_a_use_is_told_with_its_day_and_what_takes_its_place(endpoint: GraphQLEndpoint) -> None:
    body, _ = await endpoint.answer(Asked("{ item { name } }"), Context("r1", lambda: pytest.fail("none needed")))
    assert body["extensions"]["deprecations"] == [
        {
            "coordinate": "Query.item",
            "removal": "2027-06-01",
            "replacement": "Query.thing",
            "reason": "2027-06-01起移除，请改用 Query.thing To be removed on 2027-06-01; use Query.thing",
        }
    ]


async def test_uses_are_counted_by_coordinates_of_the_schema_alone(endpoint: GraphQLEndpoint) -> None:
    registry = CollectorRegistry()
    registry.register(endpoint.watch)
    for _ in range(3):
        await told(endpoint, "{ a: thing { label } b: thing { label } }")
    lines = generate_latest(registry).decode().splitlines()
    counted = {line for line in lines if line.startswith("gongzhi_graphql_deprecated_uses_total")}
    names = ["Colour.CRIMSON", "Query.item", "Query.thing(size:)", "Thing.label", "Wish.shade"]
    assert counted == {
        f'gongzhi_graphql_deprecated_uses_total{{coordinate="{name}"}} {3.0 if name == "Thing.label" else 0.0}'
        for name in names
    }


def test_everything_going_is_known_by_its_coordinate() -> None:
    found = leavings(schema().core)
    assert {name: one.replacement for name, one in found.items()} == {
        "Colour.CRIMSON": "Colour.RED",
        "Wish.shade": None,
        "Thing.label": "Thing.name",
        "Query.thing(size:)": "Query.thing(colour:)",
        "Query.item": "Query.thing",
    }
    assert {one.removal for one in found.values()} == {SOON}


UNKNOWN, ITSELF, MORE = leaving(SOON, "Query.c"), leaving(SOON, "Query.a"), leaving(SOON) + "."


@pytest.mark.parametrize("reason", ["", "old", "use b", "2027-06-01起移除，无替代", UNKNOWN, ITSELF, MORE])
def test_a_deprecation_in_other_words_is_no_deprecation(reason: str) -> None:
    text = f'type Query {{ a: Int @deprecated(reason: "{reason}") b: Int }}'
    with pytest.raises(ValueError, match=r"Query\.a"):
        leavings(build_schema(text))


@pytest.fixture(scope="module")
def product() -> GraphQLSchema:
    return build().core


def test_what_the_product_has_going_is_promised_in_form_and_its_day_has_not_passed(product: GraphQLSchema) -> None:
    overdue = [one for one in leavings(product).values() if one.removal <= datetime.now(UTC).date()]
    assert overdue == [], "remove it now, or promise a later day"


def test_without_anything_going_nothing_is_looked_at() -> None:
    watch = Watch(build_schema("type Query { a: Int }"))
    prepared = Preparer(watch.schema, Limits(), 1).prepare("{ a }")
    assert watch.note(prepared, prepared.operation(None), {}) == []
    assert watch._spelt.cache_info().currsize == 0
