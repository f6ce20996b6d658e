"""Settings of the staffing process."""

from services.runtime.settings import ServiceSettings


class StaffingSettings(ServiceSettings):
    """The shared settings, on staffing's own port."""

    port: int = 8001
