"""Reading a large CSV as columns of text, and finding the rows that cannot be taken, column by column."""

import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from services.kernel.errors import Malformed

Mask = NDArray[np.bool_]
MOST_ERRORS = 1000
DAY = r"^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
CODE = r"^[1-9]\d{11}$"
NUMBER = r"^\d{1,9}$"
AREA = r"^\d{1,7}(\.\d{1,2})?$"


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that was refused: its number (1 = first after the header), column, and what to do, in two languages."""

    row: int
    column: str | None
    code: str
    zh: str
    en: str


@dataclass
class Sheet:
    """A CSV as text columns; `bad` marks the refused rows, `errors` says why for the first thousand."""

    columns: dict[str, pa.Array]
    rows: int
    bad: Mask
    errors: list[RowError] = field(default_factory=list)

    def text(self, name: str) -> pa.Array:
        """A column; one that the file lacks is empty in every row."""
        column = self.columns.get(name)
        return pa.array([""] * self.rows, pa.string()) if column is None else column

    def refuse(self, mask: Mask, column: str, code: str, zh: str, en: str) -> None:
        """Refuse the rows of a mask."""
        self.bad |= mask
        for row in np.flatnonzero(mask)[: MOST_ERRORS - len(self.errors)]:
            self.errors.append(RowError(int(row) + 1, column, code, zh, en))

    def need_match(self, name: str, pattern: str, hint: str, *, optional: bool = False) -> None:
        """Refuse the rows whose column does not match; an optional column may be empty."""
        text = self.text(name)
        good = _mask(pc.match_substring_regex(text, pattern))
        if optional:
            good |= _mask(pc.equal(text, ""))
        if not good.all():
            self.refuse(~good, name, "cell.unreadable", f"“{name}”应为:{hint}", f"{name} must be: {hint}")

    def need_day(self, name: str, *, optional: bool = False) -> None:
        """Refuse the rows whose column is no existing day."""
        self.need_match(name, DAY, "2023-06-30", optional=optional)
        text = self.text(name)
        kinds = pc.unique(text).to_pylist()
        wrong = [day for day in kinds if day and not _exists(day)]
        if wrong:
            mask = _mask(pc.is_in(text, pa.array(wrong))) & ~self.bad
            self.refuse(mask, name, "cell.unreadable", f"“{name}”不是存在的日期", f"{name} is not a day that exists")

    def need_one_of(self, name: str, allowed: Sequence[str], *, optional: bool = False) -> None:
        """Refuse the rows whose column is not one of the words."""
        words = [*allowed, ""] if optional else list(allowed)
        good = _mask(pc.is_in(self.text(name), pa.array(words, pa.string())))
        if not good.all():
            hint = " / ".join(allowed)
            self.refuse(~good, name, "cell.unknown_word", f"“{name}”应为其中之一:{hint}", f"{name} must be one of {hint}")

    def need_inside(self, name: str, ranges: Sequence[tuple[str, str]]) -> None:
        """Refuse the rows whose code lies outside the caller's regions."""
        codes = np.asarray(self.text(name).to_numpy(zero_copy_only=False), dtype="U12")
        inside = np.zeros(self.rows, dtype=bool)
        for lo, hi in ranges:
            inside |= (codes >= lo) & (codes < hi)
        mask = ~inside & ~self.bad
        if mask.any():
            zh, en = "该代码不在您的权限范围内,请核对代码或申请权限", "the code is outside your region; check it or ask for the right"
            self.refuse(mask, name, "region.outside", zh, en)


def read_sheet(body: bytes, aliases: Mapping[str, str], required: Sequence[str]) -> Sheet:
    """A UTF-8 CSV (or gzip of one) with a header in any order, English or Chinese, as text columns.

    Malformed `import.unreadable` for what is no CSV, `import.columns` for a missing required or unknown column.
    """
    content = _inflate(body)
    header = content[: content.find(b"\n") if b"\n" in content else len(content)]
    names = [name.strip().strip('"') for name in header.decode("utf-8-sig", "replace").split(",")]
    try:
        table = pacsv.read_csv(
            io.BytesIO(content),
            read_options=pacsv.ReadOptions(column_names=names, skip_rows=1, use_threads=True, block_size=1 << 23),
            convert_options=pacsv.ConvertOptions(column_types={name: pa.string() for name in names}),
        )
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error)) from None
    columns = {aliases.get(name, name): _plain(table.column(name)) for name in names}
    missing = [name for name in required if name not in columns]
    if missing:
        raise Malformed(
            "import.columns",
            f"缺少列:{'、'.join(missing)};文件的列为:{'、'.join(names[:30])}",
            f"missing columns: {', '.join(missing)}; the file has {', '.join(names[:30])}",
            missing=missing,
        )
    return Sheet(columns, table.num_rows, np.zeros(table.num_rows, dtype=bool))


def good_rows(sheet: Sheet, make: Callable[[Sheet], Mapping[str, Any]]) -> pa.Table:
    """The accepted rows as a table of the columns that `make` builds from the whole sheet."""
    table = pa.table(dict(make(sheet)))
    return table.filter(pa.array(~sheet.bad)) if sheet.bad.any() else table


def empty_as_null(column: pa.Array) -> pa.Array:
    """Empty text becomes null, which COPY takes as no value."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = pc.utf8_trim_whitespace(pc.fill_null(column, "")).combine_chunks()
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _mask(flags: Any) -> Mask:
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=bool)


def _exists(text: str) -> bool:
    year, month, day = (int(part) for part in text.split("-")) if text.count("-") == 2 else (0, 0, 0)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= lengths[month - 1]


def _inflate(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.open(io.BytesIO(body)) as packed:
            content = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise _unreadable(str(error)) from None
    if len(content) > MOST_BYTES:
        raise _unreadable("more than 256 MB")
    return content


MOST_BYTES = 256 * 1024 * 1024


def _unreadable(reason: str) -> Malformed:
    return Malformed(
        "import.unreadable",
        f"文件不是可读取的 UTF-8 CSV:{reason[:200]}。请另存为 UTF-8 编码的 CSV 后重试",
        f"the file is no readable UTF-8 CSV: {reason[:200]}; save it as UTF-8 CSV and send it again",
    )
