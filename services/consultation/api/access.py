"""A community of another region is answered exactly as one that does not exist."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from services.consultation.usecases.procedures import day_of
from services.consultation.usecases.recording import stamp
from services.kernel.errors import NotFound
from services.runtime.auth import Caller, CallerDep, Permission
from services.runtime.packs import Packs


@dataclass(frozen=True, slots=True)
class Desk:
    """What every route needs at hand: who asks, the packs, and the Beijing day of now."""

    caller: Caller
    packs: Packs
    today: date


async def _desk(request: Request, caller: CallerDep) -> Desk:
    return Desk(caller, request.app.state.packs, day_of(stamp()[1]))


DeskDep: TypeAlias = Annotated[Desk, Depends(_desk)]


def check_community(caller: Caller, permission: Permission, community: str) -> None:
    """NotFound `community.not_found` unless the caller holds the permission over the community."""
    if not caller.may(permission, community):
        raise not_found(community)


def not_found(community: str) -> NotFound:
    """The words for a community that is not there for this caller."""
    return NotFound(
        "community.not_found",
        f"没有此社区：{community}。请核对区划代码，或确认其在您的管辖范围内",
        f"there is no community {community}; check the code, or whether it lies in your region",
    )
