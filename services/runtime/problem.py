"""Refusals as RFC 9457 bodies: the only place that knows both the kinds of DomainError and HTTP statuses."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from services.kernel.errors import Conflict, DomainError, Forbidden, Malformed, NotFound, RuleViolation
from services.kernel.policy import Citation
from services.runtime.log import log

MEDIA_TYPE = "application/problem+json"
ABOUT = "urn:gongzhi:problem:"


class Unauthenticated(DomainError):
    """No token, or one that cannot be trusted."""


class Incomplete(DomainError):
    """The request lacks a header it must have."""


class Unavailable(DomainError):
    """Something this process needs is away for now; `retry_after` in the details is in seconds."""


STATUS: Mapping[type[DomainError], int] = {
    NotFound: 404,
    Conflict: 409,
    RuleViolation: 409,
    Forbidden: 403,
    Malformed: 422,
    Incomplete: 400,
    Unauthenticated: 401,
    Unavailable: 503,
}

_PLAIN: Mapping[int, tuple[str, str, str, str]] = {
    400: (
        "request.unreadable",
        "Bad Request",
        "请求体无法读取，请检查编码和格式。",
        "The body cannot be read; check its encoding and form.",
    ),
    404: (
        "route.not_found",
        "Not Found",
        "没有这个地址，请查看 /docs。",
        "There is nothing at this address; see /docs.",
    ),
    405: (
        "route.method_not_allowed",
        "Method Not Allowed",
        "此地址不支持该方法，请查看 Allow 头。",
        "This address does not take that method; see the Allow header.",
    ),
    408: (
        "request.too_slow",
        "Request Timeout",
        "请求体传送过慢，请重试。",
        "The body came too slowly; send it again.",
    ),
    413: (
        "request.too_large",
        "Content Too Large",
        "请求体过大，请分批提交。",
        "The body is too large; send it in parts.",
    ),
    500: (
        "internal",
        "Internal Server Error",
        "系统内部错误，请将 request_id 告知管理员。",
        "Something failed inside; give the request_id to the administrator.",
    ),
}
_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
    422: "Unprocessable Content", 503: "Service Unavailable",
}  # fmt: skip


class MessageOut(BaseModel):
    """The same words in Chinese and English."""

    zh: str
    en: str


class FieldErrorOut(BaseModel):
    """One part of the input that cannot be read, by JSON pointer."""

    pointer: str = Field(examples=["/body/month"])
    code: str = Field(examples=["date_from_datetime_parsing"])
    message: str


class ProblemOut(BaseModel):
    """What every refusal looks like (RFC 9457)."""

    type: str = Field(examples=[ABOUT + "community.not_found"])
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(examples=["community.not_found"])
    message: MessageOut
    errors: list[FieldErrorOut] = []
    citations: list[dict[str, Any]] = []
    details: dict[str, Any] = {}
    request_id: str | None = None


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal: its own `http_status` if it has one, else by its nearest kind; 500 for none."""
    own = getattr(error, "http_status", None)
    if isinstance(own, int):
        return own
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: DomainError, request: Request) -> Response:
    """The reply to a refusal."""
    status = status_of(error)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="gongzhi"'
    if status == 503:
        headers["Retry-After"] = str(error.details.get("retry_after", 2))
    details = {name: _plain(value) for name, value in error.details.items() if name not in ("errors", "retry_after")}
    extra: dict[str, object] = {"details": details} if details else {}
    if "errors" in error.details:
        extra["errors"] = _plain(error.details["errors"])
    if error.citations:
        extra["citations"] = [_plain(one) for one in error.citations]
    words = (error.code, _TITLES.get(status, "Error"), error.zh, error.en)
    return _reply(request, status, words, headers, **extra)


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem: domain, validation, unknown route, and the unforeseen."""
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, http_problem)


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - tells mypy what the registration says
    return problem_of(error, request)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in one["loc"]), "code": one["type"], "message": one["msg"]}
        for one in error.errors()
    ]
    first = f"{errors[0]['pointer']}: {errors[0]['message']}" if errors else ""
    words = (
        "request.malformed",
        "Unprocessable Content",
        f"请求有误（{first}），请按 errors 逐项改正。",
        f"The request cannot be read ({first}); mend the parts listed in errors.",
    )
    return _reply(request, 422, words, {}, errors=errors)


async def http_problem(request: Request, error: Exception) -> Response:
    """The reply to what the framework refuses: an unknown route, another method, a body too large or too slow."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    known = _PLAIN.get(error.status_code)
    detail = str(error.detail)
    words = known or (f"http.{error.status_code}", detail, f"请求被拒绝：{detail}", detail)
    return _reply(request, error.status_code, words, dict(error.headers or {}))


def internal_error(request: Request) -> Response:
    """The reply to the unforeseen: no word about what failed leaves the process."""
    return _reply(request, 500, _PLAIN[500], {})


def _reply(
    request: Request, status: int, words: tuple[str, str, str, str], headers: Mapping[str, str], **extra: object
) -> Response:
    code, title, zh, en = words
    body = {
        "type": ABOUT + code,
        "title": title,
        "status": status,
        "detail": en,
        "instance": request.url.path,
        "code": code,
        "message": {"zh": zh, "en": en},
        **extra,
        "request_id": request.scope.get("request_id"),
    }
    if status >= 500:
        log.warning("problem", code=code, status=status)
    content = orjson.dumps(body, default=str)
    return Response(content, status, headers=dict(headers), media_type=MEDIA_TYPE)


def _plain(value: object) -> object:
    if isinstance(value, Citation):
        return value.to_dict()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
