"""Statistics counted from events and sessions, as known at an instant; nothing is ever reported by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.domain.procedures import Tier
from services.consultation.domain.statistics import Counts, Loop, Tally

# One statement for all: CTEs name the cohort (issues raised in the period), the sessions held in it, and its items.
# An instant belongs to the Beijing day it falls on; `since` and `until` are instants, `until` exclusive.
_SCOPE = """
WITH cohort AS MATERIALIZED (
    SELECT i.community, i.id, i.opened_at, i.channel, i.campaign, i.mechanism FROM issues i
    WHERE i.community >= :lo AND i.community < :hi AND (:units IS NULL OR i.community = ANY(:units))
        AND i.process = 'consultation' AND i.recorded_at <= :known_at
        AND i.opened_at >= :since AND i.opened_at < :until
), held AS MATERIALIZED (
    SELECT s.community, s.id, s.tier FROM sessions s
    WHERE s.community >= :lo AND s.community < :hi AND (:units IS NULL OR s.community = ANY(:units))
        AND s.recorded_at <= :known_at AND s.held_at >= :since AND s.held_at < :until
), taken AS MATERIALIZED (
    SELECT DISTINCT e.community, e.issue, h.id AS session, h.tier FROM held h, LATERAL (
        SELECT e.community, e.issue FROM issue_events e
        WHERE e.community = h.community AND e.session = h.id AND e.recorded_at <= :known_at) e
), items AS MATERIALIZED (
    SELECT t.community, t.issue, i.channel, i.campaign, i.mechanism
    FROM (SELECT DISTINCT community, issue FROM taken) t, LATERAL (
        SELECT i.channel, i.campaign, i.mechanism FROM issues i
        WHERE i.community = t.community AND i.id = t.issue) i
)
"""

_TOTALS = f"""{_SCOPE}
SELECT (SELECT count(*) FROM held) AS sessions,
    (SELECT count(*) FROM items) AS items,
    (SELECT count(*) FROM items x, LATERAL (SELECT FROM issue_events e
        WHERE e.community = x.community AND e.issue = x.issue AND e.mark = 'implemented' AND e.at < :until
        AND e.recorded_at <= :known_at LIMIT 1) e) AS items_implemented,
    (SELECT coalesce(array_agg(DISTINCT community), '{{}}') FROM held) AS with_session,
    (SELECT coalesce(array_agg(DISTINCT community), '{{}}') FROM
        (SELECT community FROM held UNION SELECT community FROM cohort) u) AS with_records,
    (SELECT count(*) FROM cohort) AS raised"""  # noqa: S608 - constants of this file

_LOOP = f"""{_SCOPE}
SELECT m.mark, count(*) AS issues, (percentile_cont(0.5) WITHIN GROUP (ORDER BY
    (m.at AT TIME ZONE 'Asia/Shanghai')::date - (c.opened_at AT TIME ZONE 'Asia/Shanghai')::date))::text AS days
FROM cohort c, LATERAL (SELECT e.mark, min(e.at) AS at FROM issue_events e
    WHERE e.community = c.community AND e.issue = c.id AND e.mark IS NOT NULL AND e.at < :until
    AND e.recorded_at <= :known_at GROUP BY e.mark) m
GROUP BY m.mark"""  # noqa: S608

_TIERS = f"""{_SCOPE}
SELECT 'tier' AS kind, h.tier AS code, 0 AS issues, count(*) AS sessions,
    (SELECT count(DISTINCT (t.community, t.issue)) FROM taken t WHERE t.tier = h.tier) AS items
FROM held h GROUP BY h.tier
UNION ALL
SELECT tag.kind, tag.code, sum(tag.issues), 0, sum(tag.items) FROM (
    SELECT v.kind, v.code, 1 AS issues, 0 AS items FROM cohort c,
        LATERAL (VALUES ('channel', c.channel), ('campaign', c.campaign), ('mechanism', c.mechanism)) v(kind, code)
    UNION ALL
    SELECT v.kind, v.code, 0, 1 FROM items x,
        LATERAL (VALUES ('channel', x.channel), ('campaign', x.campaign), ('mechanism', x.mechanism)) v(kind, code)
) tag WHERE tag.code IS NOT NULL GROUP BY tag.kind, tag.code ORDER BY 1, 2"""  # noqa: S608

_LACKING = """
SELECT i.community, i.id, i.number, i.title, i.procedure, i.opened_at, last.to_state, last.tier, last.at, last.step,
    last.evidence ->> 'reason' AS reason, last.evidence ->> 'result' AS result
