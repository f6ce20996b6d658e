"""Names that programs are generated from: short, alone of their kind, and every reference leads somewhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from services.runtime.openapi import complete

DOCUMENTS = sorted((Path(__file__).parents[2] / "docs" / "api").glob("*.openapi.json"))
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


def kind(name: str, module: str) -> type[BaseModel]:
    """A form of a name, as if it stood in a module, with a field of its own."""
    return type(
        name,
        (BaseModel,),
        {"__module__": module, "__qualname__": name, "__annotations__": {module.replace(".", "_"): str}},
    )


def described(*kinds: type[BaseModel]) -> dict[str, Any]:
    """The document of an application that answers with these forms."""
    app = FastAPI()
    for place, one in enumerate(kinds):
        app.get(f"/{place}", response_model=one)(lambda: None)
    complete(app)
    document: dict[str, Any] = app.openapi()
    return document


def test_forms_of_one_name_are_told_apart_by_their_nouns() -> None:
    document = described(
        kind("TextOut", "services.payroll.schemas.payslips"), kind("TextOut", "services.runtime.rules_api_schemas")
    )
    names = set(document["components"]["schemas"])
    assert {"PayslipsTextOut", "RulesTextOut"} <= names
    assert set(REFERENCE.findall(json.dumps(document))) <= names


def test_two_forms_that_would_become_one_are_refused() -> None:
    with pytest.raises(RuntimeError, match="two schemas of one name"):
        described(kind("TextOut", "services.payroll.schemas.payslips"), kind("TextOut", "services.x.payslips"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_name_is_short_and_every_reference_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = set(json.loads(text)["components"]["schemas"])
    assert [name for name in names if not name.isalnum()] == []
    assert set(REFERENCE.findall(text)) <= names


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) == 3
