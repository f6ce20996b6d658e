"""Policy packs over the real services: documents and rules with their sentences."""

from typing import Any

import pytest

from tests.gateway.conftest import System, errors

RESIDENT = ("resident", "530111000000")


async def asked(system: System, text: str, variables: dict[str, Any] | None = None) -> Any:
    body = await system.ask(text, variables, system.token(*RESIDENT))
    assert errors(body) == [], body
    return body["data"]


async def test_packs_and_their_documents(system: System) -> None:
    data = await asked(
        system,
        """{ packs { name region title { zh en } chain } documents(pack: "changzhou") { document title status issued }
        document(pack: "guandu", id: "changzhou-2022") { document title issuer docNo kind status seen supersedes
            synthetic source evidence note issued published known } }""",
    )
    packs = {one["name"]: one for one in data["packs"]}
    assert packs["guandu"]["chain"] == ["guandu", "kunming", "national"]
    assert packs["guandu"]["region"] == "530111000000"
    assert "changzhou-2022" in [one["document"] for one in data["documents"]]
    document = data["document"]
    assert (document["document"], document["status"]) == ("changzhou-2022", "IN_FORCE")
    assert document["title"]


RULE = """query R($pack: String!, $section: PackSection!, $rule: String!, $on: Date) {
    rule(pack: $pack, section: $section, rule: $rule, on: $on) {
        rule section pack inForce absence { code message { zh } }
        facts { name kind unit label { zh en } symbols }
        versions { pack inForce start end atLatest known status qualifier supplement reading source label { zh }
            note { zh } absent { zh } formulas { output formula }
            readings { reading note { zh } formulas { output formula } }
            citations { document at quote } } } }"""


async def test_a_rule_has_its_versions_the_one_in_force_first(system: System) -> None:
    given = {"pack": "changzhou", "section": "STAFFING", "rule": "staffing_norm"}
    now = (await asked(system, RULE, {**given, "on": "2022-07-01"}))["rule"]
    first, *others = now["versions"]
    assert (now["inForce"], first["inForce"], first["start"]) == (True, True, "2022-01-01")
    assert {"output": "posts", "formula": "ceil(resident_households / 250)"} in [
        *first["formulas"],
        *(one for reading in first["readings"] for one in reading["formulas"]),
    ]
    assert "每250户" in "".join(one["quote"] or "" for one in first["citations"])
    assert "resident_households" in [one["name"] for one in now["facts"]]
    assert [one["inForce"] for one in others] == [False] * len(others) != []
    before = (await asked(system, RULE, {**given, "on": "2001-01-01"}))["rule"]
    assert (before["inForce"], before["facts"]) == (False, [])
    assert before["absence"]["code"]


@pytest.mark.parametrize(("section", "rule"), [
    ("STAFFING", "premises"), ("PAYROLL", "certificate_allowance"), ("CONSULTATION", "consultation_rate"),
])  # fmt: skip
async def test_each_section_is_asked_of_the_service_that_keeps_it(system: System, section: str, rule: str) -> None:
    document = """query R($section: PackSection!) { rules(pack: "guandu", section: $section, on: "2026-10-01") {
        rule section inForce pack outputs label { zh } absence { code } } }"""
    found = (await asked(system, document, {"section": section}))["rules"]
    assert {one["section"] for one in found} == {section}
    assert rule in [one["rule"] for one in found]
    assert all((one["absence"] is None) == one["inForce"] for one in found)
    assert len(system.calls) == 1


@pytest.mark.parametrize("text", [
    '{ documents(pack: "nowhere") { title } }',
    '{ documents(pack: "guandu/documents/x") { title } }',
    '{ documents(pack: "../packs/guandu") { title } }',
    '{ document(pack: "guandu", id: "nothing") { title } }',
    '{ rules(pack: "nowhere", section: PAYROLL) { rule } }',
    '{ rule(pack: "guandu", section: PAYROLL, rule: "nothing") { rule } }',
    '{ rule(pack: "guandu", section: PAYROLL, rule: "") { rule } }',
])  # fmt: skip
async def test_what_is_not_there_is_null_and_said_to_be_missing(system: System, text: str) -> None:
    body = await system.ask(text, None, system.token(*RESIDENT))
    ((code, path),) = errors(body)
    assert (code, body["data"]) == ("NOT_FOUND", {path[0]: None})
