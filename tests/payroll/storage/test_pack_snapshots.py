"""The packs that payslips were made with: kept once, restored as they were, only the latest held in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.errors import NotFound
from services.payroll.storage import pack_snapshots
from services.runtime.database import NATION, Database
from services.runtime.packs import Packs
from services.runtime.settings import ROOT
from tests.conftest import Truncate
from tests.payroll.conftest import SUPPLEMENTS

FOLDERS: list[Path] = [ROOT / "policies", SUPPLEMENTS]


@pytest.fixture
async def kept(payroll_database: Database, payroll_url: str, truncate: Truncate) -> AsyncIterator[Database]:
    """A data base that keeps the same packs under three digests."""
    async with payroll_database.bulk(NATION) as connection:
        for digest in ("a" * 64, "b" * 64, "c" * 64):
            await pack_snapshots.keep(connection, digest, FOLDERS)
            await pack_snapshots.keep(connection, digest, [])  # kept once
    yield payroll_database
    await truncate(payroll_url, "payroll")


async def test_packs_come_back_as_they_were(kept: Database, packs: Packs) -> None:
    async with kept.transaction(NATION, read_only=True) as session:
        restored = await pack_snapshots.restore(session, "a" * 64)
        assert restored.documents == packs.documents
        assert restored.packs.keys() == packs.packs.keys()
        assert await pack_snapshots.restore(session, "a" * 64) is restored


async def test_packs_of_an_unknown_digest_are_missed(kept: Database) -> None:
    async with kept.transaction(NATION, read_only=True) as session:
        with pytest.raises(NotFound) as missed:
            await pack_snapshots.restore(session, "0" * 64)
    assert missed.value.code == "pack_snapshot.not_found"


async def test_only_the_latest_are_held(kept: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_snapshots, "MOST_RESTORED", 2)
    monkeypatch.setattr(pack_snapshots, "_RESTORED", {})
    async with kept.transaction(NATION, read_only=True) as session:
        first = await pack_snapshots.restore(session, "a" * 64)
        await pack_snapshots.restore(session, "b" * 64)
        await pack_snapshots.restore(session, "c" * 64)
        assert list(pack_snapshots._RESTORED) == ["b" * 64, "c" * 64]
        assert await pack_snapshots.restore(session, "a" * 64) is not first
