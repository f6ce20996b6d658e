"""From a formula's text to its checked tree: names, kinds, units, divisors and bounds, all before any case is seen."""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Protocol

import numpy as np

from services.kernel.errors import Malformed
from services.kernel.formula import arithmetic
from services.kernel.formula.functions import FUNCTIONS, ROUNDINGS, Function, places
from services.kernel.formula.nodes import Absent, Both, Choice, Constant, Either, Operation
from services.kernel.formula.rounding import rounded, rounded_quotient
from services.kernel.formula.syntax import Parsed, parse, refusal
from services.kernel.formula.tree import Node, Shape
from services.kernel.formula.vocabulary import Kind

KINDS = {"number": ("数", "number"), "flag": ("是否", "flag"), "symbol": ("代号", "symbol"), "day": ("日期", "day")}


class Scope(Protocol):
    """What names mean where a formula stands."""

    def name(self, name: str) -> Node | None: ...
    def member(self, rule: str, output: str) -> Node: ...
    def has_symbol(self, name: str) -> bool: ...
    def suggestions(self, name: str) -> list[str]: ...


def check(text: str, scope: Scope) -> Node:
    """The checked tree of a formula; Malformed `formula.*` with column, reason and remedy otherwise."""
    parsed = parse(text)
    return Checker(scope, parsed).build(parsed.tree)


def expect(node: Node, kind: Kind, column: int | None = None) -> Node:
    """The node, which must be of that kind; a rule that is absent on the day may stand for any."""
    if node.shape.kind == kind:
        return node
    if isinstance(node, Absent):
        return replace(node, shape=Shape(kind))
    wanted, found = KINDS[kind], KINDS[node.shape.kind]
    raise refusal(
        "formula.wrong_kind",
        f"这里需要{wanted[0]}，却是{found[0]}；请改写",
        f"a {wanted[1]} is needed here, not a {found[1]}; write it otherwise",
        column,
    )


@dataclass(frozen=True, slots=True)
class Checker:
    """Builds the tree of one formula."""

    scope: Scope
    parsed: Parsed

    def build(self, node: ast.expr) -> Node:
        """The checked tree of a syntax node."""
        builder = _BUILDERS.get(type(node))
        if builder is None:
            raise refusal("formula.not_allowed", "括号列表只能跟在 in 后面", "a list may only follow `in`", at(node))
        return builder(self, node)

    def number(self, node: ast.expr) -> Node:
        """The checked tree of a number."""
        return expect(self.build(node), "number", at(node))

    def flag(self, node: ast.expr) -> Node:
        """The checked tree of a condition."""
        return expect(self.build(node), "flag", at(node))

    def like(self, node: ast.expr, other: Node) -> Node:
        """The checked tree of a node beside `other`: a bare name may be one of its symbols."""
        if isinstance(other, Absent):
            return self.build(node)
        if other.shape.kind != "symbol":
            return expect(self.build(node), other.shape.kind, at(node))
        if not isinstance(node, ast.Name) or (node.id not in other.shape.symbols and self.scope.name(node.id)):
            return expect(self.build(node), "symbol", at(node))
        if node.id in other.shape.symbols:
            place = other.shape.symbols.index(node.id)
            return Constant(replace(other.shape, low=place, high=place), place)
        raise unknown_symbol(node.id, other.shape.symbols, at(node))


def at(node: ast.expr) -> int:
    """The column of a syntax node, from 1."""
    return node.col_offset + 1


def unknown_symbol(name: str, symbols: Sequence[str], column: int | None = None) -> Malformed:
    """A symbol its fact does not have."""
    known = ", ".join(symbols)
    return refusal(
        "formula.unknown_symbol",
        f"没有代号 {name}；可用：{known}",
        f"there is no symbol {name}; the symbols are: {known}",
        column,
    )


def unknown_name(name: str, near: Sequence[str], column: int | None = None) -> Malformed:
    """A name that is no fact and no rule, with the nearest known ones."""
    zh = f"是否指 {'、'.join(near)}？" if near else "请用已声明的事实或规则名；说明文字请写进 note"
    en = f"did you mean {', '.join(near)}?" if near else "use a declared fact or a rule; put words under note"
    return refusal("formula.unknown_name", f"未知名称 {name}；{zh}", f"unknown name {name}; {en}", column)


