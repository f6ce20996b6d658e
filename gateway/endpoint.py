"""GraphQL over HTTP: what a request carries, which document may run how, and the form of every answer."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.asked import JSON, Asked, Unreadable, media_type, read
from gateway.context import Context
from gateway.deprecations import Watch
from gateway.errors import Code, GatewayError, entry, internal, refusal_of
from gateway.persisted import Documents, etag, matches
from gateway.plan.planner import Planner
from gateway.prepare import Invalid, Prepared
from services.runtime.direct import Headers
from services.runtime.envelope import send_whole
from services.runtime.log import log

STATUS: Mapping[Code, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.OPERATION_NOT_ALLOWED: 405,
    Code.INTERNAL_SERVER_ERROR: 500,
    Code.TIMEOUT: 504,
}

VARY = "accept, authorization"
NO_STORE = b"cache-control", b"no-store"
VARYING = b"vary", VARY.encode()


class GraphQLEndpoint:
    """Answers GraphQL requests over one schema."""

    command_timeout_s = 60.0  # what commands may take beyond the time of a query

    def __init__(
        self,
        schema: strawberry.Schema,
        documents: Documents,
        timeout_s: float,
        trusted_max_age_s: int = 0,
        planner: Planner | None = None,
    ) -> None:
        self.schema = schema
        self.planner = planner
        self.documents = documents
        self.preparer = documents.preparer
        self.watch = Watch(documents.preparer.schema)
        self.timeout_s = timeout_s
        self.trusted_max_age_s = trusted_max_age_s

    async def respond(self, request: Request, context: Context) -> Response:
        """The HTTP answer to a request.

        With the GraphQL media type a request refused as a whole answers 4xx or 5xx; with plain JSON it answers 200,
        as the specification wants, unless the request could not be read at all.
        """
        media = JSON
        try:
            media = media_type(request)
            asked = await read(request)
            body, status = await self.answer(asked, context, queries_only=request.scope["method"] == "GET")
        except Unreadable as refused:
            return reply(refused_whole([entry(refused, context.request_id)]), refused.status, media)
        if media == JSON and status != 405:
            status = 200
        if (
            request.scope["method"] == "GET"
            and "data" in body
            and "errors" not in body
            and self.documents.trusted_of(asked)
        ):
            return self.lasting(request, body, media)
        return reply(body, status, media)

    def lasting(self, request: Request, body: Mapping[str, Any], media: str) -> Response:
        """The answer to a trusted document by GET, which the client's own store may keep; 304 when it has it."""
        tag = etag(body["data"], media)
        age = self.trusted_max_age_s
        headers = {"etag": tag, "cache-control": f"private, max-age={age}" if age else "private, no-cache"}
        if matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={**headers, "vary": VARY})
        return reply(body, 200, media, headers)

    async def answer(self, asked: Asked, context: Context, *, queries_only: bool = False) -> tuple[dict[str, Any], int]:
        """The body of the answer, and the status the GraphQL media type gives it."""
        try:
            return await self.run(asked, context, queries_only=queries_only), 200
        except GatewayError as refused:
            places = refused.details.pop("locations", None)
            item = entry(refused, context.request_id)
            if places:
                item["locations"] = places
            return refused_whole([item]), STATUS.get(refused.code, 400)
        except Invalid as invalid:
            return refused_whole([self.told(error, context) for error in invalid.errors]), 400

    async def run(self, asked: Asked, context: Context, *, queries_only: bool) -> dict[str, Any]:
        """Prepare, price and execute. Raises GatewayError or Invalid before anything has run."""
        prepared = self.documents.prepare(asked)
        operation = prepared.operation(asked.operation_name)
        if operation.operation is not OperationType.QUERY and (
            queries_only or operation.operation is OperationType.SUBSCRIPTION
        ):
            raise not_this_way(operation.operation)
        if prepared.introspects and not await context.may_introspect():
            raise GatewayError(
                Code.FORBIDDEN, "未登录不能查看模式，请携带令牌", "the schema is shown to callers with a token only"
            )
        cost = self.preparer.price(prepared, operation, asked.variables)
        context.document = prepared.document
        try:
            data, errors = await self.found(prepared, operation, asked, context)
        except TimeoutError:
            raise GatewayError(
                Code.TIMEOUT, "查询超时，请减小查询范围", "the query took too long; ask for less"
            ) from None
        if data is None and errors and not any(error.path for error in errors):
            raise Invalid(errors)
        body: dict[str, Any] = {"data": data}
        if errors:
            body["errors"] = [self.told(error, context) for error in errors]
        body["extensions"] = {
            "cost": {"requestedQueryCost": cost, "maximumAvailable": self.preparer.limits.cost},
            "requestId": context.request_id,
        }
        if going := self.watch.note(prepared, operation, asked.variables):
            body["extensions"]["deprecations"] = going
        return body

    def limit_of(self, operation: OperationDefinitionNode) -> float:
        """How long an operation may take, in seconds: commands wait for what they ask for to be done."""
        more = self.command_timeout_s if operation.operation is OperationType.MUTATION else 0.0
        return self.timeout_s + more

    async def found(
        self, prepared: Prepared, operation: OperationDefinitionNode, asked: Asked, context: Context
    ) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
        """Data and errors: by the document's plan, or by the executor where there is none. Raises TimeoutError."""
        end = asyncio.get_running_loop().time() + self.limit_of(operation)
        if self.planner is not None:
            planned = await self.planner.answer(prepared, operation, asked.variables, context.ways, end)
            if planned is not None:
                return planned.data, planned.errors
        async with asyncio.timeout_at(end):
            result = await self.schema.execute(
                prepared.text,
                variable_values=dict(asked.variables),
                context_value=context,
                operation_name=asked.operation_name,
            )
        return result.data, result.errors or []

    def told(self, error: GraphQLError, context: Context) -> dict[str, Any]:
        """An error in words for the client; a defect of ours is logged and masked."""
        otherwise = Code.BAD_USER_INPUT if error.path or context.document else Code.GRAPHQL_VALIDATION_FAILED
        refusal = refusal_of(error, otherwise, hints=self.preparer.hints)
        if refusal is None:
            log.error("graphql", path=error.path, request_id=context.request_id, exc_info=error.original_error)
            refusal = internal()
        return entry(refusal, context.request_id, error)


