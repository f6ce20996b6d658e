"""Numbers in formulas: exact arithmetic over fixed denominators, and the proof that int64 suffices."""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial, reduce

import numpy as np

from services.kernel.errors import Malformed
from services.kernel.formula.nodes import Apply, Constant, Noting, Operation
from services.kernel.formula.syntax import refusal
from services.kernel.formula.tree import Case, Node, Shape, Values

MOST = 2**63 - 1
STRONG = ("yuan", "sqm")  # units that survive a product; counts and spans of time lose theirs


def number(value: Fraction, unit: str = "") -> Constant:
    """A number known at load."""
    top, bottom = value.numerator, value.denominator
    return Constant(fit(Shape("number", unit, bottom, top, top)), top)


def flag(value: bool) -> Constant:
    """A flag known at load."""
    return Constant(Shape("flag", low=int(value), high=int(value)), int(value))


def fit(shape: Shape, *also: int) -> Shape:
    """The shape, once it and the steps on the way to it (`also`) are proved to fit 64 bits."""
    if max(abs(shape.low), abs(shape.high), shape.denominator, *map(abs, also)) > MOST:
        raise refusal(
            "formula.overflow",
            "结果可能超出64位整数；请收紧事实的上下限，或先用 round_fen 等函数取整",
            "the result may pass 64 bits; narrow the bounds of the facts, or round in between",
        )
    return shape


def apply(shape: Shape, operation: Operation, *arguments: Node) -> Node:
    """The operation as a node; over constants alone, its value."""
    node = Apply(shape, operation, arguments)
    constants = [argument for argument in arguments if isinstance(argument, Constant)]
    if len(constants) < len(arguments):
        return node
    value = int(node.scalar(Case({})))
    sources = tuple(source for constant in constants for source in constant.sources)
    return Constant(replace(shape, low=value, high=value), value, sources)


def noting(node: Node, *constants: Node) -> Node:
    """The node, which in explanations also names the rules that these constants were taken from."""
    sources = tuple(source for each in constants if isinstance(each, Constant) for source in each.sources)
    if isinstance(node, Constant):
        return replace(node, sources=tuple(dict.fromkeys(node.sources + sources)))
    return Noting(node.shape, node, sources) if sources else node


def same(function: Callable[..., Values]) -> Operation:
    """An operation that Python integers and arrays share."""
    return Operation(function, function)


def scaled(node: Node, denominator: int) -> Node:
    """The same number over a multiple of its denominator."""
    shape = node.shape
    factor = denominator // shape.denominator
    if factor == 1:
        return node
    grown = fit(Shape("number", shape.unit, denominator, shape.low * factor, shape.high * factor))
    return apply(grown, same(partial(operator.mul, factor)), node)


def alike(nodes: Sequence[Node]) -> list[Node]:
    """Numbers over one denominator, after a check that their units agree; a bare number takes any unit."""
    unit = common_unit([node.shape.unit for node in nodes])
    denominator = math.lcm(*(node.shape.denominator for node in nodes))
    return [with_unit(scaled(node, denominator), unit) for node in nodes]


def common_unit(units: Sequence[str]) -> str:
    """The one unit among them, bare numbers aside; two different ones are Malformed `formula.unit_mismatch`."""
    named = sorted({unit for unit in units if unit})
    if len(named) > 1:
        raise unit_mismatch(*named[:2])
    return named[0] if named else ""


def unit_mismatch(first: str, second: str) -> Malformed:
    """Two units that cannot be added, compared or declared for one another."""
    return refusal(
        "formula.unit_mismatch",
        f"单位不一致：{first} 与 {second}；请换算，或去掉错误的一项",
        f"units differ: {first} and {second}; convert one, or take the wrong term out",
    )


def with_unit(node: Node, unit: str) -> Node:
    """The node under another unit; nothing is converted."""
    shape = node.shape
    if shape.unit == unit:
        return node
    return apply(replace(shape, unit=unit), SAME, node)


SAME = Operation(lambda value: value, lambda value: value)


