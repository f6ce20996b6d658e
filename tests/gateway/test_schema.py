import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_non_null_type,
    is_specified_scalar_type,
)

from gateway import schema as schema_module
from gateway.schema import SNAPSHOT, build, printed

CROSSING = {
    "Community": {"quota", "headcount", "headcounts", "vacancy", "workers", "issues"},
    "Worker": {"community", "latestPayslip", "payslip"},
    "Issue": {"community", "stepsDone", "nextSteps"},
    "PayLine": {"explanation"},
    "Payslip": {"matches"},
    "Query": {"community", "communities", "node"},
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build().core


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", one.description) for value, one in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, one in kind.fields.items():
                yield f"{name}.{field}", one.description
                yield from ((f"{name}.{field}({arg})", given.description) for arg, given in one.args.items())


def test_the_printed_schema_is_current() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == printed(), "run: python -m gateway.schema"


def test_printing_writes_the_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_module, "SNAPSHOT", tmp_path / "schema.graphql")
    assert schema_module.main() == 0
    assert (tmp_path / "schema.graphql").read_text(encoding="utf-8") == printed()


def test_everything_is_described_in_chinese_and_english(schema: GraphQLSchema) -> None:
    silent = [
        name
        for name, text in described(schema)
        if not text or not re.search(r"[一-鿿]{2}", text) or not re.search(r"[A-Za-z]{3}", text)
    ]
    assert silent == []


def test_what_crosses_a_service_may_be_null(schema: GraphQLSchema) -> None:
    for name, fields in CROSSING.items():
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert [field for field in fields if is_non_null_type(kind.fields[field].type)] == []


def test_every_object_with_an_id_can_be_read_again(schema: GraphQLSchema) -> None:
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    nodes = {kind.name for kind in schema.get_possible_types(node)}
    assert {"Community", "Worker", "Payslip", "Issue", "PayrollRun"} <= nodes
    with_id = {k.name for k in schema.type_map.values() if isinstance(k, GraphQLObjectType) and "id" in k.fields}
    assert with_id == nodes


def test_pages_are_relay_connections(schema: GraphQLSchema) -> None:
    connections = [k for k in schema.type_map.values() if k.name.endswith("Connection")]
    assert {"CommunityConnection", "WorkerConnection", "IssueConnection"} <= {k.name for k in connections}
    for kind in connections:
        assert isinstance(kind, GraphQLObjectType)
        assert {"edges", "pageInfo", "nodes", "totalCount"} <= set(kind.fields)


def test_money_is_never_a_number(schema: GraphQLSchema) -> None:
    payslip, line = schema.type_map["Payslip"], schema.type_map["PayLine"]
    assert isinstance(payslip, GraphQLObjectType)
    assert isinstance(line, GraphQLObjectType)
    kinds = [payslip.fields[name].type for name in ("gross", "net", "employerCost")] + [line.fields["amount"].type]
    assert {str(kind) for kind in kinds} == {"Yuan!"}
