"""Packs refused as a whole, every problem by file, line, reason and remedy."""

from pathlib import Path
from textwrap import dedent

import pytest

from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.runtime.packs import PackError, load
from services.runtime.packs_yaml import MOST_BYTES

FACTS = Vocabulary((
    Fact("households", unit="households", high=10**6),
    Fact("base", unit="yuan", scale=100),
    Fact("urban", kind="flag"),
    Fact("certificate", kind="symbol", symbols=("none", "junior")),
))  # fmt: skip
DOCUMENTS = """\
region: "990100000000"
name: {zh: 市, en: City}
documents:
  law: {title: Law, known: 2020-01-01}
"""
HEAD = "  - start: 2020-01-01\n    cite: {document: law}\n"


def problems(folder: Path, **files: str) -> list[str]:
    city = folder / "policies" / "city"
    city.mkdir(parents=True)
    for name, text in {"documents": DOCUMENTS, **files}.items():
        (city / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load(folder / "policies", vocabularies={"staffing": FACTS})
    lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.problems)
    return lines


def only(lines: list[str], place: str, words: str) -> None:
    assert [line.partition(": ")[0] for line in lines] == [f"policies/city/{place}"]
    assert words in lines[0]
    assert " / " in lines[0]


@pytest.mark.parametrize(
    ("rule", "line", "words"),
    [
        (f"x:\n{HEAD}    posts: ceil(housholds / 250)\n", 4, "did you mean households"),
        (f"x:\n{HEAD}    posts: ceil(1 +)\n", 4, "not a formula"),
        (f"x:\n{HEAD}    posts: households + base\n", 4, "units differ: households and yuan"),
        (f"x:\n{HEAD}    unit: yuan\n    amount: base * 5% / 7\n", 5, "money is not rounded"),
        (f"x:\n{HEAD}    amount: base / households\n", 4, "directly under a rounding"),
        (f"x:\n{HEAD}    amount: base * base\n", 4, "no meaning"),
        (f"x:\n{HEAD}    amount: households * households * households * households\n", 4, "may pass 64 bits"),
        (f"x:\n{HEAD}    amount: 1 if certificate == senior else 0\n", 4, "there is no symbol senior"),
        (f"x:\n{HEAD}    amount: y\ny:\n{HEAD}    amount: x\n", 2, "in a circle"),
        (f"x:\n{HEAD}    table: {{by: certificate, senior: 3}}\n", 4, "there is no symbol senior"),
        (f"x:\n{HEAD}    table: {{by: certificate, junior: households}}\n", 4, "figures only"),
        (f"x:\n{HEAD}    readings:\n      a:\n        posts: ceil(households\n    reading: a\n", 6, "not a formula"),
        (f"x:\n{HEAD}    when: households\n    amount: 3\n", 4, "a flag is needed"),
        (f"x:\n{HEAD}    posts: [1, 2]\n", 4, "unknown key posts"),
        (f"x:\n{HEAD}    Posts: 1\n    amount: 2\n", 4, "unknown key Posts"),
        (f"x:\n{HEAD}    applies: 1\n    amount: 2\n", 4, "unknown key applies"),
        (f"x:\n{HEAD}", 2, "says nothing"),
        (f"x:\n{HEAD}    posts: 1\n    posts: 2\n", 5, "the key posts is repeated"),
        (f"x:\n{HEAD}    posts: 1\nx:\n{HEAD}    posts: 2\n", 5, "the key x is repeated"),
        (f"X:\n{HEAD}    posts: 1\n", 2, "lower-case"),
        ("x:\n  - posts\n", 2, "a mapping"),
        ("x:\n  - {cite: {document: law}, posts: 1}\n", 2, "either start"),
        ("x:\n  - {start: 2020-01-01, start_by: 2020-01-01, cite: {document: law}, posts: 1}\n", 2, "either start"),
        ("x:\n  - {start: 2020-02-30, cite: {document: law}, posts: 1}\n", 2, "not a day: 2020-02-30"),
        ("x:\n  - {start: 20200101, cite: {document: law}, posts: 1}\n", 2, "not a day"),
        ("x:\n  - {start: 2020-01-01, end: 2020-01-01, cite: {document: law}, posts: 1}\n", 2, "must come after"),
        ("x:\n  - {start: 2020-01-01, posts: 1}\n", 2, "cite is missing"),
        ("x:\n  - {start: 2020-01-01, cite: {at: 1}, posts: 1}\n", 2, "cite has no document"),
        ("x:\n  - {start: 2020-01-01, cite: {document: nothing}, known: 2020-01-01, posts: 1}\n", 2, "is unknown"),
        ("x:\n  - {start: 2020-01-01, cite: {document: law, quote: a,b}, posts: 1}\n", 2, "quotation marks"),
        (f"x:\n{HEAD}    posts: 1\n{HEAD}    posts: 2\n", 5, "overlaps its version at policies/city/staffing.yaml:2"),
        (f"x:\n{HEAD}    qualifier: perhaps\n    posts: 1\n", 4, "cannot be perhaps"),
        (f"x:\n{HEAD}    status: dreamt\n    posts: 1\n", 4, "cannot be dreamt"),
        (f"x:\n{HEAD}    inherit: yes\n    posts: 1\n", 4, "true or false"),
        (f"x:\n{HEAD}    label: {{zh: 甲}}\n    posts: 1\n", 4, "write {zh: ..., en: ...}"),
        (f"x:\n{HEAD}    readings: {{a: households}}\n", 2, "say which is in use"),
        (f"x:\n{HEAD}    reading: a\n    posts: 1\n", 2, "has no readings"),
        (f"x:\n{HEAD}    table: {{junior: 1}}\n", 4, "no `by`"),
        (f"x:\n{HEAD}    bands: {{rows: []}}\n    amount: 1\n", 4, "`by` and `rows`"),
        (f"x:\n{HEAD}    bands: {{by: households, rows: []}}\n    amount: 1\n", 4, "`by` and `rows`"),
        (
            f"x:\n{HEAD}    bands: {{by: households, rows: [{{up_to: 1, r: 1}}, {{q: 1}}]}}\n    amount: 1\n",
            4,
            "same figures",
        ),
        (f"x:\n{HEAD}    bands: {{by: households, rows: [{{r: 1}}, {{r: 1}}]}}\n", 4, "each band but the last"),
        (
            f"x:\n{HEAD}    bands: {{by: households, rows: [{{up_to: 2, r: 1}}, {{up_to: 1, r: 1}}]}}\n",
            4,
            "must ascend",
        ),
        (f"x:\n{HEAD}    data: {{on: 2020-02-30}}\n", 4, "not a day"),
        (f"x:\n{HEAD}    inherit: [1]\n    posts: 1\n", 4, "a single value"),
        (f"x:\n{HEAD}    data: {{a: 1, a: 2}}\n", 4, "the key a is repeated"),
        (f"x:\n{HEAD}    note: [1]\n    posts: 1\n", 4, "a mapping"),
        (f"x:\n{HEAD}    when: [1]\n    posts: 1\n", 4, "a single value"),
        ("x: [\n", 2, "not valid YAML"),
        ("x: &a 1\ny: *a\n", 2, "aliases"),
        ("", 1, "the file is empty"),
        ("- 1\n", 1, "a mapping"),
    ],
)
def test_a_rule_file_is_refused_at_its_line(tmp_path: Path, rule: str, line: int, words: str) -> None:
    lines = problems(tmp_path, staffing=rule)
    assert any(words in each and each.startswith(f"policies/city/staffing.yaml:{line}: ") for each in lines), lines


