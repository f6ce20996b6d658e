"""Bulk import of CSV files: columns by Chinese or English name in any order, checked as columns, errors by row."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Query
from pyarrow import csv
from pydantic import BaseModel

from services.kernel.errors import Malformed
from services.runtime.problem import MessageOut

MOST_ERRORS_SHOWN = 1000
Accept: TypeAlias = Annotated[
    Literal["all", "good"], Query(description="all: 有错则全部不导入 / nothing if a row is bad; good: 只导入正确的行")
]
DryRun: TypeAlias = Annotated[bool, Query(description="只检查不写入 / check only, write nothing")]
CSV_BODY = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an import: its name, other names a header may give it, whether header and cells must be there."""

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True


class RowErrorOut(BaseModel):
    """One bad cell: `row` as a spreadsheet counts (the header is row 1)."""

    row: int
    column: str
    value: str
    code: str
    message: MessageOut
    remedy: MessageOut


class ImportReport(BaseModel):
    """What became of an import; at most the first 1,000 errors are listed, `rejected` counts the bad rows."""

    kind: str
    rows: int
    accepted: int
    rejected: int
    dry_run: bool
    digest: str
    errors: list[RowErrorOut]


class ImportRefused(Malformed):
    """Rows were bad and nothing was written."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell is bad and what to do, in two languages."""

    code: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


REQUIRED = Fault("cell.required", "不能为空", "must not be empty", "请填写此列", "fill in this column")


class Sheet:
    """A CSV file as columns of text. The readers below answer whole columns and note the bad cells.

    After all checks: `settle(accept)` refuses or goes on, `good` says which rows to write, `report` tells the outcome.
    """

    def __init__(self, table: pa.Table, rows: np.ndarray, columns: Sequence[Column], digest: str) -> None:
        self.table = table
        self.good = np.ones(table.num_rows, dtype=bool)
        self.digest = digest
        self.errors: list[RowErrorOut] = []
        self._rows = rows
        self._ragged = 0
        for column in columns:
            if column.required:
                self.fault(column.name, self.empty(column.name), REQUIRED)

    @property
    def count(self) -> int:
        """Rows of the file, the header and blank lines aside."""
        return int(self.table.num_rows) + self._ragged

    def text(self, name: str) -> pa.Array:
        """The trimmed text of a column; null where the cell is empty or the column is absent."""
        if name not in self.table.column_names:
            return pa.nulls(self.table.num_rows, pa.string())
        return self.table.column(name)

    def empty(self, name: str) -> np.ndarray:
        """Where the cell is empty."""
        return np.asarray(pc.is_null(self.text(name)))

    def fault(self, name: str, bad: np.ndarray, why: Fault) -> None:
        """Notes a fault in the column for every row where `bad` is true."""
        self.good &= ~bad
        places = np.flatnonzero(bad)[: MOST_ERRORS_SHOWN - len(self.errors)]
        if not len(places):
            return
        values = self.text(name).take(pa.array(places)).to_pylist()
        for place, value in zip(places, values, strict=True):
            self.errors.append(_row_error(int(self._rows[place]), name, value, why))

    def settle(self, accept: str, *, dry_run: bool = False) -> None:
        """Goes on when every row is good, or `accept` is `good`, or nothing will be written; else ImportRefused."""
        if dry_run or accept == "good" or not self.rejected:
            return
        raise ImportRefused(
            "import.refused",
            f"{self.rejected} 行有误，未写入任何数据。请按 errors 改正后重新导入，或使用 accept=good 只导入正确的行。",
            f"{self.rejected} rows are bad and nothing was written. Mend them as listed in errors and import again, or "
            "import the good rows only with accept=good.",
            errors=[self._flat(one) for one in self.errors],
            rows=self.count,
            rejected=self.rejected,
        )

    @property
    def rejected(self) -> int:
        """How many rows are bad."""
        return self._ragged + int(self.table.num_rows) - int(self.good.sum())

    def report(self, kind: str, *, dry_run: bool = False) -> ImportReport:
        """The outcome, once everything is written (or would have been)."""
        errors = sorted(self.errors, key=lambda one: one.row)[:MOST_ERRORS_SHOWN]
        return ImportReport(
            kind=kind,
            rows=self.count,
            accepted=self.count - self.rejected,
            rejected=self.rejected,
            dry_run=dry_run,
            digest=self.digest,
            errors=errors,
        )

    def ragged(self, row: int, found: int, expected: int) -> None:
        """Notes a line with too many or too few cells; it is not in `table`."""
        self._ragged += 1
        if len(self.errors) < MOST_ERRORS_SHOWN:
            why = Fault(
                "row.ragged",
                f"应有 {expected} 列，实有 {found} 列",
                f"has {found} cells instead of {expected}",
                "请检查逗号和引号",
                "look at its commas and quotation marks",
            )
            self.errors.append(_row_error(row, "", None, why))

    @staticmethod
    def _flat(error: RowErrorOut) -> dict[str, object]:
        pointer = f"/rows/{error.row}/{error.column}"
        return {"pointer": pointer, **error.model_dump(exclude={"message"}), "message": error.message.en}


