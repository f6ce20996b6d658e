"""What may be read sparsely of payroll runs; each column means what storage/payroll_runs.py says."""

from collections.abc import Sequence

from services.kernel.period import Month
from services.kernel.region import NATION, parse, subtree
from services.runtime.auth import Caller
from services.runtime.selection import Ask, Column, Computed, Entity, Filter, Lookup, Order

_PLAIN = {
    "region": "region", "managed": "managed", "knownAt": "known_at", "state": "state", "attempt": "attempt",
    "workers": "workers", "faulted": "faulted", "packDigest": "pack_digest", "madeBy": "made_by", "madeAt": "made_at",
    "checkedBy": "checked_by", "approvedBy": "approved_by",
}  # fmt: skip
_MORE = (
    "id", "month", "attempt_number", "gross_fen", "employee_fen", "tax_fen", "employer_fen", "line_totals", "checks",
)  # fmt: skip
_INSIDE = (
    "EXISTS (SELECT FROM unnest(:pay_lo::text[], :pay_hi::text[]) x(lo, hi) "
    "WHERE r.region_lo >= x.lo AND r.region_hi <= x.hi)"
)
"""A run is seen by those whose regions hold all of it; row-level security alone lets everyone it touches see it."""
_IN_RANGE = f"r.region >= k.lo AND r.region < k.hi AND {_INSIDE}"
_BY_MONTH = (
    Order("day", cast="bigint", kind=int, show=int, descending=True),
    Order("text_id", descending=True),
)


async def _region(_ask: Ask, region: str | None) -> Sequence[tuple[str, str]]:
    """One range, so that the months of all regions stand in one order."""
    return [subtree(parse(region or NATION))]


async def _authority(_ask: Ask, authority: str | None) -> Sequence[tuple[str, str]]:
    code = parse(authority or "")
    return [(code, f"{code}0")]


def _ranges(caller: Caller) -> dict[str, object]:
    paid = caller.scope("payroll.read")
    return {"pay_lo": [lo for lo, _ in paid], "pay_hi": [hi for _, hi in paid]}


def _month(value: object) -> object:
    """A month as its first day; Malformed `month.unreadable`."""
    return Month.parse(str(value)).first


PAYROLL_RUN = Entity(
    name="payroll_run",
    permissions=("payroll.read",),
    columns={
        **{name: f"r.{name}" for name in (*_PLAIN.values(), *_MORE)},
        "day": "(r.month - DATE '1970-01-01')",
        "text_id": 'r.id::text COLLATE "C"',
    },
    lookups={
        "id": Lookup(source="payroll.payroll_runs r", where=f"r.id = k.key AND {_INSIDE}", key="uuid"),
        "region": Lookup(source="payroll.payroll_runs r", where=_IN_RANGE, order=_BY_MONTH, ranges=_region),
        "authority": Lookup(source="payroll.payroll_runs r", where=_IN_RANGE, order=_BY_MONTH, ranges=_authority),
    },
    fields={"id": Column("b.id::text"), **{name: Column(f"b.{column}") for name, column in _PLAIN.items()}},
    filters={"month": Filter("r.month = :month::date", _month)},
    limits=_ranges,
)
"""Money, months and the names of lines are added by the use case."""


def _words(_ask: Ask, zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


RUN_FAULT = Entity(
    name="run_fault",
    permissions=("payroll.read",),
    columns={
        **{name: f"f.{name}" for name in ("community", "worker", "code", "zh", "en")},
        "text_worker": 'f.worker::text COLLATE "C"',
    },
    lookups={
        "run": Lookup(
            source="payroll.payroll_runs r JOIN payroll.run_faults f ON f.attempt_number = r.attempt_number",
            where=f"r.id = k.key AND {_INSIDE}",
            key="uuid",
            order=(Order("community"), Order("text_worker")),
        ),
    },
    fields={
        "worker": Column("b.worker::text"),
        "communityCode": Column("b.community"),
        "code": Column("b.code"),
        "message": Computed(("b.zh", "b.en"), _words),
    },
    limits=_ranges,
)