def test_a_cycle_is_told_at_both_rules(tmp_path: Path) -> None:
    assert len(problems(tmp_path, staffing=f"x:\n{HEAD}    amount: y\ny:\n{HEAD}    amount: x\n")) == 2


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    lines = problems(tmp_path, staffing=f"x:\n{HEAD}    a: [1]\n    b: [2]\n", payroll="y:\n  - {posts: 1}\n")
    assert len(lines) == 5
    assert lines == sorted(lines)


def test_a_version_of_another_time_is_checked_too(tmp_path: Path) -> None:
    next_one = "  - {start: 2021-01-01, cite: {document: law}, posts: 1}\n"
    rule = f"x:\n{HEAD}    end: 2021-01-01\n    posts: nonsense\n{next_one}"
    only(problems(tmp_path, staffing=rule), "staffing.yaml:5", "unknown name nonsense")


def test_a_superseded_version_is_checked_too(tmp_path: Path) -> None:
    later = "  - {start: 2020-01-01, known: 2022-01-01, cite: {document: law}, posts: 1}\n"
    only(problems(tmp_path, staffing=f"x:\n{HEAD}    posts: nonsense\n{later}"), "staffing.yaml:4", "unknown name")


@pytest.mark.parametrize(
    ("documents", "line", "words"),
    [
        (DOCUMENTS.replace('"990100000000"', "99"), 1, "12 digits"),
        (DOCUMENTS.replace("name:", "title:"), 2, "unknown key title"),
        (DOCUMENTS.replace('region: "990100000000"\n', ""), 1, "region is missing"),
        (DOCUMENTS + "  b: {issuer: X}\n", 5, "has no title"),
        (DOCUMENTS + "  b: {title: X, colour: red}\n", 5, "unknown key colour"),
        (DOCUMENTS + "  b: {title: X, kind: rumour}\n", 5, "kind cannot be rumour"),
        (DOCUMENTS + "  b: {title: X, status: maybe}\n", 5, "status cannot be maybe"),
        (DOCUMENTS + "  b: {title: X, seen: perhaps}\n", 5, "true or false"),
        (DOCUMENTS + "  b: {title: X, issued: 2020}\n", 5, "not a day"),
        (DOCUMENTS + "  b: {title: X, evidence: nothing}\n", 5, "unknown document nothing"),
        (DOCUMENTS + "  b: {title: X, supersedes: [gone]}\n", 5, "unknown document gone"),
        ("region: [\n", 2, "not valid YAML"),
    ],
)
def test_a_document_list_is_refused_at_its_line(tmp_path: Path, documents: str, line: int, words: str) -> None:
    lines = problems(tmp_path, documents=documents)
    assert any(words in each and each.startswith(f"policies/city/documents.yaml:{line}: ") for each in lines), lines


