"""Statistics counted from the registers: committees, certificates, staffing; nothing here is typed by hand."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from services.runtime.auth import permit
from services.runtime.database import ReadOnly
from services.staffing.api.moments import AreaDep, MomentDep
from services.staffing.domain.committees import committee_statistics
from services.staffing.domain.statistics import Mean, Share
from services.staffing.schemas.statistics import (
    CertificateStatisticsOut,
    CommitteeStatisticsOut,
    MeanOut,
    ShareOut,
    StaffingStatisticsOut,
)
from services.staffing.storage import committees, communities, statistics

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])
READ = [Depends(permit("staffing.read"))]
Region = Annotated[str, Query(max_length=12, description="区划 / a division")]


@router.get("/committees", dependencies=READ, summary="两委结构 / the two committees, by person")
async def get_committee_statistics(
    session: ReadOnly,
    area: AreaDep,
    moment: MomentDep,
    region: Region = "",
    reading: Literal["inclusive", "exclusive"] = "inclusive",
) -> CommitteeStatisticsOut:
    """Persons of the party organisations and committees on a day; one person in both counts once.

    `reading` says whether 35岁以下 includes 35 (Civil Code art. 1259 includes it).
    """
    members = await committees.members(session, area, moment)
    found = committee_statistics(members, moment.on, inclusive=reading == "inclusive")
    return CommitteeStatisticsOut(
        region=region,
        on=moment.on,
        reading=reading,
        members=found.members,
        party_org=found.party_org,
        committee=found.committee,
        cross_appointed=share_out(found.cross_appointed),
        women=share_out(found.women),
        secretaries=found.secretaries,
        women_secretaries=share_out(found.women_secretaries),
        both_posts=share_out(found.both_posts),
        young=share_out(found.young),
        college=share_out(found.college),
        secretaries_college=share_out(found.secretaries_college),
        mean_age=mean_out(found.mean_age, 1),
        mean_age_secretaries=mean_out(found.mean_age_secretaries, 1),
        per_community=mean_out(found.per_community, 1),
        smallest=found.smallest,
        largest=found.largest,
    )


@router.get("/certificates", dependencies=READ, summary="社工证书 / certificate holders")
async def get_certificate_statistics(
    session: ReadOnly, area: AreaDep, moment: MomentDep, region: Region = ""
) -> CertificateStatisticsOut:
    """Each person once, at the highest level held on the day."""
    levels = await statistics.holders_by_level(session, area, moment)
    workers = await statistics.in_service(session, area, moment)
    holders = sum(levels.values())
    return CertificateStatisticsOut(
        region=region,
        on=moment.on,
        **levels,
        holders=holders,
        workers=workers,
        share=share_out(Share(holders, workers)),
    )


@router.get("/staffing", dependencies=READ, summary="队伍情况 / workers in post")
async def get_staffing_statistics(
    session: ReadOnly,
    area: AreaDep,
    moment: MomentDep,
    region: Region = "",
    hired_from: Annotated[date | None, Query(description="公开招聘自该日起 / openly recruited since")] = None,
) -> StaffingStatisticsOut:
    """Persons holding a post, each once; means per community of the area and per community that has anybody."""
    found = await statistics.in_post(session, area, moment)
    kinds = await communities.count_by_kind(session, area, moment)
    units = sum(count for kind, count in kinds.items() if kind != "village")
    hired = await statistics.hired_since(session, area, moment, hired_from) if hired_from else 0
    return StaffingStatisticsOut(
        region=region,
        on=moment.on,
        workers=found.workers,
        full_time=found.full_time,
        communities=units,
        staffed_communities=len(found.communities),
        per_community=mean_out(Mean(found.workers, units), 2),
        per_staffed_community=mean_out(Mean(found.workers, len(found.communities)), 2),
        college=share_out(Share(found.college, found.workers)),
        hired_from=hired_from,
        hired=hired,
        by_category=dict(found.by_category),
        by_post=dict(found.by_post),
        by_entry_route=dict(found.by_entry_route),
    )


def share_out(share: Share) -> ShareOut:
    """The wire form of a share."""
    return ShareOut(numerator=share.numerator, denominator=share.denominator, percent=share.percent)


def mean_out(mean: Mean, places: int) -> MeanOut:
    """The wire form of a mean."""
    return MeanOut(total=mean.total, count=mean.count, mean=mean.text(places))