FROM issues i CROSS JOIN LATERAL (
    SELECT e.to_state, e.tier, e.at, e.step, e.evidence FROM issue_events e
    WHERE e.community = i.community AND e.issue = i.id AND e.at < :until AND e.recorded_at <= :known_at
    ORDER BY e.sequence DESC LIMIT 1) last
WHERE i.community >= :lo AND i.community < :hi AND i.process = 'consultation'
    AND (:units IS NULL OR i.community = ANY(:units)) AND i.opened_at < :until AND i.recorded_at <= :known_at
    AND last.to_state NOT IN ('closed', 'withdrawn', 'merged')
    AND NOT EXISTS (SELECT FROM issue_events e WHERE e.community = i.community AND e.issue = i.id
        AND e.mark = :mark AND e.at < :until AND e.recorded_at <= :known_at)
    AND (NOT :in_session OR EXISTS (SELECT FROM issue_events e WHERE e.community = i.community AND e.issue = i.id
        AND e.session IS NOT NULL AND e.at < :until AND e.recorded_at <= :known_at))
    AND (CAST(:after_at AS timestamptz) IS NULL
        OR (i.opened_at, i.id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
ORDER BY i.opened_at, i.id LIMIT :limit"""


def _statement(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("units", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Span:
    """A region's range of codes, a period of instants (`until` exclusive), what was known at an instant; only these
    units when any are named."""

    lo: str
    hi: str
    since: datetime
    until: datetime
    known_at: datetime
    units: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """The span as the statements' parameters."""
        return {
            "lo": self.lo, "hi": self.hi, "since": self.since, "until": self.until, "known_at": self.known_at,
            "units": list(self.units) or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list: the mark that is lacking, items of sessions only or all issues, and the page."""

    mark: str
    limit: int
    in_session: bool = False
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """An issue that lacks a mark at the end of a span, and where it stood then."""

    id: UUID
    number: str
    community: str
    title: str
    procedure: str
    state: str
    tier: Tier
    step: str
    opened_at: datetime
    state_since: datetime
    reason: str | None


async def count(session: AsyncSession, span: Span) -> Counts:
    """Everything that statistics need of a span."""
    values = span.values()
    totals = (await session.execute(_statement(_TOTALS), values)).mappings().one()
    marks = {row.mark: row for row in await session.execute(_statement(_LOOP), values)}
    tallies: dict[str, list[Tally]] = {"tier": [], "channel": [], "campaign": [], "mechanism": []}
    for row in await session.execute(_statement(_TIERS), values):
        tallies[row.kind].append(Tally(row.code, int(row.issues), int(row.items), int(row.sessions)))
    return Counts(
        sessions=totals["sessions"],
        items=totals["items"],
        items_implemented=totals["items_implemented"],
        communities_with_session=tuple(totals["with_session"]),
        communities_with_records=tuple(totals["with_records"]),
        loop=_loop(totals["raised"], marks),
        tallies=tallies,
    )


def _loop(raised: int, marks: Mapping[str, Any]) -> Loop:
    reached = {mark: row.issues for mark, row in marks.items()}
    return Loop(
        raised=raised,
        adopted=reached.get("adopted", 0),
        published=reached.get("published", 0),
        implemented=reached.get("implemented", 0),
        fed_back=reached.get("fed_back", 0),
        closed=reached.get("closed", 0),
        median_days=Decimal(marks["closed"].days).normalize() if "closed" in marks else None,
    )


async def lacking(session: AsyncSession, span: Span, wanted: Wanted) -> list[Lacking]:
    """Issues without the mark at the end of the span and not ended otherwise, the oldest first."""
    after_at, after_id = wanted.after or (None, None)
    values = {
        **span.values(), "mark": wanted.mark, "limit": wanted.limit, "in_session": wanted.in_session,
        "after_at": after_at, "after_id": after_id,
    }  # fmt: skip
    values.pop("since")
    rows = await session.execute(_statement(_LACKING), values)
    return [
        Lacking(
            id=row.id,
            number=row.number,
            community=row.community,
            title=row.title,
            procedure=row.procedure,
            state=row.to_state,
            tier=row.tier,
            step=row.step,
            opened_at=row.opened_at,
            state_since=row.at,
            reason=row.reason or row.result,
        )
        for row in rows
    ]
