"""Requests that want to hurt a gateway: bodies as they stand on the wire, with the answers that are right."""

import json
from typing import Any

from tests.gateway.hostile import HOSTILE, circular_introspection, cycle

BY_FIRST = "query q($n: Int!) { communities(first: $n) { nodes { id } } }"
BY_IDS = "query q($ids: [ID!]!) { nodes(ids: $ids) { id } }"
HUNDRED = "first: 100) { nodes { "
LIMIT, COST, INPUT = {"LIMIT_EXCEEDED"}, {"COST_EXCEEDED"}, {"BAD_USER_INPUT"}
PARSE, VALIDATION = {"GRAPHQL_PARSE_FAILED"}, {"GRAPHQL_VALIDATION_FAILED"}
NOT_SO, UNKNOWN = {"OPERATION_NOT_ALLOWED"}, {"PERSISTED_QUERY_NOT_FOUND"}


def document(text: str, **variables: object) -> bytes:
    """A request of a document."""
    return json.dumps({"query": text, "variables": variables}).encode()


def raw(text: str, variables: str) -> bytes:
    """A request whose variables no encoder would write."""
    return b'{"query": %s, "variables": %s}' % (json.dumps(text).encode(), variables.encode())


def persisted(digest: str, **more: Any) -> bytes:
    """A request by the SHA-256 of a document."""
    return json.dumps({**more, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}).encode()


def repeat(count: int, text: str) -> str:
    """A text over and over, numbered."""
    return " ".join(text.replace("#", str(number)) for number in range(count))


BODIES: dict[str, tuple[bytes, int, set[str]]] = {  # the body, the status, the codes of the errors
    **{name: (document(text), 200, LIMIT) for name, (text, limit) in HOSTILE.items() if limit},
    "document of 200 kB": (document("{ __typename } #" + "x" * 200_000), 413, set()),
    "document of 120 kB": (document("{ __typename } #" + "x" * 120_000), 200, LIMIT),
    "misspelt 900 times": (document("{ " + repeat(900, "comunitie#") + " }"), 200, VALIDATION),
    "arguments misspelt": (document("{ community(" + repeat(300, "cod#: 1") + ") { id } }"), 200, VALIDATION),
    "one argument 300 times": (document("{ community(" + repeat(300, "code: #") + ") { id } }"), 200, VALIDATION),
    "name of 14,900 letters": (document("{ " + "a" * 14_900 + " }"), 200, VALIDATION),
    "480 fragments that are not there": (document("{ " + repeat(480, "...g#") + " }"), 200, VALIDATION),
    "140 fragments nobody spreads": (
        document("{ __typename } " + repeat(140, "fragment f# on Query { __typename }")), 200, VALIDATION,
    ),
    "ring of 3": (document(cycle(3)), 200, VALIDATION),
    "ring of 40": (document(cycle(40)), 200, VALIDATION),
    "ring of one": (document("{ ...a } fragment a on Query { ...a }"), 200, VALIDATION),
    "190 operations": (document(repeat(190, "query q# { __typename }")), 200, INPUT),
    "190 operations of one name": (document("query q { __typename } " * 190), 200, VALIDATION),
    "240 variables": (document("query q(" + repeat(240, "$v#: Int") + ") { __typename }"), 200, VALIDATION),
    "100 types": (document("type A { a: Int } " * 100), 200, VALIDATION),
    "schema extended": (document("extend type Query { a: Int } query q { __typename }"), 200, VALIDATION),
    "introspection in circles": (document(circular_introspection(3)), 200, VALIDATION),
    "lists in a list of ids": (document("{ nodes(ids: [[[[1]]], {a: {b: [1]}}]) { id } }"), 200, VALIDATION),
    "950 ids": (document("{ nodes(ids: [" + '"a",' * 950 + "]) { id } }"), 200, INPUT),
    "unterminated text": (document('{ node(id: "' + "a" * 14_000), 200, PARSE),
    "unterminated block": (document('{ node(id: """' + '\\"""' * 3_600), 200, PARSE),
    "nothing but marks of byte order": (document("\ufeff" * 14_900), 200, PARSE),
    "a nul": (document("{ __typename \0 }"), 200, PARSE),
    "right to left": (document("{ __typename \u202e }"), 200, PARSE),
    "half a pair": (b'{"query": "{ __typename \\ud800 }"}', 400, INPUT),
    "not UTF-8": (b'{"query": "{ __typename \xff }"}', 400, INPUT),
    "not JSON": (b"{" * 100_000, 400, INPUT),
    "JSON 60,000 deep": (raw("{ __typename }", '{"a": ' + "[" * 60_000 + "]" * 60_000 + "}"), 400, INPUT),
    "variable 900 deep": (raw(BY_IDS, '{"ids": ' + "[" * 900 + "]" * 900 + "}"), 200, INPUT),
    "integer beyond every float": (raw(BY_FIRST, f'{{"n": {"9" * 400}}}'), 400, INPUT),
    "a very large float": (raw(BY_FIRST, '{"n": 1e308}'), 200, INPUT),
    "an integer of 32 bits and one": (document(BY_FIRST, n=2**31), 200, INPUT),
    "a negative page": (document(BY_FIRST, n=-1), 200, INPUT),
    "no size of a page": (document("{ communities { nodes { id } } }"), 200, INPUT),
    "25,000 ids": (document(BY_IDS, ids=["a"] * 25_000), 200, INPUT),
    "an operation's name of 100 kB": (
        json.dumps({"query": "{ __typename }", "operationName": "a" * 100_000}).encode(), 200, INPUT,
    ),
    "500 requests in one": (json.dumps([{"query": "{ __typename }"}] * 500).encode(), 400, INPUT),
    "another document's sum": (persisted("0" * 64, query="{ __typename }"), 200, INPUT),
    "a sum of 60 kB": (persisted("0" * 60_000), 200, INPUT),
    "a sum nobody knows": (persisted("1" * 64), 200, UNKNOWN),
    "a million objects": (
        document("{ communities(%sworkers(%scommunity { issues(%sid } }" % ((HUNDRED,) * 3) + " }" * 6),
        200, COST,
    ),
    "a subscription by POST": (
        document('subscription { issueChanged(region: "530111000000") { __typename } }'), 405, NOT_SO,
    ),
}  # fmt: skip
