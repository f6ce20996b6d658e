"""The contracts as files: docs/api/<service>.openapi.json and gateway/schema.graphql, printed from the code."""

import sys
from collections.abc import Mapping
from pathlib import Path

import orjson
from fastapi import FastAPI

import services.consultation.app as consultation
import services.payroll.app as payroll
import services.staffing.app as staffing
from gateway.schema import SNAPSHOT, printed
from services.consultation.settings import ConsultationSettings
from services.payroll.settings import PayrollSettings
from services.staffing.settings import StaffingSettings

ROOT = Path(__file__).parents[1]
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def applications() -> Mapping[str, FastAPI]:
    """The three services as their documents are printed: built, not started."""
    return {
        "staffing": staffing.create_app(StaffingSettings()),
        "payroll": payroll.create_app(PayrollSettings()),
        "consultation": consultation.create_app(ConsultationSettings()),
    }


def snapshots() -> dict[Path, bytes]:
    """Every contract's path and the text it should have now."""
    texts = {
        ROOT / "docs/api" / f"{name}.openapi.json": orjson.dumps(app.openapi(), option=OPTIONS)
        for name, app in applications().items()
    }
    return {**texts, SNAPSHOT: printed().encode()}


def main() -> int:
    """Write what changed; 0 when done."""
    for path, text in snapshots().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)
            print(f"written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
