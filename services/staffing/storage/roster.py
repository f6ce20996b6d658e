"""The roster of a month: everybody who held a post on a day of it, with what held on the last such day."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pyarrow as pa

from services.kernel.period import Month
from services.runtime.transfer import fetch_arrow
from services.staffing.domain.moments import Area

# One person at a time by index (LATERAL), because a register just filled has no statistics to plan joins with.
# The area's outermost bounds ($8, $9) serve the index; the ranges between them sort out what is left.
# Service without a break is what range_agg joins: stretches that touch or overlap; a day between them restarts it.
QUERY = """
WITH area AS (
    SELECT range_agg(staffing.textrange(lo, hi, '[)')) AS codes FROM unnest($1::text[], $2::text[]) AS bounds (lo, hi)
), posts AS (
    SELECT a.worker, range_agg(a.valid * daterange($3, $4)) AS days
    FROM staffing.appointments a, area
    WHERE a.valid && daterange($3, $4) AND a.community >= $8 AND a.community < $9 AND a.community <@ area.codes
      AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(a.recorded) ELSE a.recorded @> $5 END
    GROUP BY a.worker
), paid AS MATERIALIZED (
    SELECT p.worker, h.spans AS head_spans, s.spans,
        p.days * coalesce(s.spans, '{}') AS days, upper(p.days * coalesce(s.spans, '{}')) - 1 AS day
    FROM posts p CROSS JOIN LATERAL (
        SELECT range_agg(e.valid) AS spans FROM staffing.employments e
        WHERE e.worker = p.worker
          AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(e.recorded) ELSE e.recorded @> $5 END
    ) s CROSS JOIN LATERAL (
        SELECT range_agg(a.valid) AS spans FROM staffing.appointments a
        WHERE a.worker = p.worker AND a.post IN ('secretary', 'director')
          AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(a.recorded) ELSE a.recorded @> $5 END
    ) h
    WHERE NOT isempty(p.days * coalesce(s.spans, '{}'))
)
SELECT w.id, held.community, w.category, w.entry_route, held.post, g.tier, g.step,
    coalesce(c.level, 'none'), w.education,
    (SELECT lower(x) FROM unnest(paid.spans) x WHERE x @> paid.day) AS since,
    (SELECT lower(x) FROM unnest(paid.head_spans) x WHERE x @> paid.day) AS head_since,
    (SELECT min(lower(x)) FROM unnest(paid.spans) x WHERE x @> paid.day) AS hired_on,
    e.urban, e.in_state_establishment, e.part_time, e.subsidised, held.both_posts,
    (SELECT sum(upper(x) - lower(x)) FROM unnest(paid.days) x)::int AS days_in_post,
    paid.day
FROM paid
JOIN staffing.workers w ON w.id = paid.worker
    AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(w.recorded) ELSE w.recorded @> $5 END
JOIN LATERAL (
    SELECT x.urban, x.in_state_establishment, x.part_time, x.subsidised FROM staffing.employments x
    WHERE x.worker = paid.worker AND x.valid @> paid.day
      AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(x.recorded) ELSE x.recorded @> $5 END
    LIMIT 1
) e ON true
JOIN LATERAL (
    SELECT (array_agg(x.community ORDER BY array_position($6::text[], x.post)))[1] AS community,
        (array_agg(x.post ORDER BY array_position($6::text[], x.post)))[1] AS post,
        bool_or(x.post = 'secretary') AND bool_or(x.post = 'director') AS both_posts
    FROM staffing.appointments x, area
    WHERE x.worker = paid.worker AND x.valid @> paid.day AND x.community <@ area.codes
      AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(x.recorded) ELSE x.recorded @> $5 END
) held ON true
LEFT JOIN LATERAL (
    SELECT x.tier, x.step FROM staffing.gradings x
    WHERE x.worker = paid.worker AND x.valid @> paid.day
      AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(x.recorded) ELSE x.recorded @> $5 END
    LIMIT 1
) g ON true
LEFT JOIN LATERAL (
    SELECT x.level FROM staffing.certificates x
    WHERE x.worker = paid.worker AND x.issued_on <= paid.day
      AND CASE WHEN $5::timestamptz IS NULL THEN upper_inf(x.recorded) ELSE x.recorded @> $5 END
    ORDER BY array_position($7::text[], x.level) DESC LIMIT 1
) c ON true
ORDER BY held.community, w.id
"""

_TEXT = pa.string()
STORED = pa.schema(
    [
        ("worker_id", pa.binary(16)),
        ("community", _TEXT),
        ("category", _TEXT),
        ("entry_route", _TEXT),
        ("post", _TEXT),
        ("tier", _TEXT),
        ("step", pa.int8()),
        ("certificate", _TEXT),
        ("education", _TEXT),
        ("since", pa.date32()),
        ("head_since", pa.date32()),
        ("hired_on", pa.date32()),
        ("urban", pa.bool_()),
        ("in_state_establishment", pa.bool_()),
        ("part_time", pa.bool_()),
        ("subsidised", pa.bool_()),
        ("holds_both_posts", pa.bool_()),
        ("days_in_post", pa.int8()),
        ("day", pa.date32()),
    ]
)


def read(
    connection: asyncpg.Connection,
    area: Area,
    month: Month,
    known_at: datetime | None,
    orders: tuple[list[str], list[str]],
) -> AsyncIterator[pa.RecordBatch]:
    """Batches of everybody in post in an area in a month, by community and id; `orders` rank posts and certificates.

    `since` and `head_since` are the first days of unbroken service and of unbroken service as head, counted at `day`,
    the last day in post of the month.
    """
    arguments: list[Any] = [
        [lo for lo, _ in area.ranges],
        [hi for _, hi in area.ranges],
        month.first,
        month.next().first,
        known_at,
        *orders,
        min((lo for lo, _ in area.ranges), default=""),
        max((hi for _, hi in area.ranges), default=""),
    ]
    return fetch_arrow(connection, STORED, QUERY, *arguments)
