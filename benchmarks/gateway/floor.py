"""The floor: one hand-written SQL statement a question, bare ASGI, the same JSON; no GraphQL, no rights, no limits.

It reads the product's own tables with their histories, as the superuser, whom no row-level security narrows.
"""
# ruff: noqa: S608 -- the statements are put together from this module's own pieces; what is asked is a parameter

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import asyncpg
import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.region import subtree
from services.runtime.settings import plain_dsn

CONNECTIONS = 10
BEIJING = timezone(timedelta(hours=8))
SETTINGS = {  # each statement is planned once, as a chain of index look-ups
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",  # else a generic plan reads every period that holds the day, 65,000 of them
    "enable_memoize": "off",  # no key comes twice
    "application_name": "benchmark-floor",
}

_POSTS = "ARRAY['secretary','director','deputy','member','staff']"
# a payslip's id is made of its month, its run's attempt and the worker's own id
_SLIP_ID = (
    "(lpad(to_hex(extract(epoch FROM r.month)::bigint * 1000 + r.attempt), 12, '0') || substr(w.id::text, 15))::uuid"
)
_MONTH, _NET = "to_char(p.month, 'YYYY-MM')", "to_char(p.net_fen / 100.0, 'FM9999990.00')"
_PAY = f"json_build_object('month', {_MONTH}, 'net', {_NET})"


def _workers(limit: int, more: str = "") -> str:
    return f"""json_build_object('nodes', (
      SELECT json_agg(json_build_object('number', w.number, 'name', w.name, 'post', upper(a.post), {more}
                                        'latestPayslip', CASE WHEN p.month IS NOT NULL THEN {_PAY} END)
                      ORDER BY w.number)
      FROM (SELECT w.id, w.number, w.name, lower(s.valid) AS hired_on
            FROM staffing.workers w JOIN staffing.employments s ON s.worker = w.id
            WHERE w.community = c.code AND upper_inf(w.recorded) AND upper_inf(s.recorded) AND s.valid @> $2::date
            ORDER BY w.number LIMIT {limit}) w
      CROSS JOIN LATERAL (
        SELECT ({_POSTS})[min(array_position({_POSTS}, a.post))] AS post FROM staffing.appointments a
        WHERE a.worker = w.id AND a.valid @> $2::date AND upper_inf(a.recorded)) a
      LEFT JOIN LATERAL (
        SELECT p.month, p.net_fen FROM (SELECT * FROM payroll.payroll_runs r ORDER BY r.month DESC) r
        CROSS JOIN LATERAL (SELECT p.month, p.net_fen FROM payroll.payslips p
                            WHERE p.month = r.month AND p.id = {_SLIP_ID} AND p.attempt_number = r.attempt_number
                            LIMIT 1) p
        ORDER BY r.month DESC LIMIT 1) p ON true))"""


_ISSUES = """json_build_object('nodes', (
      SELECT json_agg(json_build_object('number', i.number, 'title', i.title, 'state', i.state, 'openedAt',
                                        to_char(i.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')))
      FROM (SELECT i.number, i.title, i.state, i.opened_at FROM consultation.issues i
            WHERE i.community = c.code AND NOT i.final ORDER BY i.opened_at DESC, i.id DESC LIMIT 5) i))"""
_ONE = """(SELECT c.* FROM staffing.communities c WHERE c.code = $1 AND c.start <= $2::date
           ORDER BY c.start DESC, c.recorded_at DESC LIMIT 1) c"""
_HEADCOUNT = """(SELECT count(DISTINCT a.worker) FROM staffing.appointments a JOIN staffing.workers w ON w.id = a.worker
       WHERE a.community = c.code AND a.valid @> $2::date AND upper_inf(a.recorded) AND upper_inf(w.recorded)
         AND w.category IN ('full_time_community_worker', 'village_cadre'))"""
# the nation's 18 per 10,000 urban residents, rounded up: the rule in force for every community of the data
_QUOTA = """(SELECT json_build_object('posts', (18 * m.urban_residents + 9999) / 10000)
       FROM staffing.community_measures m
       WHERE m.community = c.code AND m.start <= $2::date AND m.urban_residents IS NOT NULL
       ORDER BY m.start DESC, m.recorded_at DESC LIMIT 1)"""


def _latest(name: str) -> str:
    return f"(array_agg(m.{name} ORDER BY m.start DESC, m.recorded_at DESC) FILTER (WHERE m.{name} IS NOT NULL))[1]"


