"""The pay rules of a place in force for a month: its ruleset and the schemes of its pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.kernel.formula.ruleset import Ruleset
from services.kernel.period import Month
from services.payroll.domain.pay_schemes import Scheme, parse_schemes
from services.payroll.domain.policy import PAY_SCHEMES, SECTION, VOCABULARY
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class Shelf:
    """The policy packs, and the folders they were read from: packs first, then supplements."""

    packs: Packs
    folders: tuple[Path, ...]


@dataclass(frozen=True)
class PayRules:
    """The rules of one pack for one month, and the schemes in the order they are tried."""

    pack: str
    ruleset: Ruleset
    schemes: tuple[Scheme, ...]


def pay_rules(
    packs: Packs,
    region: str,
    month: Month,
    known_at: datetime | None,
    *,
    readings: Mapping[str, str] | None = None,
    include_drafts: bool = False,
) -> PayRules:
    """The rules for a division code: those in force on the month's last day, as known at the instant.

    A place without pay schemes, or a named reading that does not exist, raises the pack's named error.
    """
    pack = packs.for_region(region)
    ruleset = packs.ruleset(
        pack,
        section=SECTION,
        vocabulary=VOCABULARY,
        on=month.last,
        known_at=known_at,
        readings=readings or {},
        include_drafts=include_drafts,
    )
    return PayRules(pack, ruleset, parse_schemes(ruleset.version(PAY_SCHEMES).body.data))


@dataclass
class RuleBook:
    """Pay rules of many places for one month, each resolved once; a place that has none keeps its error."""

    packs: Packs
    month: Month
    known_at: datetime
    _by_pack: dict[str, PayRules] = field(default_factory=dict)

    def pack_of(self, community: str) -> str:
        """The name of the pack for a community."""
        return self.packs.for_region(community)

    def rules(self, pack: str, community: str) -> PayRules:
        """The pack's rules; raises the pack's named error when it has no pay schemes in force."""
        if pack not in self._by_pack:
            self._by_pack[pack] = pay_rules(self.packs, community, self.month, self.known_at)
        return self._by_pack[pack]
