"""Both paths answer alike: whatever the document, whoever asks, whatever is broken.

`python -m tests.gateway.plan.hunt` asks many more documents, by chance.
"""

from random import Random

from graphql import GraphQLObjectType

from gateway.prepare import Invalid
from tests.gateway.plan.documents import Case, Writer
from tests.gateway.plan.hunting import Difference, Hunter

SEED = 20261122
GOALS = 3  # of one document
TRIES = 20  # documents for the same goals, until they have all been planned


def writer_of(hunter: Hunter, root: GraphQLObjectType | None) -> Writer:
    assert root is not None
    return Writer(hunter.both.schema.core, root)


async def test_whatever_is_asked_and_whoever_asks_and_whatever_is_away(hunter: Hunter) -> None:
    """Every field and argument of the schema is planned in some document, asked with three sets of variables."""
    writer = writer_of(hunter, hunter.both.schema.core.query_type)
    seeds, waiting = Random(SEED), list(writer.coordinates)
    Random(SEED).shuffle(waiting)
    while waiting:
        goals, waiting = waiting[:GOALS], waiting[GOALS:]
        for _ in range(TRIES):
            await asked(hunter, writer, seeds.getrandbits(32), goals)
            goals = [one for one in goals if not hunter.planned[one]]
            if not goals:
                break
        waiting = [one for one in waiting if not hunter.planned[one]]
    assert [one for one in writer.coordinates if not hunter.planned[one]] == []


async def asked(hunter: Hunter, writer: Writer, seed: int, goals: list[str]) -> None:
    """Ask the document of a seed on both paths."""
    questions, found = hunter.questions(writer.case(seed, goals), seed), None
    try:
        await hunter.ask_all(questions)
    except Difference as difference:
        found = str(difference)
    assert found is None, f"{found}\n{questions[0]}\ngoals {goals}"


async def test_what_commands_and_events_are_asked_is_never_planned(hunter: Hunter) -> None:
    schema = hunter.both.schema.core
    for root in filter(None, (schema.mutation_type, schema.subscription_type)):
        writer = writer_of(hunter, root)
        for name in root.fields:
            seen = [await reasons(hunter, writer.case(seed, [f"{root.name}.{name}"])) for seed in range(TRIES)]
            assert "operation" in seen
            assert set(seen) <= {"operation", "variables", "invalid"}


async def reasons(hunter: Hunter, case: Case) -> str:
    """Why the planner answers nothing."""
    try:
        prepared = hunter.both.endpoint.preparer.prepare(case.query)
    except Invalid:
        return "invalid"
    planner = hunter.both.planner
    planner.fallen_back.clear()
    answer = await planner.answer(prepared, prepared.operation(case.operation), case.variables[0], {}, float("inf"))
    assert answer is None
    return "".join(planner.fallen_back)
