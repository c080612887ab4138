"""Several fits at once: networks of an ensemble, and fits that joblib starts, each with every core or on one thread.

    python -m benchmarks.several

Whoever starts fits side by side should lose nothing by leaving `n_threads` alone: figures of at least 1.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from statistics import median
from time import sleep

from joblib import Parallel, delayed

from benchmarks.cases import CASES, Case, data
from benchmarks.timing import REST, seconds
from chainrule import MLPClassifier

FITS, JOBS, ROUNDS = 8, 2, 8
BATCHES = {"small": 300, "medium": 40, "image": 10}


def fit(case: Case, n_threads: int | None, seed: int = 0, n_members: int = 1) -> None:
    """One epoch a network."""
    warnings.simplefilter("ignore")  # it has not converged
    X, y = data(case, BATCHES[case.name], seed=0)
    MLPClassifier(
        case.sizes[1:-1], batch_size=case.batch, max_iter=2, probes=False, n_members=n_members, random_state=seed,
        n_threads=n_threads,
    ).fit(X, y)  # fmt: skip


def members(case: Case, n_threads: int | None) -> None:
    """All networks of one ensemble."""
    fit(case, n_threads, n_members=FITS)


def jobs(backend: str) -> Callable[[Case, int | None], None]:
    """Fits of an estimator each, side by side."""

    def run(case: Case, n_threads: int | None) -> None:
        Parallel(JOBS, backend=backend)(delayed(fit)(case, n_threads, seed) for seed in range(FITS))

    return run


WAYS = {f"{FITS} members": members, **{f"{FITS} fits, joblib, {name}": jobs(name) for name in ("loky", "threading")}}


def measure(way: Callable[[Case, int | None], None], case: Case) -> tuple[float, float]:
    """Median seconds with every core and on one thread; both take turns, and turns in going first."""
    times: dict[int | None, list[float]] = {None: [], 1: []}
    for turn in range(ROUNDS + 1):
        for n_threads in sorted(times, key=bool, reverse=bool(turn % 2)):
            sleep(REST)
            times[n_threads].append(seconds(lambda n_threads=n_threads: way(case, n_threads)))  # type: ignore[misc]
    both, one = (median(found[1:]) for found in times.values())  # the first starts processes
    return both, one


def main() -> None:
    """Print a Markdown table."""
    print("| network | at once | ms, every core | ms, n_threads=1 | throughput over n_threads=1 |")
    print("|---|---|---:|---:|---:|")
    for name in BATCHES:
        for said, way in WAYS.items():
            both, one = measure(way, CASES[name])
            print(f"| {name} | {said} | {both * 1e3:,.0f} | {one * 1e3:,.0f} | {one / both:.2f} |", flush=True)


if __name__ == "__main__":
    main()
