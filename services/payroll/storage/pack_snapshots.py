"""The policy packs that payslips were made with, kept by digest so that old payslips are explained for ever."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.errors import NotFound
from services.payroll.storage.payroll_runs import Connection
from services.payroll.storage.tables import PackSnapshotRow
from services.runtime.packs import Packs, load

MOST_RESTORED = 8
_RESTORED: dict[str, Packs] = {}


async def keep(connection: Connection, digest: str, folders: Sequence[Path]) -> None:
    """Store the files of the packs (the first folder) and of supplements (the others), once per digest."""
    if await connection.fetchval("SELECT true FROM pack_snapshots WHERE digest = $1", digest):
        return
    files = [
        (f"{at}/{folder.name}", {str(file.relative_to(folder)): file.read_text("utf-8") for file in _files(folder)})
        for at, folder in enumerate(folders)
    ]
    await connection.execute(
        "INSERT INTO pack_snapshots (digest, files) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        digest,
        zlib.compress(orjson.dumps(files)),
    )


async def restore(session: AsyncSession, digest: str) -> Packs:
    """The packs of a digest as they were; NotFound `pack_snapshot.not_found`."""
    if digest in _RESTORED:
        return _RESTORED[digest]
    files = await session.scalar(select(PackSnapshotRow.files).where(PackSnapshotRow.digest == digest))
    if files is None:
        raise NotFound(
            "pack_snapshot.not_found",
            "没有保存该版本的政策包，无法重新解释",
            "the policy packs of this digest are not kept, so the payslip cannot be explained again",
            digest=digest,
        )
    with TemporaryDirectory(prefix="gongzhi-packs-") as place:
        folders = [_written(Path(place) / name, texts) for name, texts in orjson.loads(zlib.decompress(files))]
        packs = load(folders[0], folders[1:])
    while len(_RESTORED) >= MOST_RESTORED:
        _RESTORED.pop(next(iter(_RESTORED)))
    _RESTORED[digest] = packs
    return packs


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.yaml") if file.name != "conformance.yaml")


def _written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root
