"""Every refusal that a service gives to a command leads to a member of its input, by the schema that clients see."""

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLSchema, get_nullable_type
from strawberry import ID

from gateway.at_fault import AT_FAULT, camel, path_in, path_of
from gateway.scalars import Month, Word
from gateway.schema import build
from gateway.types.inputs import (
    EvidenceInput,
    ParticipantInput,
    PersonInput,
    RaiseIssueInput,
    RecordSessionInput,
    RunPayrollInput,
    RunStep,
    SessionItemInput,
    TakeIssueStepInput,
    TakePayrollRunStepInput,
)
from services.consultation.domain.evidence import FIELDS
from services.kernel.region import DivisionCode

SERVICES = Path(__file__).parents[2] / "services"
AT = datetime(2026, 3, 1, tzinfo=UTC)
CODE = DivisionCode("330303001001")
SOMEBODY = PersonInput(kind=Word("resident"))


def an_issue(**more: Any) -> RaiseIssueInput:
    return RaiseIssueInput(
        idempotency_key="k", community_code=CODE, title="题目", text="内容", proposer=SOMEBODY, at=AT, **more
    )


def a_step(**more: Any) -> TakeIssueStepInput:
    return TakeIssueStepInput(idempotency_key="k", issue_id=ID("i"), step=Word("hold"), actor=SOMEBODY, at=AT, **more)


def a_run(**area: Any) -> RunPayrollInput:
    return RunPayrollInput(idempotency_key="k", month=Month("2026-10"), **area)


RAISED, TAKEN, RUN = an_issue(), a_step(), a_run(authority=CODE)
ITEM = SessionItemInput(issue_id=ID("i"), actor=SOMEBODY, evidence=EvidenceInput(result="x"))
HELD = RecordSessionInput(
    idempotency_key="k", community_code=CODE, title="题目", held_at=AT, items=[ITEM, ITEM],
    participants=[ParticipantInput(kind=Word("resident"))],
)  # fmt: skip
ON = TakePayrollRunStepInput(idempotency_key="k", payroll_run_id=ID("i"), step=RunStep.PAY)

STEPS = {f"issue.step_{how}" for how in ("skipped", "repeated", "backward", "closed")} | {"issue.already_at_street"}
SCREENINGS = {
    f"screening.{how}"
    for how in ("both_committees", "outcome_contradicts", "code_unknown", "unanswered", "text_unpublished")
}
OF_A_STEP = {
    *STEPS, *SCREENINGS, "issue.not_found", "issue.final", "issue.before_last_step", "issue.too_early",
    "issue.wrong_actor", "issue.outcome_unknown", "issue.channel_unknown", "issue.evidence_missing",
    "issue.evidence_unreadable", "issue.merge_refused", "session.kind_unknown", "quorum_role_missing",
}  # fmt: skip
GIVEN: Sequence[tuple[object, set[str]]] = [
    (RAISED, {
        "community.not_found", "pack.none_for_region", "rule.absent", "rule.draft_only", "rule.not_yet_in_force",
        "rule.start_unknown", "rule.not_yet_known", "parameter.expired", "issue.in_future", "issue.number_taken",
        "issue.campaign_unknown", "issue.mechanism_unknown", "issue.wrong_actor", "issue.channel_unknown",
        "issue.evidence_missing", "issue.evidence_unreadable", "idempotency.mismatch",
    }),
    (TAKEN, {
        *OF_A_STEP, "issue.step_unknown", "issue.in_future", "issue.changed", "issue.etag_unreadable",
        "session.not_found", "idempotency.mismatch",
    }),
    (HELD, {
        "community.not_found", "issue.in_future", "session.number_taken", "session.kind_unknown",
        "quorum_role_missing", "idempotency.mismatch",
    }),
    (RUN, {"region.not_found", "payroll_run.wrong_state", "idempotency.mismatch"}),
    (ON, {"payroll_run.not_found", "payroll_run.wrong_state", "payroll_run.same_person", "idempotency.mismatch"}),
]  # fmt: skip
"""The refusals of services by the command that may get them, of its items apart: see `OF_AN_ITEM`."""
OF_AN_ITEM = OF_A_STEP | {"session.no_step"}


def details(code: str) -> dict[str, Any]:
    return {"missing": ["channel", "text"], "field": "accept_codes" if code.startswith("screening") else "text"}


NO_COMMAND = {
    "cell.unreadable", "fact.unknown", "issue.filter_unreadable", "issue.state_unreadable", "page.cursor",
    "pack_snapshot.not_found", "pay_scheme.malformed", "pay_scheme.none", "pay_scheme.not_found",
    "payslip.already_in_run", "payslip.negative_net", "payslip.not_found", "payslip.question",
    "procedure.malformed", "procedure.place_missing", "query.both", "screening.absent", "statistics.inconsistent",
    "statistics.period",
    "issue.evidence_unknown",  # `EvidenceInput` has no other members than consultation's
    "cell.uuid",
}  # fmt: skip
"""Refusals of reads and imports, of a place's own packs, and of single workers in a run."""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build().core


def leads(schema: GraphQLSchema, path: list[str], name: str) -> bool:
    """Whether a path in the words of GraphQL, after `input`, ends at a member of an input of that name."""
    kind: Any = schema.type_map[name]
    for part in path:
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLList) and part.isdigit():
            kind = kind.of_type
        elif isinstance(kind, GraphQLInputObjectType) and part in kind.fields:
            kind = kind.fields[part].type
        else:
            return False
    return bool(path)


