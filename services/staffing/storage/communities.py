"""Communities as they stand on a day, from the step history of the register, with the measures in force."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, not_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.kernel.errors import NotFound
from services.staffing.domain.communities import Community, CommunityKind, Measures
from services.staffing.domain.moments import Area, Moment
from services.staffing.storage import measures
from services.staffing.storage.moments import recorded_by, within
from services.staffing.storage.tables import CommunityRow


def not_found(code: str) -> NotFound:
    """The refusal for a unit that does not exist on the day, or not for this caller: the same words for both."""
    return NotFound(
        "community.not_found",
        f"没有代码为 {code} 的社区(村),或不在您的权限范围内。请核对 12 位区划代码和日期",
        f"there is no community {code} on that day, or it is outside your region; check the 12-digit code and the day",
    )


def standing(moment: Moment, *where: ColumnElement[bool]) -> Select[Any]:
    """The last step of each unit on the day, with the next one's first day as its end; ended units are left out.

    `where` narrows before the last is picked.
    """
    last = (
        select(CommunityRow)
        .ext(distinct_on(CommunityRow.code))
        .where(CommunityRow.start <= moment.on, *recorded_by(CommunityRow.recorded_at, moment), *where)
        .order_by(CommunityRow.code, CommunityRow.start.desc(), CommunityRow.recorded_at.desc())
        .subquery()
    )
    following = aliased(CommunityRow)
    ending = select(func.min(following.start)).where(
        following.code == last.c.code, following.start > moment.on, *recorded_by(following.recorded_at, moment)
    )
    return select(last, ending.scalar_subquery().label("ending")).where(not_(last.c.ended)).order_by(last.c.code)


async def get_many(session: AsyncSession, codes: Sequence[str], moment: Moment) -> list[Community]:
    """The communities of those codes in the order asked for; the ones that cannot be seen are left out."""
    rows = (await session.execute(standing(moment, CommunityRow.code.in_(codes)))).all()
    found = {community.code: community for community in await _complete(session, rows, moment)}
    return [found[code] for code in codes if code in found]


async def count_by_kind(session: AsyncSession, area: Area, moment: Moment) -> dict[str, int]:
    """How many units of each kind stand in an area on the day."""
    units = standing(moment, within(CommunityRow.code, area)).subquery()
    rows = await session.execute(select(units.c.kind, func.count()).group_by(units.c.kind))
    return dict(rows.all())


async def _complete(session: AsyncSession, rows: Sequence[Any], moment: Moment) -> list[Community]:
    codes = [row.code for row in rows]
    counted = await measures.in_force(session, codes, moment)
    return [_community(row, counted.get(row.code, Measures())) for row in rows]


def _community(row: Row[Any], counted: Measures) -> Community:
    return Community(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=CommunityKind(row.kind),
        unit_type=row.unit_type,
        urban_rural=row.urban_rural,
        start=row.start,
        end=row.ending,
        provenance=row.provenance,
        source=row.source,
        measures=counted,
    )