def _standing(where: str, limit: str) -> str:
    """Units in the order of their codes as they stand on the day $2."""
    return f"""(SELECT * FROM (
        SELECT DISTINCT ON (c.code) c.* FROM staffing.communities c WHERE {where} AND c.start <= $2::date
        ORDER BY c.code, c.start DESC, c.recorded_at DESC) c WHERE NOT c.ended ORDER BY c.code LIMIT {limit}) c"""


CARD = f"""SELECT json_build_object('data', json_build_object('community', json_build_object(
    'code', c.code, 'name', c.name, 'headcount', {_HEADCOUNT}, 'quota', {_QUOTA},
    'workers', {_workers(12)}, 'issues', {_ISSUES})))::text FROM {_ONE} WHERE NOT c.ended"""
DASHBOARD = f"""SELECT json_build_object('data', json_build_object('communities', json_build_object('nodes', json_agg(
    json_build_object('code', c.code, 'name', c.name, 'workers', {_workers(10, "'hiredOn', w.hired_on,")},
                      'issues', {_ISSUES}) ORDER BY c.code))))::text
    FROM {_standing("c.code >= $1 AND c.code < $3", "20")}"""
WIDE = f"""SELECT json_build_object('data', json_object_agg(name, page ORDER BY name))::text FROM (
    SELECT 'p' || (k.n - 1) AS name, json_build_object('nodes', p.nodes) AS page
    FROM unnest($4::text[]) WITH ORDINALITY AS k(after, n)
    CROSS JOIN LATERAL (
      SELECT json_agg(row_to_json(x)) AS nodes FROM (
        SELECT c.code, c.name, upper(c.kind) AS kind, upper(c.unit_type) AS "unitType",
               m.resident AS "residentHouseholds", m.registered AS "registeredHouseholds"
        FROM {_standing("c.code > k.after AND c.code >= $1 AND c.code < $3", "100")}
        CROSS JOIN LATERAL (
          SELECT {_latest("resident_households")} AS resident, {_latest("registered_households")} AS registered
          FROM staffing.community_measures m WHERE m.community = c.code AND m.start <= $2::date) m OFFSET 0) x) p
    ) pages"""
TINY = f"""SELECT json_build_object('data', json_build_object('community', json_build_object(
    'code', c.code, 'name', c.name, 'kind', upper(c.kind))))::text FROM {_ONE} WHERE NOT c.ended"""

Asked = Mapping[str, Any]


def _code(asked: Asked, today: date) -> tuple[object, ...]:
    return asked["code"], today


def _street(asked: Asked, today: date) -> tuple[object, ...]:
    lo, hi = subtree(asked["street"])
    return lo, today, hi


def _pages(asked: Asked, today: date) -> tuple[object, ...]:
    lo, hi = subtree(asked["region"])
    return lo, today, hi, asked["after"]


STATEMENTS: Mapping[str, tuple[str, Callable[[Asked, date], tuple[object, ...]]]] = {
    "/Q1": (CARD, _code),
    "/Q2": (DASHBOARD, _street),
    "/Q3": (WIDE, _pages),
    "/Q4": (TINY, _code),
}


class Floor:
    """The application: a few connections whose statements are prepared once and never reset."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lines: asyncio.LifoQueue[dict[str, Any]] = asyncio.LifoQueue()
        self._connections: list[asyncpg.Connection] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: parse, run the statement, send its text."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        content, status = (b"{}", 200) if path == "/readyz" else (b"", 404)
        if path in STATEMENTS:
            content, status = await self._answer(path, orjson.loads((await receive())["body"])), 200
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, path: str, asked: Asked) -> bytes:
        _, bind = STATEMENTS[path]
        line = await self._lines.get()
        try:
            found: str = await line[path].fetchval(*bind(asked, datetime.now(BEIJING).date()))
        finally:
            self._lines.put_nowait(line)
        return found.encode()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for _ in range(CONNECTIONS):
            connection = await asyncpg.connect(self._url, server_settings=SETTINGS)
            self._connections.append(connection)
            self._lines.put_nowait({path: await connection.prepare(sql) for path, (sql, _) in STATEMENTS.items()})
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for connection in self._connections:
            await connection.close()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> ASGIApp:
    """The factory uvicorn calls; the data base is named by GONGZHI_DATABASE_URL."""
    return Floor(plain_dsn(os.environ["GONGZHI_DATABASE_URL"]))
