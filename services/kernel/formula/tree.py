"""The checked tree of a formula, and the two walks over it: one case in Python's integers, or a block of columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.kernel.errors import DomainError
from services.kernel.formula.explanation import Explanation, Value
from services.kernel.formula.rules import Version
from services.kernel.formula.vocabulary import Fact, FactValue, Kind
from services.kernel.period import day_of
from services.kernel.policy import Citation, Text

Values = Any  # an array, or a Python int where all rows agree
Rows = Any  # the rows asked for as a bool array; None = all
Block = Mapping[str, NDArray[Any]]
Codes = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value before any case is seen.

    A number is `numerator / denominator`, the denominator fixed here, the numerator proved to lie in low..high; a
    symbol is a position in `symbols`, a day the days since 1970-01-01, a flag 0 or 1.
    """

    kind: Kind
    unit: str = ""
    denominator: int = 1
    low: int = 0
    high: int = 0
    symbols: tuple[str, ...] = ()

    def write(self, stored: int) -> Value:
        """A stored number -> the value it stands for."""
        if self.kind == "number":
            return Fraction(int(stored), self.denominator)
        if self.kind == "day":
            return day_of(int(stored))
        return bool(stored) if self.kind == "flag" else self.symbols[stored]


class Node(Protocol):
    """One construct of the language: its shape, its value for one case, its column for a block."""

    @property
    def shape(self) -> Shape: ...
    def scalar(self, case: "Case") -> int: ...
    def column(self, run: "Run", rows: Rows) -> Values: ...


@dataclass(frozen=True, eq=False)
class Output:
    """A checked output of a rule in force: the tree, and the version it was read from."""

    rule: str
    name: str
    node: Node
    version: Version
    formula: str

    @property
    def label(self) -> Text:
        return self.version.label or Text(self.rule, self.rule)


class Case:
    """The walk over one case: facts by name, exact integers; outputs once each; what was used, if traced."""

    def __init__(self, facts: Mapping[str, FactValue], *, traced: bool = False) -> None:
        self._facts = facts
        self._traced = traced
        self._read: dict[str, int] = {}
        self._outputs: dict[Output, tuple[int, Explanation | None]] = {}
        self._inputs: dict[str, Explanation] = {}
        self._cited: tuple[Citation, ...] = ()

    def fact(self, fact: Fact) -> int:
        """The stored number of a fact; DomainError `fact.*` when missing, unreadable or out of bounds."""
        if fact.name not in self._read:
            self._read[fact.name] = fact.read(self._facts.get(fact.name))
        stored = self._read[fact.name]
        if self._traced:
            self._inputs[fact.name] = Explanation(fact.name, fact.label, fact.write(stored), fact.unit)
        return stored

    def cite(self, citations: tuple[Citation, ...]) -> None:
        """Add the sentences that a single table cell rests on."""
        self._cited += citations

    def output(self, output: Output) -> int:
        """The stored number of a rule's output."""
        stored, explanation = self._outputs.get(output) or self._compute(output)
        if explanation is not None:
            self._inputs[explanation.name] = explanation
        return stored

    def explain(self, output: Output) -> Explanation | None:
        """The output's value with its reasons; None in a walk that is not traced."""
        self.output(output)
        return self._outputs[output][1]

    def _compute(self, output: Output) -> tuple[int, Explanation | None]:
        around, self._inputs = self._inputs, {}
        cited, self._cited = self._cited, ()
        try:
            stored = output.node.scalar(self)
            found = stored, self._explanation(output, stored) if self._traced else None
        finally:
            self._inputs, self._cited = around, cited
        self._outputs[output] = found
        return found

    def _explanation(self, output: Output, stored: int) -> Explanation:
        version, shape = output.version, output.node.shape
        return Explanation(
            name=f"{output.rule}.{output.name}",
            label=output.label,
            value=shape.write(stored),
            unit=shape.unit,
            formula=output.formula,
            rule=output.rule,
            pack=version.pack,
            citations=tuple(dict.fromkeys(version.cite + self._cited)),
            reading=version.reading,
            qualifier=version.qualifier,
            inputs=tuple(self._inputs.values()),
        )


