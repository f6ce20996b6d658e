"""Pinned procedures: each version kept word for word under its digest, so that an issue ends as it began."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.consultation.storage.tables import procedures


async def bodies(session: AsyncSession, digests: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The bodies of these versions, by digest."""
    rows = await session.execute(select(procedures).where(procedures.c.digest.in_(set(digests))))
    return {row.digest: row.body for row in rows}


async def pin(session: AsyncSession, pinned: Mapping[str, Mapping[str, Any]]) -> None:
    """Keeps these versions; one that is kept already stays as it is."""
    if pinned:
        rows = [{"digest": digest, "body": body} for digest, body in pinned.items()]
        await session.execute(insert(procedures).on_conflict_do_nothing(), rows)
