"""Plans kept by document, and a query answered by one: found, fetched, built."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType

from gateway.plan.build import Builder, builder
from gateway.plan.careful import Careful
from gateway.plan.coerce import Coercer
from gateway.plan.collect import Collector, switches
from gateway.plan.compile import Compiler, Plan
from gateway.plan.fetch import Fetch, Groups, groups
from gateway.plan.slots import Coerced, Template, Unplanned
from gateway.prepare import MOST_TOKENS_KEPT, Prepared
from gateway.stores import Store
from gateway.ways import Way
from services.runtime.log import log

Key: TypeAlias = tuple[Prepared, *tuple[Hashable, ...]]  # a document and what else decides
MOST_READS = 60  # of one plan; a service takes 64 in a request


def weigh(key: Key, _: object) -> int:
    """A plan weighs what its document weighs, whose fields it holds again."""
    return key[0].weight


@dataclass(frozen=True)
class Made:
    """A plan with its values, its requests and its builder."""

    plan: Plan
    values: Template
    groups: Groups
    build: Builder


@dataclass(frozen=True)
class Answer:
    """Data and errors, as the executor gives them."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]


class Known:
    """What is known of one operation before its variables are: how to read them, and which of them switch fields."""

    def __init__(self, schema: GraphQLSchema, prepared: Prepared, operation: OperationDefinitionNode) -> None:
        self.coercer = Coercer(schema, operation)
        self.switches = switches(prepared.document)


class Planner:
    """Answers queries of one schema by plans, as far as plans go."""

    def __init__(self, schema: GraphQLSchema, size: int) -> None:
        self.schema = schema
        self.plans: Store[Key, Made | str] = Store(size, MOST_TOKENS_KEPT, weigh)
        self.fallen_back: Counter[str] = Counter()

    async def answer(
        self,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        ways: Mapping[str, Way] | None,
        end: float,
    ) -> Answer | None:
        """The answer; None for what the ordinary executor has to answer, the reason counted.

        Raises TimeoutError when it is not there at the `end` of the request's time, in the event loop's seconds.
        """
        if ways is None:
            self.fallen_back["token"] += 1
            return None
        try:
            name = operation.name.value if operation.name else None
            known: Known | None = prepared.known.get(name)
            if known is None:
                known = prepared.known[name] = Known(self.schema, prepared, operation)
            coerced = known.coercer.read(variables)
            switched = tuple([coerced.get(name) for name in known.switches])
            made = self.plans.get((prepared, name, switched), lambda: self.make(prepared, operation, coerced))
            if not isinstance(made, str):
                given = made.values.filled(coerced)
                return await answered(made, Fetch(made.plan.reads, made.groups, given, ways, end))
            self.fallen_back[made] += 1
        except Unplanned as unplanned:
            self.fallen_back[unplanned.reason] += 1
        except TimeoutError:
            raise
        except Exception as defect:  # noqa: BLE001 - a defect of a plan costs time, not the answer
            log.error("plan.defect", exc_info=defect)
            self.fallen_back["defect"] += 1
        return None

    def make(self, prepared: Prepared, operation: OperationDefinitionNode, coerced: Coerced) -> Made | str:
        """A plan, or the reason why there is none."""
        if operation.operation is not OperationType.QUERY:
            return "operation"
        try:
            plan = Compiler(self.schema, Collector(self.schema, prepared.document, coerced)).compile(operation)
        except Unplanned as unplanned:
            return unplanned.reason
        if len(plan.reads) > MOST_READS:
            return "reads"
        return Made(plan, Template.of(plan.slots), groups(plan.reads), builder(plan.shape))


async def answered(made: Made, fetch: Fetch) -> Answer:
    """What the services found, built; carefully when anything failed. Raises Unplanned."""
    await fetch.run()
    if fetch.clean:
        return Answer(made.build(fetch.found, fetch.values), [])
    careful = Careful(fetch.found, fetch.failed, fetch.values)
    return Answer(careful.answer(made.plan.shape), careful.errors)
