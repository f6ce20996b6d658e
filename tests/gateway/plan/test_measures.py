"""An operator sees which queries were not planned, how many asks share a request, and open breakers."""

import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from gateway.asked import Asked
from gateway.plan.measures import Measures
from tests.gateway.plan.both import Both
from tests.gateway.register import SHIHUGUAN, WENYI


async def test_asks_requests_reasons_and_breakers_are_told(both: Both) -> None:
    registry = CollectorRegistry()
    registry.register(Measures(both.planner, both.upstreams))
    staffing = both.upstreams.services["staffing"]
    asks, requests = staffing.together.asks, staffing.requests
    bearer = both.token("administrator", "000000000000")
    document = "query Q($c: DivisionCode!) { community(code: $c) { name } }"
    await asyncio.gather(*[both.planned(Asked(document, {"c": code}), bearer) for code in (SHIHUGUAN, WENYI)])
    both.planner.fallen_back.clear()
    await both.planned(Asked("{ __schema { queryType { name } } }"), bearer)
    for _ in range(5):
        both.upstreams.services["payroll"].breaker.note(ok=False)
    told = generate_latest(registry).decode()
    both.upstreams.services["payroll"].breaker.note(ok=True)
    assert f'gongzhi_upstream_asks_total{{service="staffing"}} {asks + 2}.0' in told
    assert f'gongzhi_upstream_requests_total{{service="staffing"}} {requests + 1}.0' in told
    assert 'gongzhi_graphql_fallen_back_total{reason="introspection"} 1.0' in told
    assert 'gongzhi_upstream_breaker_open{service="payroll"} 1.0' in told
    assert 'gongzhi_upstream_breaker_open{service="staffing"} 0.0' in told


def test_without_plans_the_services_are_told_all_the_same(both: Both) -> None:
    registry = CollectorRegistry()
    registry.register(Measures(None, both.upstreams))
    assert b'gongzhi_upstream_asks_total{service="consultation"}' in generate_latest(registry)
