"""Quota tables: the quotas of many communities as columns, and their sums for every division above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.kernel.formula.ruleset import Ruleset
from services.staffing.domain.columns import MISSING, Columns, Int
from services.staffing.domain.communities import KINDS, MEASURES, CommunityKind
from services.staffing.domain.policy import STAFFING_TARGET
from services.staffing.domain.quotas import ALL_BASES, COMMUNITY_BASES, POSTS_OUTPUT, VILLAGE_BASES

VILLAGE = KINDS.index(CommunityKind.VILLAGE.value)
WIDTH: Mapping[str, int] = {"province": 10**10, "city": 10**8, "county": 10**6, "town": 10**3}
NO_BASIS = 0

SUMS: tuple[str, ...] = (
    "communities",
    "villages",
    "posts",
    "with_quota",
    "by_norm",
    "by_target",
    "by_committee",
    "persons",
    "full_time_persons",
    "vacancy",
    "over",
    "resident_households",
    "urban_residents",
)


@dataclass(frozen=True, slots=True)
class QuotaColumns:
    """Posts per community (-1 = no quota) and the basis as 1 + its place in ALL_BASES (0 = none)."""

    posts: Int
    basis: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class RollUp:
    """Sums per division of one level, in the order of codes; every column has one entry per division."""

    codes: Int
    sums: Mapping[str, Int]


def quota_columns(ruleset: Ruleset, columns: Columns, today: int) -> QuotaColumns:
    """The quota of every community under one chain of packs: the same order of rules as for a single one.

    A norm in force without its fact gives no quota; a target or committee size that cannot be computed passes on.
    """
    block = _block(columns, today)
    posts = np.full(len(columns), MISSING, dtype=np.int64)
    basis = np.zeros(len(columns), dtype=np.int8)
    village = columns.kinds == VILLAGE
    for names, members in ((COMMUNITY_BASES, ~village), (VILLAGE_BASES, village)):
        todo = members
        for name in names:
            if not ruleset.has(name) or not todo.any():
                continue
            column = ruleset.column(name, block, output=POSTS_OUTPUT[name])
            good = todo & (column.faults.codes == 0)
            value = column.numerator
            if column.denominator != 1:
                good &= value % column.denominator == 0
                value = value // column.denominator
            np.copyto(posts, value, where=good)
            basis[good] = 1 + ALL_BASES.index(name)
            todo = np.zeros_like(todo) if name == COMMUNITY_BASES[0] else todo & ~good
    return QuotaColumns(posts, basis)


def _block(columns: Columns, today: int) -> dict[str, NDArray[Any]]:
    block: dict[str, NDArray[Any]] = {
        "community_kind": columns.kinds,
        "today": np.full(len(columns), today, dtype=np.int32),
    }
    for name in MEASURES:
        values = columns.measures.get(name)
        stated = np.zeros(len(columns), dtype=bool) if values is None else values >= 0
        block[name] = np.zeros(len(columns), dtype=np.int64) if values is None else values
        if not stated.all():
            block[f"{name}?"] = ~stated
            block[name] = np.where(stated, block[name], 0)
    return block


def sums_of(columns: Columns, quotas: QuotaColumns, persons: Int, full_time: Int) -> dict[str, Int]:
    """The summable columns of every community, by the names of SUMS."""
    has = quotas.basis > NO_BASIS
    village = columns.kinds == VILLAGE
    posts = np.where(has, quotas.posts, 0)
    missing = np.where(has, posts - full_time, 0)
    norm, target = 1 + ALL_BASES.index(ALL_BASES[0]), 1 + ALL_BASES.index(STAFFING_TARGET)
    stated = {
        name: np.maximum(columns.measures.get(name, np.zeros(len(columns), dtype=np.int64)), 0)
        for name in ("resident_households", "urban_residents")
    }
    return {
        "communities": (~village).astype(np.int64),
        "villages": village.astype(np.int64),
        "posts": posts,
        "with_quota": has.astype(np.int64),
        "by_norm": (quotas.basis == norm).astype(np.int64),
        "by_target": (quotas.basis == target).astype(np.int64),
        "by_committee": (quotas.basis > target).astype(np.int64),
        "persons": persons,
        "full_time_persons": full_time,
        "vacancy": np.maximum(missing, 0),
        "over": np.maximum(-missing, 0),
        **stated,
    }


def roll_up(codes: Int, sums: Mapping[str, Int], level: str) -> RollUp:
    """Sum rows into divisions of a level; `codes` must be sorted. Rolling up a roll-up gives the level above it."""
    width = WIDTH[level]
    heads = codes // width
    starts = np.flatnonzero(np.concatenate(([True], heads[1:] != heads[:-1]))) if len(codes) else np.zeros(0, np.intp)
    return RollUp(
        codes=heads[starts] * width,
        sums={name: np.add.reduceat(column, starts) if len(starts) else column for name, column in sums.items()},
    )


def roll_ups(codes: Int, sums: Mapping[str, Int], levels: Sequence[str] = tuple(WIDTH)) -> dict[str, RollUp]:
    """Every level asked for, each summed from the level below it; towns first, provinces last."""
    found: dict[str, RollUp] = {}
    below = RollUp(codes, sums)
    for level in ("town", "county", "city", "province"):
        below = roll_up(below.codes, below.sums, level)
        if level in levels:
            found[level] = below
    return found


def align(codes: Int, counted: Mapping[int, tuple[int, int]]) -> tuple[Int, Int]:
    """Persons and full-time persons of every community from a sparse count by code; 0 where nobody is counted."""
    persons, full_time = np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=np.int64)
    if not counted or not len(codes):
        return persons, full_time
    keys = np.fromiter(counted.keys(), dtype=np.int64, count=len(counted))
    places = np.minimum(np.searchsorted(codes, keys), len(codes) - 1)
    here = codes[places] == keys
    values = np.array(list(counted.values()), dtype=np.int64)
    persons[places[here]] = values[here, 0]
    full_time[places[here]] = values[here, 1]
    return persons, full_time


def segments(codes: Int, owners: Sequence[tuple[int, int, str]], nation: str) -> list[tuple[slice, str]]:
    """Cut sorted codes into runs that one pack answers for.

    `owners` are (lo, hi, pack) with lo <= code < hi; a narrower range beats a wider one; what nobody owns is
    `nation`'s.
    """
    names = [nation, *(name for *_, name in owners)]
    holder = np.zeros(len(codes), dtype=np.int16)
    for place, (lo, hi, _) in sorted(enumerate(owners, start=1), key=lambda item: item[1][0] - item[1][1]):
        first, last = np.searchsorted(codes, [lo, hi])
        holder[first:last] = place
    if not len(codes):
        return []
    cuts = [0, *(np.flatnonzero(holder[1:] != holder[:-1]) + 1).tolist(), len(codes)]
    return [(slice(a, b), names[int(holder[a])]) for a, b in pairwise(cuts)]
