"""Formula columns beside hand-written NumPy: four norms over 660,000 communities. Bar: at most 3 times, each norm."""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.formula.rules import Body, Formula, Source, Version
from services.kernel.formula.ruleset import Ruleset
from services.kernel.formula.vocabulary import Fact, Vocabulary

ROWS = 660_000
ROUNDS = 15
BAR = 3.0

Block = Mapping[str, NDArray[Any]]

FACTS = Vocabulary((
    Fact("resident_households", unit="households", high=10**6),
    Fact("registered_households", unit="households", high=10**6),
    Fact("urban_residents", unit="persons", high=10**7),
    Fact("residents_committee", kind="flag"),
))  # fmt: skip


def one_per_250(block: Block) -> NDArray[Any]:
    """One post per 250 resident households."""
    return -(-block["resident_households"] // 250)


def registered_and_beyond(block: Block) -> NDArray[Any]:
    """One per 250 registered households, one more per 500 resident ones beyond these."""
    registered = block["registered_households"]
    return -(-(2 * registered + np.maximum(block["resident_households"] - registered, 0)) // 500)


def per_10_000(block: Block) -> NDArray[Any]:
    """18 per 10,000 urban residents."""
    return -(-block["urban_residents"] * 18 // 10000)


def committee(block: Block) -> NDArray[Any]:
    """A residents' committee of 5 to 9, a villagers' committee of 3."""
    return np.where(block["residents_committee"], np.clip(5 + block["resident_households"] // 700, 5, 9), 3)


NORMS: dict[str, tuple[str, Callable[[Block], NDArray[Any]]]] = {
    "one_per_250": ("ceil(resident_households / 250)", one_per_250),
    "registered_and_beyond": (
        "ceil(registered_households / 250 + max(resident_households - registered_households, 0) / 500)",
        registered_and_beyond,
    ),
    "per_10_000": ("ceil(urban_residents * 18 / 10000)", per_10_000),
    "committee": ("clamp(5 + floor(resident_households / 700), 5, 9) if residents_committee else 3", committee),
}


def block_of(rows: int) -> Block:
    """Random facts of so many communities."""
    dice = np.random.default_rng(2)
    return {
        "resident_households": dice.integers(0, 6000, rows),
        "registered_households": dice.integers(0, 4000, rows),
        "urban_residents": dice.integers(0, 20000, rows),
        "residents_committee": dice.random(rows) < 0.5,
    }


def ruleset() -> Ruleset:
    """The four norms as rules."""
    here, day = Source("benchmark", 1), date(2022, 1, 1)
    bodies = {name: Body({"posts": Formula(text, here)}) for name, (text, _) in NORMS.items()}
    versions = {
        name: Version(name, "bench", "staffing", day, None, day, (), body, here) for name, body in bodies.items()
    }
    return Ruleset("bench", "staffing", day, FACTS, versions)


def times(*functions: Callable[[], object]) -> list[float]:
    """The median milliseconds of each, rounds interleaved."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for place, function in enumerate(functions):
            start = time.perf_counter()
            function()
            taken[place].append(1000 * (time.perf_counter() - start))
    return [float(np.median(each)) for each in taken]


def main() -> int:
    """Print each norm's times and ratio, and the cost of all four at three sizes; 1 when a ratio passes the bar."""
    block, rules = block_of(ROWS), ruleset()
    worst = 0.0
    print(f"{'norm':24}{'formula ms':>12}{'NumPy ms':>10}{'ratio':>7}   {ROWS:,} rows, median of {ROUNDS}")
    for name, (_, by_hand) in NORMS.items():
        program = rules.compile([(name, "posts")])
        column = program.run(block)[0]
        if not np.array_equal(column.numerator, by_hand(block)) or column.denominator != 1:
            raise AssertionError(f"{name}: the formula and NumPy differ")
        formula, numpy = times(lambda program=program: program.run(block), lambda by_hand=by_hand: by_hand(block))
        worst = max(worst, formula / numpy)
        print(f"{name:24}{formula:12.2f}{numpy:10.2f}{formula / numpy:7.2f}")
    program = rules.compile([(name, "posts") for name in NORMS])
    for rows in (ROWS // 4, ROWS // 2, ROWS):
        part = {name: column[:rows] for name, column in block.items()}
        print(f"all four, {rows:>9,} rows: {times(lambda part=part: program.run(part))[0]:8.2f} ms")
    print(f"worst ratio {worst:.2f}, bar {BAR}: {'met' if worst <= BAR else 'MISSED'}")
    return int(worst > BAR)


if __name__ == "__main__":
    sys.exit(main())
