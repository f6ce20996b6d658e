"""Both paths answer alike: whatever the document, whoever is away."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gateway.asked import Asked
from gateway.errors import GatewayError
from gateway.plan.upstreams import Upstreams
from gateway.schema import build
from gateway.services import Services
from gateway.settings import GatewaySettings
from tests.conftest import SettingsOf
from tests.gateway.plan.conftest import Away, Both
from tests.gateway.plan.documents import Case, cases, known_ids
from tests.gateway.register import SHIHUGUAN

SCHEMA = build().core
CALM = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,  # the same documents every time: what a run by chance finds is hunted with more, by hand
    report_multiple_bugs=False,
    phases=[Phase.generate],  # shrinking asks the whole system hundreds of times
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
IDS = known_ids("@community", "@worker", "@payslip", "@issue", "@issue")
"""The ids in `@` stand for real ones, which the fixture knows only later."""


@pytest.fixture(scope="session")
async def real(both: Both) -> dict[str, str]:
    """Global ids of objects that exist."""
    document = """query Q($c: DivisionCode!) { community(code: $c) { id
        workers(first: 1) { nodes { id latestPayslip { id } } } issues(first: 1) { nodes { id } } } }"""
    found = (await both.executed(Asked(document, {"c": SHIHUGUAN})))["data"]["community"]
    worker = found["workers"]["nodes"][0]
    return {
        "@community": found["id"],
        "@worker": worker["id"],
        "@payslip": worker["latestPayslip"]["id"],
        "@issue": found["issues"]["nodes"][0]["id"],
    }


def filled(case: Case, real: dict[str, str]) -> Asked:
    """The request with real ids in the place of those that stand for them."""
    text = orjson.dumps([case.query, case.variables]).decode()
    for name, found in real.items():
        text = text.replace(name, found)
    query, variables = orjson.loads(text)
    return Asked(query, variables, "Q")


def ordered(body: dict[str, Any] | None) -> str:
    """An answer as text, its errors in the order of their paths: the executor tells them as they happen."""
    assert body is not None
    errors = sorted(body.get("errors", []), key=lambda error: repr(error.get("path")))
    return orjson.dumps({**body, "errors": errors}, option=orjson.OPT_INDENT_2).decode()


async def alike(both: Both, asked: Asked, bearer: str | None = None) -> None:
    both.planner.fallen_back.clear()
    try:
        planned = await both.planned(asked, bearer)
    except GatewayError:
        assume(False)  # over a limit
    assume(planned is not None or both.planner.fallen_back.keys() != {"areas"})
    executed = await both.executed(asked, bearer)
    if planned and planned["data"] is None:  # what else is told besides the root that nulled it all, is left to chance
        assert executed["data"] is None
        assert planned["errors"][0]["extensions"] in [error["extensions"] for error in executed["errors"]]
    else:
        assert ordered(planned) == ordered(executed), asked


@CALM
@given(case=cases(SCHEMA, IDS))
async def test_whatever_is_asked(both: Both, real: dict[str, str], case: Case) -> None:
    await alike(both, filled(case, real))


@pytest.fixture(scope="session")
def away(both: Both, settings_of: SettingsOf) -> Callable[[str], Both]:
    """The same system with a service away."""

    def make(service: str) -> Both:
        ways = {**both.ways, service: Away(both.ways[service].inner, away=True)}
        settings = settings_of(None, GatewaySettings, upstream_timeout_s=20.0, client_timeout_s=20.0)
        assert isinstance(settings, GatewaySettings)
        return replace(
            both,
            ways=ways,
            services=Services.connect(settings, dict(ways)),
            upstreams=Upstreams.connect(settings, ways),
        )

    return make


@CALM
@given(case=cases(SCHEMA, IDS), service=st.sampled_from(["payroll", "payroll", "consultation", "staffing"]))
async def test_whoever_is_away(
    both: Both, away: Callable[[str], Both], real: dict[str, str], case: Case, service: str
) -> None:
    await alike(away(service), filled(case, real))
