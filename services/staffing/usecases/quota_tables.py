"""Tabulate quotas: columns of an area, each run of codes under its own pack, summed for every division above."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.formula.ruleset import Ruleset
from services.kernel.period import day_number
from services.kernel.region import subtree
from services.runtime.packs import Packs
from services.staffing.domain.columns import MISSING, Columns, Int
from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.policy import STAFFING_NORM, STAFFING_TARGET
from services.staffing.domain.quota_tables import (
    QuotaColumns,
    RollUp,
    align,
    quota_columns,
    roll_ups,
    segments,
    sums_of,
)
from services.staffing.domain.quotas import ALL_BASES
from services.staffing.storage import columns as stored
from services.staffing.storage import divisions, headcounts, measures
from services.staffing.usecases.quotas import ruleset_of

NATION = "national"


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """Sums per division of one level in the order of codes, the whole area's sums, and the rules behind them."""

    level: str
    rows: RollUp
    total: Mapping[str, int]
    names: Mapping[str, str]
    target_posts: Int
    total_target: int | None
    bases: Mapping[str, str]
    readings: Mapping[str, str]
    synthetic: bool


async def tabulate(session: AsyncSession, packs: Packs, area: Area, level: str, moment: Moment) -> QuotaTable:
    """The quota table of an area at a level: province, city, county or town.

    Quotas are decided community by community, as `assess` does, and summed. Beside them stands the target per
    10,000 over the summed urban residents, which is how the target is meant.
    """
    columns = await stored.read(session, area, moment)
    counted = await headcounts.in_post(session, area, moment)
    persons, full_time = align(
        columns.codes, {int(code): (count.persons, count.full_time_persons) for code, count in counted.items()}
    )
    rules = _rules(packs, columns, moment)
    sums = sums_of(columns, _quotas(rules, columns, moment), persons, full_time)
    rows = roll_ups(columns.codes, sums, (level,))[level]
    total = {name: int(column.sum()) for name, column in rows.sums.items()}
    targets, whole = _targets(packs, rows, total, moment)
    named = await divisions.every(session, divisions.Part(area, replace(moment, known_at=None), level))
    return QuotaTable(
        level=level,
        rows=rows,
        total=total,
        names={division.code: division.name for division in named},
        target_posts=targets,
        total_target=whole,
        bases={ruleset.pack: _bases(ruleset) for _, ruleset in rules},
        readings=_readings(rules),
        synthetic=any(_synthetic(ruleset) for _, ruleset in rules)
        or await measures.any_synthetic(session, area, moment),
    )


def _rules(packs: Packs, columns: Columns, moment: Moment) -> list[tuple[slice, Ruleset]]:
    owners = []
    for name in packs.names():
        lo, hi = subtree(packs.pack(name).region)
        if name != NATION:
            owners.append((_number(lo), _number(hi), name))
    runs = segments(columns.codes, owners, NATION)
    made = {name: ruleset_of(packs, name, moment) for name in {name for _, name in runs}}
    return [(rows, made[name]) for rows, name in runs]


def _number(bound: str) -> int:
    return 10 * int(bound[:-1]) + 10 if bound.endswith(":") else int(bound.ljust(12, "0"))


def _quotas(rules: list[tuple[slice, Ruleset]], columns: Columns, moment: Moment) -> QuotaColumns:
    today = day_number(moment.on)
    parts = [quota_columns(ruleset, columns.part(rows), today) for rows, ruleset in rules]
    if not parts:
        return QuotaColumns(np.zeros(0, np.int64), np.zeros(0, np.int8))
    return QuotaColumns(np.concatenate([p.posts for p in parts]), np.concatenate([p.basis for p in parts]))


def _targets(packs: Packs, rows: RollUp, total: Mapping[str, int], moment: Moment) -> tuple[Int, int | None]:
    ruleset = ruleset_of(packs, NATION, moment)
    if not ruleset.has(STAFFING_TARGET):
        return np.full(len(rows.codes), MISSING, dtype=np.int64), None
    people = np.append(rows.sums["urban_residents"], total["urban_residents"])
    column = ruleset.column(STAFFING_TARGET, {"urban_residents": people}, output="posts")
    posts = np.where((people > 0) & (column.faults.codes == 0), column.numerator, MISSING)
    return posts[:-1], int(posts[-1]) if posts[-1] != MISSING else None


def _bases(ruleset: Ruleset) -> str:
    return " > ".join(name for name in ALL_BASES if ruleset.has(name))


def _readings(rules: list[tuple[slice, Ruleset]]) -> dict[str, str]:
    norms = {r.pack: r.version(STAFFING_NORM) for _, r in rules if r.has(STAFFING_NORM)}
    return {f"{pack}.{STAFFING_NORM}": v.reading for pack, v in norms.items() if v.reading}


def _synthetic(ruleset: Ruleset) -> bool:
    return any(
        citation.document.synthetic
        for name in ALL_BASES
        if ruleset.has(name)
        for citation in ruleset.version(name).cite
    )