def expanded(path: str) -> Iterator[list[str]]:
    """A path of the table with every name that its braces may stand for, in the words of GraphQL."""
    for name in FIELDS if "{" in path else [""]:
        yield [camel(part) for part in re.sub(r"\{\w+\}", name, path).split(".")]


@pytest.mark.parametrize(("code", "path"), [(code, path) for code, paths in AT_FAULT.items() for path in paths])
def test_each_path_of_the_table_is_one_of_an_input(schema: GraphQLSchema, code: str, path: str) -> None:
    inputs = ["SessionItemInput", *(type(one).__name__ for one, _ in GIVEN)]
    found = [any(leads(schema, one, name) for name in inputs) for one in expanded(path)]
    assert any(found) if path.startswith("{") else all(found), code


@pytest.mark.parametrize(("asked", "code"), [(asked, code) for asked, codes in GIVEN for code in sorted(codes)])
def test_each_refusal_of_a_command_leads_to_a_member_of_its_input(
    schema: GraphQLSchema, asked: object, code: str
) -> None:
    start, *path = path_of(asked, code, details(code)) or [""]
    assert start == "input"
    assert leads(schema, path, type(asked).__name__), path


@pytest.mark.parametrize("code", sorted(OF_AN_ITEM))
def test_each_refusal_of_an_item_leads_into_it_or_to_what_holds_for_all(schema: GraphQLSchema, code: str) -> None:
    path = path_of(HELD, code, {**details(code), "item": 1}) or []
    assert leads(schema, path[1:], "RecordSessionInput"), path
    ours = {
        "session.kind_unknown": "participants", "quorum_role_missing": "participants",
        "issue.before_last_step": "heldAt", "issue.too_early": "heldAt",
    }  # fmt: skip
    assert path[:3] == (["input", ours[code]] if code in ours else ["input", "items", "1"])


def raised(folder: Path) -> Iterator[str]:
    """The codes of the refusals that a folder's modules make; a `{}` in one stands for what is put in."""
    kinds = {"NotFound", "Conflict", "RuleViolation", "Forbidden", "Malformed"}
    for path in folder.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in kinds and call.args:
                code = call.args[0]
                if isinstance(code, ast.JoinedStr):
                    yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in code.values)
                elif isinstance(code, ast.Constant):
                    yield str(code.value)


@pytest.mark.parametrize("service", ["consultation", "payroll"])
def test_every_refusal_of_the_services_has_its_member_or_answers_no_command(service: str) -> None:
    codes = set(raised(SERVICES / service))
    assert len(codes) > 10
    known = AT_FAULT.keys() | NO_COMMAND
    assert {one for one in codes if not any(re.fullmatch(one.replace("{}", r"\w+"), each) for each in known)} == set()


def test_the_table_holds_what_commands_may_get_and_nothing_else() -> None:
    assert AT_FAULT.keys() == OF_AN_ITEM.union(*(codes for _, codes in GIVEN))
    assert not AT_FAULT.keys() & NO_COMMAND


def test_evidence_is_what_consultation_takes() -> None:
    assert set(EvidenceInput.__annotations__) == set(FIELDS)


@pytest.mark.parametrize(("asked", "code", "told", "path"), [
    (RAISED, "issue.evidence_missing", {"missing": ["channel"]}, ["channel"]),
    (TAKEN, "issue.evidence_missing", {"missing": ["committees", "reason"]}, ["evidence", "committees"]),
    (TAKEN, "issue.evidence_missing", {"missing": []}, None),
    (TAKEN, "issue.channel_unknown", {}, ["evidence", "channel"]),
    (RAISED, "issue.wrong_actor", {}, ["proposer", "kind"]),
    (an_issue(actor=Word("chair")), "issue.wrong_actor", {}, ["actor"]),
    (TAKEN, "issue.wrong_actor", {}, ["actor", "kind"]),
    (HELD, "issue.in_future", {}, ["heldAt"]),
    (HELD, "issue.evidence_missing", {"missing": ["result"], "item": 0}, ["items", "0", "evidence", "result"]),
    (HELD, "issue.not_found", {}, None),
    (TAKEN, "quorum_role_missing", {}, ["evidence", "participants"]),
    (a_step(session_id=ID("s")), "quorum_role_missing", {}, ["sessionId"]),
    (RUN, "region.not_found", {}, ["authority"]),
    (a_run(region=CODE), "region.not_found", {}, ["region"]),
    (RUN, "payroll_run.wrong_state", {}, ["month"]),
    (RUN, "permission.missing", {}, None),
    (RUN, "issue.not_found", {"item": 0}, None),
])  # fmt: skip
def test_the_member_that_was_given_is_at_fault(
    asked: object, code: str, told: dict[str, Any], path: list[str] | None
) -> None:
    assert path_of(asked, code, told) == (["input", *path] if path else None)


def test_what_a_form_names_is_followed_as_far_as_the_input_goes() -> None:
    assert path_in(RUN, ("known_at", 0)) == ["input", "knownAt"]
    assert path_in(HELD, ("items", 0, "issue")) == ["input", "items", "0", "issueId"]
    assert path_in(HELD, ("items", 7, "actor", "name")) == ["input", "items", "7", "actor", "name"]
    assert path_in(HELD, ("items", "x")) == ["input", "items"]
    assert path_in(RUN, ("nothing",)) is None
    assert path_in(RUN, ()) is None
    assert camel("community_code") == "communityCode"
