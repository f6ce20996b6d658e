"""The way to a service, as whoever asks along it needs to know it."""

from typing import Protocol


class Way(Protocol):
    """The way to one service under one caller's token."""

    async def ask(self, body: bytes) -> bytes:
        """The reply of POST /v1/reads. Raises ServiceError."""
