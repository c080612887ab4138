"""
Regularisation: L1, L2, dropout
===============================

What each does to a network on UCI Adult: three tables, every row the mean of a few seeds, three unless `--seeds` says
otherwise. The page of this script on the site ran `--seeds 1`.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from encoding import encode
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss

from chainrule import MLPClassifier
from chainrule.datasets import load_adult


@dataclass(frozen=True)
class Part:
    """Rows of a table: encoded columns, and whether each person earns more than 50,000 dollars."""

    X: np.ndarray
    y: np.ndarray

    def first(self, rows: int) -> Part:
        return Part(self.X[:rows], self.y[:rows])


@dataclass(frozen=True)
class Seen:
    """What is seen of a fit: the share of weights that are exactly 0, the root of their squares' sum, and scores."""

    zeros: float
    norm: float
    train_accuracy: float
    test_accuracy: float
    train_loss: float
    test_loss: float

    @property
    def accuracy_gap(self) -> float:
        return self.train_accuracy - self.test_accuracy

    @property
    def loss_gap(self) -> float:
        return self.test_loss - self.train_loss

    @classmethod
    def of(cls, model: MLPClassifier, train: Part, test: Part) -> Seen:
        W = np.concatenate([W.ravel() for W in model.coefs_])
        p_train, p_test = model.predict_proba(train.X), model.predict_proba(test.X)
        return cls(
            zeros=float(np.mean(W == 0)),
            norm=float(np.linalg.norm(W)),
            train_accuracy=accuracy_score(train.y, p_train.argmax(axis=1)),
            test_accuracy=accuracy_score(test.y, p_test.argmax(axis=1)),
            train_loss=log_loss(train.y, p_train),
            test_loss=log_loss(test.y, p_test),
        )

    @classmethod
    def mean(cls, runs: Iterable[Seen]) -> Seen:
        runs = list(runs)
        return cls(*(float(np.mean([getattr(run, field.name) for run in runs])) for field in fields(cls)))


@dataclass(frozen=True)
class Sweep:
    """One parameter of MLPClassifier through its values, on the first so many training rows (None for all of them)."""

    parameter: str
    values: tuple[float, ...]
    columns: tuple[str, ...]
    sentence: Callable[[Seen, Seen], str]
    rows: int | None
    model: Mapping[str, Any]

    def run(self, train: Part, test: Part, seeds: int = 3) -> dict[float, Seen]:
        """What is seen with each value, averaged over the seeds 0, 1, ..."""
        part = train if self.rows is None else train.first(self.rows)
        return {
            value: Seen.mean(Seen.of(self._fit(part, value, seed), part, test) for seed in range(seeds))
            for value in self.values
        }

    def _fit(self, part: Part, value: float, seed: int) -> MLPClassifier:
        model = MLPClassifier(
            **self.model, **{self.parameter: value}, alpha=0.0, n_iter_no_change=np.inf, n_threads=1, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is meant
            return model.fit(part.X, part.y)

    def show(self, found: Mapping[float, Seen]) -> None:
        print(f"{self.parameter:>8}  " + "  ".join(column.replace("_", " ") for column in self.columns))
        for value, seen in found.items():
            print(f"{value:8g}  " + "  ".join(f"{getattr(seen, c):{len(c)}.4f}" for c in self.columns))
        print(self.sentence(found[self.values[0]], found[self.values[-1]]), end="\n\n")


SMALL = {"hidden_layer_sizes": (64,), "batch_size": 256, "max_iter": 16}
SCORES = "train_accuracy", "test_accuracy"

L1 = Sweep(
    "l1", (0, 1e-5, 3e-5, 1e-4, 3e-4, 7e-4), ("zeros", "norm", *SCORES),
    lambda none, most: f"L1 sets {most.zeros:.0%} of the weights to exactly 0, and the test accuracy falls by "
    f"{none.test_accuracy - most.test_accuracy:.4f}.",
    None, SMALL,
)  # fmt: skip
L2 = Sweep(
    "l2", (0, 1e-4, 1e-3, 3e-3, 1e-2), ("zeros", "norm", *SCORES),
    lambda none, most: f"L2 shrinks the weights, here to {most.norm / none.norm:.0%} of their norm, and sets "
    f"{'none' if most.zeros == 0 else f'{most.zeros:.2%}'} of them to exactly 0.",
    None, SMALL,
)  # fmt: skip
#: 256-256 units learn 1,000 rows by heart.
DROPOUT = Sweep(
    "dropout", (0, 0.25, 0.5, 0.75), (*SCORES, "accuracy_gap", "train_loss", "test_loss", "loss_gap"),
    lambda none, most: f"Dropout narrows the gap between training and test rows, in accuracy from "
    f"{none.accuracy_gap:.3f} to {most.accuracy_gap:.3f}, and raises the test accuracy by "
    f"{most.test_accuracy - none.test_accuracy:.3f}.",
    1000, {"hidden_layer_sizes": (256, 256), "batch_size": 64, "max_iter": 15},
)  # fmt: skip


def load() -> tuple[Part, Part]:
    """Training and test rows of Adult, encoded as in examples/encoding.py."""
    adult = load_adult()
    X, y = encode(adult)
    return Part(X[adult.train], y[adult.train]), Part(X[adult.test], y[adult.test])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    started = time.perf_counter()
    train, test = load()
    for sweep in (L1, L2, DROPOUT):
        part = f"{sweep.rows:,} of the" if sweep.rows else "all"
        units = "-".join(map(str, sweep.model["hidden_layer_sizes"]))
        print(
            f"{sweep.parameter} on {part} {len(train.y):,} training rows, {units} hidden units, mean of {seeds} seeds"
        )
        sweep.show(sweep.run(train, test, seeds))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
