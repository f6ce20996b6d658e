"""Who asks sparse reads: callers met before, by what they sent, while the verifier still vouches for their tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from services.runtime.auth import Caller, caller_with
from services.runtime.reads_run import Viewer, viewer_of
from services.runtime.selection import Entity
from services.runtime.tokens import CACHED_TOKENS, Verifier


@dataclass(frozen=True, slots=True)
class Known:
    """A caller met before: the claims the verifier gave then, and the caller's view of each entity."""

    claims: Mapping[str, Any]
    caller: Caller
    viewers: dict[str, Viewer] = field(default_factory=dict)

    def viewer(self, entity: Entity) -> Viewer:
        """The caller's view of an entity; Forbidden `permission.missing` without any region to see it in."""
        known = self.viewers.get(entity.name)
        if known is None:
            known = self.viewers[entity.name] = viewer_of(self.caller, entity)
        return known


class Callers:
    """The callers of one service by what stands in their `Authorization`."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    async def of(self, authorization: bytes, verifier: Verifier) -> Known:
        """The caller, from memory or from the verifier. Unauthenticated without a token that can be trusted."""
        known = self._known.get(authorization)
        if known is not None and known.claims is verifier.known(known.caller.token):
            return known
        caller = await caller_with(authorization.decode("latin-1"), verifier)
        if len(self._known) >= CACHED_TOKENS:
            self._known.clear()
        known = self._known[authorization] = Known(await verifier.claims(caller.token), caller)
        return known


def authorization(scope: Scope) -> bytes:
    """What stands in a request's `Authorization`; empty without one."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value)
    return b""
