"""GraphQL over HTTP: what a request carries, which document may run how, and the form of every answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response

from gateway.context import Context
from gateway.errors import Code, GatewayError, entry, internal, refusal_of
from gateway.prepare import Invalid, Preparer
from services.runtime.log import log

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
STATUS: Mapping[Code, int] = {Code.OPERATION_NOT_ALLOWED: 405, Code.INTERNAL_SERVER_ERROR: 500, Code.TIMEOUT: 504}


@dataclass(frozen=True)
class Asked:
    """What a request asks."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


class Unreadable(GatewayError):
    """A request that is not GraphQL over HTTP; `status` is its HTTP status whatever the media type."""

    def __init__(self, zh: str, en: str, status: int = 400) -> None:
        super().__init__(Code.BAD_USER_INPUT, zh, en)
        self.status = status


def object_of(value: object, name: str) -> dict[str, Any]:
    """A JSON object, none when absent. Raises Unreadable for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{name} 应为 JSON 对象", f"`{name}` is a JSON object")
    return value


def asked_of(body: object) -> Asked:
    """What a decoded body asks. Raises Unreadable; a batch in an array is refused."""
    if isinstance(body, list):
        raise Unreadable("不支持批量数组，请逐个发送", "batches in an array are not taken; send one request each")
    given = object_of(body, "body")
    query, name = given.get("query"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Unreadable("请在 query 中给出查询文档", "give the document in `query`")
    if name is not None and not isinstance(name, str):
        raise Unreadable("operationName 应为文本", "`operationName` is text")
    return Asked(query, object_of(given.get("variables"), "variables"), name or None)


def loads(text: bytes | str, name: str) -> object:
    """Decoded JSON. Raises Unreadable."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{name} 不是 JSON：{error}", f"the {name} is not JSON: {error}") from error


async def read(request: Request) -> Asked:
    """What a GET or POST asks. Raises Unreadable: only JSON bodies in UTF-8 are taken."""
    if request.method == "GET":
        given = request.query_params
        variables = given.get("variables")
        return asked_of({
            "query": given.get("query"),
            "variables": loads(variables, "variables") if variables else None,
            "operationName": given.get("operationName"),
        })  # fmt: skip
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != JSON:
        raise Unreadable(f"请以 {JSON} 发送", f"send {JSON}", 415)
    if "charset" in parameters.lower() and "utf-8" not in parameters.lower():
        raise Unreadable("请使用 UTF-8 编码", "send UTF-8", 415)
    return asked_of(loads(await request.body(), "body"))


def media_type(request: Request) -> str:
    """The better media type the client names, else plain JSON."""
    return GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON


class GraphQLEndpoint:
    """Answers GraphQL requests over one schema."""

    def __init__(self, schema: strawberry.Schema, preparer: Preparer, timeout_s: float) -> None:
        self.schema = schema
        self.preparer = preparer
        self.timeout_s = timeout_s

    async def respond(self, request: Request, context: Context) -> Response:
        """The HTTP answer to a request.

        With the GraphQL media type a request refused as a whole answers 4xx or 5xx; with plain JSON it answers 200,
        as the specification wants, unless the request could not be read at all.
        """
        media = media_type(request)
        try:
            asked = await read(request)
            body, status = await self.answer(asked, context, queries_only=request.method == "GET")
        except Unreadable as refused:
            return reply(refused_whole([entry(refused, context.request_id)]), refused.status, media)
        if media == JSON and status != 405:
            status = 200
        return reply(body, status, media)

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
        prepared = self.preparer.prepare(asked.query)
        operation = prepared.operation(asked.operation_name)
        if operation.operation is not OperationType.QUERY and (
            queries_only or operation.operation is OperationType.SUBSCRIPTION
        ):
            raise GatewayError(Code.OPERATION_NOT_ALLOWED, "此方式只接受查询", "only queries may be sent this way")
        if prepared.introspects and not context.may_introspect:
            raise GatewayError(
                Code.FORBIDDEN, "未登录不能查看模式，请携带令牌", "the schema is shown to callers with a token only"
            )
        cost = self.preparer.price(prepared, operation, asked.variables)
        context.document = prepared.document
        try:
            async with asyncio.timeout(self.timeout_s):
                result = await self.schema.execute(
                    asked.query,
                    variable_values=dict(asked.variables),
                    context_value=context,
                    operation_name=asked.operation_name,
                )
        except TimeoutError:
            raise GatewayError(
                Code.TIMEOUT, "查询超时，请减小查询范围", "the query took too long; ask for less"
            ) from None
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [self.told(error, context) for error in result.errors]
        body["extensions"] = {
            "cost": {"requestedQueryCost": cost, "maximumAvailable": self.preparer.limits.cost},
            "requestId": context.request_id,
        }
        return body

    def told(self, error: GraphQLError, context: Context) -> dict[str, Any]:
        """An error in words for the client; a defect of ours is logged and masked."""
        otherwise = Code.BAD_USER_INPUT if error.path or context.document else Code.GRAPHQL_VALIDATION_FAILED
        refusal = refusal_of(error, otherwise)
        if refusal is None:
            log.error("graphql", path=error.path, exc_info=error.original_error)
            refusal = internal()
        return entry(refusal, context.request_id, error)


def refused_whole(errors: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of a request refused before it ran: no `data`."""
    return {"errors": errors}


def reply(body: Mapping[str, Any], status: int, media: str) -> Response:
    """The answer as UTF-8 text, nothing escaped that needs no escape."""
    headers = {"cache-control": "no-store", "vary": "accept, authorization"}
    return Response(orjson.dumps(body), status, headers, f"{media}; charset=utf-8")
