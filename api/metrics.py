"""What the service counts, as Prometheus reads it: on a port of its own, for operators, never on the port that banks reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from threading import Lock
from typing import Any, Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from api.errors import Unauthenticated
from api.problems import code_of
from ledger.bootstrap import Service
from ledger.eventstore.log import Log
from ledger.meter import SECONDS, SIZES
from ledger.projections.runner import Runner

OUTCOMES: Final = ("done", "refused", "replayed", "failed", "unknown")


class Failures:
    """Requests that nobody known had signed, by what was wrong with them. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def count(self, error: type[BaseException]) -> None:
        """One more, if it is one of these."""
        if issubclass(error, Unauthenticated):
            with self._lock:
                self._counts[code_of(error)] += 1

    def read(self) -> dict[str, int]:
        """How many of each kind so far."""
        with self._lock:
            return dict(self._counts)


class ServiceCollector(Collector):
    """Reads the meters of a service when Prometheus asks."""

    def __init__(self, service: Service, failures: Failures) -> None:
        self._service = service
        self._failures = failures

    def collect(self) -> Iterator[Any]:
        """Every family, each with the corridors of this process."""
        commands = CounterMetricFamily("corridor_commands", "Commands answered, by outcome.", labels=["corridor", "outcome"])
        waiting = GaugeMetricFamily("corridor_commands_waiting", "Commands that wait for a batch.", labels=["corridor"])
        sizes = HistogramMetricFamily("corridor_batch_commands", "Commands a batch.", labels=["corridor"])
        seconds = HistogramMetricFamily("corridor_commit_seconds", "How long sending a batch to the log took.", labels=["corridor"])
        lag = GaugeMetricFamily("corridor_projection_lag_events", "Events the projections are behind the log.", labels=["corridor"])
        for code, ledger in self._service.ledgers().items():
            reading = ledger.meter.read()
            for outcome in OUTCOMES:
                commands.add_metric([code, outcome], reading.commands.get(outcome, 0))
            waiting.add_metric([code], ledger.batcher.waiting())
            sizes.add_metric([code], *_histogram(SIZES, *reading.batch_sizes))
            seconds.add_metric([code], *_histogram(SECONDS, *reading.commit_seconds))
        for code in Log(self._service.pool, "").corridors():
            lag.add_metric([code], Runner(Log(self._service.pool, code)).lag().events)
        failures = CounterMetricFamily("corridor_signature_failures", "Requests that were not authenticated.", labels=["kind"])
        for kind, count in self._failures.read().items():
            failures.add_metric([kind], count)
        yield from (commands, waiting, sizes, seconds, lag, failures)


def _histogram(bounds: tuple[float, ...], counts: list[int], total: float) -> tuple[list[tuple[str, float]], float]:
    names = [*map(str, bounds), "+Inf"]
    return list(zip(names, map(float, accumulate(counts)), strict=True)), total


def registry(service: Service, failures: Failures) -> CollectorRegistry:
    """Everything there is to scrape."""
    found = CollectorRegistry()
    found.register(ServiceCollector(service, failures))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=found)
    return found


@contextmanager
def served_metrics(service: Service, failures: Failures, host: str, port: int | None) -> Iterator[Callable[[], int] | None]:
    """Serves the metrics until the end of the block; gives the port it listens on. None when no port is set."""
    if port is None:
        yield None
        return
    server, thread = start_http_server(port, addr=host, registry=registry(service, failures))
    try:
        yield lambda: server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
