"""What may be read sparsely of payslips; each column means what storage/payslips.py says."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Mapping

from services.kernel.errors import Malformed
from services.kernel.period import Month
from services.payroll.domain.payroll_runs import SETTLED
from services.runtime.auth import Caller, Permission
from services.runtime.selection import Column, Entity, Given, Join, Lookup

PERMISSIONS: tuple[Permission, ...] = ("payroll.read", "payslip.self")
MONTHS_BACK = 24
_DAY_MS = 86_400_000
_SETTLED = ", ".join(f"'{state}'" for state in sorted(SETTLED))
_NAMES = (
    "id", "worker", "month", "attempt_number", "scheme", "community", "gross_fen", "net_fen", "employer_cost_fen",
    "amounts",
)  # fmt: skip

# The newest month with a run, then the next older one: a recursion whose next month is looked for when it is needed.
_NEWEST = (
    "SELECT o.month, 1 AS place FROM scope CROSS JOIN LATERAL (SELECT r.month FROM payroll.payroll_runs r "
    "WHERE scope.ready IS NOT NULL ORDER BY r.month DESC LIMIT 1) o UNION ALL "
    "SELECT o.month, t.place + 1 FROM t CROSS JOIN LATERAL (SELECT r.month FROM payroll.payroll_runs r "
    f"WHERE r.month < t.month ORDER BY r.month DESC LIMIT 1) o WHERE t.place < {MONTHS_BACK}"
)
# The runs of a month by attempt: what their payslips' ids begin with (domain/payslip_ids.py: the month's first instant
# and the attempt, in milliseconds), and the numbers by which payslips know that they are the present ones.
_ATTEMPTS = (
    "SELECT substr(h.hex, 1, 8) || '-' || substr(h.hex, 9, 4) || '-7' AS beginning, h.numbers FROM (SELECT "
    f"lpad(to_hex((t.month - DATE '1970-01-01')::bigint * {_DAY_MS} + r.attempt), 12, '0') AS hex, "
    "array_agg(r.attempt_number) AS numbers FROM payroll.payroll_runs r "
    "WHERE r.month = t.month AND r.attempt_number IS NOT NULL GROUP BY r.attempt) h"
)
_ID = "(m.beginning || substr(k.key::text, 16))::uuid"


def _of_worker(given: Given) -> str:
    """A worker's payslip of the month asked, else of the latest month that has one: months are tried one by one.

    Nested loops in the order written (`OFFSET 0` keeps each level whole), so that the first row is the latest month's,
    and no month is looked into after it.
    """
    months = "SELECT :month::date AS month FROM scope" if "month" in given else _NEWEST
    month = ":month::date" if "month" in given else "m.month"
    return (
        f"(WITH RECURSIVE t AS ({months}), m AS MATERIALIZED (SELECT t.month, a.beginning, a.numbers FROM t "
        f"CROSS JOIN LATERAL ({_ATTEMPTS}) a) "
        f"SELECT p.* FROM m CROSS JOIN LATERAL (SELECT s.* FROM payroll.payslips s WHERE s.month = {month} "
        f"AND s.id = {_ID} AND s.worker = k.key AND s.attempt_number = ANY(m.numbers) OFFSET 0) p LIMIT 1) p"
    )


_MONTH = (
    "date_trunc('month', (DATE '1970-01-01' + (('x' || substr(replace(k.key::text, '-', ''), 1, 12))::bit(48)::bigint "
    f"/ {_DAY_MS})::integer)::timestamp)::date"
)
_RUN = "SELECT {columns} FROM payroll.payroll_runs r WHERE r.attempt_number = b.attempt_number"
_OF_ID = (
    f"(SELECT s.* FROM payroll.payslips s WHERE s.id = k.key AND s.month = {_MONTH} AND EXISTS "
    "(SELECT FROM payroll.payroll_runs r WHERE r.attempt_number = s.attempt_number)) p"
)


def _visible(given: Given) -> str:
    """Row-level security is enough for payroll; a worker sees the own payslip once its run is approved."""
    if "self_worker" not in given:
        return "true"
    return (
        "(p.worker = :self_worker::uuid AND EXISTS (SELECT FROM payroll.payroll_runs r "
        f"WHERE r.attempt_number = p.attempt_number AND r.state IN ({_SETTLED}))) OR EXISTS "
        "(SELECT FROM unnest(:pay_lo::text[], :pay_hi::text[]) x(lo, hi) WHERE p.community >= x.lo "
        "AND p.community < x.hi)"
    )


def limits(caller: Caller) -> Mapping[str, object]:
    """What narrows a caller further than their regions: nothing where payroll may see all of them."""
    paid = caller.scope("payroll.read")
    if paid == caller.scope(*PERMISSIONS):
        return {}
    return {"self_worker": caller.worker_id, "pay_lo": [lo for lo, _ in paid], "pay_hi": [hi for _, hi in paid]}


def _month(value: object) -> object:
    """A month as its first day."""
    try:
        return Month.parse(str(value)).first
    except ValueError:  # a year that no calendar has
        raise Malformed("month.unreadable", "月份应写作 2026-10", "a month is written 2026-10") from None


PAYSLIP = Entity(
    name="payslip",
    permissions=PERMISSIONS,
    columns={name: f"p.{name}" for name in _NAMES},
    lookups={
        "worker": Lookup(source=_of_worker, where=_visible, key="uuid"),
        "id": Lookup(source=_OF_ID, where=_visible, key="uuid"),
    },
    joins={"r": Join(columns={"state": "r.state"}, sql=_RUN)},
    fields={"id": Column("b.id::text"), "state": Column("r.state")},
    args={"month": _month},
    limits=limits,
)
"""Money, the scheme's words and explanations are added by the use case."""

SCHEMES = "SELECT a.number, a.schemes::text FROM payroll.run_attempts a WHERE a.number = ANY(:numbers::int[])"
"""The schemes that payslips of attempts were made with; they never change."""
