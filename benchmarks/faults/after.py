"""Faults that show when training has ended: in the scores, the classes, the probabilities, the running statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.faults.before import Spoil, Stack, beside, columns, dense
from benchmarks.faults.data import Split
from benchmarks.faults.during import like
from benchmarks.faults.planting import Fault, Setting
from benchmarks.faults.proofs import GAP, IGNORED, LOW, NOTHING, OVERCONFIDENT, harm
from chainrule import Activation, BatchNorm


def few(rows: int) -> Spoil:
    """Fewer rows to train on."""
    return lambda split, setting: split.first(rows)


def noisy(share: float) -> Spoil:
    """Another class for this share of the rows to train on, or noise as large as the numbers' deviation."""

    def change(split: Split, setting: Setting) -> Split:
        random, y = setting.random, split.y.copy()
        if split.task == "classes":
            some = random.random(len(y)) < share
            y[some] = (y[some] + random.integers(1, split.classes, some.sum())) % split.classes
        else:
            y += (2 * share * random.normal(size=len(y))).astype(np.float32)
        return replace(split, y=y)

    return change


def rare(share: float) -> Spoil:
    """Two classes, the second of which is this share of all rows: the last of the old ones, thinned out."""

    def thinned(y: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
        other, one = np.flatnonzero(y == 0), np.flatnonzero(y)
        return random.permutation(np.concatenate([other, one[: max(5, round(share * len(other)))]]))

    def change(split: Split, setting: Setting) -> Split:
        two = split.over_target(lambda y: (y == y.max()).astype(np.int64))
        rows, held = thinned(two.y, setting.random), thinned(two.y_held, setting.random)
        return replace(two, X=two.X[rows], y=two.y[rows], X_held=two.X_held[held], y_held=two.y_held[held])

    return change


def then(first: Spoil, second: Spoil) -> Spoil:
    """One change, and then the other."""
    return lambda split, setting: second(first(split, setting), setting)


def batch_norm(momentum: float, **parameters: Any) -> Callable[[Setting], dict[str, Any]]:
    """Layers with a batch norm of this momentum."""
    stack = Stack((), (dense("identity"), BatchNorm(momentum=momentum), Activation("relu")))
    return lambda setting: {**stack(setting), **parameters}


CAREFUL = like(hidden_layer_sizes=(32,), l2=0.01, early_stopping=True, n_iter_no_change=10)
LONG = like(max_iter=300)
BALANCED = like(class_weight="balanced", l2=0.03)
BLURRED = columns(lambda X, random: X + 1.5 * random.normal(size=X.shape))
NOISE = beside(lambda X, random: random.normal(size=(len(X), 60)))

AFTER: tuple[Fault, ...] = (
    Fault("overfitting", "120 rows, 60 columns of noise beside them", GAP, LONG, shared=then(NOISE, few(120)),
          twin=like(hidden_layer_sizes=(), l2=0.3), widths=(128, 256)),
    Fault("overfitting", "three labels in ten wrong", GAP, LONG, shared=then(noisy(0.3), few(500)), twin=CAREFUL,
          widths=(128, 256), depths=(1, 2)),
    Fault("overfitting", "120 rows, one label in five wrong", GAP, LONG, shared=then(noisy(0.2), few(120)),
          twin=like(hidden_layer_sizes=(), l2=0.1), widths=(128, 256)),
    Fault("like-a-constant", "noise in place of the columns", NOTHING, like(l2=0.01),
          spoil=columns(lambda X, random: random.normal(size=X.shape))),
    Fault("like-a-constant", "columns under twenty times their deviation of noise", NOTHING, like(l2=0.01),
          spoil=columns(lambda X, random: (X + 20 * random.normal(size=X.shape)) / 20)),
    Fault("underfitting", "dropout of 0.95", LOW, like(dropout=0.95), depths=(2, 3)),
    Fault("underfitting", "l2 of 0.5", LOW, like(l2=0.5)),
    Fault("underfitting", "one unit", LOW, like(hidden_layer_sizes=(1,))),
    Fault("underfitting", "two layers of two units", LOW, like(hidden_layer_sizes=(2, 2))),
    Fault("batch-norm-mismatch", "momentum 0.00003", harm(0.05), batch_norm(3e-5), twin=batch_norm(0.1)),
    Fault("batch-norm-mismatch", "momentum 0.001, a third of the steps", harm(0.05), batch_norm(1e-3, max_iter=8),
          twin=batch_norm(0.1, max_iter=8)),
    Fault("batch-norm-mismatch", "batches of 4, momentum 1", harm(0.05), batch_norm(1.0, batch_size=4, max_iter=8),
          twin=batch_norm(0.1, batch_size=4, max_iter=8)),
    Fault("class-imbalance", "one in a hundred", IGNORED, like(l2=0.01), shared=then(BLURRED, rare(0.01)),
          twin=BALANCED, tasks=("classes",), depths=(1, 2), least=500),
    Fault("class-imbalance", "one in thirty", IGNORED, like(l2=0.01), shared=then(BLURRED, rare(0.03)),
          twin=BALANCED, tasks=("classes",), depths=(1, 2), least=500),
    Fault("miscalibration", "three labels in ten wrong", OVERCONFIDENT, LONG, shared=then(noisy(0.3), few(500)),
          twin=CAREFUL, tasks=("classes",), widths=(128, 256)),
    Fault("miscalibration", "150 rows, three labels in twenty wrong", OVERCONFIDENT, LONG,
          spoil=then(noisy(0.15), few(150)), tasks=("classes",), widths=(128, 256)),
)  # fmt: skip
