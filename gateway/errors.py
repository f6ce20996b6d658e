"""What the gateway says when it cannot answer: a published list of codes, two languages, nothing of its inside.

The list is published at `/errors`, from the tables here. Every entry of `errors` carries `extensions.code` (one of
`Code`), `extensions.message` {zh, en} and `extensions.requestId`. What a client did wrong is told honestly; what broke
inside is masked.
"""

import re
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

REMEDY: Mapping[Code, tuple[str, str]] = {
    Code.UNAUTHENTICATED: (
        "重新登录，以 Authorization: Bearer 携带令牌",
        "Sign in again and send the token as a bearer",
    ),
    Code.FORBIDDEN: ("换用有此权限的角色；重试无用", "Use a role that may; trying again does not help"),
    Code.BAD_USER_INPUT: ("按说明更正参数，见 argument", "Mend the argument that `argument` names"),
    Code.NOT_FOUND: ("核对标识与日期", "Check the identifier and the day"),
    Code.CONFLICT: ("重新读取后再决定", "Read it again, then decide"),
    Code.PERSISTED_QUERY_NOT_FOUND: ("连同文档全文重新发送一次", "Send the text once along with the id"),
    Code.GRAPHQL_PARSE_FAILED: ("按 locations 所示位置更正", "Mend it at the place in `locations`"),
    Code.GRAPHQL_VALIDATION_FAILED: (
        "按当前模式更正并重新生成客户端",
        "Fit it to the schema and generate the client again",
    ),
    Code.LIMIT_EXCEEDED: ("拆分查询，见 limit 与 maximum", "Split the document; see `limit` and `maximum`"),
    Code.COST_EXCEEDED: ("减小 first 或层数，见 requestedQueryCost", "Ask smaller pages; see `requestedQueryCost`"),
    Code.OPERATION_NOT_ALLOWED: ("以 POST 发送变更", "Send mutations by POST"),
    Code.TIMEOUT: ("减小查询范围，可稍后重试", "Ask for less; trying again later may help"),
    Code.UPSTREAM_UNAVAILABLE: (
        "其余字段有效；稍后重试，见 service",
        "All other fields hold; try later, see `service`",
    ),
    Code.INTERNAL_SERVER_ERROR: ("把 requestId 告诉管理员", "Give the requestId to the administrator"),
}
HINT = re.compile(r" ?Did you mean [^?]*\?")


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


def refusal_of(error: GraphQLError, otherwise: Code, *, hints: bool = True) -> GatewayError | None:
    """The refusal behind an error of the executor; None for a defect of ours, which the caller logs and masks.

    An error without a cause is the executor's own complaint about the document or a variable, told as it stands
    under the code `otherwise`; without `hints` it suggests no names that the schema has. One about a value that a
    resolver gave is a defect of ours: it stands at a path, and at no place of the document until it gets there.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GatewayError):
        return cause
    if isinstance(cause, GraphQLError) and error.path is not None and cause.nodes is None:
        return None
    if cause is None or isinstance(cause, GraphQLError):
        return GatewayError(otherwise, MEANING[otherwise][0], error.message if hints else HINT.sub("", error.message))
    return None
