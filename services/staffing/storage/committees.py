"""Members of committees on a day: one row per person, with every seat."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.staffing.domain.committees import COMMITTEES, Member
from services.staffing.domain.moments import Area, Moment
from services.staffing.domain.workers import COLLEGE_OR_ABOVE
from services.staffing.storage.moments import known, within
from services.staffing.storage.tables import MembershipRow, WorkerRow


async def members(session: AsyncSession, area: Area, moment: Moment) -> list[Member]:
    """Everybody with a seat in the party organisation or a committee of an area, by community and person."""
    query = (
        select(
            MembershipRow.worker,
            MembershipRow.community,
            MembershipRow.body,
            MembershipRow.role,
            WorkerRow.sex,
            WorkerRow.birth_on,
            WorkerRow.education,
        )
        .join(WorkerRow, WorkerRow.id == MembershipRow.worker)
        .where(
            within(MembershipRow.community, area),
            MembershipRow.valid.contains(moment.on),
            MembershipRow.body.in_(("party_org", *COMMITTEES)),
            known(MembershipRow.recorded, moment),
            known(WorkerRow.recorded, moment),
        )
        .order_by(MembershipRow.community, MembershipRow.worker, MembershipRow.body)
    )
    seats: dict[tuple[object, ...], list[tuple[str, str]]] = defaultdict(list)
    for worker, community, body, role, *person in await session.execute(query):
        seats[(worker, community, *person)].append((body, role))
    return [
        Member(community, sex, birth_on, education in COLLEGE_OR_ABOVE, tuple(held))  # type: ignore[arg-type]
        for (_, community, sex, birth_on, education), held in seats.items()
    ]
