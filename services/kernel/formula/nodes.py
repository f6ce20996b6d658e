"""The constructs of the formula language: each computes one case and a whole column."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.kernel.errors import DomainError
from services.kernel.formula.tree import Case, Node, Output, Rows, Run, Shape, Values
from services.kernel.formula.vocabulary import Fact


@dataclass(frozen=True, slots=True)
class Operation:
    """One way to combine values: `one` over Python integers, `many` over arrays; the same result."""

    one: Callable[..., Any]
    many: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known when the pack is loaded, and the rules it was taken from."""

    shape: Shape
    value: int
    sources: tuple[Output, ...] = ()

    def scalar(self, case: Case) -> int:
        for source in self.sources:
            case.output(source)
        return self.value

    def column(self, run: Run, rows: Rows) -> Values:  # noqa: ARG002 - a constant asks nothing
        return self.value


@dataclass(frozen=True, slots=True)
class FactRef:
    """A fact of the case."""

    shape: Shape
    fact: Fact

    def scalar(self, case: Case) -> int:
        return case.fact(self.fact)

    def column(self, run: Run, rows: Rows) -> Values:
        return run.fact(self.fact, rows)


@dataclass(frozen=True, slots=True)
class OutputRef:
    """Another rule's output, computed once for all who name it."""

    shape: Shape
    output: Output

    def scalar(self, case: Case) -> int:
        return case.output(self.output)

    def column(self, run: Run, rows: Rows) -> Values:
        return run.output(self.output, rows)


@dataclass(frozen=True, slots=True)
class Noting:
    """A value in which constants of other rules have been merged: explanations still name them."""

    shape: Shape
    node: Node
    sources: tuple[Output, ...]

    def scalar(self, case: Case) -> int:
        for source in self.sources:
            case.output(source)
        return self.node.scalar(case)

    def column(self, run: Run, rows: Rows) -> Values:
        return self.node.column(run, rows)


@dataclass(frozen=True, slots=True)
class Absent:
    """A rule that has no version in force: a named error wherever it is asked, never 0."""

    shape: Shape
    reason: DomainError

    def scalar(self, case: Case) -> int:  # noqa: ARG002 - there is nothing to ask
        raise self.reason

    def column(self, run: Run, rows: Rows) -> Values:
        run.fault(np.True_, self.reason, rows)
        return 0


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation that needs all its arguments and cannot fail."""

    shape: Shape
    operation: Operation
    arguments: tuple[Node, ...]

    def scalar(self, case: Case) -> int:
        value: int = self.operation.one(*[argument.scalar(case) for argument in self.arguments])
        return value

    def column(self, run: Run, rows: Rows) -> Values:
        return self.operation.many(*[argument.column(run, rows) for argument in self.arguments])


@dataclass(frozen=True, slots=True)
class Quotient:
    """A rounded division by a value of the case: (top * up) / (bottom * down); a zero divisor is `reason`."""

    shape: Shape
    rounding: Operation
    top: Node
    up: int
    bottom: Node
    down: int
    reason: DomainError

    def scalar(self, case: Case) -> int:
        top, bottom = self.top.scalar(case), self.bottom.scalar(case)
        if bottom == 0:
            raise self.reason
        value: int = self.rounding.one(top * self.up, bottom * self.down)
        return value

    def column(self, run: Run, rows: Rows) -> Values:
        top, bottom = self.top.column(run, rows), self.bottom.column(run, rows)
        zero = np.equal(bottom, 0)
        if zero.any():
            run.fault(zero, self.reason, rows)
            bottom = np.where(zero, 1, bottom)
        return self.rounding.many(
            top if self.up == 1 else top * self.up, bottom if self.down == 1 else bottom * self.down
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """`then if condition else other`: only the side taken is asked."""

    shape: Shape
    condition: Node
    then: Node
    other: Node

    def scalar(self, case: Case) -> int:
        return self.then.scalar(case) if self.condition.scalar(case) else self.other.scalar(case)

    def column(self, run: Run, rows: Rows) -> Values:
        taken = self.condition.column(run, rows)
        then = self.then.column(run, narrow(rows, taken))
        return np.where(taken, then, self.other.column(run, narrow(rows, np.logical_not(taken))))


@dataclass(frozen=True, slots=True)
class Both:
    """`first and second`: the second is asked only where the first holds."""

    shape: Shape
    first: Node
    second: Node

    def scalar(self, case: Case) -> int:
        return bool(self.first.scalar(case)) and bool(self.second.scalar(case))

    def column(self, run: Run, rows: Rows) -> Values:
        first = self.first.column(run, rows)
        return np.logical_and(first, self.second.column(run, narrow(rows, first)))


@dataclass(frozen=True, slots=True)
class Either:
    """`first or second`: the second is asked only where the first does not hold."""

    shape: Shape
    first: Node
    second: Node

    def scalar(self, case: Case) -> int:
        return bool(self.first.scalar(case)) or bool(self.second.scalar(case))

    def column(self, run: Run, rows: Rows) -> Values:
        first = self.first.column(run, rows)
        return np.logical_or(first, self.second.column(run, narrow(rows, np.logical_not(first))))


def narrow(rows: Rows, condition: Values) -> Rows:
    """The rows asked for where the condition holds."""
    return condition if rows is None else rows & condition
