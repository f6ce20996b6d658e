"""Row-level security by region: the SQL that migrations run and the settings that each transaction makes."""

import re
from collections.abc import Sequence
from typing import TypeAlias

Scope: TypeAlias = tuple[tuple[str, str], ...]
"""Half-open text ranges (lo, hi) of division codes that a caller may touch."""

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def region_policy_sql(schema: str, table: str, column: str = "community") -> list[str]:
    """Statements that close a table but for rows whose division code lies in the transaction's scope.

    The column must be TEXT COLLATE "C", so that the range uses its index. A missing or empty scope shows nothing.
    """
    for name in (schema, table, column):
        _checked(name)
    condition = (
        f"{column} >= current_setting('app.lo', true) AND {column} < current_setting('app.hi', true) "
        "AND (current_setting('app.scopes', true) = '' OR "
        f"{column} <@ (SELECT NULLIF(current_setting('app.scopes', true), '')::{schema}.textmultirange))"
    )
    return [
        f"ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY region ON {schema}.{table} USING ({condition}) WITH CHECK ({condition})",
    ]


def append_only_sql(schema: str, table: str) -> list[str]:
    """Statements that take UPDATE, DELETE and TRUNCATE of a table from the service's role."""
    return [f"REVOKE UPDATE, DELETE, TRUNCATE ON {_checked(schema)}.{_checked(table)} FROM gongzhi_{schema}"]


def scope_settings(scope: Scope) -> tuple[str, str, str]:
    """The values of app.lo, app.hi and app.scopes: hull of the ranges, and the ranges themselves when several."""
    merged = merge(scope)
    if not merged:
        return "", "", ""
    lo, hi = merged[0][0], merged[-1][1]
    if len(merged) == 1:
        return lo, hi, ""
    return lo, hi, "{" + ",".join(f'["{a}","{b}")' for a, b in merged) + "}"


def merge(scope: Sequence[tuple[str, str]]) -> Scope:
    """The same codes as few, sorted, disjoint ranges; empty ranges are dropped."""
    merged: list[tuple[str, str]] = []
    for lo, hi in sorted(scope):
        if lo >= hi:
            continue
        if merged and lo <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(hi, merged[-1][1]))
        else:
            merged.append((lo, hi))
    return tuple(merged)


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a plain SQL name: {name!r}")
    return name
