"""The schema assembled, and its text: `python -m gateway.schema` prints gateway/schema.graphql again."""

import sys
from collections.abc import Iterator
from pathlib import Path

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from gateway.graph import Community, ConsultationSession, Issue, Payslip, Worker
from gateway.mutations import Mutation
from gateway.queries import Query
from gateway.scalars import SCALARS
from gateway.subscriptions import Subscription
from gateway.types.payroll_runs import PayrollRun

SNAPSHOT = Path(__file__).parent / "schema.graphql"


class HandOver(SchemaExtension):
    """Gives the executor the document that was prepared: parsed, limited and validated already."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield


class Schema(strawberry.Schema):
    """Strawberry's schema without its logger, which prints the mistakes of clients with tracebacks."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: the endpoint logs what is ours and tells what is the client's."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core validates and prices against it."""
        return self._schema


def build() -> Schema:
    """The schema of the gateway."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Community, Worker, Payslip, Issue, PayrollRun, ConsultationSession],
        extensions=[HandOver],
        config=StrawberryConfig(scalar_map=dict(SCALARS)),
    )


def printed() -> str:
    """The schema in the schema definition language."""
    return build().as_str() + "\n"


def main() -> int:
    """Write the snapshot; 0 when done."""
    SNAPSHOT.write_text(printed(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
