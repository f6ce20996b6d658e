"""What every read may be asked with: a day, an instant of knowledge, and the area that the caller may see."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias

from fastapi import Depends, Query, Request

from services.kernel.errors import Malformed
from services.kernel.identity import made_at_ms
from services.kernel.policy import BEIJING
from services.kernel.region import parse, subtree
from services.runtime.auth import CallerDep
from services.runtime.database import ReadOnly
from services.runtime.ids import new_id
from services.runtime.packs import Packs
from services.staffing.domain.managements import managed_area
from services.staffing.domain.moments import Area, Moment
from services.staffing.storage import managements

On: TypeAlias = Annotated[
    date | None,
    Query(description="截至哪一天,默认今天 / the day asked about, today unless told", examples=["2022-07-01"]),
]
KnownAt: TypeAlias = Annotated[
    datetime | None, Query(description="按何时所知,默认现在 / as known at this instant, now unless told")
]


AskedArea: TypeAlias = Mapping[str, str | None]
"""One member: `region` or `authority`."""


def today() -> date:
    """Today in Beijing."""
    return datetime.fromtimestamp(made_at_ms(new_id()) / 1000, UTC).astimezone(BEIJING).date()


async def moment_of(on: On = None, known_at: KnownAt = None) -> Moment:
    """The day and instant of a read; an instant without offset is Beijing time. Malformed `moment.known_at`."""
    return Moment(on or today(), None if known_at is None else instant(known_at))


def instant(given: datetime) -> datetime:
    """An instant, Beijing's when it has no offset. Malformed `moment.known_at` for one that UTC has no year for."""
    zoned = given if given.tzinfo else given.replace(tzinfo=BEIJING)
    try:
        zoned.astimezone(UTC)
    except OverflowError:
        raise Malformed(
            "moment.known_at",
            "known_at 须在公元1年至9999年（UTC）之内",
            "known_at lies in the years 1 to 9999 of UTC",
        ) from None
    return zoned


async def packs_of(request: Request) -> Packs:
    """The policy packs of the process."""
    packs: Packs = request.app.state.packs
    return packs


async def asked_area(
    region: Annotated[str | None, Query(max_length=12, description="区划 / a division and all below it")] = None,
    authority: Annotated[str | None, Query(max_length=12, description="管理机关 / an authority's units")] = None,
) -> AskedArea:
    """The `region` or `authority` asked for, as a sparse read takes it; the region null without either.

    Malformed `query.both`, `region.unreadable`.
    """
    if region and authority:
        raise Malformed(
            "query.both",
            "region 和 authority 只能给一个",
            "give region or authority, not both",
        )
    return {"authority": parse(authority)} if authority else {"region": parse(region) if region else None}


MomentDep: TypeAlias = Annotated[Moment, Depends(moment_of)]
AskedAreaDep: TypeAlias = Annotated[AskedArea, Depends(asked_area)]


async def area_of(asked: AskedAreaDep, session: ReadOnly, caller: CallerDep, moment: MomentDep) -> Area:
    """The codes meant by `region` or `authority`, cut to the caller's own regions; all of these without either."""
    own = Area(tuple(caller.scope("staffing.read", "staffing.roster")))
    if code := asked.get("authority"):
        return managed_area(code, await managements.of_authority(session, code, moment)).cut(own)
    region = asked.get("region")
    return Area((subtree(region),)).cut(own) if region else own


def read_at(moment: Moment) -> dict[str, str | None]:
    """The day and instant as a sparse read takes them."""
    return {"on": moment.on.isoformat(), "knownAt": moment.known_at.isoformat() if moment.known_at else None}


PacksDep: TypeAlias = Annotated[Packs, Depends(packs_of)]
AreaDep: TypeAlias = Annotated[Area, Depends(area_of)]
