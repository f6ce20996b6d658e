"""Quota tables: a column equals its rows, every level sums to the same, a narrower pack beats a wider one."""

from datetime import date
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.period import day_number
from services.staffing.domain.columns import MISSING, Columns
from services.staffing.domain.communities import KINDS, MEASURES, Community, CommunityKind, Measures
from services.staffing.domain.quota_tables import (
    SUMS,
    WIDTH,
    align,
    quota_columns,
    roll_up,
    roll_ups,
    segments,
    sums_of,
)
from services.staffing.domain.quotas import ALL_BASES, entitlement
from tests.staffing.domain.rules import rules

DAYS = (date(2021, 12, 31), date(2022, 7, 1), date(2025, 6, 1), date(2026, 6, 1))
counts = st.integers(0, 20000) | st.just(MISSING)
units = st.lists(st.tuples(st.integers(0, len(KINDS) - 1), counts, counts, counts), max_size=12)


def columns_of(drawn: list[tuple[int, int, int, int]]) -> Columns:
    table = np.array([list(row) for row in drawn], dtype=np.int64).reshape(len(drawn), 4)
    return Columns(
        codes=np.arange(320402001001, 320402001001 + len(drawn), dtype=np.int64),
        kinds=table[:, 0].astype(np.int8),
        measures={
            "resident_households": table[:, 1],
            "registered_households": table[:, 2],
            "urban_residents": table[:, 3],
        },
    )


@settings(max_examples=60, deadline=None)
@given(units, st.sampled_from(DAYS), st.sampled_from(("changzhou", "chaoyang", "national")))
def test_a_column_equals_its_rows(drawn: list[tuple[int, int, int, int]], on: date, pack: str) -> None:
    ruleset = rules(pack, on)
    found = quota_columns(ruleset, columns_of(drawn), day_number(on))
    for row, (kind, resident, registered, urban) in enumerate(drawn):
        stated = {"resident_households": resident, "registered_households": registered, "urban_residents": urban}
        measures = Measures(**{name: value for name, value in stated.items() if value != MISSING})  # type: ignore[arg-type]
        one = Community(
            UUID(int=1), "320402001001", "", CommunityKind(KINDS[kind]), "", None, on, None, "", "", measures
        )
        single = entitlement(ruleset, one, on)
        assert found.posts[row] == (MISSING if single.posts is None else single.posts)
        basis = single.basis if single.posts is not None else None
        assert found.basis[row] == (0 if basis is None else 1 + ALL_BASES.index(basis))


def test_every_level_has_the_same_total() -> None:
    codes = np.array([110101001001, 110101001002, 110101002001, 320402001001, 320404001001], dtype=np.int64)
    sums = {name: np.arange(1, 6, dtype=np.int64) for name in SUMS}
    levels = roll_ups(codes, sums)
    assert {level: int(rolled.sums["posts"].sum()) for level, rolled in levels.items()} == dict.fromkeys(WIDTH, 15)
    assert levels["county"].codes.tolist() == [110101000000, 320402000000, 320404000000]
    assert levels["county"].sums["posts"].tolist() == [6, 4, 5]
    assert levels["province"].codes.tolist() == [110000000000, 320000000000]
    assert list(roll_ups(codes, sums, ("city",))) == ["city"]
    assert len(roll_up(np.zeros(0, np.int64), {"posts": np.zeros(0, np.int64)}, "town").codes) == 0


def test_sums_never_show_a_negative_vacancy_and_count_each_basis() -> None:
    on = date(2022, 7, 1)
    columns = columns_of([(2, 3250, MISSING, 10), (2, 500, MISSING, 5), (3, 1, 1, MISSING), (2, MISSING, 1, 1)])
    quotas = quota_columns(rules("changzhou", on), columns, day_number(on))
    sums = sums_of(columns, quotas, np.array([20, 1, 9, 5]), np.array([20, 1, 0, 5]))
    assert sums["posts"].tolist() == [13, 2, 3, 0]
    assert sums["vacancy"].tolist() == [0, 1, 3, 0]
    assert sums["over"].tolist() == [7, 0, 0, 0]
    assert [sums[name].sum() for name in ("by_norm", "by_committee", "with_quota", "villages")] == [2, 1, 3, 1]
    assert set(sums) == set(SUMS)


def test_a_rule_that_gives_parts_of_posts_gives_no_quota() -> None:
    class Halves:
        def has(self, name: str) -> bool:
            return name == "staffing_norm"

        def column(self, name: str, _: object, output: str) -> object:
            assert (name, output) == ("staffing_norm", "posts")

            class Faults:
                codes = np.zeros(2, dtype=np.uint8)

            class Half:
                numerator, denominator, faults = np.array([3, 4]), 2, Faults

            return Half

    found = quota_columns(Halves(), columns_of([(2, 1, 1, 1), (2, 1, 1, 1)]), 0)  # type: ignore[arg-type]
    assert found.posts.tolist() == [MISSING, 2]


def test_the_narrower_region_owns_the_row() -> None:
    codes = np.array([110101001001, 530102001001, 530111001001, 530112001001], dtype=np.int64)
    owners = [(530100000000, 530200000000, "kunming"), (530111000000, 530112000000, "guandu")]
    found = [(rows.start, rows.stop, name) for rows, name in segments(codes, owners, "national")]
    assert found == [(0, 1, "national"), (1, 2, "kunming"), (2, 3, "guandu"), (3, 4, "kunming")]
    assert segments(np.zeros(0, np.int64), owners, "national") == []


def test_persons_land_on_their_communities() -> None:
    codes = np.array([1, 5, 9], dtype=np.int64)
    persons, full_time = align(codes, {5: (3, 2), 7: (9, 9), 99: (1, 1)})
    assert (persons.tolist(), full_time.tolist()) == ([0, 3, 0], [0, 2, 0])
    assert align(codes, {})[0].tolist() == [0, 0, 0]
    assert len(align(np.zeros(0, np.int64), {1: (1, 1)})[0]) == 0


def test_parts_are_views() -> None:
    columns = columns_of([(2, 1, 1, 1), (2, 2, 2, 2)])
    part = columns.part(slice(1, 2))
    assert len(part) == 1
    assert part.measures["resident_households"].base is not None
    assert set(columns.measures) < set(MEASURES)
