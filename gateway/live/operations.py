"""Operations over transports that go on: admitted like any other, then each result in the form of an answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, OperationType
from prometheus_client import CollectorRegistry, Gauge
from starlette.requests import HTTPConnection
from strawberry.types.execution import ExecutionResult

from gateway.asked import Asked
from gateway.endpoint import GraphQLEndpoint
from gateway.errors import Code, GatewayError, entry
from gateway.live.feeds import Feeds, LiveContext
from gateway.loaders import Loaders
from gateway.plan.upstreams import Upstreams
from gateway.prepare import Invalid
from gateway.services import Services
from gateway.settings import GatewaySettings
from services.kernel.errors import DomainError
from services.runtime.envelope import trace_of
from services.runtime.tokens import LEEWAY_S, Verifier


class Refused(Exception):
    """An operation that did not run, or cannot go on, with the `errors` of its answer."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


@dataclass(frozen=True)
class Guest:
    """A caller whose token is good, for as long as it is; the services decide what it allows."""

    token: str
    request_id: str
    traceparent: str
    until: float  # on the monotonic clock

    @property
    def left_s(self) -> float:
        """For how many seconds the token is good."""
        return self.until - time.monotonic()


@dataclass
class Live:
    """What both transports share: who may come in, and what an operation answers."""

    endpoint: GraphQLEndpoint
    feeds: Feeds
    services: Services
    upstreams: Upstreams
    verifier: Verifier
    settings: GatewaySettings
    sockets: int = 0
    end: asyncio.Future[None] = field(init=False)

    @property
    def stopping(self) -> bool:
        """Whether the process has been told to stop."""
        return self.end.done()

    def watch(self, registry: CollectorRegistry) -> None:
        """Counts what is open, for /metrics."""
        sockets = Gauge("gongzhi_live_sockets", "WebSockets open", registry=registry)
        sockets.set_function(lambda: self.sockets)
        subscriptions = Gauge("gongzhi_live_subscriptions", "Event streams followed", registry=registry)
        subscriptions.set_function(lambda: self.feeds.open)

    def begin(self) -> None:
        """Operations may run from now on, in this loop."""
        self.end = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Ends every stream: for the moment the process is told to stop."""
        if not self.end.done():
            self.end.set_result(None)

    async def admit(self, connection: HTTPConnection, token: str | None) -> Guest:
        """The caller of a connection. Raises GatewayError UNAUTHENTICATED without a good token."""
        trace, span = trace_of(connection.scope)
        try:
            claims = await self.verifier.claims(token or "")
        except DomainError as error:
            raise GatewayError(Code.UNAUTHENTICATED, error.zh, error.en) from error
        until = time.monotonic() + float(claims["exp"]) + LEEWAY_S - time.time()
        return Guest(token or "", trace, f"00-{trace}-{span}-01", until)

    def context(self, guest: Guest) -> LiveContext:
        """The context of one operation."""
        return LiveContext(
            guest.request_id,
            lambda: Loaders(self.services.on_behalf(guest.token, guest.traceparent)),
            ways=self.upstreams.on_behalf(guest.token, guest.traceparent),
            feed=self.feeds.on_behalf(guest.token, guest.traceparent),
        )

    async def results(
        self, asked: Asked, guest: Guest, *, queries_only: bool = False
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answers of an operation: one of a query or a mutation, of a subscription one for each event.

        Raises Refused when it may not run: before anything has, or because a service will not tell this caller.
        """
        context = self.context(guest)
        try:
            prepared = self.endpoint.documents.prepare(asked)
            operation = prepared.operation(asked.operation_name)
            if operation.operation is not OperationType.SUBSCRIPTION:
                body, _ = await self.endpoint.answer(asked, context, queries_only=queries_only)
                if "data" not in body:
                    raise Refused(body["errors"])
                yield body
                return
            cost = self.endpoint.preparer.price(prepared, operation, asked.variables)
        except GatewayError as refused:
            raise Refused([entry(refused, guest.request_id)]) from refused
        except Invalid as invalid:
            raise Refused([self.endpoint.told(error, context) for error in invalid.errors]) from invalid
        context.document = prepared.document
        stream = await self.endpoint.schema.subscribe(
            prepared.text,
            variable_values=dict(asked.variables),
            context_value=context,
            operation_name=asked.operation_name,
        )
        extensions: dict[str, Any] = {
            "cost": {"requestedQueryCost": cost, "maximumAvailable": self.endpoint.preparer.limits.cost},
            "requestId": guest.request_id,
        }
        if going := self.endpoint.watch.note(prepared, operation, asked.variables):  # once, however much it tells
            extensions["deprecations"] = going
        async with aclosing(stream):
            async for result in stream:
                yield self._body(result, context) | {"extensions": extensions}

    def _body(self, result: ExecutionResult, context: LiveContext) -> dict[str, Any]:
        errors: list[GraphQLError] = result.errors or []
        told = [self.endpoint.told(error, context) for error in errors]
        if result.data is None and not any(error.path for error in errors):
            raise Refused(told)
        return {"data": result.data} | ({"errors": told} if told else {})


def bearer(text: object) -> str | None:
    """The token of an `Authorization` value; None for any other."""
    if not isinstance(text, str):
        return None
    scheme, _, token = text.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def expired() -> GatewayError:
    """What ends an operation whose token has run out."""
    return GatewayError(
        Code.UNAUTHENTICATED,
        "令牌已到期，请换新令牌后重新订阅",
        "the token has expired; subscribe again with a new one",
        problem="token.expired",
    )
