"""What a request asks, and in which form it wants its answer: the rules of GraphQL over HTTP before any GraphQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Scope

from gateway.errors import Code, GatewayError
from services.runtime.envelope import whole_body

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")
UTF_8 = {"utf-8", "utf8"}
MOST_REMEMBERED = 200  # characters of an `Accept`


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: a document by its text, its id, or both."""

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    document_id: str | None = None


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


def text_of(value: object, name: str) -> str | None:
    """A text, None when absent. Raises Unreadable for anything else."""
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name} 应为文本", f"`{name}` is text")
    return value


def hashed(extensions: Mapping[str, Any]) -> str | None:
    """The document's id of `extensions.persistedQuery` {version: 1, sha256Hash}, None without. Raises Unreadable."""
    given = extensions.get("persistedQuery")
    if given is None:
        return None
    given = object_of(given, "persistedQuery")
    if given.get("version") != 1:
        raise Unreadable("persistedQuery 的 version 应为 1", "the `version` of `persistedQuery` is 1")
    digest = text_of(given.get("sha256Hash"), "sha256Hash")
    if not digest:
        raise Unreadable("请在 persistedQuery 中给出 sha256Hash", "give `sha256Hash` in `persistedQuery`")
    return f"sha256:{digest.lower()}"


def asked_of(body: object) -> Asked:
    """What a decoded body asks. Raises Unreadable; a batch in an array is refused."""
    if isinstance(body, list):
        raise Unreadable("不支持批量数组，请逐个发送", "batches in an array are not taken; send one request each")
    given = object_of(body, "body")
    query, named = text_of(given.get("query"), "query"), text_of(given.get("documentId"), "documentId")
    automatic = hashed(object_of(given.get("extensions"), "extensions"))
    if named and automatic and named != automatic:
        raise Unreadable(
            "documentId 与 persistedQuery 所指不同，请只用其一", "`documentId` and `persistedQuery` differ; use one"
        )
    document_id = named or automatic
    if document_id and not query:
        query = None  # graphql-ws cannot leave the text out
    if query is None and not document_id:
        raise Unreadable(
            "请在 query 中给出查询文档，或在 documentId 中给出其标识",
            "give the document in `query`, or its id in `documentId`",
        )
    name = text_of(given.get("operationName"), "operationName")
    return Asked(query, object_of(given.get("variables"), "variables"), name or None, document_id)


def loads(text: bytes | str, name: str) -> object:
    """Decoded JSON. Raises Unreadable."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{name} 不是 JSON：{error}", f"the {name} is not JSON: {error}") from error


def parsed(text: str) -> tuple[str, dict[str, str]]:
    """A media type in lower case, and its parameters without their quotes."""
    media, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return media.strip().lower(), {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in pairs}


def sends_query(request: Request) -> bool:
    """Whether an address names a document, and is not merely opened."""
    return any(name in request.query_params for name in ("query", "documentId", "extensions"))


async def read(request: Request) -> Asked:
    """What a GET or POST asks. Raises Unreadable: only JSON bodies in UTF-8 are taken."""
    if request.scope["method"] == "GET":
        given = {name: request.query_params.get(name) for name in PARAMETERS}
        decoded = {name: loads(text, name) for name in ("variables", "extensions") if (text := given[name])}
        return asked_of({**given, "variables": None, "extensions": None, **decoded})
    require_json(header(request.scope, b"content-type"))
    return asked_of(loads(await whole_body(request.receive), "body"))


def header(scope: Scope, name: bytes) -> str:
    """All values of a header (its name in lower case), joined as HTTP joins them; empty without any."""
    sent: dict[bytes, bytes] | None = scope.get("sent")
    if sent is None:
        sent = scope["sent"] = dict(scope["headers"])
        if len(sent) < len(scope["headers"]):
            for key in sent:
                sent[key] = b",".join([value for one, value in scope["headers"] if one == key])
    return sent.get(name, b"").decode("latin-1")


@lru_cache(64)
def require_json(content_type: str) -> None:
    """Return for JSON in UTF-8. Raises Unreadable (415) for anything else."""
    media, parameters = parsed(content_type)
    if media != JSON:
        raise Unreadable(f"请以 {JSON} 发送", f"send {JSON}", 415)
    if parameters.get("charset", "utf-8") not in UTF_8:
        raise Unreadable("请使用 UTF-8 编码", "send UTF-8", 415)


def quality(parameters: Mapping[str, str]) -> float:
    """How much a media range is wanted, 0 to 1; 0 for one in another encoding or with a weight that is no number."""
    if parameters.get("charset", "utf-8") not in UTF_8:
        return 0.0
    try:
        return min(max(float(parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0


def media_type(request: Request) -> str:
    """The media type of the answer: the client's first choice of the two. Raises Unreadable (406)."""
    wanted = header(request.scope, b"accept").strip()
    return JSON if not wanted else remembered(wanted) if len(wanted) <= MOST_REMEMBERED else chosen(wanted)


def chosen(wanted: str) -> str:
    """The first choice among the ranges of an `Accept`.

    Of two equally wanted ones it is the GraphQL media type if the client names it: who takes anything at all may be a
    client of old times. The nearest range counts: `application/json;q=0, */*` takes no plain JSON. Raises Unreadable
    (406) for a client that takes neither.
    """
    ranges: dict[str, float] = {}
    for text in wanted.split(","):
        media, parameters = parsed(text)
        ranges[media] = max(ranges.get(media, 0.0), quality(parameters))
    anything = ranges.get("application/*", ranges.get("*/*", 0.0))
    plain, modern = ranges.get(JSON, anything), ranges.get(GRAPHQL_JSON, anything)
    if not plain and not modern:
        raise Unreadable(
            f"本接口以 {GRAPHQL_JSON} 或 {JSON} 答复，请在 Accept 中列出其一",
            f"this address answers in {GRAPHQL_JSON} or {JSON}; name one in `Accept`",
            406,
        )
    return GRAPHQL_JSON if modern > plain or (modern == plain and GRAPHQL_JSON in ranges) else JSON


remembered = lru_cache(64)(chosen)  # clients send the same few again and again
