"""The pages people read: explorers, GraphiQL, ReDoc, scalars, error codes; nothing is loaded from elsewhere."""

import html
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from gateway.callers import may_look
from gateway.endpoint import STATUS
from gateway.errors import MEANING, REMEDY, Code
from gateway.scalars import SCALARS
from gateway.schema import SNAPSHOT
from gateway.settings import GatewaySettings

CONSOLE = Path(__file__).parent / "console"
OWN = {
    "console.css": "text/css; charset=utf-8",
    "graphiql.js": "text/javascript; charset=utf-8",
    "redoc.js": "text/javascript; charset=utf-8",
}

SCHEMA_CARDS = """<li>
          <a href="/graphql">GraphiQL</a>
          <p>一次查询连接配备、人员、工资与议题。</p>
          <p lang="en">One question over quotas, workers, payslips and issues.</p>
        </li>
        <li>
          <a href="/schema.graphql">GraphQL 模式 <span lang="en">schema</span></a>
          <p>模式全文；另见<a href="/scalars">标量说明</a>。</p>
          <p lang="en">The whole schema as text; <a href="/scalars">its scalars</a> explained.</p>
        </li>"""
NOT_FOR_ALL = "模式只向携带有效令牌的调用者公开 The schema is shown to callers with a good token only\n"


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


def errors_list() -> str:
    """What each code means, its HTTP status and what to do, under an anchor of its name."""
    return "\n".join(
        f'<dt id="{code}">{code} · {STATUS.get(code, 400)}</dt><dd>{MEANING[code][0]}。{REMEDY[code][0]}。</dd>'
        f'<dd lang="en">{MEANING[code][1]}. {html.escape(REMEDY[code][1])}.</dd>'
        for code in Code
    )


def explorers(settings: GatewaySettings) -> APIRouter:
    """The routes of the pages."""
    router = references(settings)

    @router.get("/")
    async def index() -> HTMLResponse:
        cards = SCHEMA_CARDS if settings.environment == "dev" else ""
        return page("index.html", {"schema": cards, "services": services_cards(settings)})

    @router.get("/redoc")
    async def redoc() -> HTMLResponse:
        answer = page("redoc.html", sums(settings.assets_dir))
        # ReDoc indexes its text in a worker made from a blob
        answer.headers["content-security-policy"] = (
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
            "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        return answer

    @router.get("/_console/{name}")
    async def own(name: str) -> Response:
        if name not in OWN:
            raise HTTPException(404)
        return Response((CONSOLE / name).read_bytes(), media_type=OWN[name])

    return router


def references(settings: GatewaySettings) -> APIRouter:
    """The routes of what clients are written from: the schema as text, its scalars, the error codes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/scalars")
    async def scalars() -> HTMLResponse:
        return page("scalars.html", {"scalars": scalars_list()})

    @router.get("/errors")
    async def errors() -> HTMLResponse:
        return page("errors.html", {"errors": errors_list()})

    @router.get("/schema.graphql")
    async def schema_text(request: Request) -> PlainTextResponse:
        if not await may_look(request, settings):
            return PlainTextResponse(NOT_FOR_ALL, 401, {"www-authenticate": "Bearer", "cache-control": "no-store"})
        return PlainTextResponse(SNAPSHOT.read_text(encoding="utf-8"))

    return router
