"""What Prometheus reads: the counters of this process, or of all web processes, and figures read at the scrape."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


@dataclass(frozen=True)
class Figure:
    """One number about the work that waits. Its query must stay cheap: it runs at every scrape."""

    name: str
    help: str
    value: float


class FiguresCollector(Collector):
    """Read the figures that the apps name in the setting METRICS; without a database only that it is away."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        figures: list[Figure] = []
        database_up = 1
        try:
            for name in settings.METRICS:
                figures += import_string(name)()
        except DatabaseError:
            database_up = 0
        yield GaugeMetricFamily("portal_database_up", "1 while the database answers.", value=database_up)
        for figure in figures:
            yield GaugeMetricFamily(figure.name, figure.help, value=figure.value)


def text() -> bytes:
    """Return everything in Prometheus' text format.

    With PROMETHEUS_MULTIPROC_DIR set, the counters of all web processes are added up, whichever of them answers.
    """
    processes = REGISTRY
    if settings.METRICS_DIR:
        processes = CollectorRegistry()
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]
    figures = CollectorRegistry(auto_describe=False)
    figures.register(FiguresCollector())
    return generate_latest(processes) + generate_latest(figures)
