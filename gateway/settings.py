"""Settings of the gateway: those of every process, and how much a query may ask."""

from typing import Annotated

from pydantic import Field

from gateway.limits import Limits
from services.runtime.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """What the gateway needs to know; each field `x` is read from `GONGZHI_X`."""

    max_body_bytes: Annotated[int, Field(ge=1024)] = 128 * 1024
    upstream_timeout_s: Annotated[float, Field(gt=0, le=60)] = 2.5
    execution_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    prepared_documents: Annotated[int, Field(ge=0, le=100_000)] = 512
    limit_depth: Annotated[int, Field(ge=1, le=30)] = 10
    limit_cost: Annotated[int, Field(ge=1)] = 50_000

    def limits(self) -> Limits:
        """How much a document may ask."""
        return Limits(depth=self.limit_depth, cost=self.limit_cost)
