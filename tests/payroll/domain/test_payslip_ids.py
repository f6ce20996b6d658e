"""Identifiers made from worker, month and attempt."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.period import Month
from services.payroll.domain.payslip_ids import month_of, octets_of, payslip_id, payslip_id_column, texts_of

WORKERS = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))


@given(st.lists(WORKERS, min_size=1, max_size=5), st.integers(2018, 2099), st.integers(1, 12), st.integers(0, 30_000))
def test_one_and_column_agree_and_tell_their_month(workers: list[UUID], year: int, month: int, attempt: int) -> None:
    when = Month(year, month)
    single = [payslip_id(worker, when, attempt) for worker in workers]
    column = payslip_id_column(np.array([list(worker.bytes) for worker in workers], dtype=np.uint8), when, attempt)
    assert [UUID(bytes=row.tobytes()) for row in column] == single
    assert {(one.version, month_of(one)) for one in single} == {(7, when)}


@pytest.mark.parametrize("text", ["ffffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-7000-8000-000000000000"])
def test_not_every_identifier_has_a_pay_month(text: str) -> None:
    assert month_of(UUID(text)) is None


def test_columns_of_identifiers_as_texts_and_as_octets() -> None:
    ids = [UUID(int=(7 << 120) + number) for number in (0, 1, 255)]
    column = np.frombuffer(b"".join(one.bytes for one in ids), dtype=np.uint8).reshape(-1, 16)
    assert [UUID(text) for text in texts_of(column)] == ids
    assert octets_of(column.tobytes()) == [one.bytes for one in ids]
    assert not texts_of(column[:0])
    assert not octets_of(b"")
