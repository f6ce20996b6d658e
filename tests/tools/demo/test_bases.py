"""Contribution bases from a roster stream."""

import io
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tools.demo import bases

WORKER = UUID(int=7)


def roster(**values: Any) -> bytes:
    row = {
        "worker_id": WORKER.bytes,
        "community": "530111001001",
        "category": "full_time_community_worker",
        "tier": None,
        "step": None,
        "certificate": "none",
        "post": "staff",
        **values,
    }
    table = pa.Table.from_pylist([row])
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


@pytest.mark.parametrize(
    ("city", "values", "base"),
    [
        ("guandu", {"tier": "staff", "step": 1}, "3310.00"),
        ("guandu", {"tier": "both_posts", "step": 17, "certificate": "intermediate"}, "5300.00"),
        ("kunming", {"tier": "both_posts", "step": 17}, "6041.00"),
        ("changzhou", {}, "4952.00"),
        ("longwan", {}, "6933.00"),
        ("chaoyang", {"post": "deputy"}, "3800.00"),
    ],
)
def test_the_base_of_one_worker(city: str, values: dict[str, Any], base: str) -> None:
    text = bases.base_rows(city, roster(**values)).decode()
    assert text.splitlines()[1] == f"{WORKER},530111001001,social_insurance,{base},,2026-01,2027-01"


def test_village_cadres_have_none() -> None:
    assert bases.base_rows("kunming", roster(category="village_cadre", tier="both_posts", step=1)) == b""


def test_the_top_of_kunmings_matrix_with_the_employers_five_insurances_is_7540() -> None:
    top, base = 604183, 604100
    shares = [(2 * base * per_mille + 1000) // 2000 for per_mille in (160, 70, 9, 7, 2)]
    assert top + sum(shares) == 754000
