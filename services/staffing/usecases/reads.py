"""Sparse reads of staffing: what storage declares, and the quota's fields, which the formula engine gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

from services.kernel.errors import DomainError
from services.kernel.formula.explanation import Explanation
from services.kernel.formula.rules import Version
from services.kernel.formula.ruleset import Ruleset
from services.kernel.policy import Citation
from services.kernel.region import LEVELS, level, subtree
from services.runtime.packs import Packs
from services.runtime.selection import Ask, Compute, Field, Grouped, Rows
from services.staffing.domain.communities import MEASURES, Community, CommunityKind, Measures
from services.staffing.domain.moments import Moment
from services.staffing.domain.quotas import Entitlement, Gap, Headcount, entitlement, gap
from services.staffing.storage.reads import COMMUNITY, SYNTHETIC, WORKER
from services.staffing.storage.reads_divisions import DIVISION
from services.staffing.usecases.quotas import alternatives_of, has_reading, named_reading, rules_under, unknown_reading

MOST_DECIDED = 16_384
NOBODY = UUID(int=0)

Facts: TypeAlias = tuple[int | None, int | None, int | None, int | None, int | None, int | None]
"""The measures of a unit, in the order of MEASURES."""


class Desk:
    """One read's view of the rules: the ruleset of each pack under the reading asked for, decisions remembered.

    What a unit is entitled to is a pure function of the ruleset, its kind and its measures.
    """

    _decided: dict[tuple[Ruleset, str, Facts], Entitlement] = {}  # noqa: RUF012 - shared by all on purpose

    def __init__(self, ask: Ask, *, explained: bool) -> None:
        self.packs: Packs = ask.state.packs
        self.moment = Moment(ask.on, ask.known_at)
        self._explained = explained
        self._reading: str | None = ask.args.get("reading")  # type: ignore[assignment]
        self._rules: dict[str, Ruleset] = {}

    def ruleset(self, code: str) -> Ruleset:
        """The rules of the smallest region that holds the unit."""
        pack = pack_of(self.packs, code)
        if pack not in self._rules:
            self._rules[pack] = rules_under(self.packs, pack, self.moment, self._reading)
        return self._rules[pack]

    def check(self) -> None:
        """Malformed `reading.unknown` when none of the units' norms has the reading asked for."""
        rules = list(self._rules.values())
        if self._reading and rules and not any(has_reading(one, self._reading) for one in rules):
            raise unknown_reading(self._reading, rules)

    def decide(self, ruleset: Ruleset, kind: str, facts: Facts) -> Entitlement:
        """What such a unit is entitled to."""
        if self._explained:
            return entitlement(ruleset, unit(kind, facts, self.moment.on), self.moment.on)
        key = ruleset, kind, facts
        found = self._decided.get(key)
        if found is None:
            found = entitlement(ruleset, unit(kind, facts, self.moment.on), self.moment.on, explained=False)
            if len(self._decided) >= MOST_DECIDED:
                self._decided.pop(next(iter(self._decided)))
            self._decided[key] = found
        return found


@dataclass(slots=True)
class Decision:
    """One row's quota with what the fields of it need."""

    desk: Desk
    ruleset: Ruleset
    kind: str
    facts: Facts
    entitlement: Entitlement
    full_time: int | None
    provenance: str | None

    @property
    def version(self) -> Version | None:
        """The version of the rule applied."""
        basis = self.entitlement.basis
        return self.ruleset.version(basis) if basis and self.ruleset.has(basis) else None

    @property
    def gap(self) -> Gap | None:
        """The distance to the persons in post."""
        return gap(self.entitlement.posts, Headcount(full_time_persons=self.full_time or 0))


def unit(kind: str, facts: Facts, on: date) -> Community:
    """A unit as the rules see it: its kind and its measures, in the order of MEASURES (that of the dataclass)."""
    counted = Measures(*facts)
    return Community(NOBODY, "", "", CommunityKind(kind), "", None, on, None, "", "", counted)


@lru_cache(maxsize=8)
def _areas(packs: Packs) -> list[tuple[str, str, str]]:
    """The packs' ranges of codes, the smallest regions first."""
    names = sorted(packs.names(), key=lambda name: LEVELS.index(level(packs.pack(name).region)), reverse=True)
    return [(*subtree(packs.pack(name).region), name) for name in names]


def pack_of(packs: Packs, code: str) -> str:
    """As `Packs.for_region`, for codes out of the register, thousands at a time."""
    found = next((name for lo, hi, name in _areas(packs) if lo <= code < hi), None)
    return found or packs.for_region(code)


