"""Sparse reads of payroll runs: what storage declares, money as it goes out, the names of lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import orjson

from services.kernel.money import yuan
from services.payroll.domain.pay_schemes import parse_schemes
from services.payroll.storage.reads import SCHEMES
from services.payroll.storage.run_reads import PAYROLL_RUN, RUN_FAULT
from services.runtime.selection import Ask, Compute, Computed, Field, Grouped, Rows


def _month(_ask: Ask, first: date) -> str:
    return first.isoformat()[:7]


def _sum(*signs: int) -> Field:
    """A total in yuan: gross, employee, tax and employer sums, each as often as its sign says."""
    sums = ("b.gross_fen", "b.employee_fen", "b.tax_fen", "b.employer_fen")
    needs = tuple(name for name, sign in zip(sums, signs, strict=True) if sign)
    kept = [sign for sign in signs if sign]
    return Computed(needs, lambda _ask, *fen: yuan(sum(map(int.__mul__, kept, fen))))


def _checks(_ask: Ask, counted: str) -> list[dict[str, object]]:
    return [{"code": code, "payslips": payslips} for code, payslips in orjson.loads(counted).items()]


def line_totals(_names: tuple[str, ...], at: Mapping[str, int]) -> Compute:
    """The sums of lines with the names they have in the schemes of the run's attempt."""
    number_at, totals_at = at["b.attempt_number"], at["b.line_totals"]

    async def compute(ask: Ask, records: Rows) -> Sequence[Sequence[object]]:
        numbers = {record[number_at] for record in records} - {None}
        found = await ask.fetch(SCHEMES, {"numbers": list(numbers)}) if numbers else []
        labels = {
            (number, scheme.name, line.code): line.label.to_dict()
            for number, schemes in found
            if schemes != "[]"  # where no scheme is in force nobody is paid
            for scheme in parse_schemes(orjson.loads(schemes))
            for line in scheme.lines
        }
        return [
            [
                [
                    {
                        **{name: one[name] for name in ("scheme", "code", "kind", "workers")},
                        "amount": yuan(one["amount_fen"]),
                        "label": labels[record[number_at], one["scheme"], one["code"]],
                    }
                    for one in orjson.loads(record[totals_at])
                ]
            ]
            for record in records
        ]

    return compute


FIELDS: Mapping[str, Field] = {
    **PAYROLL_RUN.fields,
    "month": Computed(("b.month",), _month),
    "totals.gross": _sum(1, 0, 0, 0),
    "totals.employee": _sum(0, 1, 0, 0),
    "totals.tax": _sum(0, 0, 1, 0),
    "totals.net": _sum(1, -1, -1, 0),
    "totals.employer": _sum(0, 0, 0, 1),
    "totals.employerCost": _sum(1, 0, 0, 1),
    "checks": Computed(("b.checks",), _checks),
    "lineTotals": Grouped(("b.attempt_number", "b.line_totals"), line_totals),
}
ENTITIES = (replace(PAYROLL_RUN, fields=FIELDS), RUN_FAULT)
