"""What /metrics tells, in Prometheus's form: requests, rows, and how far rows have drifted from those of training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from chainrule.serving.inference.served import Served
from chainrule.serving.inference.signature import Reads
from chainrule.tables.seen import Seen

#: Where processes of one server keep their counts for one another: a variable that prometheus-client reads.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: Bounds of the histogram of seconds.
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: What cells are counted as: field of `Seen` -> end of a metric's name, and what it says.
CELLS = {
    "missing": ("missing", "that hold nothing"),
    "unknown": ("unknown_level", "whose level of a category the model does not know"),
    "beyond": ("out_of_range", "whose number or date lies outside of the training rows"),
    "unread": ("unreadable", "that could not be read and were taken as missing"),
}


class Metrics:
    """The counts of one process; with `FOLDER` in the environment, of all processes that have it, too."""

    def __init__(self) -> None:
        import prometheus_client as prometheus

        self._registry = prometheus.CollectorRegistry()
        about: dict[str, Any] = {"registry": self._registry}
        model = ["model", "version"]
        self.requests = prometheus.Counter("chainrule_requests", "Requests answered", ["route", "status"], **about)
        self.seconds = prometheus.Histogram(
            "chainrule_request_seconds", "From a request to its answer", ["route"], buckets=SECONDS, **about
        )
        self.under_way = prometheus.Gauge(
            "chainrule_requests_under_way", "Predicted, or waiting for it", multiprocess_mode="livesum", **about
        )
        self.loaded = prometheus.Gauge(
            "chainrule_model_loaded_seconds", "When a model was loaded, since 1970", model,
            multiprocess_mode="livemin", **about,
        )  # fmt: skip
        self.failures = prometheus.Counter(
            "chainrule_reload_failures", "Files that could not take the place of a model", model, **about
        )
        self._watched: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._of_route = cache(lambda route, status: self.requests.labels(route, str(status)))
        self._time_of = cache(self.seconds.labels)
        self.rows = prometheus.Counter("chainrule_rows", "Rows read", model, **about)
        self._cells = {
            of: prometheus.Counter(f"chainrule_cells_{name}", f"Cells {said}", [*model, "column"], **about)
            for of, (name, said) in CELLS.items()
        }

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._of_route(route, status).inc()
        self._time_of(route).observe(seconds)

    def watch(self, served: Served) -> None:
        """Count the rows that a model reads, anew; of each column what it can have, 0 where there is nothing."""
        labels = (served.name, served.version)
        before = self._watched.get(labels)
        if before is not None:
            self.rows.remove(*labels)
            for of, column in before:
                self._cells[of].remove(*labels, column)
        self._watched[labels] = [(of, one.name) for of in CELLS for one in served.reads if _can_be(of, one)]
        for of, column in self._watched[labels]:
            self._cells[of].labels(*labels, column)
        rows = self.rows.labels(*labels)

        def count(seen: Seen) -> None:
            rows.inc(seen.rows)
            for of, counter in self._cells.items():
                for column, cells in getattr(seen, of).items():
                    counter.labels(*labels, column).inc(cells)

        served.count = count

    def text(self) -> tuple[bytes, str]:
        """The page of metrics, and its media type."""
        import prometheus_client as prometheus

        registry = self._registry
        if FOLDER in os.environ:
            from prometheus_client import multiprocess

            registry = prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        whole = prometheus.CollectorRegistry()
        whole.register(_WithShares(registry))
        return prometheus.generate_latest(whole), prometheus.CONTENT_TYPE_LATEST


def _can_be(of: str, one: Reads) -> bool:
    """Whether cells of a column can be so, and it is known which are."""
    kind = one.field.kind
    return one.may_lack and {
        "missing": True, "unknown": kind in ("category", "boolean"), "beyond": kind in ("number", "date"),
        "unread": one.field.lenient,
    }[of]  # fmt: skip


class _WithShares:
    """What a registry collects, and the shares of cells, which are what drifts."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        families = list(self._registry.collect())
        yield from families
        rows: dict[tuple[str, str], float] = {}
        cells: dict[str, list[tuple[dict[str, str], float]]] = {}
        for family in families:
            for sample in family.samples:
                if sample.name == "chainrule_rows_total":
                    rows[sample.labels["model"], sample.labels["version"]] = sample.value
                elif sample.name.startswith("chainrule_cells_") and sample.name.endswith("_total"):
                    name = sample.name.removeprefix("chainrule_cells_").removesuffix("_total")
                    cells.setdefault(name, []).append((sample.labels, sample.value))
        for name, said in CELLS.values():
            family = GaugeMetricFamily(
                f"chainrule_{name}_share", f"Of rows read, cells {said}", labels=["model", "version", "column"]
            )
            for labels, value in cells.get(name, []):
                whole = rows.get((labels["model"], labels["version"]), 0.0)
                if whole:
                    family.add_metric([labels["model"], labels["version"], labels["column"]], value / whole)
            yield family


def mark_dead(process: int) -> None:
    """What a process that has ended had under way is no longer counted."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]