def add(left: Node, right: Node) -> Node:
    """left + right."""
    left, right = alike((left, right))
    a, b = left.shape, right.shape
    return apply(
        fit(Shape("number", a.unit, a.denominator, a.low + b.low, a.high + b.high)), same(operator.add), left, right
    )


def subtract(left: Node, right: Node) -> Node:
    """left - right."""
    left, right = alike((left, right))
    a, b = left.shape, right.shape
    return apply(
        fit(Shape("number", a.unit, a.denominator, a.low - b.high, a.high - b.low)), same(operator.sub), left, right
    )


def negate(node: Node) -> Node:
    """-node."""
    shape = node.shape
    return apply(Shape("number", shape.unit, shape.denominator, -shape.high, -shape.low), same(operator.neg), node)


def absolute(node: Node) -> Node:
    """The distance from 0."""
    shape = node.shape
    high = max(abs(shape.low), abs(shape.high))
    low = 0 if shape.low <= 0 <= shape.high else min(abs(shape.low), abs(shape.high))
    return apply(Shape("number", shape.unit, shape.denominator, low, high), same(abs), node)


def multiply(left: Node, right: Node) -> Node:
    """left * right; constants are reduced against the other's denominator, to keep numbers small."""
    unit = _product_unit(left.shape.unit, right.shape.unit)
    if isinstance(left, Constant):
        left, right = right, left
    if isinstance(right, Constant):
        return noting(_times(left, Fraction(right.value, right.shape.denominator), unit), right)
    a, b = left.shape, right.shape
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    shape = fit(Shape("number", unit, a.denominator * b.denominator, min(corners), max(corners)))
    return apply(shape, same(operator.mul), left, right)


def divide(left: Node, right: Constant) -> Node:
    """left / right by a number known at load, which must not be 0."""
    if right.value == 0:
        raise refusal("formula.divided_by_zero", "除数为零，请更正", "the divisor is zero; correct it")
    unit = quotient_unit(left.shape.unit, right.shape.unit)
    return noting(_times(left, Fraction(right.shape.denominator, right.value), unit), right)


def _times(node: Node, factor: Fraction, unit: str) -> Node:
    shape = node.shape
    if isinstance(node, Constant):
        return replace(number(Fraction(node.value, shape.denominator) * factor, unit), sources=node.sources)
    shared = math.gcd(factor.numerator, shape.denominator)
    up, down = factor.numerator // shared, shape.denominator // shared * factor.denominator
    low, high = sorted((shape.low * up, shape.high * up))
    grown = fit(Shape("number", unit, down, low, high))
    return apply(grown, SAME if up == 1 else same(partial(operator.mul, up)), node)


def _product_unit(first: str, second: str) -> str:
    strong = [unit for unit in (first, second) if unit in STRONG]
    if len(strong) == 2 and strong[0] == strong[1]:
        raise refusal(
            "formula.unit_product",
            f"{first} 乘以 {second} 没有意义；请更正",
            f"{first} times {second} has no meaning; correct it",
        )
    return min(strong, key=STRONG.index) if strong else ""


def quotient_unit(top: str, bottom: str) -> str:
    """The unit of a quotient: like over like is bare, yuan and sqm survive, counts lose theirs."""
    return top if top in STRONG and top != bottom else ""


def least(nodes: Sequence[Node]) -> Node:
    """The least of several."""
    same_nodes = alike(nodes)
    low, high = (min(pick(node.shape) for node in same_nodes) for pick in (_low, _high))
    shape = Shape("number", same_nodes[0].shape.unit, same_nodes[0].shape.denominator, low, high)
    return apply(shape, Operation(min, lambda *values: reduce(np.minimum, values)), *same_nodes)


def greatest(nodes: Sequence[Node]) -> Node:
    """The greatest of several."""
    same_nodes = alike(nodes)
    low, high = (max(pick(node.shape) for node in same_nodes) for pick in (_low, _high))
    shape = Shape("number", same_nodes[0].shape.unit, same_nodes[0].shape.denominator, low, high)
    return apply(shape, Operation(max, lambda *values: reduce(np.maximum, values)), *same_nodes)


def _low(shape: Shape) -> int:
    return shape.low


def _high(shape: Shape) -> int:
    return shape.high
