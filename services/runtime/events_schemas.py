"""Wire forms of events: CloudEvents 1.0 in JSON, and pages of them."""

from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from services.runtime.events import DIGITS

D = TypeVar("D")

Sequence: TypeAlias = Annotated[
    str,
    Field(
        max_length=DIGITS,
        pattern=r"^\d+$",
        description="本服务内递增的序号，可按文本比较；续传的位置 / grows within the service; the place to go on from",
        examples=["0000000000000000042"],
    ),
]
After: TypeAlias = Annotated[
    str | None,
    Query(max_length=DIGITS, pattern=r"^\d+$", description="只要此序号之后的事件 / only events after this sequence"),
]
Types: TypeAlias = Annotated[
    list[str] | None, Query(max_length=20, description="只要这些类型，可重复 / only these types; repeat it for several")
]
Subjects: TypeAlias = Annotated[
    list[str] | None,
    Query(max_length=100, description="只要关于这些对象的，可重复 / only about these; repeat it for several"),
]


class CloudEvent(BaseModel, Generic[D]):
    """A CloudEvent 1.0 in structured JSON, with the extensions `sequence` and `region`."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID = Field(description="事件标识，重发不变 / the event's id, the same when it is sent again")
    source: str = Field(description="发出服务 / the service it comes from", examples=["/consultation"])
    type: str = Field(pattern=r"^[a-z0-9_.]+$", max_length=100, examples=["issue.step_taken"])
    subject: str = Field(description="事件所述对象 / what it is about", examples=["01980b4e-6f7a-7c11-9a55-0f3a6c1d"])
    time: AwareDatetime = Field(description="记录时间 / when it was recorded")
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = Field(examples=["/openapi.json#/webhooks/issue.step_taken"])
    sequence: Sequence
    region: str = Field(pattern=r"^\d{12}$", description="事件所属区划 / the division it belongs to")
    data: D


EventOut: TypeAlias = CloudEvent[dict[str, Any]]


class EventPageOut(BaseModel):
    """Events in order; to go on later, ask with `read_to`, which moves on also where nothing is told."""

    items: list[EventOut]
    next: Sequence | None = Field(default=None, description="后面还有时用作 after / for `after`, null at the end")
    read_to: Sequence = Field(
        description="到此为止已全部列出，下次用作 after / all up to here is told: the next `after`"
    )
