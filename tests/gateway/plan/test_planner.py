from typing import Any

import orjson
import pytest

from gateway.asked import Asked
from tests.gateway.plan.conftest import Both
from tests.gateway.register import CUIZHU, HONGMEI, LONGWAN, NOWHERE, SHIHUGUAN, VILLAGE, WENYI
from tests.gateway.test_graph import JOIN


def ordered(body: dict[str, Any]) -> bytes:
    """A body as text, its errors in the order of their paths: the executor tells them as they happen."""
    errors = sorted(body.get("errors", []), key=lambda error: repr(error.get("path")))
    return orjson.dumps({**body, "errors": errors}, option=orjson.OPT_INDENT_2)


async def same(both: Both, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = Asked(document, variables or {})
    planned = await both.planned(asked)
    executed = await both.executed(asked)
    assert planned is not None
    assert ordered(planned).decode() == ordered(executed).decode()
    return planned


@pytest.mark.parametrize("code", [SHIHUGUAN, WENYI, CUIZHU, HONGMEI, VILLAGE, LONGWAN, NOWHERE])
async def test_the_join_is_planned(both: Both, code: str) -> None:
    await same(both, JOIN, {"code": code})
