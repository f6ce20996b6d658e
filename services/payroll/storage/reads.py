"""What may be read sparsely of payslips; each column means what storage/payslips.py says."""
# ruff: noqa: S608 -- the statements are put together from this module's own names

from collections.abc import Mapping
from functools import lru_cache, partial

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
_BACKWARDS = (
    "SELECT o.month, 1 AS place FROM scope CROSS JOIN LATERAL (SELECT r.month FROM payroll.payroll_runs r "
    "WHERE scope.ready IS NOT NULL {older} ORDER BY r.month DESC LIMIT 1) o UNION ALL "
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


def _months(given: Given) -> str:
    """The months to try, in turn: the one asked; or the one thought newest, if it is; or all, or all older ones."""
    if "month" in given:
        return "SELECT :month::date AS month FROM scope"
    if "newest" in given:
        return (
            "SELECT :newest::date AS month FROM scope WHERE scope.ready IS NOT NULL AND NOT EXISTS "
            "(SELECT FROM payroll.payroll_runs r WHERE r.month > :newest::date)"
        )
    return _BACKWARDS.format(older="AND r.month < :older::date" if "older" in given else "")


def _of_worker(given: Given) -> str:
    """A worker's payslip of the first month that has one the caller may see: months are tried one by one.

    Nested loops in the order written (`OFFSET 0` keeps each level whole), so that no month is looked into after it.
    A month that is a parameter of the statement opens its own partition alone, however many there are.
    """
    month = next((f":{name}::date" for name in ("month", "newest") if name in given), "m.month")
    return (
        f"(WITH RECURSIVE t AS ({_months(given)}), m AS MATERIALIZED (SELECT t.month, a.beginning, a.numbers FROM t "
        f"CROSS JOIN LATERAL ({_ATTEMPTS}) a) "
        f"SELECT p.* FROM m CROSS JOIN LATERAL (SELECT s.* FROM payroll.payslips s WHERE s.month = {month} "
        f"AND s.id = {_ID} AND s.worker = k.key AND s.attempt_number = ANY(m.numbers) AND ({_visible('s', given)}) "
        "OFFSET 0) p LIMIT 1) p"
    )


def _of_id(given: Given) -> str:
    """A payslip that its run still stands by, in the month that its identifier tells."""
    month = ":own_month::date" if "own_month" in given else _MONTH
    return (
        f"(SELECT s.* FROM payroll.payslips s WHERE s.id = k.key AND s.month = {month} AND EXISTS "
        "(SELECT FROM payroll.payroll_runs r WHERE r.attempt_number = s.attempt_number)) p"
    )


_MONTH = (
    "date_trunc('month', (DATE '1970-01-01' + (('x' || substr(replace(k.key::text, '-', ''), 1, 12))::bit(48)::bigint "
    f"/ {_DAY_MS})::integer)::timestamp)::date"
)
_RUN = "SELECT {columns} FROM payroll.payroll_runs r WHERE r.attempt_number = b.attempt_number"


def _visible(slip: str, given: Given) -> str:
    """Row-level security is enough for payroll; a worker sees the own payslip once its run is approved."""
    if "self_worker" not in given:
        return "true"
    return (
        f"({slip}.worker = :self_worker::uuid AND EXISTS (SELECT FROM payroll.payroll_runs r "
        f"WHERE r.attempt_number = {slip}.attempt_number AND r.state IN ({_SETTLED}))) OR EXISTS "
        f"(SELECT FROM unnest(:pay_lo::text[], :pay_hi::text[]) x(lo, hi) WHERE {slip}.community >= x.lo "
        f"AND {slip}.community < x.hi)"
    )


@lru_cache(maxsize=1024)
def limits(caller: Caller) -> Mapping[str, object]:
    """What narrows a caller further than their regions: nothing where payroll may see all of them."""
    paid = caller.scope("payroll.read")
    if paid == caller.scope(*PERMISSIONS):
        return {}
    return {"self_worker": caller.worker_id, "pay_lo": [lo for lo, _ in paid], "pay_hi": [hi for _, hi in paid]}


def _month(value: object) -> object:
    """A month as its first day; Malformed `month.unreadable`."""
    return Month.parse(str(value)).first


PAYSLIP = Entity(
    name="payslip",
    permissions=PERMISSIONS,
    columns={name: f"p.{name}" for name in _NAMES},
    lookups={
        "worker": Lookup(source=_of_worker, where="true", key="uuid"),
        "id": Lookup(source=_of_id, where=partial(_visible, "p"), key="uuid"),
    },
    joins={"r": Join(columns={"id": "r.id", "state": "r.state"}, sql=_RUN)},
    fields={
        "id": Column("b.id::text"),
        "worker": Column("b.worker::text"),
        "community": Column("b.community"),
        "run": Column("r.id::text"),
        "state": Column("r.state"),
    },
    args={"month": _month},
    limits=limits,
)
"""Money, the scheme's words, explanations, and where to look first are added by the use case."""

NEWEST = "SELECT r.month FROM payroll.payroll_runs r ORDER BY r.month DESC LIMIT 1"
"""The newest month with a run that the caller's regions touch."""

SCHEMES = "SELECT a.number, a.schemes::text FROM payroll.run_attempts a WHERE a.number = ANY(:numbers::int[])"
"""The schemes that payslips of attempts were made with; they never change."""
