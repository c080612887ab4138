"""Predicting, here and in other libraries: one small row at a time, and many wide rows at once.

    python -m benchmarks.predicting

A predictor takes float32 rows and returns their class probabilities, NumPy in and NumPy out. `one_row` and
`many_rows` time any predictor; `PEERS` builds them. They are handed many rows at once, as most users do, and
`in_pieces`, which suits some better. They run one after another in this process, with a rest in between so that
no threads still spin.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from time import sleep
from typing import Any

import numpy as np

from benchmarks.cases import CASES, Rows
from benchmarks.timing import REST, seconds

Predictor = Callable[[Rows], np.ndarray]

ONE, MANY = CASES["small"].sizes, CASES["medium"].sizes
ROWS = 100_000


def chainrule_model(sizes: tuple[int, ...]) -> Any:
    """Our `MLPClassifier`, after one epoch on a few rows."""
    from chainrule import MLPClassifier

    random = np.random.default_rng(0)
    X = random.standard_normal((128, sizes[0]), dtype=np.float32)
    y = random.integers(sizes[-1], size=len(X))
    return MLPClassifier(sizes[1:-1], random_state=0).partial_fit(X, y, classes=np.arange(sizes[-1]))


def chainrule_predictor(sizes: tuple[int, ...]) -> Predictor:
    """`MLPClassifier.predict_proba`, input checks included."""
    predict: Predictor = chainrule_model(sizes).predict_proba
    return predict


def unchecked_predictor(sizes: tuple[int, ...]) -> Predictor:
    """`MLPClassifier.predict_function`: no input checks, a fixed number of rows."""
    model = chainrule_model(sizes)
    bound: dict[int, Predictor] = {}

    def predict(X: Rows) -> np.ndarray:
        if len(X) not in bound:
            bound[len(X)] = model.predict_function(len(X))
        return bound[len(X)](X)

    return predict


def sklearn_predictor(sizes: tuple[int, ...]) -> Predictor:
    """`MLPClassifier.predict_proba`, after one step of training."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(0)
    X = random.standard_normal((128, sizes[0]), dtype=np.float32)
    y = random.integers(sizes[-1], size=len(X))
    model = MLPClassifier(sizes[1:-1], batch_size=len(X), random_state=0)
    predict: Predictor = model.partial_fit(X, y, classes=np.arange(sizes[-1])).predict_proba
    return predict


def torch_predictor(sizes: tuple[int, ...]) -> Predictor:
    """The softmax of an eager model in inference mode."""
    import torch

    from benchmarks.peers.torch_peer import network

    model = network(sizes).eval()

    @torch.inference_mode()
    def predict(X: Rows) -> np.ndarray:
        return torch.softmax(model(torch.from_numpy(X)), dim=1).numpy()

    return predict


PEERS: dict[str, Callable[[tuple[int, ...]], Predictor]] = {
    "chainrule": chainrule_predictor,
    "chainrule, unchecked": unchecked_predictor,
    "sklearn": sklearn_predictor,
    "torch": torch_predictor,
}


def in_pieces(predict: Predictor, rows: int = 4096) -> Predictor:
    """The same, some rows at a time: the activations stay in the cache."""

    def predict_pieces(X: Rows) -> np.ndarray:
        return np.concatenate([predict(X[i : i + rows]) for i in range(0, len(X), rows)])

    return predict_pieces


def one_row(predict: Predictor, calls: int = 2000) -> float:
    """Median seconds to predict one row of the small network."""
    X = _rows(1, ONE[0])
    return _median_seconds(lambda: predict(X), calls)


def many_rows(predict: Predictor, calls: int = 7) -> float:
    """Rows per second, by the median call, when 100,000 rows of the medium network come at once."""
    X = _rows(ROWS, MANY[0])
    return ROWS / _median_seconds(lambda: predict(X), calls)


def _rows(count: int, features: int) -> Rows:
    return np.random.default_rng(1).standard_normal((count, features), dtype=np.float32)


def _median_seconds(run: Callable[[], object], calls: int) -> float:
    for _ in range(max(2, calls // 10)):
        run()
    return median(seconds(run) for _ in range(calls))


def main() -> None:
    """Print a Markdown table, one line a library that is installed."""
    print("| library | one row, µs | many rows at once, rows/s | in pieces, rows/s |")
    print("| --- | ---: | ---: | ---: |")
    for name, build in PEERS.items():
        try:
            single, bulk = build(ONE), build(MANY)
        except ImportError as missing:
            print(f"{name} is left out: {missing}", file=sys.stderr)
            continue
        sleep(REST)
        row = f"| {name} | {one_row(single) * 1e6:.1f} | {many_rows(bulk):,.0f} |"
        print(row, f"{many_rows(in_pieces(bulk)):,.0f} |")


if __name__ == "__main__":
    main()
