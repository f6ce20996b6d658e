"""Named roundings: of a number, and of a division by a value of the case."""

import math

import numpy as np

from services.kernel import money
from services.kernel.formula.arithmetic import apply, fit, quotient_unit, same, scaled
from services.kernel.formula.nodes import Operation, Quotient
from services.kernel.formula.syntax import refusal
from services.kernel.formula.tree import Node, Shape, Values


def _half_up_column(numerator: Values, denominator: Values) -> Values:
    nearest = (np.abs(numerator) + denominator // 2) // denominator
    return np.where(np.less(numerator, 0), -nearest, nearest)


def _half_even_column(numerator: Values, denominator: Values) -> Values:
    whole = numerator // denominator
    rest = numerator - whole * denominator
    up = (rest > denominator - rest) | ((rest == denominator - rest) & (whole % 2 == 1))
    return whole + up


def _truncate_column(numerator: Values, denominator: Values) -> Values:
    return np.where(np.less(numerator, 0), -(-numerator // denominator), numerator // denominator)


ROUNDINGS = {
    "floor": same(money.floor),
    "ceil": same(money.ceil),
    "half_up": Operation(money.half_up, _half_up_column),
    "half_even": Operation(money.half_even, _half_even_column),
    "truncate": Operation(money.truncate, _truncate_column),
}


def _half_up_positive(numerator: Values, denominator: Values) -> Values:
    return (numerator + denominator // 2) // denominator


_FOR_POSITIVE = {"half_up": same(_half_up_positive), "truncate": same(money.floor)}


def _rounding(mode: str, low: int) -> Operation:
    return _FOR_POSITIVE.get(mode, ROUNDINGS[mode]) if low >= 0 else ROUNDINGS[mode]


def rounded(mode: str, node: Node, places: int) -> Node:
    """The number rounded to decimal places; exact ones pass untouched."""
    shape = node.shape
    shared = math.gcd(10**places, shape.denominator)
    up, down = 10**places // shared, shape.denominator // shared
    if down == 1:
        return scaled(node, 10**places)
    one = ROUNDINGS[mode].one
    low, high = one(shape.low * up, down), one(shape.high * up, down)
    result = fit(Shape("number", shape.unit, 10**places, low, high), shape.low * up - down, shape.high * up + down)
    rounding = _rounding(mode, shape.low)
    return apply(
        result,
        Operation(lambda value: rounding.one(value * up, down), lambda value: rounding.many(_up(value, up), down)),
        node,
    )


def _up(value: Values, factor: int) -> Values:
    return value if factor == 1 else value * factor


def rounded_quotient(mode: str, top: Node, bottom: Node, places: int) -> Node:
    """top / bottom, rounded; the divisor is proved not negative here, and refused at 0 case by case."""
    a, b = top.shape, bottom.shape
    if b.low < 0:
        raise refusal(
            "formula.negative_divisor",
            "除数可能为负；请写成 max(除数, 0)，或收紧事实下限",
            "the divisor may be negative; write max(divisor, 0) or narrow the fact's bounds",
        )
    up, down = b.denominator * 10**places, a.denominator
    shared = math.gcd(up, down)
    up, down = up // shared, down // shared
    divisors = (max(b.low, 1) * down, max(b.high, 1) * down)
    one = ROUNDINGS[mode].one
    corners = [one(n * up, d) for n in (a.low, a.high) for d in divisors]
    unit = quotient_unit(a.unit, b.unit)
    reach = max(abs(a.low), abs(a.high)) * up + divisors[1]
    shape = fit(Shape("number", unit, 10**places, min(corners), max(corners)), reach)
    reason = refusal(
        "formula.divided_by_zero",
        "这一情形的除数为零，无法计算；请核对事实",
        "the divisor is zero in this case; check the facts",
    )
    return Quotient(shape, _rounding(mode, a.low), top, up, bottom, down, reason)
