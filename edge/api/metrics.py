"""Prometheus metrics of the edge.

What lives here: names and help of every metric, in a registry of their own so that two edges can live in one process.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

__all__ = ["Metrics"]


class Metrics:
    """The metrics of one edge."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = Counter(
            "comanda_edge_commands_accepted", "Commands answered as accepted, repeats included", registry=self.registry
        )
        self._refused = Counter("comanda_edge_commands_refused", "Requests refused, by code", ["code"], registry=self.registry)
        self.dropped = Counter("comanda_edge_feed_dropped", "Followers dropped because they read too slowly", registry=self.registry)
        self.followers = Gauge("comanda_edge_feed_followers", "WebSocket followers connected", registry=self.registry)
        self.sequence = Gauge("comanda_edge_journal_sequence", "Sequence of the last journal entry", registry=self.registry)
        self.cloud_sequence = Gauge("comanda_edge_cloud_sequence", "Sequence up to which the hub has committed", registry=self.registry)
        self.oldest_pending_s = Gauge(
            "comanda_edge_oldest_pending_seconds", "Age of the oldest entry that is not in the cloud", registry=self.registry
        )
        self.pending_entries = Gauge("comanda_edge_pending_entries", "Entries that are not in the cloud", registry=self.registry)
        self.is_fenced = Gauge("comanda_edge_fenced", "1 where another box holds a later claim of the site", registry=self.registry)
        self._alarms = Gauge("comanda_edge_alarm", "1 for each alarm that holds, by code", ["code"], registry=self.registry)
        self.waiting = Gauge("comanda_edge_writer_waiting", "Requests waiting for the writer", registry=self.registry)
        self.groups = Gauge("comanda_edge_writer_groups", "Groups committed since start", registry=self.registry)
        self.disk_free_bytes = Gauge("comanda_edge_disk_free_bytes", "Free space beside the journal", registry=self.registry)

    def accepted(self, count: int) -> None:
        self._accepted.inc(count)

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def tell_alarms(self, codes: tuple[str, ...]) -> None:
        """The alarms that hold; any other is none any more."""
        self._alarms.clear()
        for code in codes:
            self._alarms.labels(code).set(1)

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)
