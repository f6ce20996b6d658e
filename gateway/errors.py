"""What the gateway says when it cannot answer: a published list of codes, two languages, nothing of its inside.

Every entry of `errors` carries `extensions.code` (one of `Code`), `extensions.message` {zh, en} and
`extensions.requestId`. What a client did wrong is told honestly; what broke inside is masked.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from graphql import GraphQLError


class Code(StrEnum):
    """The published list of `extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    COST_EXCEEDED = "COST_EXCEEDED"
    OPERATION_NOT_ALLOWED = "OPERATION_NOT_ALLOWED"
    TIMEOUT = "TIMEOUT"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


MEANING: Mapping[Code, tuple[str, str]] = {
    Code.UNAUTHENTICATED: ("缺少令牌或令牌无效", "The token is missing or not valid"),
    Code.FORBIDDEN: ("令牌的角色无权读取", "The token's role may not read this"),
    Code.BAD_USER_INPUT: ("参数不合要求", "An argument is not acceptable"),
    Code.NOT_FOUND: ("不存在，或不在令牌的区域内", "No such thing, or outside the token's region"),
    Code.CONFLICT: ("与现有数据或规则相冲突", "In conflict with what is stored or with a rule"),
    Code.PERSISTED_QUERY_NOT_FOUND: ("没有此标识的查询文档", "No document of this id is known"),
    Code.GRAPHQL_PARSE_FAILED: ("查询文档有语法错误", "The document is not GraphQL"),
    Code.GRAPHQL_VALIDATION_FAILED: ("查询文档不合模式", "The document does not fit the schema"),
    Code.LIMIT_EXCEEDED: ("查询文档超出上限", "The document is larger than the limits allow"),
    Code.COST_EXCEEDED: ("查询成本超出预算", "The query costs more than its budget"),
    Code.OPERATION_NOT_ALLOWED: ("此操作不能这样发送", "This operation may not be sent this way"),
    Code.TIMEOUT: ("查询超时", "The query took too long"),
    Code.UPSTREAM_UNAVAILABLE: ("所需的服务暂时不可用", "The service behind this field does not answer"),
    Code.INTERNAL_SERVER_ERROR: ("网关内部错误", "The gateway failed"),
}


class GatewayError(Exception):
    """A refusal told to the client: code, the sentence in two languages, and what helps a program react."""

    message: str | None = None  # a word of its own in place of both sentences, where clients wait for that word

    def __init__(self, code: Code, zh: str, en: str, **details: object) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.details = details


def internal() -> GatewayError:
    """The one sentence a client gets for a defect of ours; the log has the rest under the request id."""
    return GatewayError(
        Code.INTERNAL_SERVER_ERROR,
        "网关内部错误，请把 requestId 告诉管理员",
        "The gateway failed; give the requestId to the administrator",
    )


def entry(refusal: GatewayError, request_id: str, error: GraphQLError | None = None) -> dict[str, Any]:
    """One item of `errors` in the form of the GraphQL specification; place and path are those of `error`."""
    body: dict[str, Any] = {"message": refusal.message or f"{refusal.zh} {refusal.en}"}
    if error is not None and error.locations:
        body["locations"] = [location.formatted for location in error.locations]
    if error is not None and error.path is not None:
        body["path"] = list(error.path)
    body["extensions"] = {
        "code": refusal.code.value,
        "message": {"zh": refusal.zh, "en": refusal.en},
        "requestId": request_id,
        **refusal.details,
    }
    return body


def refusal_of(error: GraphQLError, otherwise: Code) -> GatewayError | None:
    """The refusal behind an error of the executor; None for a defect of ours, which the caller logs and masks.

    An error without a cause is the executor's own complaint about the document or a variable, told as it stands
    under the code `otherwise`.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GatewayError):
        return cause
    if cause is None or isinstance(cause, GraphQLError):
        return GatewayError(otherwise, MEANING[otherwise][0], error.message)
    return None
