"""What one GraphQL request carries: its caller's token, its loaders, its document."""

from dataclasses import dataclass, field

from graphql import DocumentNode

from gateway.loaders import Loaders


@dataclass
class Context:
    """The context value of one request."""

    request_id: str
    loaders: Loaders
    may_introspect: bool = True
    document: DocumentNode | None = field(default=None, repr=False)
