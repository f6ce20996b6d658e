"""Tables and bands as nodes: figures by keys or by the first limit that holds the value."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray

from services.kernel.errors import DomainError
from services.kernel.formula.tree import Case, Node, Rows, Run, Shape, Values
from services.kernel.policy import Citation


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: what is asked, the texts of the printed keys, and where each stored value stands.

    `places` holds, for the stored values from `low` on, the position in `texts`; `len(texts)` = not printed.
    """

    node: Node
    texts: tuple[str, ...]
    low: int
    places: NDArray[np.int64]

    def place(self, stored: int) -> int:
        """The position of a stored value."""
        index = stored - self.low
        return int(self.places[index]) if 0 <= index < len(self.places) else len(self.texts)

    def column(self, stored: Values) -> Values:
        """The positions of a column of stored values."""
        index = np.asarray(stored, dtype=np.int64) - self.low
        if index.size and index.min() >= 0 and index.max() < len(self.places):
            return self.places[index]
        inside = (index >= 0) & (index < len(self.places))
        return np.where(inside, self.places[np.where(inside, index, 0)], len(self.texts))


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A figure by one key or several; a cell that is not printed is `table.cell_missing`, by name."""

    shape: Shape
    keys: tuple[Key, ...]
    figures: NDArray[np.int64]
    missing: Mapping[int, DomainError]
    citations: Mapping[int, tuple[Citation, ...]]

    def scalar(self, case: Case) -> int:
        cell = 0
        for key in self.keys:
            cell = cell * (len(key.texts) + 1) + key.place(key.node.scalar(case))
        if cell in self.missing:
            raise self.missing[cell]
        case.cite(self.citations.get(cell, ()))
        return int(self.figures[cell])

    def column(self, run: Run, rows: Rows) -> Values:
        cell: Values = 0
        for key in self.keys:
            place = key.column(key.node.column(run, rows))
            cell = place if len(self.keys) == 1 else cell * (len(key.texts) + 1) + place
        absent = np.zeros(len(self.figures), np.bool_)
        absent[list(self.missing)] = True
        if absent[cell].any():
            for each in np.unique(cell[absent[cell]] if np.ndim(cell) else cell):
                run.fault(cell == each, self.missing[int(each)], rows)
        return self.figures[cell]


def cells(keys: tuple[Key, ...]) -> list[tuple[str, ...]]:
    """The key texts of every cell in the order of `Lookup.figures`; "" = a value that is not printed."""
    return list(product(*[(*key.texts, "") for key in keys]))


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A figure by the first limit not below the value; `limits` ascend, over the denominator of `by`."""

    shape: Shape
    by: Node
    limits: NDArray[np.int64]
    figures: NDArray[np.int64]
    beyond: DomainError | None

    def scalar(self, case: Case) -> int:
        place = int(np.searchsorted(self.limits, self.by.scalar(case)))
        if place == len(self.limits) and self.beyond is not None:
            raise self.beyond
        return int(self.figures[place])

    def column(self, run: Run, rows: Rows) -> Values:
        place = np.searchsorted(self.limits, self.by.column(run, rows))
        if self.beyond is not None:
            outside = place == len(self.limits)
            if outside.any():
                run.fault(outside, self.beyond, rows)
        return self.figures[place]


def last_in_band(limit: Fraction, denominator: int, *, inclusive: bool) -> int:
    """The greatest numerator over `denominator` still in a band that ends at `limit`."""
    reach = limit * denominator
    return reach.numerator // reach.denominator if inclusive else -(-reach.numerator // reach.denominator) - 1
