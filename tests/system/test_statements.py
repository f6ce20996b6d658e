"""F-21: a page of a hundred communities costs as many calls and statements as a page of one."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.system.block import COMMUNITIES, MONTH, STREET, WITH_ISSUE, WORKERS_EACH
from tests.system.conftest import GATEWAYS, SERVICES, Running
from tests.system.test_join import codes

pytestmark = pytest.mark.xdist_group("system")
MOST_STATEMENTS = 12
MOST_CALLS = {  # communities and their workers, issues, pay; the executor asks for workers on a level of their own
    "gateway": {"staffing": 1, "consultation": 1, "payroll": 1},
    "executor": {"staffing": 2, "consultation": 1, "payroll": 1},
}
FRAME = re.compile(rb"BEGIN|COMMIT|WITH RECURSIVE typeinfo|$")  # and what a driver asks on a new connection
PAGE = """query Page($first: Int!, $region: DivisionCode!) {
  communities(first: $first, region: $region) { nodes {
    code name
    workers(first: 5) { nodes { name latestPayslip { month gross } } }
    issues(first: 5) { nodes { title } }
  } }
}"""


def check(body: dict[str, Any], size: int) -> None:
    """Everything is there and stands under its own community."""
    assert codes(body) == set()
    nodes = body["data"]["communities"]["nodes"]
    assert [node["code"] for node in nodes] == list(COMMUNITIES[:size])
    for node in nodes:
        workers = node["workers"]["nodes"]
        assert [worker["name"] for worker in workers] == [f"李{node['code'][-3:]}{one}" for one in range(WORKERS_EACH)]
        assert [worker["latestPayslip"]["month"] for worker in workers] == [MONTH] * WORKERS_EACH
        assert [issue["title"] for issue in node["issues"]["nodes"]] == [f"议题{node['code']}"] * (
            node["code"] in WITH_ISSUE
        )


@pytest.mark.parametrize("name", GATEWAYS)
async def test_calls_and_statements_do_not_grow_with_the_page(system: Running, name: str) -> None:
    counted = []
    for size in (1, 10, 100):
        await system.ask(PAGE, {"first": size, "region": STREET}, name)  # connections and statements are there
        for line in system.lines.values():
            line.heal()
        before = len(system.statements())
        body, _ = await system.ask(PAGE, {"first": size, "region": STREET}, name)
        check(body, size)
        statements = [one for one in system.statements()[before:] if not FRAME.match(one)]
        calls = Counter({service: system.lines[service].asked.total() for service in SERVICES})
        counted.append((calls, len(statements)))
        assert calls <= Counter(MOST_CALLS[name]), calls
        assert len(statements) <= MOST_STATEMENTS, statements
    assert len({statements for _, statements in counted}) == 1, counted
    assert counted[0][0] == counted[1][0] == counted[2][0]
