"""Settings of the payroll process."""

from pydantic import Field

from services.runtime.settings import ServiceSettings


class PayrollSettings(ServiceSettings):
    """The shared settings, with payroll's own port and how long the roster's stream may take."""

    port: int = Field(default=8002, ge=0, le=65535)
    roster_timeout_s: float = Field(default=120.0, gt=0)
