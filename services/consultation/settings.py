"""Settings of the consultation service."""

from services.runtime.settings import ServiceSettings


class ConsultationSettings(ServiceSettings):
    """What the consultation process needs to know; port 8003 unless told."""

    port: int = 8003
