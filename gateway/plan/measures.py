"""What an operator sees of plans: which queries they could not answer, how many asks share a request, open breakers."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.plan.planner import Planner
from gateway.plan.upstreams import Upstreams


class Measures(Collector):
    """Plain numbers of the planner and the ways to the services, read when they are asked for."""

    def __init__(self, planner: Planner | None, upstreams: Upstreams) -> None:
        self._planner = planner
        self._upstreams = upstreams

    def collect(self) -> Iterator[Metric]:
        """A handful of series: one for each reason and each service."""
        fallen = CounterMetricFamily(
            "gongzhi_graphql_fallen_back", "Queries the ordinary executor answered, by why", labels=("reason",)
        )
        for reason, count in self._planner.fallen_back.items() if self._planner else ():
            fallen.add_metric((reason,), count)
        labels = ("service",)
        asks = CounterMetricFamily("gongzhi_upstream_asks", "What plans asked of a service", labels=labels)
        sent = CounterMetricFamily("gongzhi_upstream_requests", "The requests that went out for it", labels=labels)
        open_ = GaugeMetricFamily("gongzhi_upstream_breaker_open", "Whether calls are held back", labels=labels)
        for name, upstream in self._upstreams.services.items():
            asks.add_metric((name,), upstream.together.asks)
            sent.add_metric((name,), upstream.requests)
            open_.add_metric((name,), upstream.breaker.is_open)
        yield from (fallen, asks, sent, open_)
