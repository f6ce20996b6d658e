"""The short list of functions a formula may call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.kernel.formula import arithmetic
from services.kernel.formula.nodes import Constant, Operation
from services.kernel.formula.syntax import refusal
from services.kernel.formula.tree import Node, Shape
from services.kernel.formula.vocabulary import Kind
from services.kernel.period import (
    completed_months,
    completed_months_column,
    completed_years,
    completed_years_column,
    day_number,
    day_of,
)

# Roundings: mode and decimal places; None = an optional second argument, 0 unless given.
ROUNDINGS: dict[str, tuple[str, int | None]] = {
    "floor": ("floor", None),
    "ceil": ("ceil", None),
    "truncate": ("truncate", None),
    "round_half_up": ("half_up", None),
    "round_half_even": ("half_even", None),
    "round_fen": ("half_up", 2),
    "round_jiao": ("half_up", 1),
    "round_yuan": ("half_up", 0),
    "truncate_fen": ("truncate", 2),
}
MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class Function:
    """The kinds of a function's arguments (the last repeats when `variadic`), and how its tree is made."""

    kinds: tuple[Kind, ...]
    build: Callable[[Sequence[Node]], Node]
    variadic: bool = False

    def accepts(self, count: int) -> bool:
        """Whether so many arguments will do."""
        return count >= len(self.kinds) if self.variadic else count == len(self.kinds)


def places(node: Node) -> int:
    """The decimal places of a rounding: a whole number from 0 to 6, known at load."""
    shape = node.shape
    if not isinstance(node, Constant) or shape.denominator != 1 or not 0 <= node.value <= MOST_PLACES:
        raise refusal("formula.bad_places", f"小数位数应为0至{MOST_PLACES}的整数",
                      f"decimal places are a whole number from 0 to {MOST_PLACES}")  # fmt: skip
    return node.value


def _clamp(nodes: Sequence[Node]) -> Node:
    value, low, high = nodes
    return arithmetic.least((arithmetic.greatest((value, low)), high))


def _yuan(nodes: Sequence[Node]) -> Node:
    return arithmetic.with_unit(nodes[0], "yuan")


def _day(nodes: Sequence[Node]) -> Node:
    try:
        numbers = [node.value for node in nodes if isinstance(node, Constant) and node.shape.denominator == 1]
        number = day_number(date(*numbers))
    except (TypeError, ValueError, OverflowError):
        raise refusal("formula.bad_day", "没有这一天；请写成 day(2018, 1, 1)",
                      "there is no such day; write day(2018, 1, 1)") from None  # fmt: skip
    return Constant(Shape("day", low=number, high=number), number)


def _span(nodes: Sequence[Node], unit: str, days: int, operation: Operation) -> Node:
    start, end = (node.shape for node in nodes)
    most = max((end.high - start.low) // days + 1, 0)
    return arithmetic.apply(Shape("number", unit, 1, 0, most), operation, *nodes)


_YEARS = Operation(lambda start, end: completed_years(day_of(start), day_of(end)), completed_years_column)
_MONTHS = Operation(lambda start, end: completed_months(day_of(start), day_of(end)), completed_months_column)

FUNCTIONS: dict[str, Function] = {
    "min": Function(("number", "number"), arithmetic.least, variadic=True),
    "max": Function(("number", "number"), arithmetic.greatest, variadic=True),
    "clamp": Function(("number", "number", "number"), _clamp),
    "abs": Function(("number",), lambda nodes: arithmetic.absolute(nodes[0])),
    "yuan": Function(("number",), _yuan),
    "day": Function(("number", "number", "number"), _day),
    "years": Function(("day", "day"), lambda nodes: _span(nodes, "years", 365, _YEARS)),
    "months": Function(("day", "day"), lambda nodes: _span(nodes, "months", 28, _MONTHS)),
}
