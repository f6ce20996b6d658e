"""Wire forms of statistics: every share carries its numerator and denominator."""

from datetime import date

from pydantic import BaseModel, Field


class ShareOut(BaseModel):
    """A share in per cent with one decimal, and what was divided by what."""

    numerator: int
    denominator: int
    percent: str | None = Field(examples=["42.9"])


class MeanOut(BaseModel):
    """A mean with its total and count."""

    total: int
    count: int
    mean: str | None


class CommitteeStatisticsOut(BaseModel):
    """The two committees of a region on a day, by person; shares are over all members (the union)."""

    region: str
    on: date
    reading: str = Field(description="35岁以下是否含35岁 / inclusive or exclusive")
    members: int
    party_org: int
    committee: int
    cross_appointed: ShareOut
    women: ShareOut
    secretaries: int
    women_secretaries: ShareOut
    both_posts: ShareOut
    young: ShareOut
    college: ShareOut
    secretaries_college: ShareOut
    mean_age: MeanOut
    mean_age_secretaries: MeanOut
    per_community: MeanOut
    smallest: int | None
    largest: int | None


class CertificateStatisticsOut(BaseModel):
    """Certificate holders of a region on a day; each person once, at the highest level."""

    region: str
    on: date
    junior: int
    intermediate: int
    senior: int
    holders: int
    workers: int
    share: ShareOut


class StaffingStatisticsOut(BaseModel):
    """Workers in post of a region on a day."""

    region: str
    on: date
    workers: int
    full_time: int
    communities: int
    staffed_communities: int
    per_community: MeanOut
    per_staffed_community: MeanOut
    college: ShareOut
    hired_from: date | None
    hired: int
    by_category: dict[str, int]
    by_post: dict[str, int]
    by_entry_route: dict[str, int]
