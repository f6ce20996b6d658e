"""Sparse reads of sessions: what storage declares, and the roles that only the packs know."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.consultation.storage.reads_sessions import SESSION
from services.consultation.usecases.procedures import day_of, roles_of
from services.runtime.selection import Ask, Computed


def participants(ask: Ask, community: str, held_at: datetime, kept: str) -> list[dict[str, Any]]:
    """Who took part, by kind, with the role that the pattern of the day gives it; no names of persons."""
    roles = roles_of(ask.state.packs, community, day_of(held_at))
    return [{"kind": one["kind"], "role": roles.get(one["kind"]), "count": one["count"]} for one in orjson.loads(kept)]


SESSIONS = replace(
    SESSION,
    fields={
        **SESSION.fields,
        "participants": Computed(("b.community", "b.held_at", "b.participants::text"), participants),
    },
)