def _constant(checker: Checker, node: ast.Constant) -> Node:
    return arithmetic.number(checker.parsed.numbers[node.col_offset])


def _name(checker: Checker, node: ast.Name) -> Node:
    if node.id in {"true", "false"}:
        return arithmetic.flag(node.id == "true")
    found = checker.scope.name(node.id)
    if found is not None:
        return found
    if checker.scope.has_symbol(node.id):
        return Constant(Shape("symbol", symbols=(node.id,)), 0)
    near = checker.scope.suggestions(node.id)
    raise unknown_name(node.id, near, at(node))


def _attribute(checker: Checker, node: ast.Attribute) -> Node:
    if not isinstance(node.value, ast.Name):
        raise refusal("formula.not_allowed", "只能写 规则.输出", "write rule.output", at(node))
    return checker.scope.member(node.value.id, node.attr)


def _binary(checker: Checker, node: ast.BinOp) -> Node:
    left, right = checker.number(node.left), checker.number(node.right)
    if not isinstance(node.op, ast.Div):
        return _OPERATIONS[type(node.op)](left, right)
    if isinstance(right, Constant):
        return arithmetic.divide(left, right)
    raise refusal(
        "formula.division_by_fact",
        "除以事实时必须直接放在取整函数里，例如 round_fen(甲 * 乙 / 丙)",
        "a division by a fact stands directly under a rounding: round_fen(a * b / c)",
        at(node),
    )


_OPERATIONS = {ast.Add: arithmetic.add, ast.Sub: arithmetic.subtract, ast.Mult: arithmetic.multiply}


def _unary(checker: Checker, node: ast.UnaryOp) -> Node:
    if isinstance(node.op, ast.Not):
        negated = Operation(operator.not_, np.logical_not)
        return arithmetic.apply(Shape("flag", high=1), negated, checker.flag(node.operand))
    operand = checker.number(node.operand)
    return arithmetic.negate(operand) if isinstance(node.op, ast.USub) else operand


def _boolean(checker: Checker, node: ast.BoolOp) -> Node:
    flags = [checker.flag(value) for value in node.values]
    return reduce(both if isinstance(node.op, ast.And) else either, flags)


def both(first: Node, second: Node) -> Node:
    """first and second; a constant side decides at load."""
    if isinstance(first, Constant):
        return arithmetic.noting(second if first.value else first, first)
    return Both(Shape("flag", high=1), first, second)


def either(first: Node, second: Node) -> Node:
    """first or second; a constant side decides at load."""
    if isinstance(first, Constant):
        return arithmetic.noting(first if first.value else second, first)
    return Either(Shape("flag", high=1), first, second)


def _choice(checker: Checker, node: ast.IfExp) -> Node:
    condition = checker.flag(node.test)
    then = checker.build(node.body)
    other = checker.like(node.orelse, then) if then.shape.kind != "symbol" else checker.build(node.orelse)
    if isinstance(then, Absent):
        then = expect(then, other.shape.kind)
    return choose(condition, then, expect(other, then.shape.kind, at(node.orelse)))


def choose(condition: Node, then: Node, other: Node) -> Node:
    """`then if condition else other`, over one denominator, unit and list of symbols."""
    if then.shape.kind == "number":
        then, other = arithmetic.alike((then, other))
    elif then.shape.kind == "symbol":
        then, other = _same_symbols(then, other)
    if isinstance(condition, Constant):
        return arithmetic.noting(then if condition.value else other, condition)
    low, high = min(then.shape.low, other.shape.low), max(then.shape.high, other.shape.high)
    return Choice(replace(then.shape, low=low, high=high), condition, then, other)


def _same_symbols(*nodes: Node) -> list[Node]:
    symbols = tuple(dict.fromkeys(symbol for node in nodes for symbol in node.shape.symbols))
    return [_recoded(node, symbols) for node in nodes]


