from typing import Any

import pytest
from fastapi import FastAPI

from services.consultation.app import main
from services.consultation.client import ConsultationClient


def test_main_reads_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("GONGZHI_HOME", str(tmp_path))
    app = main()
    assert app.state.settings.port == 8003


def test_every_operation_has_a_name_a_permission_and_two_languages(application: FastAPI) -> None:
    document = application.openapi()
    operations = [
        (path, one) for path, item in document["paths"].items() if path.startswith("/v1/") for one in item.values()
    ]
    names = [one["operationId"] for _, one in operations]
    assert len(set(names)) == len(names)
    assert all(one["x-permissions"] and one["security"] for _, one in operations)
    own = [one for path, one in operations if "/packs" not in path]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in one["description"]) for one in own)


async def test_the_rules_of_consultation_can_be_asked(client: ConsultationClient) -> None:
    asked = {"section": "consultation", "on": "2022-12-31", "facts": {"items": 556, "items_implemented": 522}}
    answer = await client.post("/v1/packs/guandu/rules/implementation_rate/evaluation", asked)
    assert answer["outputs"]["percent"]["value"] == "93.9"
    assert answer["outputs"]["open"]["value"] == "34"
