"""The pages people read: the list of explorers, GraphiQL, ReDoc, the scalars; nothing is loaded from elsewhere."""

import html
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from gateway.scalars import SCALARS
from gateway.schema import SNAPSHOT
from gateway.settings import GatewaySettings

CONSOLE = Path(__file__).parent / "console"
OWN = {
    "console.css": "text/css; charset=utf-8",
    "graphiql.js": "text/javascript; charset=utf-8",
    "redoc.js": "text/javascript; charset=utf-8",
}


@cache
def sums(folder: Path) -> Mapping[str, str]:
    """The integrity sum of every vendored file, by name, from the lock in the folder of assets."""
    lock = json.loads((folder / "assets.lock.json").read_text(encoding="utf-8"))
    return {name: value for package in lock.values() for name, value in package["files"].items()}


def page(name: str, parts: Mapping[str, str]) -> HTMLResponse:
    """A page of the console with its marked parts filled in."""
    text = (CONSOLE / name).read_text(encoding="utf-8")
    for mark, part in parts.items():
        text = text.replace(f"{{{mark}}}", part)
    return HTMLResponse(text)


def graphiql(settings: GatewaySettings) -> HTMLResponse:
    """GraphiQL over this gateway."""
    return page("graphiql.html", sums(settings.assets_dir))


def services_cards(settings: GatewaySettings) -> str:
    """A card for each service's own explorer."""
    services = (
        (
            "配备服务 Staffing",
            settings.staffing_url,
            "社区、配备标准与社区工作者",
            "Communities, staffing norms and workers",
        ),
        (
            "薪酬服务 Payroll",
            settings.payroll_url,
            "工资测算、工资表与工资条",
            "Pay calculations, payroll runs and payslips",
        ),
        (
            "协商服务 Consultation",
            settings.consultation_url,
            "议题、协商程序与统计",
            "Issues, procedures and statistics",
        ),
    )
    return "\n".join(
        f'<li><a href="{html.escape(url, quote=True)}/docs">{name}</a><p>{zh}</p><p lang="en">{en}</p>'
        f"<p><code>{html.escape(url)}</code></p></li>"
        for name, url, zh, en in services
    )


def scalars_list() -> str:
    """What each scalar is, under the anchor its `@specifiedBy` names."""
    return "\n".join(
        f'<dt id="{scalar.name}">{scalar.name}</dt><dd>{html.escape(scalar.description or "")}</dd>'
        for scalar in SCALARS.values()
    )


def explorers(settings: GatewaySettings) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index() -> HTMLResponse:
        return page("index.html", {"services": services_cards(settings)})

    @router.get("/redoc")
    async def redoc() -> HTMLResponse:
        answer = page("redoc.html", sums(settings.assets_dir))
        # ReDoc indexes its text in a worker made from a blob
        answer.headers["content-security-policy"] = (
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
            "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return answer

    @router.get("/scalars")
    async def scalars() -> HTMLResponse:
        return page("scalars.html", {"scalars": scalars_list()})

    @router.get("/schema.graphql")
    async def schema_text() -> PlainTextResponse:
        return PlainTextResponse(SNAPSHOT.read_text(encoding="utf-8"))

    @router.get("/_console/{name}")
    async def own(name: str) -> Response:
        if name not in OWN:
            raise HTTPException(404)
        return Response((CONSOLE / name).read_bytes(), media_type=OWN[name])

    return router
