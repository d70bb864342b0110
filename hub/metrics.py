"""Metrics of the hub's processes, for Prometheus.

What lives here: how plain counters are shown, and the small server for processes that have no HTTP of their own. What is
counted, and why, is decided where it happens.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.operator_error import OperatorError

__all__ = ["CallbackCollector", "Counted", "serve_metrics"]

Counted = tuple[str, str, str, Callable[[], Mapping[str, float] | float]]
"""(kind "counter" or "gauge", name, help, reader): a number, or numbers by the label `what`."""


class CallbackCollector(Collector):
    """Reads numbers when they are asked for."""

    def __init__(self, counted: Iterable[Counted]) -> None:
        self._counted = list(counted)

    def collect(self) -> Iterable[Metric]:
        for kind, name, text, read in self._counted:
            value = read()
            values = {"": value} if isinstance(value, int | float) else value
            labels = [] if isinstance(value, int | float) else ["what"]
            family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, text, labels=labels)
            for label, number in values.items():
                family.add_metric([label] if labels else [], number)
            yield family


@contextmanager
def serve_metrics(host: str, port: int, counted: Iterable[Counted]) -> Iterator[None]:
    """Serve `/metrics` on `host` and `port` while the context lasts; nothing when `port` is 0. Raises OperatorError."""
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(CallbackCollector(counted))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise OperatorError(
            "port.in_use", f"Port {port} on {host} cannot be opened: {error}", "Choose another COMANDA_HUB_METRICS_PORT."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
