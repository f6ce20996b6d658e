"""Who may look at the schema: anyone in development, in production whoever holds a good token."""

from starlette.requests import Request

from gateway.settings import GatewaySettings
from services.kernel.errors import DomainError
from services.runtime.auth import caller_of


async def has_token(request: Request) -> bool:
    """Whether a caller holds a good token."""
    try:
        await caller_of(request)
    except DomainError:
        return False
    return True


async def may_look(request: Request, settings: GatewaySettings) -> bool:
    """Whether a caller may see the schema and the explorer over it."""
    return settings.environment == "dev" or await has_token(request)