def quotas(names: tuple[str, ...], at: Mapping[str, int]) -> Compute:
    """The quota's fields of these names for the records of a read."""
    getters = [QUOTA[name] for name in names]
    explained = not EXPLAINED.isdisjoint(names)
    code, kind = at["b.code"], at["b.kind"]
    figures: Callable[[Any], Facts] = itemgetter(*(at[f"m.{name}"] for name in MEASURES))
    full_time, provenance = at.get("h.full_time_persons"), at.get("m.provenance")

    def compute(ask: Ask, records: Rows) -> Sequence[Sequence[object]]:
        desk = Desk(ask, explained=explained)
        rules = [desk.ruleset(record[code]) for record in records]
        desk.check()
        rows = []
        for ruleset, record in zip(rules, records, strict=True):
            facts = figures(record)
            decision = Decision(
                desk,
                ruleset,
                record[kind],
                facts,
                desk.decide(ruleset, record[kind], facts),
                None if full_time is None else record[full_time],
                None if provenance is None else record[provenance],
            )
            rows.append([get(decision) for get in getters])
        return rows

    return compute


def _reason(refusal: DomainError | None) -> dict[str, object] | None:
    if refusal is None:
        return None
    return {"code": refusal.code, "message": {"zh": refusal.zh, "en": refusal.en}}


def citation(one: Citation) -> dict[str, object]:
    """A citation under the names of the wire."""
    shown = one.to_dict()
    shown["docNo"] = shown.pop("doc_no")
    return shown


def explanation(one: Explanation) -> dict[str, Any]:
    """An explanation's tree under the names of the wire."""
    shown = one.to_dict()
    nodes = [shown]
    for node in nodes:
        for each in node["citations"]:
            each["docNo"] = each.pop("doc_no")
        nodes.extend(node["inputs"])
    return shown


def _permitted(decision: Decision) -> dict[str, int] | None:
    permitted = decision.entitlement.permitted
    return {"minimum": permitted[0], "maximum": permitted[1]} if permitted else None


def _readings(decision: Decision) -> list[dict[str, str]]:
    tree = decision.entitlement.explanation
    return [{"rule": rule, "reading": used} for rule, used in tree.readings_used.items()] if tree else []


def _alternatives(decision: Decision) -> list[dict[str, object]]:
    version = decision.version
    if version is None:
        return []
    desk = decision.desk
    community = unit(decision.kind, decision.facts, desk.moment.on)
    return [
        {
            "reading": one.reading,
            "inUse": one.in_use,
            "posts": one.posts,
            "exact": one.exact,
            "reason": _reason(one.refusal),
        }
        for one in alternatives_of(desk.packs, decision.ruleset, version, community, desk.moment)
    ]


def _due(decision: Decision) -> str | None:
    due = decision.version.extra.get("due") if decision.version else None
    return str(due) if due else None


def _synthetic(decision: Decision) -> bool:
    """Whether the figure rests on generated counts or on a generated sentence."""
    e = decision.entitlement
    counted = decision.provenance == SYNTHETIC and e.posts is not None
    return counted or any(one.document.synthetic for one in e.citations)


QUOTA: Mapping[str, Callable[[Decision], object]] = {
    "quota.on": lambda d: d.desk.moment.on,
    "quota.posts": lambda d: d.entitlement.posts,
    "quota.reason": lambda d: _reason(d.entitlement.refusal),
    "quota.exact": lambda d: d.entitlement.exact,
    "quota.basis": lambda d: d.entitlement.basis,
    "quota.pack": lambda d: d.version.pack if d.version else None,
    "quota.qualifier": lambda d: d.version.qualifier if d.version else None,
    "quota.due": _due,
    "quota.rulesSynthetic": _synthetic,
    "quota.synthetic": lambda d: d.provenance == SYNTHETIC or _synthetic(d),
    "quota.permitted": _permitted,
    "quota.readingsUsed": _readings,
    "quota.alternatives": _alternatives,
    "quota.passedOver": lambda d: [_reason(refusal) for _, refusal in d.entitlement.passed_over],
    "quota.explanation": lambda d: explanation(d.entitlement.explanation) if d.entitlement.explanation else None,
    "quota.citations": lambda d: [citation(one) for one in d.entitlement.citations],
    "quota.vacancy": lambda d: d.gap.vacancy if d.gap else None,
    "quota.over": lambda d: d.gap.over if d.gap else None,
    "vacancy": lambda d: d.gap.vacancy if d.gap else None,
}
EXPLAINED = frozenset(
    f"quota.{name}" for name in ("rulesSynthetic", "synthetic", "readingsUsed", "explanation", "citations")
)
_NEEDS = ("b.code", "b.kind", *(f"m.{name}" for name in MEASURES))
_MORE = {
    **dict.fromkeys(("quota.synthetic", "quota.rulesSynthetic"), ("m.provenance",)),
    **dict.fromkeys(("quota.vacancy", "quota.over", "vacancy"), ("h.full_time_persons",)),
}
_HEADCOUNT: Mapping[str, Field] = {
    f"quota.headcount.{name}": COMMUNITY.fields[f"headcounts.{name}"]
    for name in ("persons", "fullTimePersons", "posts", "fullTimePosts")
}


COMMUNITY_WITH_QUOTA = replace(
    COMMUNITY,
    fields={
        **COMMUNITY.fields,
        **{name: Grouped((*_NEEDS, *_MORE.get(name, ())), quotas) for name in QUOTA},
        **_HEADCOUNT,
    },
    args={"reading": named_reading},
)

ENTITIES = (COMMUNITY_WITH_QUOTA, WORKER, DIVISION)
