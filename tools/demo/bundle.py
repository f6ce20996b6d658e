"""The whole demo register as import files, by one fixed seed."""

from collections.abc import Iterator
from dataclasses import fields
from random import Random

import numpy as np

from tools.demo import changzhou, chaoyang, guandu, kunming, longwan, nation, rows

SEED = 20260101
OWN_PREFIXES = ("5301", "3204", "330303", "2113")  # the systems' units come from their own generators


def registers() -> dict[str, rows.Register]:
    """The five registers by system name; the same seed gives the same rows, each system from its own stream."""
    makers = {"kunming": kunming, "guandu": guandu, "changzhou": changzhou, "longwan": longwan, "chaoyang": chaoyang}
    return {name: module.register(Random(f"{SEED}-{name}")) for name, module in makers.items()}


def national_files() -> Iterator[tuple[str, bytes]]:
    """(import noun, CSV) for the nation outside the five systems, and the divisions of all of it."""
    units = nation.units(OWN_PREFIXES)
    yield "divisions", nation.divisions()
    yield "communities", nation.communities(units)
    yield "measures", nation.measures(units, np.random.default_rng(SEED))


def system_files() -> Iterator[tuple[str, bytes]]:
    """(import noun, CSV) for the five systems together, in the order in which rows refer to each other."""
    whole = rows.Register()
    for register in registers().values():
        whole = whole.joined(register)
    for column in fields(whole):
        yield column.name, rows.csv_text(getattr(whole, column.name)).encode()
