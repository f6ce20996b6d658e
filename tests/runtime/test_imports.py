"""CSV files: header, encoding, ragged lines, errors by row, all or nothing."""

from typing import Any

import pytest

from services.kernel.errors import Malformed
from services.runtime import imports
from services.runtime.imports import Column, Fault, ImportRefused, read_sheet

COLUMNS = (Column("code", ("区划代码", "社区代码")), Column("name", ("名称",)), Column("note", (), required=False))
BAD = Fault("x.y", "错", "wrong", "改", "mend")
GUANDU = "530111000000"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("header", ["名称,区划代码", "name,code", "NAME, Code ", '"名称","社区代码"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_spelling_order_and_encoding_of_a_header(encoding: str, header: str, end: str) -> None:
    sheet = read_sheet(f"{header}{end}关上街道𠅤,530111001{end}".encode(encoding), COLUMNS)
    assert sheet.text("name").to_pylist() == ["关上街道𠅤"]
    assert sheet.text("code").to_pylist() == ["530111001"]
    assert sheet.text("note").to_pylist() == [None]
    assert sheet.rejected == 0


@pytest.mark.parametrize(
    ("header", "details"),
    [
        ("code", {"unknown": [], "missing": ["name"], "repeated": []}),
        ("code,name,age", {"unknown": ["age"], "missing": [], "repeated": []}),
        ("code,name,区划代码", {"unknown": [], "missing": [], "repeated": ["code"]}),
        ("", {"unknown": [""], "missing": ["code", "name"], "repeated": []}),
    ],
)
def test_a_wrong_header_is_told_with_the_columns_to_use(header: str, details: dict[str, object]) -> None:
    with pytest.raises(Malformed) as caught:
        read_sheet(f"{header}\n1,2\n".encode(), COLUMNS)
    assert caught.value.code == "import.header"
    assert caught.value.details == details
    assert "code/区划代码/社区代码" in caught.value.en


@pytest.mark.parametrize("body", [b"code,name\n\xff\xff\xff\n", b"code,name\n1\0,2\n"])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read_sheet(body, COLUMNS)
    assert caught.value.code == "import.unreadable"


def test_a_file_without_rows_is_empty() -> None:
    sheet = read_sheet(b"code,name\n", COLUMNS)
    assert (sheet.count, sheet.rejected) == (0, 0)
    sheet.settle("all")


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    sheet = read_sheet(b"code,name\n1,a\n2\n,b\n4,d,e\n 5 , \n6,f\n", COLUMNS)
    assert [(one.row, one.column, one.code) for one in sheet.report("x").errors] == [
        (3, "", "row.ragged"),
        (4, "code", "cell.required"),
        (5, "", "row.ragged"),
        (6, "name", "cell.required"),
    ]
    assert (sheet.count, sheet.rejected) == (6, 4)
    assert sheet.good.tolist() == [True, False, False, True]
    report = sheet.report("x", dry_run=True)
    assert (report.rows, report.accepted, report.rejected, report.dry_run) == (6, 2, 4, True)
    assert report.errors[1].message.zh == "第 4 行 code：不能为空"
    assert report.errors[1].remedy.en == "fill in this column"


def test_cells_with_quotes_commas_and_line_ends() -> None:
    sheet = read_sheet(b'code,name\n1,"a, ""b""\nc"\n2,d\n', COLUMNS)
    assert sheet.text("name").to_pylist() == ['a, "b"\nc', "d"]


def test_all_or_nothing_unless_asked_otherwise() -> None:
    sheet = read_sheet(b"code,name\n1,\n2,b\n", COLUMNS)
    sheet.settle("good")
    sheet.settle("all", dry_run=True)
    with pytest.raises(ImportRefused) as caught:
        sheet.settle("all")
    errors: Any = caught.value.details["errors"]
    assert errors[0]["pointer"] == "/rows/2/name"
    assert errors[0]["row"] == 2
    assert caught.value.details["rejected"] == 1


def test_a_row_with_two_faults_is_one_bad_row() -> None:
    sheet = read_sheet(b"code,name\n1,a\n2,b\n", COLUMNS)
    mask = sheet.empty("note")
    sheet.fault("code", mask, BAD)
    sheet.fault("name", mask, BAD)
    assert sheet.rejected == 2
    assert len(sheet.errors) == 4


def test_listed_errors_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_ERRORS_SHOWN", 3)
    sheet = read_sheet(b"code,name\n" + b"1,\n" * 10 + b"1\n" * 5, COLUMNS)
    assert sheet.rejected == 15
    assert len(sheet.report("x").errors) == 3


async def test_an_import_over_http(service: Any, token: Any) -> None:
    client = await service(token("district_civil_affairs", GUANDU))
    good = "社区,内容\n530111001001,一\n530111001002,二\n"
    dry = await client.post("/v1/imports/notes?dry_run=true", content=good, headers={"Content-Type": "text/csv"})
    assert dry.json()["accepted"] == 2
    assert (await client.get("/v1/notes")).json() == []
    done = await client.post("/v1/imports/notes", content=good, headers={"Content-Type": "text/csv"})
    assert (done.status_code, done.json()["rejected"]) == (200, 0)
    assert len((await client.get("/v1/notes")).json()) == 2
    bad = good.replace("一", "三").replace("530111001002,二", "5301,四")
    refused = await client.post("/v1/imports/notes", content=bad, headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (422, "import.refused")
    assert refused.json()["errors"][0]["row"] == 3
    some = await client.post("/v1/imports/notes?accept=good", content=bad, headers={"Content-Type": "text/csv"})
    assert (some.json()["accepted"], some.json()["rejected"]) == (1, 1)
    assert len((await client.get("/v1/notes")).json()) == 3
