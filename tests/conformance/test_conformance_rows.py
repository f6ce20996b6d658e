"""Reading row files: every malformed row is refused with its file, its id and what to write instead."""

from pathlib import Path

import pytest

from tools.conformance_rows import RowsError, load_rows

GOOD = """
T-01:
  sentence: {zh: 句子, en: sentence}
  status: built
  checks:
    - rule: {section: payroll, name: base_wage, on: 2022-01-31}
      expect: {outputs.amount.value: 4500}
"""


def packs(folder: Path, text: str, pack: str = "town", region: str | None = "999900000000") -> Path:
    """A folder of packs with one pack whose rows are `text`."""
    (folder / pack).mkdir(parents=True)
    (folder / pack / "conformance.yaml").write_text(text, "utf-8")
    if region:
        (folder / pack / "documents.yaml").write_text(f'region: "{region}"\n', "utf-8")
    return folder


def test_a_rule_question_goes_to_the_service_that_reads_its_section(tmp_path: Path) -> None:
    (row,) = load_rows(packs(tmp_path, GOOD))
    (check,) = row.checks
    assert (check.service, check.method) == ("payroll", "POST")
    assert check.path == "/v1/packs/town/rules/base_wage/evaluation"
    assert check.region == "999900000000"
    assert check.role == "auditor"
    assert check.expect == {"status": 200, "citations.count": {">=": 1}, "outputs.amount.value": 4500}


def test_another_pack_role_and_region_may_be_named(tmp_path: Path) -> None:
    text = GOOD.replace("section: payroll", "pack: city, section: figures").replace(
        "    - rule", "    - as: {role: integrator, region: '100000000000'}\n      rule"
    )
    (row,) = load_rows(packs(tmp_path, text, region=None))
    (check,) = row.checks
    assert (check.service, check.role, check.region) == ("staffing", "integrator", "100000000000")
    assert check.path.startswith("/v1/packs/city/")


def test_a_refused_rule_needs_no_citations(tmp_path: Path) -> None:
    (row,) = load_rows(packs(tmp_path, GOOD.replace("{outputs", "{status: 409, code: x, outputs"), region=None))
    assert "citations.count" not in row.checks[0].expect
    assert row.checks[0].region == "000000000000"


def test_graphql_is_asked_of_the_gateway(tmp_path: Path) -> None:
    text = GOOD.replace("rule: {section: payroll, name: base_wage, on: 2022-01-31}", "graphql: {query: '{ a }'}")
    (row,) = load_rows(packs(tmp_path, text))
    assert (row.checks[0].service, row.checks[0].path, row.checks[0].body) == (
        "gateway",
        "/graphql",
        {"query": "{ a }"},
    )
    assert row.checks[0].expect["status"] == 200


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("status: built", "status: done"), "status 'done'"),
        (("  checks:", "  check:"), "unknown key 'check'"),
        (("zh: 句子, ", ""), "sentence.zh is missing"),
        (("section: payroll", "section: pay"), "rule.section"),
        (("expect: {outputs.amount.value: 4500}", "expect: {}"), "expects something"),
        (("rule: {section: payroll, name: base_wage, on: 2022-01-31}", "ask: {path: /x}"), "service and path"),
        (("expect:", "expects: 1\n      expect:"), "unknown key 'expects'"),
        (("      expect:", "      graphql: {query: x}\n      expect:"), "exactly one"),
        (("status: built", "status: unbuilt"), "unbuilt needs reason"),
        (("status: built", "status: unknown"), "unknown needs needs"),
    ],
)
def test_a_malformed_row_is_refused_by_name(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    with pytest.raises(RowsError, match=r"town/conformance\.yaml: T-01") as refused:
        load_rows(packs(tmp_path, GOOD.replace(*change)))
    assert problem in str(refused.value)


def test_a_built_row_without_checks_is_refused(tmp_path: Path) -> None:
    text = "T-01:\n  sentence: {zh: 句, en: s}\n  status: built\n"
    with pytest.raises(RowsError, match="built needs checks"):
        load_rows(packs(tmp_path, text))


def test_an_id_in_two_packs_is_refused(tmp_path: Path) -> None:
    packs(tmp_path, GOOD, pack="one")
    with pytest.raises(RowsError, match="stands twice"):
        load_rows(packs(tmp_path, GOOD, pack="two"))


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match="no rows under"):
        load_rows(tmp_path)
    with pytest.raises(RowsError, match="no rows under"):
        load_rows(packs(tmp_path / "empty", "{}"))


def test_a_file_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"(?s)town/conformance\.yaml: .*line 3"):
        load_rows(packs(tmp_path, "T-01:\n  sentence: [\n"))


def test_on_is_a_name_and_a_day_is_text(tmp_path: Path) -> None:
    (row,) = load_rows(packs(tmp_path, GOOD))
    assert row.checks[0].body == {"section": "payroll", "on": "2022-01-31"}
