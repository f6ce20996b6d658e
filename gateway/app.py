"""The gateway composed: schema, limits, services and explorers in one application."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.asked import header, sends_query
from gateway.callers import has_token, may_look
from gateway.context import Context
from gateway.described import BODY, BY_GET, BY_POST, QUERY
from gateway.endpoint import GraphQLEndpoint
from gateway.explorers import explorers, graphiql
from gateway.live import sockets, streams
from gateway.live.feeds import Feeds
from gateway.live.operations import Live, bearer
from gateway.live.streams import wants_stream
from gateway.loaders import Loaders
from gateway.origins import welcome
from gateway.persisted import Documents, trusted_documents
from gateway.plan.measures import Measures
from gateway.plan.planner import Planner
from gateway.plan.upstreams import Upstreams
from gateway.prepare import Preparer
from gateway.schema import build
from gateway.services import Services
from gateway.settings import GatewaySettings
from services.runtime.events_api import on_stop
from services.runtime.server import alone, create_base
from services.runtime.settings import read_settings

TITLE = "共治网关 Gongzhi gateway"
DESCRIPTION = (
    "GraphQL 网关：一次查询连接配备、人员、工资与议题。"
    "The GraphQL gateway: one question over quotas, workers, payslips and issues."
)

OTHER_METHODS = ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]


def context_of(request: Request, settings: GatewaySettings) -> Context:
    """What one request carries. In development anyone may see the schema; in production whoever holds a good token."""
    state: State = request.scope["app"].state
    token, trace = bearer(header(request.scope, b"authorization")), request.scope.get("traceparent")
    context = Context(
        request.scope["request_id"],
        lambda: Loaders(state.services.on_behalf(token, trace)),
        ways=state.upstreams.on_behalf(token, trace),
    )
    if settings.environment != "dev":
        context.may_introspect = partial(has_token, request)
    return context


def wants_page(request: Request) -> bool:
    """Whether a browser opened the address, rather than a client asking a query."""
    return "text/html" in request.headers.get("accept", "") and not sends_query(request)


async def answered(request: Request, settings: GatewaySettings, endpoint: GraphQLEndpoint) -> Response:
    """The answer to a request in the form it wants: as a whole, or as a stream of events."""
    if wants_stream(request):
        return await streams.respond(request, request.scope["app"].state.live)
    return await endpoint.respond(request, context_of(request, settings))


def routes(settings: GatewaySettings, endpoint: GraphQLEndpoint) -> APIRouter:
    """GraphQL at `/graphql`: over HTTP, as a stream of events, over WebSocket; a browser gets GraphiQL there."""
    router = APIRouter(tags=["graphql"])

    @router.get(
        "/graphql",
        responses=BY_GET,
        openapi_extra=QUERY,
        summary="以 GET 查询；浏览器打开则为 GraphiQL A query by GET",
    )
    async def graphql_get(request: Request) -> Response:
        if wants_page(request) and await may_look(request, settings):
            return graphiql(settings)
        return await answered(request, settings, endpoint)

    @router.post(
        "/graphql", responses=BY_POST, openapi_extra=BODY, summary="以 POST 发送 JSON 查询 An operation as JSON by POST"
    )
    async def graphql_post(request: Request) -> Response:
        return await answered(request, settings, endpoint)

    async def lane(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await answered(request, settings, endpoint)
        await answer(scope, receive, send)

    graphql_post.lane = lane  # type: ignore[attr-defined]  # past the framework, like the services' reads

    @router.websocket("/graphql")
    async def graphql_socket(socket: WebSocket) -> None:
        await sockets.serve(socket, socket.app.state.live)

    @router.api_route("/graphql", methods=OTHER_METHODS, include_in_schema=False)
    async def graphql_otherwise() -> None:
        raise HTTPException(405, headers={"allow": "GET, POST"})  # the framework would name the first route's alone

    return router


def create_app(settings: GatewaySettings, transports: Mapping[str, httpx.AsyncBaseTransport] | None = None) -> FastAPI:
    """The gateway as an application; `transports` replaces the network to a service by its name, for tests."""
    schema = build()
    anyone_may_look = settings.environment == "dev"
    preparer = Preparer(schema.core, settings.limits(), settings.prepared_documents, hints=anyone_may_look)
    trusted = trusted_documents(settings.trusted_documents, preparer)
    documents = Documents(preparer, settings.prepared_documents, trusted, only_trusted=settings.trusted_only)
    planner = Planner(schema.core, settings.prepared_documents) if settings.plans else None
    endpoint = GraphQLEndpoint(schema, documents, settings.execution_timeout_s, settings.trusted_max_age_s, planner)
    endpoint.command_timeout_s = settings.command_timeout_s
    routers = [routes(settings, endpoint), explorers(settings)]
    app = create_base(settings, title=TITLE, description=DESCRIPTION, schema=None, routers=routers)
    welcome(app, settings.allowed_origins)
    app.state.meter.registry.register(endpoint.watch)
    services = Services.connect(settings, dict(transports or {}))
    app.state.services = services
    upstreams = app.state.upstreams = Upstreams.connect(settings, dict(transports or {}))
    feeds = Feeds.connect(settings, dict(transports or {}))
    live = app.state.live = Live(endpoint, feeds, services, upstreams, app.state.verifier, settings)
    live.watch(app.state.meter.registry)
    app.state.meter.registry.register(Measures(planner, upstreams))
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[None]:
        live.begin()
        async with inner(started):
            with on_stop(live.stop):
                yield
        await feeds.close()
        await services.close()
        await upstreams.close()

    app.router.lifespan_context = lifespan
    return app


def main() -> FastAPI:
    """The factory uvicorn calls: settings from the environment. Raises SettingsError."""
    return alone(create_app(read_settings(GatewaySettings)))
