"""The process as a whole: its settings from the environment, its rules, its refusals."""

from typing import Any

from services.staffing.app import main
from tests.staffing.conftest import Http


def test_main_reads_the_environment(monkeypatch: Any, staffing_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", staffing_url)
    app = main()
    assert (app.title, app.state.settings.port) == ("配备服务 Staffing", 8001)


async def test_any_rule_can_be_asked(http: Http) -> None:
    async with http("auditor", "320400000000") as client:
        body = {
            "section": "staffing",
            "on": "2021-12-31",
            "facts": {"registered_households": 1750, "resident_households": 3250},
        }
        for reading, exact in {"A": "13.5", "B": "10"}.items():
            reply = await client.post(
                "/v1/packs/changzhou/rules/staffing_norm/evaluation",
                json={**body, "readings": {"staffing_norm": reading}},
            )
            assert reply.status_code == 200
            assert reply.json()["outputs"]["exact"]["value"] == exact


async def test_without_a_token_nothing(staffing_app: Any, http: Http) -> None:
    async with http() as client:
        reply = await client.get("/v1/communities", headers={"Authorization": ""})
        assert reply.status_code == 401
