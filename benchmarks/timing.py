"""Stopwatches that the benchmarks share; every duration is in seconds."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

#: Seconds of rest after which idle threads no longer spin; those of OpenBLAS do for a tenth.
REST = 0.25


def seconds(run: Callable[[], object]) -> float:
    """Seconds that one call of `run` takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def on_fewer_threads_if_faster(run: Callable[[], object], trials: int = 2) -> Callable[[], float]:
    """Seconds of `run`, with BLAS at its default threads or at one: what won `trials` each."""
    from threadpoolctl import threadpool_limits

    def timed(threads: int | None) -> float:
        with threadpool_limits(threads, user_api="blas"):
            return seconds(run)

    run()
    results = [(timed(threads), threads) for _ in range(trials) for threads in (None, 1)]
    _, fastest = min(results, key=lambda result: result[0])
    return lambda: timed(fastest)
