"""Columns equal the scalar path, row by row: amounts to the fen, faults by code."""

import random
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from services.kernel.errors import DomainError
from services.kernel.period import Month
from services.payroll.domain.payslip_facts import layout_of, pack, unpack_one
from services.payroll.domain.payslips import choose, pay
from services.payroll.domain.policy import OWN_FACTS, STORED_FACTS
from services.payroll.usecases.calculations import Calculator, FaultyRow
from services.payroll.usecases.payslips import fact_value
from services.payroll.usecases.rosters import roster_block, roster_blocks
from services.payroll.usecases.rules import RuleBook, pay_rules
from services.runtime.packs import Packs
from tests.payroll.conftest import roster_of

MONTH = Month(2026, 9)
NOW = datetime(2026, 10, 1, tzinfo=UTC)
PLACES = ("530111001011", "530102001001", "320402001001", "330303001001", "211302001001", "110101001001")


GRADES = (("both_posts", 9), ("both_posts", 17), ("head", 8), ("staff", 1), ("staff", 2), ("deputy", 3), (None, None))


def some_workers(count: int, seed: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    return [
        {
            "worker": number,
            "community": dice.choice(PLACES),
            "category": dice.choice(["full_time_community_worker"] * 4 + ["village_cadre", "grid_member"]),
            "post": dice.choice(["secretary", "director", "deputy", "member", "staff"]),
            **dict(zip(("tier", "step"), dice.choice(GRADES), strict=True)),
            "certificate": dice.choice(["none", "junior", "intermediate", "senior"]),
            "continuous_years": dice.randrange(12),
            "continuous_years_as_head": dice.randrange(12),
            "hired_on": dice.choice(["2015-03-01", "2026-02-10", "2026-09-15"]),
            "urban": dice.random() < 0.8,
            "in_state_establishment": dice.random() < 0.1,
            "part_time": dice.random() < 0.1,
            "subsidised": dice.random() < 0.9,
            "days_in_post": dice.choice([30, 30, 13]),
            "days_in_month": 30,
        }
        for number in range(count)
    ]


def own_columns(rows: int, seed: int) -> dict[str, np.ndarray[Any, Any]]:
    generator = np.random.default_rng(seed)
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for fact in OWN_FACTS:
        if fact.kind == "flag":
            columns[fact.name] = generator.random(rows) < 0.3
        else:
            low, high = fact.bounds
            columns[fact.name] = generator.integers(low, min(high, 2_500_000) + 1, rows)
    columns["base_declared"] |= generator.random(rows) < 0.7
    columns["fund_rate"] = generator.integers(500, 1201, rows)
    columns["income_before"] *= 30
    columns["declared_base?"] = ~columns["base_declared"]
    columns["declared_fund_base?"] = ~columns["fund_base_declared"]
    return columns


def one_by_one(packs: Packs, community: str, facts: dict[str, Any]) -> tuple[str, tuple[int, ...]] | str:
    try:
        rules = pay_rules(packs, community, MONTH, NOW)
        slip = pay(rules.ruleset, choose(rules.ruleset, rules.schemes, facts), facts)
    except DomainError as error:
        return error.code
    return slip.scheme.name, tuple(line.amount_fen for line in slip.lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_columns_equal_the_scalar_path(packs: Packs, seed: int) -> None:
    count = 400
    block = roster_block(roster_of(*some_workers(count, seed)))
    columns = block.columns | own_columns(count, seed)
    layout = layout_of(STORED_FACTS)
    words = pack(layout, columns, count)
    calculator = Calculator(RuleBook(packs, MONTH, NOW))
    outcome: dict[int, tuple[str, tuple[int, ...]] | str] = {}
    for found in calculator.run(block.communities, columns):
        if isinstance(found, FaultyRow):
            outcome[found.row] = found.reason.code
            continue
        kept = np.ones(len(found.rows), dtype=np.bool_)
        calculator.count(found, kept)
        name = found.paid.scheme.name
        outcome |= {
            int(row): (name, tuple(found.paid.amounts[at].tolist())) for at, row in enumerate(found.rows.tolist())
        }
    assert sorted(outcome) == list(range(count))
    paid = 0
    for row in range(count):
        stored = unpack_one(layout, words[row].tolist())
        facts = {
            place.name: fact_value(place.kind, stored[place.name], place.symbols)
            for place in layout.places
            if place.name in stored
        }
        expected = one_by_one(packs, block.communities[row].decode(), facts)
        paid += isinstance(expected, tuple)
        assert outcome[row] == expected
    assert paid == calculator.workers > 50


def test_blocks_keep_the_order_and_the_symbols() -> None:
    table = roster_of(*some_workers(10, 3))
    blocks = list(roster_blocks(table, 4))
    assert [len(block) for block in blocks] == [4, 4, 2]
    whole = roster_block(table)
    assert np.concatenate([block.workers for block in blocks]).tolist() == whole.workers.tolist()
    assert np.concatenate([block.communities for block in blocks]).tolist() == whole.communities.tolist()


def test_an_unknown_symbol_is_absent() -> None:
    block = roster_block(roster_of({"worker": 1, "community": PLACES[0], "post": "wizard"}))
    assert block.columns["post?"].tolist() == [True]
