"""Bulk import of contribution bases and tax deductions: the rows of a CSV become steps in time."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.period import Month
from services.payroll.domain.contributions import HIGHEST_RATE, LOWEST_RATE, RATE_SCALE, BaseKind, BaseStep
from services.payroll.domain.taxes import DEDUCTION_KINDS, FLAG_KINDS, DeductionStep
from services.payroll.storage import contributions, taxes
from services.runtime.cells import choices, codes, money_fen
from services.runtime.imports import Column, Fault, ImportReport, Sheet, read_sheet

WHO = (Column("worker", ("工作人员", "人员标识")), Column("community", ("社区", "社区代码")))
WHEN = (Column("start", ("起始月",)), Column("end", ("结束月",), required=False))
BASE_COLUMNS = (
    *WHO,
    Column("scheme", ("险种",)),
    Column("base", ("缴费基数", "基数")),
    Column("rate", ("缴存比例",), required=False),
    *WHEN,
)
DEDUCTION_COLUMNS = (*WHO, Column("kind", ("项目",)), Column("amount", ("金额",), required=False), *WHEN)

_UUID = r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
_MONTH = r"^20\d{2}-(0[1-9]|1[0-2])$"
_RATE = r"^0(\.\d{1,4})?$"
_BAD_UUID = Fault(
    "cell.uuid",
    "不是人员标识",
    "is no worker identifier",
    "请使用人员名册中的标识",
    "use the id of the register",
)
_BAD_MONTH = Fault("cell.month", "不是月份", "is no month", "请写成 2026-01", "write it as 2026-01")
_BAD_END = Fault(
    "cell.month_order", "须晚于起始月", "must come after the start", "结束月不含在内", "the end is not included"
)
_BAD_RATE = Fault(
    "base.rate", "公积金须填0.05至0.12，社会保险不填", "0.05 to 0.12 for the housing fund, empty otherwise",
    "请填缴存比例，例如0.05", "write the rate, for example 0.05",
)  # fmt: skip
_BAD_AMOUNT = Fault(
    "deduction.amount", "金额项目须填每月金额，声明项目不填", "an amount a month, empty for the two declarations",
    "请核对项目和金额", "check kind and amount",
)  # fmt: skip


async def import_bases(session: AsyncSession, body: bytes, *, dry_run: bool, accept: str) -> ImportReport:
    """Contribution bases from CSV; a refused file raises `import.refused` and changes nothing."""
    sheet = read_sheet(body, BASE_COLUMNS)
    common = _common(sheet)
    schemes = choices(sheet, "scheme", [kind.value for kind in BaseKind])
    fen = money_fen(sheet, "base", high=2 * 10**9)
    rates = _rates(sheet, np.asarray(pc.equal(schemes, BaseKind.HOUSING_FUND.value).fill_null(False)))
    kinds = schemes.to_pylist()

    def step(at: int, start: Month, *, open_: bool) -> BaseStep:
        kind = BaseKind(kinds[at])
        rate = int(rates[at]) if kind is BaseKind.HOUSING_FUND and open_ else None
        return BaseStep(kind, start, int(fen[at]) if open_ else None, rate)

    sheet.settle(accept, dry_run=dry_run)
    if not dry_run:
        await contributions.add(session, _steps(sheet, common, kinds, step))
    return sheet.report("contribution_bases", dry_run=dry_run)


async def import_deductions(session: AsyncSession, body: bytes, *, dry_run: bool, accept: str) -> ImportReport:
    """Tax deductions from CSV; a refused file raises `import.refused` and changes nothing."""
    sheet = read_sheet(body, DEDUCTION_COLUMNS)
    common = _common(sheet)
    kinds = choices(sheet, "kind", DEDUCTION_KINDS)
    fen = money_fen(sheet, "amount", high=10**9)
    is_flag = np.asarray(pc.is_in(kinds, pa.array(FLAG_KINDS)))
    sheet.fault("amount", is_flag != sheet.empty("amount"), _BAD_AMOUNT)
    names = kinds.to_pylist()

    def step(at: int, start: Month, *, open_: bool) -> DeductionStep:
        return DeductionStep(names[at], start, int(fen[at]) if open_ else None)

    sheet.settle(accept, dry_run=dry_run)
    if not dry_run:
        await taxes.add(session, _steps(sheet, common, names, step))
    return sheet.report("tax_deductions", dry_run=dry_run)


def _common(sheet: Sheet) -> dict[str, list[Any]]:
    """Worker, community, start and end of each row; bad cells noted."""
    workers = _matching(sheet, "worker", _UUID, _BAD_UUID)
    starts = _matching(sheet, "start", _MONTH, _BAD_MONTH)
    ends = _matching(sheet, "end", _MONTH, _BAD_MONTH)
    late = np.asarray(pc.less_equal(ends, starts).fill_null(False))
    sheet.fault("end", late, _BAD_END)
    return {
        "worker": workers.to_pylist(),
        "community": codes(sheet, "community").to_pylist(),
        "start": starts.to_pylist(),
        "end": ends.to_pylist(),
    }


def _matching(sheet: Sheet, name: str, pattern: str, why: Fault) -> pa.Array:
    column = sheet.text(name)
    fine = pc.match_substring_regex(column, pattern).fill_null(False)
    sheet.fault(name, ~np.asarray(fine) & ~sheet.empty(name), why)
    return pc.if_else(fine, column, None)


def _rates(sheet: Sheet, wanted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Housing fund rates in 1/10000; a rate is wanted exactly where `wanted`."""
    column = sheet.text("rate")
    fine = pc.match_substring_regex(column, _RATE).fill_null(False)
    exact = pc.if_else(fine, column, "0").cast(pa.decimal128(9, 4))
    rates = np.asarray(pc.multiply(exact, pa.scalar(Decimal(RATE_SCALE), pa.decimal128(5, 0))).cast(pa.int64()))
    outside = (rates < LOWEST_RATE) | (rates > HIGHEST_RATE)
    sheet.fault("rate", np.where(wanted, outside, ~sheet.empty("rate")), _BAD_RATE)
    return rates


def _steps(
    sheet: Sheet, common: Mapping[str, list[Any]], kinds: list[Any], step: Callable[..., Any]
) -> list[tuple[UUID, str, Any]]:
    """The steps of the good rows: one at each start, and one at each end where no other row of its kind starts."""
    starts: dict[tuple[Any, ...], tuple[UUID, str, Any]] = {}
    ends: dict[tuple[Any, ...], tuple[UUID, str, Any]] = {}
    for at in np.flatnonzero(sheet.good).tolist():
        worker, community = UUID(common["worker"][at]), common["community"][at]
        start, end = common["start"][at], common["end"][at]
        starts[worker, kinds[at], start] = worker, community, step(at, Month.parse(start), open_=True)
        if end:
            ends[worker, kinds[at], end] = worker, community, step(at, Month.parse(end), open_=False)
    return list((ends | starts).values())
