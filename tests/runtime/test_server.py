"""What every process shares: probes, metrics, problems for every error, an explorer that needs no network."""

import asyncio
import gc
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from services.runtime.auth import permit
from services.runtime.openapi import permissions_of
from services.runtime.server import YOUNG_OBJECTS, alone, create_base
from services.runtime.settings import ServiceSettings
from tests.conftest import ServiceApp, SettingsOf
from tests.fixtures.cluster import Cluster

GUANDU = "530111000000"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def gateway(settings: ServiceSettings, service_app: ServiceApp, tmp_path: Path) -> httpx.AsyncClient:
    """A process without a data base, with an assets folder of its own."""
    (tmp_path / "swagger-ui.css").write_text("body{}")
    (tmp_path / "secret.key").write_text("no")
    (tmp_path.parent / "outside.css").write_text("no")
    app = create_base(
        settings.model_copy(update={"assets_dir": tmp_path}), title="G", description="", schema=None, routers=[]
    )
    return await service_app(app)


async def test_probes(service: Any, gateway: httpx.AsyncClient) -> None:
    client = await service()
    assert (await client.get("/livez")).text == "ok"
    assert (await gateway.get("/readyz")).json() == {"status": "ready", "failures": {}}


async def test_ready_means_the_newest_migration(service: Any, notes_app: FastAPI) -> None:
    client = await service()
    notes_app.state.head = None
    assert (await client.get("/readyz")).status_code == 200
    notes_app.state.head = "0009"
    reply = await client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["failures"] == {"migrations": "at None, this process needs 0009"}


async def test_without_a_data_base_alive_but_not_ready(
    settings_of: SettingsOf, service_app: ServiceApp, token: Any, tmp_path: Path
) -> None:
    router = APIRouter()
    app = create_base(
        settings_of("postgresql://u:p@/gone?host=/nonexistent", packs_dir=tmp_path),
        title="N",
        description="",
        schema="consultation",
        routers=[router],
    )
    client = await service_app(app, token("auditor", GUANDU))
    assert (await client.get("/livez")).status_code == 200
    reply = await client.get("/readyz")
    assert reply.status_code == 503
    assert "cannot be reached" in reply.json()["failures"]["database"]


