"""Synthetic contribution bases of the demo's workers, from the demo's own pay tables, in whole yuan."""

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import yaml

START, END = "2026-01", "2027-01"
SUPPLEMENTS = Path(__file__).parent / "supplements"
FLAT = {
    "changzhou": 4952,
    "longwan": 6933,
}  # Longwan: with the employer's share about the 8,750 a month of its document
CHAOYANG = {"secretary": 4600, "director": 4600, "deputy": 3800, "member": 3400}
CERTIFICATES = {"none": 0, "junior": 200, "intermediate": 400, "senior": 600}
HEADER = "worker,community,scheme,base,rate,start,end\n"

Row = Mapping[str, Any]


@cache
def _table(city: str, rule: str) -> dict[str, Any]:
    text = (SUPPLEMENTS / city / "payroll.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)[rule][0]["table"]
    return table


def _guandu(row: Row) -> int | None:
    """The ladder's full month with the certificate allowance."""
    tier, step = row["tier"], row["step"]
    flat = sum(_table("guandu", rule)[tier] for rule in ("base_pay", "performance_pay", "award_pay"))
    return int(flat + _table("guandu", "grade_pay")[tier][step] + CERTIFICATES[row["certificate"]])


def _kunming(row: Row) -> int | None:
    """The matrix's cell without its fen; village cadres have no base: their subsidy is not insured in the demo."""
    if row["category"] != "full_time_community_worker":
        return None
    return int(_table("kunming", "post_pay")[row["tier"]][row["step"]])


BASES: Mapping[str, Callable[[Row], int | None]] = {
    "guandu": _guandu,
    "kunming": _kunming,
    "changzhou": lambda _row: FLAT["changzhou"],
    "longwan": lambda _row: FLAT["longwan"],
    "chaoyang": lambda row: CHAOYANG[row["post"]],
}


def base_rows(city: str, roster: bytes) -> bytes:
    """CSV of one social-insurance base per worker of an Arrow roster stream; empty when nobody has one."""
    lines = []
    with pa.ipc.open_stream(io.BytesIO(roster)) as reader:
        for row in reader.read_all().to_pylist():
            base = BASES[city](row)
            if base is not None:
                worker = UUID(bytes=row["worker_id"])
                lines.append(f"{worker},{row['community']},social_insurance,{base}.00,,{START},{END}\n")
    return (HEADER + "".join(lines)).encode() if lines else b""
