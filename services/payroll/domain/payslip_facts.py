"""The facts a payslip was made from, packed into 32-bit words: every fact has a fixed place, code 0 is absent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.formula.vocabulary import Fact

WORD_BITS = 32
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact lies: `shift` bits up in word `word`, `width` bits wide, holding stored value - low + 1."""

    name: str
    kind: str
    word: int
    shift: int
    width: int
    low: int
    scale: int
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all facts of a payslip; kept with the run, so that a slip can be read for ever."""

    places: tuple[Place, ...]

    @property
    def words(self) -> int:
        """How many 32-bit words a payslip's facts take."""
        return 1 + max((place.word for place in self.places), default=-1)

    def to_json(self) -> list[dict[str, Any]]:
        """The layout in JSON's types."""
        return [{**asdict(place), "symbols": list(place.symbols)} for place in self.places]

    @classmethod
    def from_json(cls, places: Sequence[Mapping[str, Any]]) -> "Layout":
        """The inverse of `to_json`."""
        return cls(tuple(Place(**{**place, "symbols": tuple(place["symbols"])}) for place in places))


def layout_of(facts: Sequence[Fact]) -> Layout:
    """Places for the facts, in order, first word with room; a fact wider than 32 bits is a ValueError."""
    free: list[int] = []
    places = []
    for fact in facts:
        low, high = fact.bounds
        width = (high - low + 1).bit_length()
        if width > WORD_BITS:
            raise ValueError(f"the fact {fact.name} needs {width} bits")
        word = next((index for index, used in enumerate(free) if used + width <= WORD_BITS), len(free))
        if word == len(free):
            free.append(0)
        places.append(Place(fact.name, fact.kind, word, free[word], width, low, fact.scale, fact.symbols))
        free[word] += width
    return Layout(tuple(places))


def pack(layout: Layout, columns: Columns, rows: int) -> NDArray[np.int32]:
    """Columns of stored values -> int32 words of shape (rows, words).

    A column that is left out is absent in every row; a mask column `name?` (True = absent) marks absent rows.
    """
    words = np.zeros((rows, layout.words), dtype=np.uint32)
    for place in layout.places:
        if place.name not in columns:
            continue
        code = (columns[place.name].astype(np.int64) - place.low + 1).astype(np.uint32)
        absent = columns.get(f"{place.name}?")
        if absent is not None:
            code = np.where(absent, np.uint32(0), code)
        words[:, place.word] |= code << np.uint32(place.shift)
    return words.view(np.int32)


def unpack(layout: Layout, words: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """The inverse of `pack`: stored values by name, with mask columns `name?` where a value is absent."""
    unsigned = np.ascontiguousarray(words).view(np.uint32)
    columns: dict[str, NDArray[Any]] = {}
    for place in layout.places:
        code = (unsigned[:, place.word] >> np.uint32(place.shift)) & np.uint32((1 << place.width) - 1)
        absent = code == 0
        stored = np.where(absent, place.low, code.astype(np.int64) - 1 + place.low)
        columns[place.name] = stored.astype(bool) if place.kind == "flag" else stored
        if absent.any():
            columns[f"{place.name}?"] = absent
    return columns


def unpack_one(layout: Layout, words: Sequence[int]) -> dict[str, int]:
    """The facts of one payslip as stored whole numbers; an absent fact is left out."""
    facts = {}
    for place in layout.places:
        code = ((words[place.word] & 0xFFFFFFFF) >> place.shift) & ((1 << place.width) - 1)
        if code:
            facts[place.name] = code - 1 + place.low
    return facts
