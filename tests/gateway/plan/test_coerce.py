"""Variables are read as the executor reads them, by the short way and by the whole one."""

from datetime import date
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse

from gateway.plan.coerce import Coercer
from gateway.plan.slots import Unplanned
from gateway.schema import build

SCHEMA = build().core
SHORT = "$code: DivisionCode!, $on: Date, $size: Int, $language: Language, $wide: Boolean!"
DEFAULTS = "$ids: [ID!]!, $on: Date = null, $size: Int = 3, $wide: Boolean = true"
GOOD = {"code": "530111001011", "wide": True}


def operation(declared: str) -> OperationDefinitionNode:
    (found,) = parse(f"query Q({declared}) {{ __typename }}").definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        (SHORT, GOOD),
        (SHORT, {**GOOD, "on": "2026-06-01", "size": 2, "language": "EN"}),
        (SHORT, {**GOOD, "on": None, "size": 2.0, "unknown": 1}),
        (DEFAULTS, {"ids": ["a", 1]}),
        (DEFAULTS, {"ids": "a", "on": "2026-06-01", "size": None, "wide": None}),
    ],
)
def test_what_fits_is_read_as_the_executor_reads_it(declared: str, given: dict[str, Any]) -> None:
    one = operation(declared)
    meant = get_variable_values(SCHEMA, one.variable_definitions or (), given)
    assert not isinstance(meant, list)
    assert dict(Coercer(SCHEMA, one).read(given)) == dict(meant.coerced)


def test_days_are_days() -> None:
    found = Coercer(SCHEMA, operation(SHORT)).read({**GOOD, "on": "2026-06-01"})
    assert found["on"] == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        (SHORT, {}),
        (SHORT, {**GOOD, "code": None}),
        (SHORT, {**GOOD, "code": "12"}),
        (SHORT, {**GOOD, "code": 530111001011}),
        (SHORT, {**GOOD, "language": "FR"}),
        (SHORT, {**GOOD, "language": ["ZH"]}),
        (SHORT, {**GOOD, "size": True}),
        (SHORT, {**GOOD, "size": 2**31}),
        (SHORT, {**GOOD, "wide": "true"}),
        (DEFAULTS, {}),
        (DEFAULTS, {"ids": [None]}),
        (DEFAULTS, {"ids": ["a"], "size": "3"}),
    ],
)
def test_what_the_executor_refuses_is_left_to_it(declared: str, given: dict[str, Any]) -> None:
    one = operation(declared)
    assert isinstance(get_variable_values(SCHEMA, one.variable_definitions or (), given), list)
    with pytest.raises(Unplanned, match="variables"):
        Coercer(SCHEMA, one).read(given)
