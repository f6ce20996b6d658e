"""What one GraphQL request carries: its caller's token, its loaders, its ways to the services, its document."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from graphql import DocumentNode

from gateway.loaders import Loaders
from gateway.ways import Way


async def anyone() -> bool:
    """Everybody may look."""
    return True


@dataclass
class Context:
    """The context value of one request. Loaders are for the ordinary executor alone, and made when it runs."""

    request_id: str
    make_loaders: Callable[[], Loaders] = field(repr=False)
    may_introspect: Callable[[], Awaitable[bool]] = field(default=anyone, repr=False)
    document: DocumentNode | None = field(default=None, repr=False)
    ways: Mapping[str, Way] | None = None  # for plans; without them the executor answers

    @cached_property
    def loaders(self) -> Loaders:
        """The loaders of this request."""
        return self.make_loaders()