def not_this_way(operation: OperationType) -> GatewayError:
    """The refusal of an operation over a transport that does not take its kind."""
    if operation is OperationType.SUBSCRIPTION:
        return GatewayError(
            Code.OPERATION_NOT_ALLOWED,
            "订阅请以 WebSocket（graphql-transport-ws）或 Accept: text/event-stream 发送",
            "send a subscription over WebSocket (graphql-transport-ws) or with Accept: text/event-stream",
        )
    return GatewayError(Code.OPERATION_NOT_ALLOWED, "此方式只接受查询", "only queries may be sent this way")


def refused_whole(errors: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of a request refused before it ran: no `data`."""
    return {"errors": errors}


class Answer(Response):
    """An answer whose headers are ready, but for its length."""

    def __init__(self, content: bytes, status: int, headers: Headers) -> None:
        self.body = content
        self.status_code = status
        self.ready = headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it; nothing runs after it."""
        await send_whole(send, self.status_code, self.ready, bytes(self.body))


@cache
def usual(media: str) -> Headers:
    """The headers of an answer in one of the two media types, kept by nobody."""
    return (b"content-type", f"{media}; charset=utf-8".encode()), NO_STORE, VARYING


def reply(body: Mapping[str, Any], status: int, media: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer as UTF-8 text, nothing escaped that needs no escape; kept by nobody unless `headers` say so."""
    content = orjson.dumps(body)
    if headers is None and status != 405:
        return Answer(content, status, usual(media))
    sent = {"cache-control": "no-store", "vary": VARY, **(headers or {})}
    if status == 405:
        sent["allow"] = "POST"
    return Response(content, status, sent, f"{media}; charset=utf-8")
