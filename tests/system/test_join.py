"""The first question of the product over real processes: all there, one dead, one hung, one back again."""

import asyncio
import signal
import time
from typing import Any

import httpx
import pytest

from tests.gateway.register import CUIZHU, LONGWAN, MONTH, SHIHUGUAN
from tests.gateway.test_graph import JOIN
from tests.system.conftest import NAMES, Running, bar

pytestmark = pytest.mark.xdist_group("system")
PAY = {"code": SHIHUGUAN}


def codes(body: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", [])}


def slips(body: dict[str, Any]) -> list[Any]:
    return [edge["node"]["latestPayslip"] for edge in body["data"]["community"]["workers"]["edges"]]


def check_all_but_pay(body: dict[str, Any]) -> None:
    community = body["data"]["community"]
    assert community["quota"]["posts"] == 17
    assert community["headcount"] == 3
    assert [edge["node"]["name"] for edge in community["workers"]["edges"]] == ["张一", "李二", "王三"]
    assert len(community["issues"]["edges"]) == 3


@pytest.mark.parametrize(("code", "posts"), [(SHIHUGUAN, 17), (CUIZHU, 13), (LONGWAN, 14)])
async def test_the_join_answers_with_explanations(running: Running, code: str, posts: int) -> None:
    body, _ = await running.ask(JOIN, {"code": code})
    assert codes(body) == set()
    quota = body["data"]["community"]["quota"]
    assert quota["posts"] == posts
    assert quota["citations"][0]["quote"]
    assert len(quota["explanation"]["steps"]) > 1


async def test_every_line_of_pay_is_explained(running: Running) -> None:
    body, _ = await running.ask(JOIN, PAY)
    assert codes(body) == set()
    check_all_but_pay(body)
    assert [slip["month"] for slip in slips(body)] == [MONTH] * 3
    assert all(line["explanation"]["value"] == line["amount"] for slip in slips(body) for line in slip["lines"])


async def test_with_payroll_hung_the_rest_answers_within_three_seconds(running: Running) -> None:
    payroll = running.processes["payroll"]
    payroll.send_signal(signal.SIGSTOP)
    try:
        body, seconds = await running.ask(JOIN, PAY)
    finally:
        payroll.send_signal(signal.SIGCONT)
    assert seconds < bar(3)
    assert codes(body) == {"UPSTREAM_UNAVAILABLE"}
    check_all_but_pay(body)
    assert slips(body) == [None] * 3
    await recovered(running)


async def test_with_payroll_stopped_the_rest_answers_within_three_seconds(running: Running) -> None:
    running.end("payroll")
    for _ in range(3):
        body, seconds = await running.ask(JOIN, PAY)
        assert seconds < bar(3)
        assert codes(body) == {"UPSTREAM_UNAVAILABLE"}
        check_all_but_pay(body)
        assert slips(body) == [None] * 3
        assert {error["extensions"]["service"] for error in body["errors"]} == {"payroll"}
    running.start("payroll")
    await running.ready("payroll")
    await recovered(running)


async def recovered(running: Running) -> None:
    """Pay comes back by itself once payroll answers and the breaker has rested."""
    deadline = time.monotonic() + 15
    while True:
        body, _ = await running.ask(JOIN, PAY)
        if not codes(body):
            assert all(slips(body))
            return
        assert time.monotonic() < deadline, body["errors"]
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("name", NAMES)
async def test_every_process_serves_its_explorer_from_our_own_shelf(running: Running, name: str) -> None:
    async with httpx.AsyncClient(base_url=running.urls[name], trust_env=False) as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        assert "//" not in page.text.replace("<!--", "")
        for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
            assert (await client.get(f"/_assets/{asset}")).status_code == 200