async def test_metrics_name_routes_not_paths(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    await client.get("/v1/notes/530111001001")
    await client.get("/nothing/530111001001")
    text = (await client.get("/metrics")).text
    assert 'gongzhi_requests_total{method="GET",route="/v1/notes/{identifier}",status="404"}' in text
    assert "530111001001" not in text


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "route.not_found"),
        ("DELETE", "/v1/notes", {}, 405, "route.method_not_allowed"),
        ("POST", "/v1/notes", {"content": b"{", "headers": JSON}, 422, "request.malformed"),
        ("POST", "/v1/notes", {"content": b"\xff", "headers": JSON}, 400, "request.unreadable"),
        ("POST", "/v1/notes", {"json": {"community": 5}}, 422, "request.malformed"),
        ("POST", "/v1/notes", {"json": {"community": "5" * 3000, "words": ""}}, 413, "request.too_large"),
        ("POST", "/v1/notes", {"json": {"community": "530111001001", "words": "crash"}}, 500, "internal"),
        ("GET", "/v1/notes/999999", {}, 404, "note.not_found"),
    ],
)  # fmt: skip
async def test_every_error_is_a_problem(
    service: Any, token: Any, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    client = await service(token("street_office", GUANDU))
    reply = await client.request(method, path, **options)
    body = reply.json()
    assert (reply.status_code, body["status"], body["code"]) == (status, status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:gongzhi:problem:{code}"
    assert body["message"]["en"] == body["detail"] != body["message"]["zh"] != ""
    assert body["instance"] == path
    assert body["request_id"] == reply.headers["x-request-id"]
    assert "secret words" not in reply.text


async def test_field_errors_carry_pointers(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    errors = (await client.post("/v1/notes", json={"community": 5})).json()["errors"]
    assert [one["pointer"] for one in errors] == ["/body/community", "/body/words"]


async def test_chinese_leaves_as_utf_8(service: Any, token: Any) -> None:
    client = await service(token("street_office", GUANDU))
    assert "没有这条记录".encode() in (await client.get("/v1/notes/999999")).content


async def test_a_trace_is_continued_and_a_bad_one_is_not(service: Any) -> None:
    client = await service()
    trace = "0af7651916cd43dd8448eb211c80319c"
    good = await client.get("/livez", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert good.headers["x-request-id"] == trace
    bad = await client.get("/livez", headers={"traceparent": "00-evil"})
    assert bad.headers["x-request-id"] != trace


async def test_security_headers(service: Any) -> None:
    client = await service()
    for path in ("/livez", "/docs", "/v1/notes", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


async def test_the_explorer_names_no_other_host(gateway: httpx.AsyncClient) -> None:
    page = (await gateway.get("/docs")).text
    assert "http" not in page.replace("http-equiv", "")
    assert "<script>" not in page
    assert "SwaggerUIBundle" in (await gateway.get("/docs/start.js")).text
    style = await gateway.get("/_assets/swagger-ui.css")
    assert (style.text, style.headers["content-type"]) == ("body{}", "text/css; charset=utf-8")
    assert style.headers["cache-control"] == "public, max-age=86400"
    for path in ("/_assets/secret.key", "/_assets/%2e%2e/outside.css", "/_assets/none.js", "/_assets/"):
        assert (await gateway.get(path)).status_code == 404


async def test_the_document_tells_security_refusals_and_names(service: Any, notes_app: FastAPI) -> None:
    client = await service()
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/v1/notes"]["post"]
    assert operation["operationId"] == "add_note"
    assert operation["security"] == [{"bearer": []}]
    assert operation["x-permissions"] == ["consultation.write"]
    assert set(operation["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "422", "500", "503"}
    assert "413" not in document["paths"]["/v1/notes"]["get"]["responses"]
    problem = document["components"]["responses"]["NotFound"]["content"]["application/problem+json"]
    assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
    text = json.dumps(document)
    assert "HTTPValidationError" not in text
    for reference in {part.split('"')[0] for part in text.split('"#/components/')[1:]}:
        place: Any = document["components"]
        for key in reference.split("/"):
            place = place[key]
    assert "/livez" not in document["paths"]
    assert ("/v1/notes", ("consultation.write",)) in permissions_of(notes_app)
    assert notes_app.openapi() is notes_app.openapi()


def test_a_route_without_a_rule_is_refused_at_the_start(settings: ServiceSettings) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def open_route() -> None:
        return None

    with pytest.raises(RuntimeError, match=r"default deny.*/v1/open"):
        create_base(settings, title="N", description="", schema=None, routers=[router])


async def test_a_transaction_without_a_rule_is_refused(
    settings_of: SettingsOf, plain_url: str, service_app: ServiceApp, tmp_path: Path
) -> None:
    from services.runtime.database import ReadOnly

    router = APIRouter()

    @router.get("/unruled")
    async def unruled(session: ReadOnly) -> None:
        return None

    app = create_base(
        settings_of(plain_url, packs_dir=tmp_path), title="N", description="", schema="consultation", routers=[router]
    )
    reply = await (await service_app(app)).get("/unruled")
    assert (reply.status_code, reply.json()["code"]) == (403, "route.without_permission")


async def test_a_body_that_drips_is_cut_off(settings: ServiceSettings, token: Any) -> None:
    router = APIRouter(prefix="/v1")

    @router.post("/echo", dependencies=[Depends(permit("policy.read"))])
    async def echo(body: dict[str, int]) -> dict[str, int]:
        return body

    slow = settings.model_copy(update={"body_timeout_s": 0.1})
    app = create_base(slow, title="N", description="", schema=None, routers=[router])
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", f"Bearer {token('auditor', GUANDU)}".encode()),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/echo",
        "headers": headers,
        "query_string": b"",
        "server": ("s", 80),
    }
    await app({**scope, "scheme": "http", "http_version": "1.1", "root_path": ""}, receive, send)
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "request.too_slow"


async def test_what_fails_after_the_reply_began_breaks_the_reply(
    settings: ServiceSettings, service_app: ServiceApp
) -> None:
    from fastapi.responses import StreamingResponse

    router = APIRouter()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            yield b"a"
            raise RuntimeError("half way")

        return StreamingResponse(parts())

    app = create_base(settings, title="N", description="", schema=None, routers=[router])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://s") as client:
        with pytest.raises(RuntimeError, match="half way"):
            await client.get("/stream")


def test_the_cluster_makes_the_data_bases_the_fixtures_promise(cluster: Cluster) -> None:
    assert cluster.url.startswith("postgresql://")


async def test_a_process_of_its_own_lays_its_start_aside_for_good(settings: ServiceSettings) -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    shared, own = (create_base(settings, title="N", description="", schema=None, routers=[]) for _ in "ab")
    try:
        for app, tuned in ((shared, False), (alone(own), True)):
            async with app.router.lifespan_context(app):
                assert (gc.get_threshold()[0] == YOUNG_OBJECTS, gc.get_freeze_count() > frozen) == (tuned, tuned)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
