"""Assess quotas: load the facts, pick the rules in force, decide, compare with the persons in post."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import DomainError, Malformed
from services.kernel.formula.explanation import write
from services.kernel.formula.rules import Version
from services.kernel.formula.ruleset import Ruleset
from services.runtime.packs import Packs
from services.staffing.domain.communities import Community
from services.staffing.domain.moments import Moment
from services.staffing.domain.policy import STAFFING_NORM, VOCABULARY
from services.staffing.domain.quotas import POSTS_OUTPUT, Entitlement, Gap, Headcount, entitlement, facts, gap
from services.staffing.storage import communities, headcounts

SECTION = "staffing"
MOST_OF_A_NAME = 64


@dataclass(frozen=True, slots=True)
class Alternative:
    """What the rule applied gives under one of its readings; a reading that cannot be computed says why."""

    reading: str
    in_use: bool
    posts: str | None
    exact: str | None
    refusal: DomainError | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The quota of one community on a day, the version applied, its other readings, and the persons in post."""

    community: Community
    moment: Moment
    entitlement: Entitlement
    version: Version | None
    alternatives: tuple[Alternative, ...]
    headcount: Headcount
    gap: Gap | None


def ruleset_of(packs: Packs, pack: str, moment: Moment, readings: dict[str, str] | None = None) -> Ruleset:
    """Staffing's rules of a pack and those it inherits from, in force on the day as known at the instant."""
    return packs.ruleset(
        pack, section=SECTION, vocabulary=VOCABULARY, on=moment.on, known_at=moment.known_at, readings=readings or {}
    )


async def assess(
    session: AsyncSession, packs: Packs, codes: Sequence[str], moment: Moment, reading: str | None = None
) -> list[Assessment]:
    """The quotas of communities in the order asked for; the ones that cannot be seen are left out.

    `reading` asks the norm under another of its named readings; Malformed `reading.unknown` where no norm has it.
    """
    found = await communities.get_many(session, codes, moment)
    counted = await headcounts.in_post(session, [community.code for community in found], moment)
    rules = {pack: rules_under(packs, pack, moment, reading) for pack in {packs.for_region(c.code) for c in found}}
    if reading and found and not any(has_reading(ruleset, reading) for ruleset in rules.values()):
        raise unknown_reading(reading, list(rules.values()))
    return [
        _assessment(packs, rules[packs.for_region(c.code)], c, moment, counted.get(c.code, Headcount())) for c in found
    ]


async def assess_one(
    session: AsyncSession, packs: Packs, code: str, moment: Moment, reading: str | None = None
) -> Assessment:
    """The quota of one community; NotFound `community.not_found`."""
    found = await assess(session, packs, [code], moment, reading)
    if not found:
        raise communities.not_found(code)
    return found[0]


def rules_under(packs: Packs, pack: str, moment: Moment, reading: str | None) -> Ruleset:
    """A pack's rules with the norm under the named reading, where the norm has it."""
    plain = ruleset_of(packs, pack, moment)
    if reading is None or not has_reading(plain, reading):
        return plain
    return ruleset_of(packs, pack, moment, {STAFFING_NORM: reading})


def has_reading(ruleset: Ruleset, reading: str) -> bool:
    """Whether the norm in force has a reading of that name."""
    return ruleset.has(STAFFING_NORM) and reading in ruleset.version(STAFFING_NORM).readings


def named_reading(value: object) -> str:
    """The name of a reading as it was asked for. Malformed `reading.unknown` for what can name none."""
    if not isinstance(value, str) or len(value) > MOST_OF_A_NAME:
        raise Malformed(
            "reading.unknown",
            f"reading 须为至多{MOST_OF_A_NAME}字的文本",
            f"reading is a text of at most {MOST_OF_A_NAME} characters",
        )
    return value


def unknown_reading(reading: str, rulesets: Sequence[Ruleset]) -> Malformed:
    """The refusal of a reading that no norm in force has, with those there are."""
    names = sorted({name for r in rulesets if r.has(STAFFING_NORM) for name in r.version(STAFFING_NORM).readings})
    known = "、".join(names) or "-"
    return Malformed(
        "reading.unknown",
        f"配备标准没有名为 {reading[:40]} 的解读,可用:{known}",
        f"the staffing norm has no reading {reading[:40]}; there are: {known}",
        readings=names,
    )


def _assessment(packs: Packs, ruleset: Ruleset, community: Community, moment: Moment, count: Headcount) -> Assessment:
    decided = entitlement(ruleset, community, moment.on)
    version = ruleset.version(decided.basis) if decided.basis and ruleset.has(decided.basis) else None
    return Assessment(
        community=community,
        moment=moment,
        entitlement=decided,
        version=version,
        alternatives=tuple(alternatives_of(packs, ruleset, version, community, moment)) if version else (),
        headcount=count,
        gap=gap(decided.posts, count),
    )


def alternatives_of(
    packs: Packs, ruleset: Ruleset, version: Version, community: Community, moment: Moment
) -> list[Alternative]:
    """What the version gives under each of its readings, the one in use among them."""
    known = facts(community, moment.on)
    found = []
    for name in version.readings:
        other = ruleset_of(packs, ruleset.pack, moment, {version.rule: name})
        in_use = name == version.reading
        try:
            posts = write(other.value(version.rule, known, output=POSTS_OUTPUT[version.rule]))
            outputs = other.outputs(version.rule)
            exact = write(other.value(version.rule, known, output="exact")) if "exact" in outputs else None
            found.append(Alternative(name, in_use, posts, exact))
        except DomainError as refusal:
            found.append(Alternative(name, in_use, None, None, refusal))
    return found
