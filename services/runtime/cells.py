"""Readers of whole import columns: numbers, days, flags, choices, codes, money; bad cells are noted on the sheet."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.runtime.imports import Fault, Sheet

_ISO_DAY = r"^(19|20|21)\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_TRUE, _FALSE = ("true", "1", "yes", "是"), ("false", "0", "no", "否")


def whole_numbers(sheet: Sheet, name: str, low: int = 0, high: int = 2**31 - 1, absent: int = 0) -> np.ndarray:
    """int64 numbers between low and high (both in); `absent` where the cell is empty or bad."""
    column = sheet.text(name)
    fine = _matches(column, r"^-?\d{1,18}$")
    values = np.asarray(pc.if_else(fine, column, "0").cast(pa.int64()))
    bad = ~np.asarray(fine) | (values < low) | (values > high)
    bad &= ~sheet.empty(name)
    why = Fault(
        "cell.number",
        f"应为 {low} 至 {high} 的整数",
        f"must be a whole number from {low} to {high}",
        "请只填阿拉伯数字，不带单位和分隔符",
        "digits only, without unit or separators",
    )
    sheet.fault(name, bad, why)
    return np.where(bad | sheet.empty(name), np.int64(absent), values)


def money_fen(sheet: Sheet, name: str, low: int = 0, high: int = 10**11) -> np.ndarray:
    """int64 fen of amounts in yuan with at most two decimals; 0 where the cell is empty or bad."""
    column = sheet.text(name)
    fine = _matches(column, r"^-?\d{1,12}(\.\d{1,2})?$")
    exact = pc.if_else(fine, column, "0").cast(pa.decimal128(18, 2))
    values = np.asarray(pc.multiply(exact, pa.scalar(Decimal(100), pa.decimal128(3, 0))).cast(pa.int64()))
    bad = (~np.asarray(fine) | (values < low) | (values > high)) & ~sheet.empty(name)
    why = Fault(
        "cell.money",
        "应为元，最多两位小数，且在允许范围内",
        "must be an amount in yuan with at most two decimals, within bounds",
        "例如 5213.40，不带货币符号和千分位",
        "write 5213.40, without currency sign or separators",
    )
    sheet.fault(name, bad, why)
    return np.where(bad | sheet.empty(name), np.int64(0), values)


def days(sheet: Sheet, name: str) -> pa.Array:
    """date32 days written 2026-10-01, 2026/10/1, 2026.10.1 or 20261001; null where the cell is empty or bad."""
    # a file names few days many times: each is read once
    column = sheet.text(name)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = whole.dictionary_encode()
    found = _days_of(encoded.dictionary).take(encoded.indices)
    bad = np.asarray(pc.is_null(found)) & ~sheet.empty(name)
    why = Fault(
        "cell.day",
        "不是有效日期",
        "is not a day of the calendar",
        "请写成 2026-10-01",
        "write it as 2026-10-01",
    )
    sheet.fault(name, bad, why)
    return found


def _days_of(texts: pa.Array) -> pa.Array:
    """Texts -> date32; null where a text is no day of the calendar."""
    iso, shaped = texts, _matches(texts, _ISO_DAY)
    if int(pc.sum(shaped).as_py() or 0) < len(texts):
        iso = _iso(texts)
        shaped = _matches(iso, _ISO_DAY)
    stamps = pc.strptime(pc.if_else(shaped, iso, None), format="%Y-%m-%d", unit="s", error_is_null=True)
    found = stamps.cast(pa.date32())
    # strptime lets 31 June slip into July: a real day reads back as it was written
    same = pc.fill_null(pc.equal(pc.strftime(found, format="%Y-%m-%d"), iso), fill_value=False)
    return pc.if_else(same, found, None)


def _iso(column: pa.Array) -> pa.Array:
    """The other two ways of writing a day, as the ISO one."""
    padded = pc.replace_substring_regex(column, r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$", r"\1-0\2-0\3")
    slashes = pc.replace_substring_regex(padded, r"^(\d{4})-0?(\d{2})-0?(\d{2})$", r"\1-\2-\3")
    return pc.replace_substring_regex(slashes, r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")


def flags(sheet: Sheet, name: str, absent: bool = False) -> np.ndarray:
    """Booleans written true/false, yes/no, 1/0, 是/否; `absent` where the cell is empty or bad."""
    column = pc.utf8_lower(sheet.text(name))
    yes = np.asarray(pc.is_in(column, pa.array(_TRUE)))
    no = np.asarray(pc.is_in(column, pa.array(_FALSE)))
    why = Fault(
        "cell.flag", "应为 是 或 否", "must be true or false", "请填 是/否 或 true/false", "write true or false"
    )
    sheet.fault(name, ~(yes | no | sheet.empty(name)), why)
    return np.where(yes | no, yes, absent)


def choices(sheet: Sheet, name: str, allowed: Sequence[str]) -> pa.Array:
    """The text of a column that may hold only these words; null where the cell is empty or bad."""
    column = sheet.text(name)
    fine = pc.is_in(column, pa.array(allowed, pa.string()))
    words = ", ".join(allowed)
    why = Fault(
        "cell.choice", f"只能是：{words}", f"must be one of: {words}", "请改为列出的值", "use one of these words"
    )
    sheet.fault(name, ~np.asarray(fine) & ~sheet.empty(name), why)
    return pc.if_else(fine, column, None)


def codes(sheet: Sheet, name: str) -> pa.Array:
    """12-digit division codes whose first digit is not 0; null where the cell is empty or bad."""
    column = sheet.text(name)
    fine = _matches(column, r"^[1-9]\d{11}$")
    why = Fault(
        "cell.division_code",
        "应为 12 位区划代码",
        "must be a division code of 12 digits",
        "请使用统计用区划代码，不要用科学计数法",
        "use the statistical division code, not scientific notation",
    )
    sheet.fault(name, ~np.asarray(fine) & ~sheet.empty(name), why)
    return pc.if_else(fine, column, None)


def _matches(column: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=False)
