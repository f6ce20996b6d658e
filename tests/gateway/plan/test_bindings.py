from graphql import GraphQLObjectType

from gateway.plan.bindings import BINDINGS, FALL_BACK, bindings_of
from gateway.schema import build

SCHEMA = build().core


def fields() -> set[str]:
    """Every field of the schema but those of introspection and of roots other than the query's."""
    kinds = [one for one in SCHEMA.type_map.values() if isinstance(one, GraphQLObjectType)]
    others = {SCHEMA.mutation_type, SCHEMA.subscription_type}
    kinds = [one for one in kinds if not one.name.startswith("__") and one not in others]
    return {f"{kind.name}.{name}" for kind in kinds for name in kind.fields}


def bound() -> set[str]:
    kinds = {name.partition(".")[0] for name in fields()}
    return {f"{kind}.{name}" for kind in kinds for name in bindings_of(kind)}


def test_every_field_of_the_schema_is_bound_or_said_to_fall_back() -> None:
    assert fields() - bound() == FALL_BACK


def test_nothing_is_bound_that_the_schema_does_not_have() -> None:
    assert bound() <= fields()
    assert set(BINDINGS) <= set(SCHEMA.type_map)
