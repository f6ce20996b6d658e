"""The base of every process: life of its resources, probes, metrics, problem replies, explorer without the network."""

import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.formula.vocabulary import Vocabulary
from services.runtime import log as logs
from services.runtime import problem
from services.runtime.database import Database
from services.runtime.envelope import Envelope, Meter
from services.runtime.lanes import Lane
from services.runtime.migrate import head
from services.runtime.openapi import complete
from services.runtime.packs import load
from services.runtime.settings import ServiceSettings
from services.runtime.tokens import Verifier

VERSION = "0.1.0"
YOUNG_OBJECTS = 50_000
ASSET_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


class Base(FastAPI):
    """An application of which some POST routes answer past the framework: an endpoint's `lane`, plain ASGI."""

    lanes: dict[str, Lane]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By its lane where the path has one, else as FastAPI does."""
        lane = self.lanes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if lane is None:
            await super().__call__(scope, receive, send)
        else:
            scope["app"] = self
            await lane(scope, receive, send)


def create_base(
    settings: ServiceSettings,
    *,
    title: str,
    description: str,
    schema: str | None,
    routers: Sequence[APIRouter],
    vocabularies: Mapping[str, Vocabulary] | None = None,
) -> FastAPI:
    """An application with all that processes share and the given routers.

    `app.state` carries settings, verifier, meter and, with a schema, `database` and `packs`. Without a schema (the
    gateway) there is no data base. With `vocabularies` (pack section to facts) every formula of those sections is
    checked before the first request. RuntimeError when a route under /v1 carries no `permit()`.
    """
    logs.configure(settings.log_level)
    meter = Meter(schema or "gateway")
    app = Base(
        title=title,
        description=description,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan(settings, schema, vocabularies),
    )
    app.lanes = {}
    app.state.settings = settings
    app.state.verifier = Verifier(settings)
    app.state.meter, app.state.schema = meter, schema
    app.state.alone = False
    problem.install(app)
    for router in routers:
        app.include_router(router)
        app.lanes |= {path: Lane(lane, settings, meter, path) for path, lane in _lanes(router)}
    app.include_router(_probes())
    app.include_router(_explorer())
    complete(app)
    app.add_middleware(Envelope, settings=settings, meter=meter)
    return app


def _lanes(router: APIRouter) -> Iterator[tuple[str, ASGIApp]]:
    for route in router.routes:
        lane = getattr(route.endpoint, "lane", None) if isinstance(route, APIRoute) else None
        if isinstance(route, APIRoute) and lane is not None:
            yield route.path, lane


def _operation_id(route: APIRoute) -> str:
    return route.name


def _lifespan(
    settings: ServiceSettings, schema: str | None, vocabularies: Mapping[str, Vocabulary] | None
) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.stopping = False
        if schema is None:
            _settle(app)
            yield
        else:
            app.state.packs = load(settings.packs_dir, settings.supplements, vocabularies)
            app.state.head = head(schema)
            async with Database.open(settings, schema) as database:
                app.state.database = database
                _settle(app)
                yield
        app.state.stopping = True

    return lifespan


def alone(app: FastAPI) -> FastAPI:
    """The same application, told that the process is all its own: it may tune what a process has one of."""
    app.state.alone = True
    return app


def _settle(app: FastAPI) -> None:
    """What a process has made by its start stays as long as it does: the collector need not look at it again.

    Young garbage is looked for after so many new objects as a large answer has, not in the midst of each.
    """
    if app.state.alone:
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def _probes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @router.get("/readyz")
    async def readyz(request: Request) -> Response:
        state = request.app.state
        if state.schema is None:
            return _readiness({})
        try:
            found = await state.database.check()
        except problem.Unavailable as error:
            return _readiness({"database": error.en})
        behind = {} if found == state.head else {"migrations": f"at {found}, this process needs {state.head}"}
        return _readiness(behind)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        return Response(request.app.state.meter.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _readiness(failures: dict[str, str]) -> Response:
    body = {"status": "unready" if failures else "ready", "failures": failures}
    return Response(orjson.dumps(body), 503 if failures else 200, media_type="application/json")


_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/_assets/swagger-ui.css"></head><body><div id="swagger-ui"></div>
<script src="/_assets/swagger-ui-bundle.js"></script><script src="/_assets/words.js"></script>
<script src="/docs/start.js"></script></body></html>"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset].filter(Boolean),
  persistAuthorization: false});"""


def _explorer() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(_PAGE.format(title=request.app.title))

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(_START, media_type=ASSET_TYPES[".js"])

    @router.get("/_assets/{path:path}")
    async def asset(path: str, request: Request) -> Response:
        folder = request.app.state.settings.assets_dir.resolve()
        file = (folder / path).resolve()
        if not file.is_relative_to(folder) or not file.is_file() or file.suffix not in ASSET_TYPES:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(file.read_bytes(), headers=headers, media_type=ASSET_TYPES[file.suffix])

    return router
