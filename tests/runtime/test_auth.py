"""Roles with regions: who may call what, and over which codes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.runtime.auth import PERMISSIONS, ROLES, Caller, Grant, permit
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import sign

GUANDU, LONGWAN, KUNMING, NATION = "530111000000", "330303000000", "530100000000", "000000000000"
WORKER = UUID("019a0000-0000-7000-8000-000000000001")


def caller(*grants: Grant) -> Caller:
    return Caller("u1", "name", grants, None, "token")


def test_the_scope_is_the_regions_of_the_permission_only() -> None:
    someone = caller(Grant("district_payroll", GUANDU), Grant("auditor", LONGWAN), Grant("resident", KUNMING))
    assert someone.scope("payroll.run") == (("530111000000", "530112"),)
    assert someone.scope("payroll.read") == (("330303000000", "330304"), ("530111000000", "530112"))
    assert someone.scope("consultation.read") == (("330303000000", "330304"), ("530100000000", "5302"))
    assert someone.scope("staffing.write") == ()
    assert caller(Grant("auditor", NATION)).scope("payroll.read") == (("0", ":"),)


def test_may_asks_for_the_whole_division() -> None:
    someone = caller(Grant("auditor", GUANDU))
    assert someone.may("payroll.read", "530111001001")
    assert someone.may("payroll.read", GUANDU)
    assert not someone.may("payroll.read", KUNMING)
    assert not someone.may("payroll.run", GUANDU)
    assert someone.has("payroll.read")
    assert not someone.has("payroll.run")


def test_an_unknown_role_holds_nothing() -> None:
    assert caller(Grant("emperor", NATION)).scope("payroll.read") == ()
    assert not caller(Grant("emperor", NATION)).has("policy.read")


@pytest.mark.parametrize("role", ["community_secretary", "street_office", "city_planner", "leading_group", "resident"])
def test_line_managers_see_no_payslips(role: str) -> None:
    assert not {"payroll.read", "payslip.self"} & ROLES[role]


def test_every_role_reads_policies_and_holds_known_permissions_only() -> None:
    for held in ROLES.values():
        assert "policy.read" in held
        assert held <= PERMISSIONS


def test_a_rule_with_an_unknown_permission_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        permit("payroll.steal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown permission"):
        permit()


async def test_without_a_token_401_with_the_challenge(service: Any) -> None:
    client = await service()
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}):
        reply = await client.get("/v1/notes", headers=headers)
        assert reply.status_code == 401
        assert reply.json()["code"] == "token.rejected"
        assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_without_the_permission_403_in_words(service: Any, token: Any) -> None:
    client = await service(token("district_payroll", GUANDU))
    reply = await client.get("/v1/notes")
    assert reply.status_code == 403
    assert reply.json()["code"] == "permission.missing"
    assert reply.json()["details"] == {"needed": ["consultation.read"]}


async def test_another_regions_row_answers_as_if_it_were_not_there(service: Any, token: Any) -> None:
    mine = await service(token("street_office", GUANDU))
    theirs = await service(token("street_office", LONGWAN))
    await mine.post("/v1/notes", json={"community": "530111001001", "words": "x"})
    identifier = 0
    for number in range(1, 200):
        if (await mine.get(f"/v1/notes/{number}")).status_code == 200:
            identifier = number
            break
    assert identifier

    def bare(reply: Any) -> dict[str, object]:
        return {key: value for key, value in reply.json().items() if key not in ("request_id", "instance")}

    assert bare(await theirs.get(f"/v1/notes/{identifier}")) == bare(await theirs.get("/v1/notes/999999"))


@pytest.mark.parametrize(
    "claims",
    [
        {"grants": "all"},
        {"grants": ["all"]},
        {"grants": [{"role": "auditor"}]},
        {"grants": [{"role": "auditor", "region": "53"}]},
        {"grants": [], "worker_id": "seven"},
    ],
)
async def test_claims_that_cannot_be_read_are_no_token(
    service: Any, settings: ServiceSettings, claims: dict[str, object]
) -> None:
    client = await service(sign(settings, "u", claims, timedelta(hours=1)))
    assert (await client.get("/v1/notes")).status_code == 401


async def test_the_caller_is_known_by_subject_name_and_worker(notes_app: FastAPI, token: Any, service: Any) -> None:
    client = await service(token("community_secretary", GUANDU, WORKER, subject="zhang"))
    reply = await client.post("/v1/notes", json={"community": "530111001001", "words": "w"})
    assert reply.json() == {"by": "zhang"}
