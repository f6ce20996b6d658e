"""Rulesets of the real packs for domain tests."""

from datetime import date
from pathlib import Path

from services.kernel.formula.ruleset import Ruleset
from services.runtime.packs import Packs, load
from services.staffing.domain.policy import VOCABULARY

ROOT = Path(__file__).resolve().parents[3]
PACKS: Packs = load(ROOT / "policies", (), {"staffing": VOCABULARY})


def rules(pack: str, on: date, **readings: str) -> Ruleset:
    """Staffing's rules of a pack on a day."""
    return PACKS.ruleset(pack, section="staffing", vocabulary=VOCABULARY, on=on, readings=readings)
