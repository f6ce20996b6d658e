"""The whole demo register as import files, by one fixed seed."""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from random import Random

import numpy as np

from tools.demo import changzhou, chaoyang, guandu, issues, kunming, longwan, nation, rows
from tools.demo.records import Records

SEED = 20260101
PARTS = 6
PEOPLE = ("managements", "workers", "appointments", "gradings", "certificates", "memberships")
OWN_PREFIXES = ("5301", "3204", "330303", "2113")  # the systems' units come from their own generators


@cache
def registers() -> dict[str, rows.Register]:
    """The five registers by system name; the same seed gives the same rows, each system from its own stream."""
    makers = {"kunming": kunming, "guandu": guandu, "changzhou": changzhou, "longwan": longwan, "chaoyang": chaoyang}
    return {name: module.register(Random(f"{SEED}-{name}")) for name, module in makers.items()}


def national_files() -> Iterator[tuple[str, bytes]]:
    """(import noun, CSV) of what covers the nation: divisions, then communities and measures in parts by code.

    The five systems' own units and households are among them, so that each part of the register is written once.
    Parts of one noun touch different codes and may be sent side by side.
    """
    own = registers().values()
    units = nation.units(OWN_PREFIXES)
    yield "divisions", nation.divisions()
    mine = rows.csv_text(row for register in own for row in register.communities).encode()
    for part in nation.together(nation.communities(units), mine, PARTS):
        yield "communities", part
    mine = rows.csv_text(row for register in own for row in register.measures).encode()
    for part in nation.together(nation.measures(units, np.random.default_rng(SEED)), mine, PARTS):
        yield "measures", part


def system_files() -> Iterator[tuple[str, bytes]]:
    """(import noun, CSV) of the five systems' people together, in the order in which rows refer to each other."""
    whole = rows.Register()
    for register in registers().values():
        whole = whole.joined(register)
    for name in PEOPLE:
        yield name, rows.csv_text(getattr(whole, name)).encode()


def consultation() -> dict[str, Records]:
    """The five systems' consultation records by system name."""
    streams = {
        name: Random(f"{SEED}-issues-{name}") for name in ("kunming", "guandu", "changzhou", "longwan", "chaoyang")
    }
    return {
        "kunming": issues.kunming_records(streams["kunming"]),
        "guandu": issues.guandu_records(streams["guandu"]),
        "changzhou": issues.frame_records(streams["changzhou"], "changzhou", "CZ", 57),
        "longwan": issues.longwan_records(streams["longwan"]),
        "chaoyang": issues.frame_records(streams["chaoyang"], "chaoyang", "CY", 37),
    }


def consultation_files() -> Iterator[tuple[str, bytes]]:
    """(import noun, CSV) of the consultation records together: issues, sessions, issue_events."""
    records = consultation().values()
    for column in fields(Records):
        together = [row for one in records for row in getattr(one, column.name)]
        yield column.name, rows.csv_text(together).encode()
