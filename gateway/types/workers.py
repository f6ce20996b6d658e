"""The posts a worker holds: leaves of Worker."""

from datetime import date
from typing import Self

import strawberry

from gateway.types.enums import Post
from services.kernel.region import DivisionCode
from services.staffing.schemas.workers import AppointmentOut


@strawberry.type(description="在某社区的一个岗位 One post held in one community")
class Appointment:
    """One post in one community."""

    community_code: DivisionCode = strawberry.field(description="社区代码 The community's code")
    post: Post = strawberry.field(description="岗位 The post")
    full_time: bool = strawberry.field(description="是否专职 Whether it is full-time")
    start: date = strawberry.field(description="任职首日 The first day in post")
    end: date | None = strawberry.field(description="离任日，仍在任时为空 The first day out of post")

    @classmethod
    def of(cls, out: AppointmentOut) -> Self:
        """From staffing's appointment."""
        return cls(
            community_code=DivisionCode(out.community),
            post=Post(out.post),
            full_time=out.full_time,
            start=out.start,
            end=out.end,
        )
