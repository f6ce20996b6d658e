"""The quota's fields of sparse reads: packs by code as the packs say, decisions remembered within bounds."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.kernel.errors import NotFound
from services.runtime.packs import Packs, load
from services.runtime.selection import Ask
from services.staffing.domain.policy import VOCABULARY
from services.staffing.domain.quotas import entitlement
from services.staffing.usecases import reads
from services.staffing.usecases.reads import Desk, pack_of, unit

ON = date(2026, 11, 22)
CODES = ["320402001001", "530111001011", "530102001001", "330303001001", "211302001001", "440100001001", "999999999999"]


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load(Path(__file__).parents[3] / "policies", (), {"staffing": VOCABULARY})


def desk(packs: Packs, *, explained: bool = False, **args: str) -> Desk:
    ask: Any = SimpleNamespace(state=SimpleNamespace(packs=packs), on=ON, known_at=None, args=args)
    return Desk(cast("Ask", ask), explained=explained)


@pytest.mark.parametrize("code", CODES)
def test_a_units_pack_is_the_one_the_packs_say(packs, code: str) -> None:
    assert pack_of(packs, code) == packs.for_region(code)


def test_a_code_that_no_pack_covers_is_refused_as_the_packs_do(packs) -> None:
    partial = Packs({name: pack for name, pack in packs.packs.items() if name != "national"}, packs.documents, "x")
    with pytest.raises(NotFound) as refused:
        pack_of(partial, "440100001001")
    assert refused.value.code == "pack.none_for_region"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["urban_community", "village"])
@pytest.mark.parametrize("facts", [(3000, 2000, 8000, 5000, None, None), (None,) * 6])
def test_the_quick_decision_is_the_explained_one(packs, code: str, kind: str, facts: Any) -> None:
    quick, full = desk(packs), desk(packs, explained=True)
    ruleset = quick.ruleset(code)
    one, two = quick.decide(ruleset, kind, facts), full.decide(ruleset, kind, facts)
    assert one.explanation is None
    for name in ("posts", "exact", "basis", "permitted", "passed_over", "refusal"):
        assert getattr(one, name) == getattr(two, name), name
    assert two == entitlement(ruleset, unit(kind, facts, ON), ON)


def test_decisions_are_remembered_but_only_so_many(packs, monkeypatch) -> None:
    monkeypatch.setattr(reads, "MOST_DECIDED", 3)
    monkeypatch.setattr(Desk, "_decided", {})
    table = desk(packs)
    ruleset = table.ruleset(CODES[0])
    first = table.decide(ruleset, "village", (1, None, None, None, None, None))
    assert table.decide(ruleset, "village", (1, None, None, None, None, None)) is first
    for households in range(10):
        table.decide(ruleset, "village", (households, None, None, None, None, None))
    assert len(Desk._decided) == 3
