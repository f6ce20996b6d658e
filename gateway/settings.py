"""Settings of the gateway: those of every process, and how much a query may ask."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from gateway.limits import Limits
from services.runtime.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """What the gateway needs to know; each field `x` is read from `GONGZHI_X`."""

    max_body_bytes: Annotated[int, Field(ge=1024)] = 128 * 1024
    upstream_timeout_s: Annotated[float, Field(gt=0, le=60)] = 2.5
    execution_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    command_timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0  # a month's pay of a province takes its time
    prepared_documents: Annotated[int, Field(ge=0, le=100_000)] = 512
    limit_depth: Annotated[int, Field(ge=1, le=30)] = 10
    limit_cost: Annotated[int, Field(ge=1)] = 50_000
    plans: bool = True  # answer by plans; without them the ordinary executor answers everything
    trusted_documents: Path | None = None  # a folder of documents that may be asked for by id from the first moment
    trusted_only: bool = False  # refuse every other document: for a system with front ends of its own only
    trusted_max_age_s: Annotated[int, Field(ge=0, le=86_400)] = 0  # 0: a browser asks again, and is told "unchanged"

    live_subscriptions: Annotated[int, Field(ge=1, le=100_000)] = 1000  # of one process, each one upstream stream
    live_events_per_s: Annotated[int, Field(ge=1, le=100_000)] = 500  # to all subscriptions together, after a burst
    live_per_connection: Annotated[int, Field(ge=1, le=1000)] = 20  # operations of one WebSocket
    live_init_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    live_heartbeat_s: Annotated[float, Field(gt=0, le=60)] = 15.0
    live_send_timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0  # a client that takes nothing so long is left
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()  # pages elsewhere that may ask and subscribe, by commas

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _only_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(f"not an origin such as https://front.example: {origin} / 不是来源地址")
        return value

    @model_validator(mode="after")
    def _something_must_be_trusted(self) -> Self:
        if self.trusted_only and self.trusted_documents is None:
            raise ValueError(
                "trusted_only needs GONGZHI_TRUSTED_DOCUMENTS, the folder of the documents to accept"
                " / 只收登记文档时，须以 GONGZHI_TRUSTED_DOCUMENTS 指明文档所在文件夹"
            )
        return self

    def limits(self) -> Limits:
        """How much a document may ask."""
        return Limits(depth=self.limit_depth, cost=self.limit_cost)
