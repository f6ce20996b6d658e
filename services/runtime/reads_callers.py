"""Who asks sparse reads: the rights of callers met before, while the verifier still vouches for their tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Scope

from services.runtime.auth import Caller, caller_with
from services.runtime.reads_run import Viewer, viewer_of
from services.runtime.selection import Entity
from services.runtime.tokens import CACHED_TOKENS, Verifier


class Rights:
    """What callers may see, whoever they are: their view of each entity.

    The caller in it has grants and perhaps a worker's id, but no name, subject or token: what a read shows hangs on
    nothing else, so that those of equal rights may be answered as one.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = replace(caller, id="", name="", token="")
        self._viewers: dict[str, Viewer] = {}

    def viewer(self, entity: Entity) -> Viewer:
        """The view of an entity; Forbidden `permission.missing` without any region to see it in."""
        known = self._viewers.get(entity.name)
        if known is None:
            known = self._viewers[entity.name] = viewer_of(self._caller, entity)
        return known


@dataclass(frozen=True, slots=True)
class Known:
    """A caller met before: the token, the claims the verifier gave then, and the rights; of equal ones, the same."""

    token: str
    claims: Mapping[str, Any]
    rights: Rights


class Callers:
    """The callers of one service by what stands in their `Authorization`."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self._rights: dict[tuple[object, ...], Rights] = {}

    async def of(self, authorization: bytes, verifier: Verifier) -> Rights:
        """A caller's rights, from memory or the verifier. Unauthenticated without a token that can be trusted."""
        known = self._known.get(authorization)
        if known is None or known.claims is not verifier.known(known.token):
            known = await self._met(authorization, verifier)
        return known.rights

    async def _met(self, authorization: bytes, verifier: Verifier) -> Known:
        caller = await caller_with(authorization.decode("latin-1"), verifier)
        if len(self._known) >= CACHED_TOKENS:
            self._known.clear()
            self._rights.clear()
        key = caller.grants, caller.worker_id
        rights = self._rights.get(key)
        if rights is None:
            rights = self._rights[key] = Rights(caller)
        known = self._known[authorization] = Known(caller.token, await verifier.claims(caller.token), rights)
        return known


def authorization(scope: Scope) -> bytes:
    """What stands in a request's `Authorization`; empty without one."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value)
    return b""
