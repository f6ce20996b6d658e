"""Wire forms of workers, their posts, grades and certificates."""

from datetime import date

from pydantic import BaseModel, Field

from services.runtime.paging import NextCursor, PreviousCursor
from services.staffing.schemas.communities import Code


class AppointmentOut(BaseModel):
    """One post in one community."""

    community: Code
    post: str
    full_time: bool
    start: date
    end: date | None


class WorkerOut(BaseModel):
    """One worker with what holds on the day asked. Dates of birth are not given out; the age is."""

    id: str
    number: str
    name: str
    sex: str
    age: int
    education: str
    category: str
    entry_route: str
    community: Code
    hired_on: date
    left_on: date | None
    urban: bool
    in_state_establishment: bool
    part_time: bool
    subsidised: bool
    post: str | None = Field(description="主要岗位 / leading post")
    holds_both_posts: bool = Field(description="一肩挑 / secretary and director in one person")
    appointments: list[AppointmentOut]
    tier: str | None
    step: int | None
    certificate: str
    provenance: str
    source: str


class WorkerPageOut(BaseModel):
    """A page of workers, ordered by community and then by number."""

    items: list[WorkerOut]
    next: NextCursor
    previous: PreviousCursor = None


class WorkersOfOut(WorkerPageOut):
    """A page of one community's workers by number, for a batch over many."""

    community: Code
    total: int = Field(description="该社区在岗人数 / workers the community has in service")


class WorkerBatchOut(BaseModel):
    """One page per community, in the order of the communities asked for."""

    communities: list[WorkersOfOut]
