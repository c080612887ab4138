"""MNIST as plain vectors: two hidden layers of 512 ReLU units with dropout, on the official split."""

from __future__ import annotations

import gzip
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule import Activation, BatchNorm, Dense, Dropout, MLPClassifier
from chainrule.network.layers import Layer

DATA = Path(__file__).parent / "data" / "mnist"


def read_idx(name: str) -> np.ndarray:
    """An idx file as an array: 2 zero bytes, a type (8 is uint8), the number of axes, their sizes, the data."""
    with gzip.open(DATA / f"{name}-ubyte.gz") as file:
        axes = file.read(4)[3]
        shape = tuple(np.frombuffer(file.read(4 * axes), ">i4"))
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def load(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1] as float32 of shape (rows, 784), and digits, of "train" or "t10k"."""
    pixels = read_idx(f"{part}-images-idx3").reshape(-1, 784)
    return pixels.astype(np.float32) / 255, read_idx(f"{part}-labels-idx1").astype(int)


def hidden(units: int, rate: float) -> list[Layer]:
    return [Dense(units), BatchNorm(), Activation("relu"), Dropout(rate)]


#: Learning rate, epochs: a high rate first, then lower ones to settle.
PHASES = ((2e-3, 10), (4e-4, 5), (8e-5, 3))


def main(seed: int = 0) -> float:
    """Train in phases; the test error, as a share."""
    (X, y), (X_test, y_test) = load("train"), load("t10k")
    model = MLPClassifier(
        layers=[Dropout(0.1), *hidden(512, 0.3), *hidden(512, 0.3)], batch_size=128, alpha=0.0,
        n_iter_no_change=np.inf, warm_start=True, random_state=seed, verbose=True,
    )  # fmt: skip
    started = time.perf_counter()
    for rate, epochs in PHASES:
        model.set_params(learning_rate_init=rate, max_iter=epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is meant
            model.fit(X, y)
    seconds = time.perf_counter() - started
    error = 1 - model.score(X_test, y_test)
    print(f"test error {100 * error:.2f} %   training {seconds:.0f} s, {len(model.history_)} epochs")
    return float(error)


if __name__ == "__main__":
    main()
