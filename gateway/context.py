"""What one GraphQL request carries: its caller's token, its loaders, its ways to the services, its document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode

from gateway.loaders import Loaders
from gateway.services import Way


@dataclass
class Context:
    """The context value of one request."""

    request_id: str
    loaders: Loaders
    may_introspect: bool = True
    document: DocumentNode | None = field(default=None, repr=False)
    ways: Mapping[str, Way] | None = None  # for plans; without them the executor answers