def _recoded(node: Node, symbols: tuple[str, ...]) -> Node:
    if node.shape.symbols == symbols:
        return node
    if isinstance(node, Absent):
        return replace(node, shape=Shape("symbol", symbols=symbols))
    places = [symbols.index(symbol) for symbol in node.shape.symbols]
    recode = Operation(places.__getitem__, partial(np.take, np.array(places, dtype=np.int64)))
    return arithmetic.apply(Shape("symbol", low=min(places), high=max(places), symbols=symbols), recode, node)


def _compare(checker: Checker, node: ast.Compare) -> Node:
    operands = [node.left, *node.comparators]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    return reduce(both, [_comparison(checker, left, sign, right) for left, sign, right in pairs])


def _comparison(checker: Checker, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Node:
    if isinstance(sign, ast.In | ast.NotIn):
        return _membership(checker, left, sign, right)
    first, second = _pair(checker, left, right)
    kind = first.shape.kind
    if kind in {"symbol", "flag"} and not isinstance(sign, ast.Eq | ast.NotEq):
        raise refusal("formula.wrong_kind", "代号和是否只能用 == 或 != 比较",
                      "symbols and flags compare by == and != only", at(left))  # fmt: skip
    if kind == "number":
        first, second = arithmetic.alike((first, second))
    elif kind == "symbol":
        first, second = _same_symbols(first, second)
    return arithmetic.apply(Shape("flag", high=1), arithmetic.same(_SIGNS[type(sign)]), first, second)


def _pair(checker: Checker, left: ast.expr, right: ast.expr) -> tuple[Node, Node]:
    """Both sides; a bare symbol on one side takes its list from the other."""
    if isinstance(left, ast.Name) and checker.scope.name(left.id) is None and left.id not in {"true", "false"}:
        second = checker.build(right)
        first = checker.like(left, second)
    else:
        first = checker.build(left)
        second = checker.like(right, first)
    if isinstance(first, Absent):
        return expect(first, second.shape.kind), second
    return first, expect(second, first.shape.kind, at(right))


def _membership(checker: Checker, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Node:
    if not isinstance(right, ast.Tuple) or not right.elts:
        raise refusal("formula.syntax", "in 后面要写括号列表，例如 in (junior, senior)",
                      "`in` is followed by a list: in (junior, senior)", at(right))  # fmt: skip
    found = reduce(either, [_comparison(checker, left, ast.Eq(), each) for each in right.elts])
    if isinstance(sign, ast.In):
        return found
    return arithmetic.apply(Shape("flag", high=1), Operation(operator.not_, np.logical_not), found)


_SIGNS = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def _call(checker: Checker, node: ast.Call) -> Node:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in ROUNDINGS:
        return _rounding(checker, name, node)
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(sorted([*FUNCTIONS, *ROUNDINGS]))
        raise refusal("formula.unknown_function", f"没有函数 {name}；可用：{known}",
                      f"there is no function {name}; the functions are: {known}", at(node))  # fmt: skip
    if not function.accepts(len(node.args)):
        raise _wrong_count(name, node)
    return function.build(_arguments(checker, function, node))


def _arguments(checker: Checker, function: Function, node: ast.Call) -> list[Node]:
    kinds = [*function.kinds, *function.kinds[-1:] * (len(node.args) - len(function.kinds))]
    return [expect(checker.build(each), kind, at(each)) for each, kind in zip(node.args, kinds, strict=True)]


def _wrong_count(name: str, node: ast.Call) -> Malformed:
    return refusal("formula.wrong_count", f"函数 {name} 的参数个数不对",
                   f"{name} does not take {len(node.args)} arguments", at(node))  # fmt: skip


def _rounding(checker: Checker, name: str, node: ast.Call) -> Node:
    mode, fixed = ROUNDINGS[name]
    if not 1 <= len(node.args) <= (2 if fixed is None else 1):
        raise _wrong_count(name, node)
    digits = places(checker.number(node.args[1])) if len(node.args) > 1 else fixed or 0
    inner = node.args[0]
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div):
        top, bottom = checker.number(inner.left), checker.number(inner.right)
        if not isinstance(bottom, Constant):
            return rounded_quotient(mode, top, bottom, digits)
    return rounded(mode, checker.number(inner), digits)


_BUILDERS: dict[type[ast.expr], Callable[[Checker, Any], Node]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.Compare: _compare,
    ast.Call: _call,
}
