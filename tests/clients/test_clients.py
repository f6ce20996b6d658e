"""Unmodified clients page through communities in both directions, and read objects again by their ids."""

import base64
import hashlib
import json
from pathlib import Path

from tests.clients.conftest import UNITS, Program
from tests.clients.system import Processes

ALL = [f"{one.code} {one.name}" for one in UNITS]
PAGES = {"items": ALL, "pages": 4}


def kind_of(identifier: str) -> str:
    """The kind within a global id, which clients must not look into and tests may."""
    return base64.urlsafe_b64decode(identifier + "=" * (-len(identifier) % 4)).decode().partition(":")[0]


def test_relay_pages_both_ways_by_trusted_documents_alone(program: Program, trusting: Processes) -> None:
    found = program("relay", trusting)
    assert found["forward"] == PAGES
    assert found["backward"] == PAGES
    assert found["records"] == len(UNITS)
    assert found["community"] == {"before": "世纪城社区 3 张一 李二", "after": "世纪城社区 3 张一 李二", "requests": 1}
    assert kind_of(found["node"]["id"]) == "Community"
    assert found["node"]["found"] == f"Community {found['node']['id']}"
    assert found["missing"] == [None, None]


def test_apollo_pages_both_ways_and_keeps_one_record_of_each(program: Program) -> None:
    found = program("apollo")
    assert found["forward"] == PAGES
    assert found["backward"] == PAGES
    assert found["records"] == len(UNITS)
    read = found["node"]["read"]
    assert (read["code"], read["name"], read["headcount"]) == (UNITS[0].code, UNITS[0].name, 0)
    assert found["node"]["merged"] == {"name": UNITS[0].name, "headcount": 0}  # in the record that the pages made
    assert found["missing"] is None
    assert found["refused"] == "BAD_USER_INPUT"  # a page without a size
    # two documents, each sent in full once, after its hash was not known; eleven questions
    assert found["sent"] == {"all": 13, "withText": 2, "hashes": 2}


def test_relay_commits_and_hears_what_others_do(program: Program, trusting: Processes) -> None:
    found = program("relay-live", trusting)
    assert (found["raised"]["title"], found["raised"]["state"]) == ("垃圾分类", "collected")
    assert found["again"] == found["raised"]
    assert [(one["code"], one["field"]) for one in found["refused"]] == [("input.unreadable", ["input", "title"])]
    assert (found["kinds"], found["before"], found["after"]) == (["STEP_TAKEN"], "collected", "screened")


def test_apollo_hears_what_others_do_over_its_own_link(program: Program) -> None:
    assert program("apollo-live") == {"kinds": ["OPENED", "STEP_TAKEN"], "before": "collected", "after": "screened"}


def test_both_transports_tell_every_change_once_and_in_order(program: Program) -> None:
    found = program("live")
    assert found["overSocket"] == found["overEvents"]
    assert [(one["kind"], one["toState"]) for one in found["overSocket"]] == [
        ("OPENED", "collected"),
        ("STEP_TAKEN", "screened"),
    ]
    assert {one["issue"]["id"] for one in found["overSocket"]} == {found["issue"]["id"]}
    assert int(found["overSocket"][0]["sequence"]) < int(found["overSocket"][1]["sequence"])
    assert [(one["code"], one["field"]) for one in found["refused"]] == [("issue.step_skipped", ["input", "step"])]
    assert found["stepped"]["errors"] == []


def test_urql_pages_forward(program: Program) -> None:
    assert program("urql") == {"forward": PAGES}


def test_a_program_in_strict_typescript(program: Program) -> None:
    found = program("typed")
    assert (found["name"], found["kind"], found["posts"]) == ("世纪城社区", "URBAN_COMMUNITY", 17)
    assert found["tiers"] == ["BOTH_POSTS", "STAFF", "STAFF"]
    assert found["months"] == ["2026-09"] * 3
    assert int(found["total"]) > 0
    assert found["nowhere"]["community"] is None
    assert found["nowhere"]["code"] == "NOT_FOUND"
    assert "530111999999" in found["nowhere"]["advice"]


def test_the_audits_of_the_reference_implementation(program: Program) -> None:
    results = program("audit")["results"]
    assert len(results) > 50
    assert [one for one in results if one["status"] != "ok"] == []


def test_rest_by_types_of_the_openapi_document(program: Program) -> None:
    assert program("rest") == {"posts": 17, "missing": {"status": 404, "code": "community.not_found"}}


def test_the_documents_of_both_compilers_may_be_trusted(generated: Path) -> None:
    for name in ("trusted/relay.json", "client/persisted-documents.json"):
        manifest = json.loads((generated / name).read_text(encoding="utf-8"))
        assert manifest
        if name.startswith("client"):
            assert {hashlib.sha256(text.encode()).hexdigest(): text for text in manifest.values()} == manifest
