"""The contracts as files, printed from the code: OpenAPI documents, the GraphQL schema, the facts of formulas."""

import sys
from collections.abc import Mapping
from pathlib import Path

import orjson
from fastapi import FastAPI

import services.consultation.app as consultation
import services.payroll.app as payroll
import services.staffing.app as staffing
from gateway.schema import SNAPSHOT, printed
from services.consultation.domain.vocabulary import VOCABULARY as CONSULTATION_FACTS
from services.consultation.settings import ConsultationSettings
from services.kernel.formula.vocabulary import Fact, Vocabulary
from services.payroll.domain.policy import VOCABULARY as PAYROLL_FACTS
from services.payroll.settings import PayrollSettings
from services.staffing.domain.policy import VOCABULARY as STAFFING_FACTS
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


def facts_page() -> str:
    """The facts that formulas may name, section by section, for authors of packs."""
    sections: dict[str, Vocabulary] = {
        "staffing.yaml, admission.yaml, figures.yaml": STAFFING_FACTS,
        "payroll.yaml": PAYROLL_FACTS,
        "consultation.yaml": CONSULTATION_FACTS,
    }
    lines = [
        "# 公式可用的事实 Facts a formula may name",
        "",
        "由代码生成，请勿手改：`make snapshots`。界限以公式所见的单位计，两端皆可取。",
        "Printed from the code by `make snapshots`. Bounds are in the unit a formula sees, both ends allowed.",
    ]
    for title, vocabulary in sections.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| name | 中文 | English | kind | bounds or symbols |",
            "|---|---|---|---|---|",
        ]
        lines += [_fact_row(fact) for fact in vocabulary]
    return "\n".join(lines) + "\n"


def _fact_row(fact: Fact) -> str:
    low, high = (fact.write(bound) for bound in fact.bounds)
    bounds = ", ".join(f"`{symbol}`" for symbol in fact.symbols) if fact.kind == "symbol" else f"{low} … {high}"
    kind = f"{fact.kind} ({fact.unit})" if fact.unit else fact.kind
    return f"| `{fact.name}` | {fact.zh} | {fact.en} | {kind} | {bounds if fact.kind != 'flag' else ''} |"


def snapshots() -> dict[Path, bytes]:
    """Every contract's path and the text it should have now."""
    texts = {
        ROOT / "docs/api" / f"{name}.openapi.json": orjson.dumps(app.openapi(), option=OPTIONS)
        for name, app in applications().items()
    }
    return {**texts, SNAPSHOT: printed().encode(), ROOT / "docs/facts.md": facts_page().encode()}


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
