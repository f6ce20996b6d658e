"""The OpenAPI document completed: security, permissions and every refusal; routes without a rule are refused here."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from services.runtime.auth import Permission, Permit
from services.runtime.problem import MEDIA_TYPE, ProblemOut

REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("Unreadable", "请求体无法读取 / the body cannot be read"),
    401: ("Unauthenticated", "令牌缺失或无效 / the token is missing or not trusted"),
    403: ("Forbidden", "没有所需权限 / the caller's roles do not carry the permission"),
    404: ("NotFound", "不存在，或不在您的范围内 / it does not exist, or not for this caller"),
    409: ("Conflict", "状态或规则不允许 / the state, another writer or a cited rule forbids it"),
    413: ("TooLarge", "请求体过大 / the body is too large"),
    422: ("Malformed", "输入有误 / the input cannot be read"),
    500: ("Internal", "系统内部错误 / something failed inside"),
    503: ("Unavailable", "暂时不可用，见 Retry-After / away for now, see Retry-After"),
}


def complete(app: FastAPI) -> None:
    """Replaces `app.openapi` with one that documents security and refusals; RuntimeError for an open /v1 route."""
    open_routes = [path for path, permissions in permissions_of(app) if path.startswith("/v1/") and not permissions]
    if open_routes:
        raise RuntimeError(f"default deny: these routes carry no permit(): {', '.join(open_routes)}")
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            _complete(document, dict(_by_operation(app)))
            app.openapi_schema = _named(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def permissions_of(app: FastAPI) -> list[tuple[str, tuple[Permission, ...]]]:
    """Each route's path with the permissions of which it wants one: the table of who may call what."""
    return [(path, permissions) for path, _, permissions in _routes(app)]


def _by_operation(app: FastAPI) -> Iterator[tuple[tuple[str, str], tuple[Permission, ...]]]:
    for path, methods, permissions in _routes(app):
        for method in methods:
            yield (path, method.lower()), permissions


def _routes(app: FastAPI) -> Iterator[tuple[str, frozenset[str], tuple[Permission, ...]]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            path = context.path or route.path
            yield path, frozenset(route.methods or ()), tuple(_permissions(context.dependant or route.dependant))


def _permissions(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, Permit):
        yield from dependant.call.permissions
    for inner in dependant.dependencies:
        yield from _permissions(inner)


def _named(document: dict[str, Any]) -> dict[str, Any]:
    """The document with names that programs may be generated from: Pydantic spells modules and arguments into some.

    `services__payroll__schemas__payslips__TextOut` becomes `PayslipsTextOut`. RuntimeError when two become one.
    """
    schemas = document["components"]["schemas"]
    short = {name: _short(name) for name in schemas if not name.isalnum()}
    names = [short.get(name, name) for name in schemas]
    if len(set(names)) < len(names):
        raise RuntimeError(f"two schemas of one name: {sorted(names)}")
    document["components"]["schemas"] = dict(zip(names, schemas.values(), strict=True))
    text = orjson.dumps(document).decode()
    for old, new in short.items():
        text = text.replace(f'"#/components/schemas/{old}"', f'"#/components/schemas/{new}"')
    renamed: dict[str, Any] = orjson.loads(text)
    return renamed


def _short(name: str) -> str:
    if name.startswith("services__"):
        *_, module, kind = name.split("__")
        name = f"{module.removesuffix('_schemas').removesuffix('_api')}_{kind}"
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _complete(document: dict[str, Any], permissions: Mapping[tuple[str, str], tuple[Permission, ...]]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    own = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(own.pop("$defs", {}))
    schemas["Problem"] = own
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["responses"] = {
        name: {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for name, words in REFUSALS.values()
    }
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["servers"] = [{"url": "/"}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(operation, permissions.get((path, method), ()), has_body=method != "get")
    for operations in document.get("webhooks", {}).values():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # the framework's; its form was taken out above


def _complete_operation(operation: dict[str, Any], permissions: tuple[Permission, ...], *, has_body: bool) -> None:
    for status, (name, _) in REFUSALS.items():
        if status in (400, 413) and not has_body:
            continue
        if status != 422 and str(status) in operation["responses"]:
            continue  # the route tells it better; the framework's own 422 is never sent
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    if permissions:
        operation["security"] = [{"bearer": []}]
        operation["x-permissions"] = list(permissions)
