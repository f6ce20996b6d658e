from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType, get_named_type

from gateway.plan.bindings import BINDINGS, FALL_BACK, bindings_of
from gateway.schema import build

SCHEMA = build().core


def fields() -> set[str]:
    """Every field that a query reaches, past none that only the executor answers."""
    found, seen = set[str](), {*FALL_BACK}
    waiting: list[GraphQLNamedType] = [SCHEMA.type_map["Query"]]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, GraphQLInterfaceType):
            waiting += SCHEMA.get_possible_types(kind)
        if not isinstance(kind, GraphQLObjectType) or kind.name in seen:
            continue
        seen.add(kind.name)
        own = {name: one for name, one in kind.fields.items() if f"{kind.name}.{name}" not in FALL_BACK}
        found |= {f"{kind.name}.{name}" for name in own}
        waiting += [get_named_type(one.type) for one in own.values()]
    return found


def bound() -> set[str]:
    kinds = {name.partition(".")[0] for name in fields()}
    return {f"{kind}.{name}" for kind in kinds for name in bindings_of(kind)}


def test_every_field_of_the_schema_is_bound_or_said_to_fall_back() -> None:
    assert fields() - bound() == set()


def test_what_falls_back_is_of_the_schema_and_says_why() -> None:
    for name, reason in FALL_BACK.items():
        kind, _, field = name.partition(".")
        found = SCHEMA.type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        assert not field or field in found.fields
        assert len(reason) > 10
        assert name not in bound()


def test_nothing_is_bound_that_the_schema_does_not_have() -> None:
    assert bound() <= fields()
    assert set(BINDINGS) <= set(SCHEMA.type_map)