@dataclass(frozen=True, slots=True)
class Faults:
    """Which rows have no value, and why: `codes` 0 = fine, else `reasons[code - 1]` (uint16, one per row)."""

    codes: Codes
    reasons: list[DomainError]

    def any(self) -> bool:
        """Whether any row is at fault."""
        return bool(self.codes.any())

    def reason(self, row: int) -> DomainError | None:
        """Why a row has no value; None when it has one."""
        code = int(self.codes[row])
        return self.reasons[code - 1] if code else None


@dataclass(frozen=True, slots=True)
class Column:
    """An output over a block: exact `numerator / denominator` per row; rows at fault hold 0.

    Numbers and days are int64, flags bool, symbols int64 positions in `shape.symbols`.
    """

    numerator: NDArray[Any]
    denominator: int
    faults: Faults
    shape: Shape

    def fen(self) -> NDArray[np.int64]:
        """An amount of yuan as whole fen; ValueError unless the denominator divides 100 (see `require_whole_fen`)."""
        if 100 % self.denominator:
            raise ValueError(f"1/{self.denominator} yuan is not whole fen")
        factor = 100 // self.denominator
        return self.numerator if factor == 1 else self.numerator * factor


class Run:
    """The walk over a block of columns: facts and outputs once each, with the faults of each apart."""

    def __init__(self, block: Block, size: int) -> None:
        self._block = block
        self._size = size
        self._known: dict[object, tuple[Values, Codes | None]] = {}
        self._codes: Codes | None = None
        self._reasons: dict[DomainError, int] = {}

    def fact(self, fact: Fact, rows: Rows) -> Values:
        """A fact's column as stored, faults merged for the rows asked for; faulty rows hold the lower bound."""
        return self._once(fact, lambda: self._read(fact), rows)

    def output(self, output: Output, rows: Rows) -> Values:
        """A rule's output, faults merged for the rows asked for."""
        return self._once(output, lambda: output.node.column(self, None), rows)

    def fault(self, bad: Rows, reason: DomainError, rows: Rows) -> None:
        """Mark rows that have no value; a row keeps its first fault."""
        marked = np.broadcast_to(bad if rows is None else bad & rows, self._size)
        if marked.any():
            code = self._reasons.setdefault(reason, len(self._reasons) + 1)
            self._merge(np.where(marked, code, 0).astype(np.uint16), None)

    def finish(self, output: Output) -> Column:
        """The output's finished column."""
        self.output(output, None)
        (values, codes), shape = self._known[output], output.node.shape
        numerator = np.asarray(values, dtype=np.bool_ if shape.kind == "flag" else np.int64)
        if numerator.ndim == 0:
            numerator = np.full(self._size, numerator)
        if codes is None:
            codes = np.zeros(self._size, np.uint16)
        else:
            numerator = np.where(codes == 0, numerator, numerator.dtype.type(0))
        return Column(numerator, shape.denominator, Faults(codes, list(self._reasons)), shape)

    def _once(self, key: object, compute: Callable[[], Values], rows: Rows) -> Values:
        if key not in self._known:
            around, self._codes = self._codes, None
            values = compute()
            self._known[key], self._codes = (values, self._codes), around
        values, codes = self._known[key]
        if codes is not None:
            self._merge(codes, rows)
        return values

    def _merge(self, codes: Codes, rows: Rows) -> None:
        added = codes if rows is None else np.where(rows, codes, np.uint16(0))
        self._codes = added if self._codes is None else np.where(self._codes == 0, added, self._codes)

    def _read(self, fact: Fact) -> Values:
        values = self._block.get(fact.name)
        low, high = fact.bounds
        if values is None:
            self.fault(np.True_, fact.missing(), None)
            return low
        values = np.asarray(values).astype(np.bool_ if fact.kind == "flag" else np.int64, copy=False)
        absent = self._block.get(f"{fact.name}?")
        if absent is not None and absent.any():
            self.fault(absent, fact.missing(), None)
            values = np.where(absent, values.dtype.type(low), values)
        if fact.kind == "flag" or not self._size or (values.min() >= low and values.max() <= high):
            return values
        outside = (values < low) | (values > high)
        self.fault(outside, fact.out_of_range(), None)
        return np.where(outside, low, values)
