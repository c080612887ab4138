"""What it costs to watch a fit: the recorder, callbacks, checkpoints, as ratios to a fit that nobody watches."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.cases import CASES, data
from benchmarks.timing import seconds
from chainrule import Checkpoints, MLPClassifier, callbacks

EPOCHS, ROUNDS = 8, 9
#: Batches of an epoch: real tables have hundreds.
BATCHES = {"small": 400, "medium": 200, "image": 100, "large": 20}


def fits(name: str, folder: Path) -> dict[str, Callable[[], object]]:
    """A fit per way of watching, on the same rows."""
    case, count = CASES[name], iter(range(10**6))
    X, y = data(case, BATCHES[name], seed=0)

    def fit(**parameters: Any) -> object:
        settings = {
            "max_iter": EPOCHS, "batch_size": case.batch, "n_iter_no_change": np.inf, "random_state": 0,
            "probes": False,
        }  # fmt: skip
        return MLPClassifier(case.sizes[1:-1], alpha=0.0, **settings | parameters).fit(X, y)

    all_callbacks = [callbacks.Progress(StringIO()), callbacks.JSONLines(folder / f"{name}.jsonl"), lambda record: None]
    return {
        "nobody": fit,
        "nobody again": fit,
        "the recorder": lambda: fit(probes=True),
        "three callbacks": lambda: fit(callbacks=all_callbacks),
        "a checkpoint per epoch": lambda: fit(checkpoints=Checkpoints(folder / f"{name}-{next(count)}")),
    }


def main() -> None:
    """Print a table of medians of ratios, round by round."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    with tempfile.TemporaryDirectory() as folder:
        rows = {name: ratios(fits(name, Path(folder))) for name in BATCHES}
    ways = [way for way in next(iter(rows.values())) if way != "nobody"]
    print(f"| watched by, over nobody | {' | '.join(ways)} |")
    print(f"|---|{'---:|' * len(ways)}")
    for name, found in rows.items():
        print(f"| {name} | {' | '.join(f'{median(found[way]):.3f}' for way in ways)} |")


def ratios(ways: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Time of each way over that of the first, in every round."""
    found: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways.values():
        way()
    for _ in range(ROUNDS):
        times = {way: seconds(fit) for way, fit in ways.items()}
        for way, time in times.items():
            found[way].append(time / times["nobody"])
    return found


if __name__ == "__main__":
    main()