def test_a_document_without_a_day_leaves_known_open(tmp_path: Path) -> None:
    documents = DOCUMENTS.replace(", known: 2020-01-01", "")
    only(
        problems(tmp_path, documents=documents, staffing=f"x:\n{HEAD}    posts: 1\n"),
        "staffing.yaml:2",
        "known is missing",
    )


def test_the_conformance_file_is_left_to_its_tool(tmp_path: Path) -> None:
    only(problems(tmp_path, conformance="[", staffing=f"x:\n{HEAD}    y: z\n"), "staffing.yaml:4", "unknown name z")


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    only(problems(tmp_path, staff="x: 1"), "staff.yaml:1", "unknown file")


def test_an_enormous_file_is_refused(tmp_path: Path) -> None:
    only(problems(tmp_path, staffing="# " + "x" * MOST_BYTES), "staffing.yaml:1", "larger than")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "city"
    folder.mkdir(parents=True)
    (folder / "documents.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(PackError, match="not valid YAML"):
        load(tmp_path / "policies")


def test_a_folder_needs_its_documents(tmp_path: Path) -> None:
    (tmp_path / "policies" / "city").mkdir(parents=True)
    with pytest.raises(PackError, match=r"policies/city:1: .*documents.yaml is missing"):
        load(tmp_path / "policies")


def test_one_pack_for_a_region_and_one_document_for_an_id(tmp_path: Path) -> None:
    for name in ("city", "town"):
        folder = tmp_path / "policies" / name
        folder.mkdir(parents=True)
        (folder / "documents.yaml").write_text(dedent(DOCUMENTS))
    with pytest.raises(PackError) as caught:
        load(tmp_path / "policies")
    told = str(caught.value)
    assert "has the pack city already" in told
    assert "the document id law is used" in told


def test_a_supplement_completes_a_pack_that_exists(tmp_path: Path) -> None:
    for place in ("policies/city", "more/village"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "documents.yaml").write_text(DOCUMENTS.replace("law:", f"{folder.name}:"))
    with pytest.raises(PackError, match="there is no pack village to supplement"):
        load(tmp_path / "policies", [tmp_path / "more"])
