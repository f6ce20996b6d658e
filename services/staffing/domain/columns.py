"""Columns: many communities at once, as arrays in the order of their codes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]

MISSING = -1


@dataclass(frozen=True, slots=True)
class Columns:
    """Communities in the order of codes: code as int64, kind as its place in KINDS, measures with -1 = unstated."""

    codes: Int
    kinds: NDArray[np.int8]
    measures: Mapping[str, Int]

    def __len__(self) -> int:
        return len(self.codes)

    def part(self, rows: slice) -> "Columns":
        """The same communities, fewer: no column is copied."""
        return Columns(self.codes[rows], self.kinds[rows], {name: col[rows] for name, col in self.measures.items()})
