"""GraphQL over HTTP as the OpenAPI document describes it: what may be sent, and every answer there is."""

from collections.abc import Mapping
from typing import Any

from gateway.asked import GRAPHQL_JSON, JSON
from gateway.errors import Code
from gateway.live.streams import MEDIA as STREAM

TWO_LANGUAGES: Mapping[str, Any] = {
    "type": "object",
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}
ANSWER: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": ["object", "null"], "description": "查询结果，被拒时没有 The result, unless refused"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "extensions"],
                "properties": {
                    "message": {"type": "string"},
                    "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "locations": {"type": "array", "items": {"type": "object"}},
                    "extensions": {
                        "type": "object",
                        "required": ["code", "message", "requestId"],
                        "properties": {
                            "code": {"type": "string", "enum": [code.value for code in Code]},
                            "message": TWO_LANGUAGES,
                            "requestId": {"type": "string"},
                        },
                    },
                },
            },
        },
        "extensions": {"type": "object", "description": "成本与请求编号 Cost and request id"},
    },
}
GOOD: Mapping[str, Any] = {
    "data": {"community": {"name": "世纪城社区", "quota": {"posts": 17}}},
    "extensions": {
        "cost": {"requestedQueryCost": 2, "maximumAvailable": 50000},
        "requestId": "0c47d25407dc45b763dcc44edeff376b",
    },
}
REFUSED: Mapping[str, Any] = {
    "errors": [
        {
            "message": "没有此标识的查询文档 No document of this id is known",
            "extensions": {
                "code": Code.PERSISTED_QUERY_NOT_FOUND.value,
                "message": {"zh": "没有此标识的查询文档", "en": "No document of this id is known"},
                "requestId": "0c47d25407dc45b763dcc44edeff376b",
            },
        }
    ]
}


def answer(words: str, example: Mapping[str, Any], *media: str) -> dict[str, Any]:
    """One answer in the given media types."""
    return {"description": words, "content": {one: {"schema": ANSWER, "example": example} for one in media}}


EVENTS = (
    'event: next\ndata: {"data":{"issueChanged":{"kind":"OPENED","issue":{"title":"停车难"}}}}\n\n'
    "event: complete\ndata:\n\n"
)
EXECUTED = answer(
    f"已执行；以 {JSON} 答复时，整体被拒也是 200；以 {STREAM} 答复的，包括订阅，逐一到来 "
    f"Executed; in {JSON} also when refused; as {STREAM} one event after the other, subscriptions too",
    GOOD,
    GRAPHQL_JSON,
    JSON,
)
EXECUTED["content"][STREAM] = {"schema": {"type": "string"}, "example": EVENTS}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: EXECUTED,
    401: answer(f"{STREAM} 需要有效令牌 {STREAM} wants a good token", REFUSED, JSON),
    400: answer("无法读取，或文档不可执行 Unreadable, or a document that cannot run", REFUSED, GRAPHQL_JSON, JSON),
    403: answer("文档未登记，或不得查看模式 Not a registered document, or the schema is closed", REFUSED, GRAPHQL_JSON),
    405: answer("此方式不能执行此操作 The operation may not be sent this way", REFUSED, GRAPHQL_JSON, JSON),
    406: answer("Accept 中没有可用的媒体类型 No media type in Accept can be served", REFUSED, JSON),
    500: answer("网关内部错误 The gateway failed", REFUSED, GRAPHQL_JSON),
    504: answer("查询超时 The query took too long", REFUSED, GRAPHQL_JSON),
}
BY_GET: dict[int | str, dict[str, Any]] = {
    **ANSWERS,
    304: {"description": "登记过的文档，结果未变 A trusted document whose answer is unchanged"},
}
BY_POST: dict[int | str, dict[str, Any]] = {
    **ANSWERS,
    415: answer("请求体不是 UTF-8 的 JSON The body is not JSON in UTF-8", REFUSED, GRAPHQL_JSON, JSON),
}

MAY_CARRY_A_TOKEN: list[dict[str, list[str]]] = [{"bearer": []}, {}]
WORDS: Mapping[str, str] = {
    "query": "查询文档；与 documentId 至少给出其一 The document; it or `documentId` is needed",
    "documentId": "文档标识，sha256: 加 64 位十六进制 The document's id, `sha256:` and 64 hexadecimal digits",
    "operationName": "操作名称 Which operation to run",
    "variables": "变量 The variables",
    "extensions": "扩展，如 persistedQuery Extensions, such as `persistedQuery`",
}
OBJECTS = {"variables", "extensions"}
BODY: dict[str, Any] = {
    "security": MAY_CARRY_A_TOKEN,
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "anyOf": [{"required": ["query"]}, {"required": ["documentId"]}, {"required": ["extensions"]}],
                    "properties": {
                        name: {"type": ["object" if name in OBJECTS else "string", "null"], "description": words}
                        for name, words in WORDS.items()
                    },
                },
                "example": {
                    "query": "query Q($code: DivisionCode!) { community(code: $code) { name quota { posts } } }",
                    "variables": {"code": "530111001011"},
                },
            }
        },
    },
}
QUERY: dict[str, Any] = {
    "security": MAY_CARRY_A_TOKEN,
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": f"{words}（JSON 文本 as JSON）" if name in OBJECTS else words,
        }
        for name, words in WORDS.items()
    ],
}