def read_sheet(body: bytes, columns: Sequence[Column]) -> Sheet:
    """The file as a Sheet. Malformed `import.…` for one that is no CSV, is empty, or whose header is wrong.

    UTF-8 (with or without mark) or GB18030; comma; any order of columns; header names by `Column` or its aliases.
    """
    digest = hashlib.sha256(body).hexdigest()
    data = _utf8(body)
    names = _header(data, columns)
    ragged: list[tuple[int, int, int]] = []

    def skip(row: csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns, row.expected_columns))
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            csv.ParseOptions(newlines_in_values=b'"' in data, invalid_row_handler=skip),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error)) from None
    table = table.combine_chunks()
    trimmed = [_trim(table.column(name)) for name in names]
    bad_rows = np.array([number for number, _, _ in ragged], dtype=np.int64)
    rows = np.setdiff1d(np.arange(2, table.num_rows + len(ragged) + 2), bad_rows, assume_unique=True)
    sheet = Sheet(pa.table(trimmed, names=names), rows, columns, digest)
    for number, found, expected in ragged:
        sheet.ragged(number, found, expected)
    return sheet


def _trim(column: pa.ChunkedArray) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column.combine_chunks())
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _utf8(body: bytes) -> bytes:
    try:
        if not body.isascii():
            body.decode("utf-8")
        return body.removeprefix(b"\xef\xbb\xbf")
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030").encode()
    except UnicodeDecodeError:
        raise _unreadable("neither UTF-8 nor GB18030") from None


def _header(data: bytes, columns: Sequence[Column]) -> list[str]:
    """The columns' own names in the order of the file."""
    if b"\0" in data:
        raise _unreadable("a NUL byte")
    line = io.StringIO(data.split(b"\n", 1)[0].decode())
    cells = [cell.strip().strip('"').strip() for cell in line.read().rstrip("\r").split(",")]
    known = {alias.lower(): column.name for column in columns for alias in (column.name, *column.aliases)}
    names = [known.get(cell.lower(), "") for cell in cells]
    unknown = [cell for cell, name in zip(cells, names, strict=True) if not name]
    missing = [column.name for column in columns if column.required and column.name not in names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if unknown or missing or twice:
        wanted = ", ".join("/".join((column.name, *column.aliases)) for column in columns)
        raise Malformed(
            "import.header",
            f"表头有误：不认识 {unknown}，缺少 {missing}，重复 {twice}。可用的列：{wanted}。",
            f"The header is wrong: unknown {unknown}, missing {missing}, repeated {twice}. Columns to use: {wanted}.",
            unknown=unknown,
            missing=missing,
            repeated=twice,
        )
    return names


def _row_error(row: int, column: str, value: str | None, why: Fault) -> RowErrorOut:
    return RowErrorOut(
        row=row,
        column=column,
        value=(value or "")[:40],
        code=why.code,
        message=MessageOut(zh=f"第 {row} 行 {column}：{why.zh}", en=f"row {row}, {column}: {why.en}"),
        remedy=MessageOut(zh=why.remedy_zh, en=why.remedy_en),
    )


def _unreadable(reason: str) -> Malformed:
    return Malformed(
        "import.unreadable",
        "文件无法按 CSV 读取，请另存为 UTF-8 编码、逗号分隔的 CSV 后重试。",
        f"The file cannot be read as CSV ({reason}); save it as comma-separated CSV in UTF-8 and send it again.",
    )
