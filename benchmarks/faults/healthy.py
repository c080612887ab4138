"""Healthy networks of all kinds: what diagnosis should leave alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks.faults import data
from benchmarks.faults.before import Stack, dense
from benchmarks.faults.data import Half, Split, Task
from benchmarks.faults.during import like, sgd
from benchmarks.faults.planting import Parameters, Setting, drawn, unchanged
from benchmarks.faults.proofs import Trained, calibration_error, train
from chainrule import Activation, BatchNorm, Dropout, TableClassifier, TableRegressor, optimisers, schedules
from chainrule.training.averaging import EMA

BOTH: tuple[Task, ...] = ("classes", "numbers")
LOW, MIDDLE, HIGH = (1, 2), (1, 2, 4), (10, 15, 20, 30)

#: How far below the reference a held-out score may be, how far below the training score, and the largest calibration
#: error. A network beyond the last two may predict well, and still has what a planted fault is proved by.
BELOW, GAP, MISCALIBRATED = 0.03, 0.1, 0.1


@dataclass(frozen=True)
class Sound:
    """A kind of network that learns, where it stands, and what it learns from."""

    name: str
    parameters: Parameters
    depths: Sequence[int] = MIDDLE
    widths: Sequence[int] = (16, 32, 64, 128)
    tasks: tuple[Task, ...] = BOTH
    change: Callable[[Split, Setting], Split] = unchanged


@dataclass(frozen=True)
class HealthyCase:
    """A healthy kind in a setting."""

    kind: Sound
    setting: Setting

    @property
    def name(self) -> str:
        s = self.setting
        return f"healthy: {self.kind.name}, {s.depth} x {s.width}, {s.data}, seed {s.seed}"

    def network(self) -> tuple[Any, Split]:
        """The network, unfitted, and its data."""
        split = self.kind.change(self.setting.split, self.setting)
        return self.setting.model(split, **self.kind.parameters(self.setting)), split

    def reference(self) -> float:
        """Held-out score that a healthy network comes near to."""
        return reference(self.setting.data)


@dataclass(frozen=True)
class TableCase:
    """A table estimator, fast preset, on the data as they are."""

    setting: Setting

    @property
    def name(self) -> str:
        return f"healthy: table, fast, {self.setting.data}, seed {self.setting.seed}"

    def network(self) -> tuple[Any, Split]:
        """The estimator, unfitted, and its data."""
        split = self.setting.split
        kind = TableClassifier if split.task == "classes" else TableRegressor
        return kind(preset="fast", random_state=self.setting.seed, n_threads=1), split

    def reference(self) -> float:
        """Held-out score that a healthy network comes near to."""
        return reference(self.setting.data)


def between_0_and_1(split: Split, setting: Setting) -> Split:
    """Columns from 0 to 1 instead of standardised ones."""
    return split.over_columns(lambda X: (X - X.min(axis=0)) / np.ptp(X, axis=0))


def solver(chosen: Any, **parameters: Any) -> Parameters:
    """An optimiser."""
    return like(solver=chosen, **parameters)


KINDS: tuple[Sound, ...] = (
    *(Sound(f"{name}, Adam", like(activation=name))
      for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "tanh")),
    Sound("sigmoid, Adam at 0.005", like(activation="logistic", learning_rate_init=0.005), LOW),
    Sound("softplus", like(activation="softplus"), LOW),
    Sound("no hidden layer", like(hidden_layer_sizes=())),
    Sound("ReLU, He, deep", like(), (6, 8, 10)),
    Sound("tanh, Xavier, deep", like(activation="tanh"), (6, 8, 10)),
    Sound("SELU, LeCun, deep", like(activation="selu"), (6, 8, 10)),
    Sound("ReLU, orthogonal", like(init="orthogonal")),
    Sound("ReLU, uniform He", like(init="he_uniform")),
    Sound("ReLU, Xavier, shallow", like(init="xavier_uniform")),
    Sound("tanh, LeCun", like(activation="tanh", init="lecun_normal")),
    Sound("residual, layer norm", like(norm="layer", residual=True), HIGH, (16, 32, 64)),
    Sound("residual, batch norm", like(norm="batch", residual=True), (6, 10, 15), (16, 32, 64)),
    Sound("residual, GELU, layer norm", like(activation="gelu", norm="layer", residual=True), HIGH, (16, 32)),
    Sound("layer norm", like(norm="layer"), (1, 2, 4, 8)),
    Sound("batch norm", like(norm="batch"), (1, 2, 4)),
    Sound("tanh, batch norm", like(activation="tanh", norm="batch")),
    Sound("sigmoid, batch norm", like(activation="logistic", norm="batch", learning_rate_init=0.003)),
    Sound("dropout of 0.1", like(dropout=0.1), widths=(64, 128, 256)),
    Sound("dropout of 0.3", like(dropout=0.3), LOW, (128, 256)),
    Sound("layer norm, GELU, dropout", like(norm="layer", activation="gelu", dropout=0.1), widths=(64, 128)),
    Sound("batch norm, then dropout at the end",
          Stack((), (dense("identity"), BatchNorm(), Activation("relu")), (Dropout(0.2),)), LOW),
    Sound("512 wide", like(learning_rate_init=3e-4), LOW, (512,)),
    Sound("SGD at 0.01, momentum", sgd(0.01)),
    Sound("SGD at 0.05, no momentum", sgd(0.05, momentum=0.0), LOW),
    Sound("SGD, Nesterov", like(solver="sgd", learning_rate_init=0.01)),
    Sound("AdamW", solver(optimisers.AdamW(1e-3))),
    Sound("Nadam", solver(optimisers.Nadam(1e-3))),
    Sound("RAdam", solver(optimisers.RAdam(2e-3))),
    Sound("RMSprop", solver(optimisers.RMSprop(1e-3))),
    Sound("Adagrad", solver(optimisers.Adagrad(0.02))),
    Sound("Lion", solver(optimisers.Lion(2e-4))),
    Sound("LAMB", solver(optimisers.LAMB(0.01))),
    Sound("Muon", solver(optimisers.Muon(0.01)), (2, 4)),
    Sound("L-BFGS, l2", like(solver="lbfgs", max_iter=200, l2=0.01, n_iter_no_change=10), LOW, (16, 32)),
    Sound("cosine", like(learning_rate=schedules.Cosine(), learning_rate_init=0.003)),
    Sound("one cycle", like(learning_rate=schedules.OneCycle(), learning_rate_init=0.01)),
    Sound("warm-up, then cosine",
          like(learning_rate=schedules.WarmUp(100, schedules.Cosine()), learning_rate_init=0.003)),
    Sound("early stopping", like(early_stopping=True, n_iter_no_change=10)),
    Sound("early stopping, l2", like(early_stopping=True, n_iter_no_change=10, l2=0.01)),
    Sound("scikit-learn's defaults",
          like(hidden_layer_sizes=(100,), batch_size="auto", max_iter=200, n_iter_no_change=10)),
    Sound("l2 of 0.001", like(l2=0.001)),
    Sound("l1", like(l1=1e-4)),
    Sound("weight decay", like(weight_decay=0.05)),
    Sound("clipped gradients", like(clip_norm=1.0)),
    Sound("averaged weights", like(averaging=EMA(0.99))),
    Sound("noise on the inputs", like(input_noise=0.1)),
    Sound("mixup", like(mixup=0.2)),
    Sound("four members", like(n_members=4), LOW),
    Sound("label smoothing", like(label_smoothing=0.05), tasks=("classes",)),
    Sound("balanced classes", like(class_weight="balanced"), tasks=("classes",)),
    Sound("Huber", like(loss="huber"), tasks=("numbers",)),
    Sound("absolute error", like(loss="absolute_error"), tasks=("numbers",)),
    Sound("mean and variance", like(loss="gaussian", l2=0.001), tasks=("numbers",)),
    Sound("batches of 8", like(batch_size=8, max_iter=8), LOW),
    Sound("batches of 128", like(batch_size=128, max_iter=100, learning_rate_init=0.002)),
    Sound("columns from 0 to 1", like(learning_rate_init=0.003), change=between_0_and_1),
    Sound("tapered", lambda s: {"hidden_layer_sizes": (4 * s.width, 2 * s.width, s.width)}, (3,), (16, 32)),
)  # fmt: skip


def cases(half: Half, each: int) -> list[HealthyCase | TableCase]:
    """`each` settings of every kind, and of the table estimators."""
    found: list[HealthyCase | TableCase] = []
    for kind in KINDS:
        settings = drawn(f"{half} {kind.name}", data.names(half, kind.tasks), kind.depths, kind.widths, each)
        found += [HealthyCase(kind, setting) for setting in settings]
    return found + [TableCase(setting) for setting in drawn(f"{half} table", data.names(half), (0,), (0,), each)]


@cache
def reference(name: str) -> float:
    """Held-out score of the better of a linear model and a small standard network on a data set."""
    split = data.load(name)
    linear = (LogisticRegression(max_iter=1000) if split.task == "classes" else Ridge()).fit(split.X, split.y)
    standard = Setting(name, 2, 64, 0).model(split, l2=0.001)
    return max(float(linear.score(split.X_held, split.y_held)), train(standard, split).score)


def learns(trained: Trained, reference: float) -> bool:
    """Whether a network is healthy: finite, near the reference, and without what proves a fault of its scores."""
    if not trained.finite or trained.score < reference - BELOW or trained.trained_score - trained.score >= GAP:
        return False
    return trained.split.task == "numbers" or calibration_error(trained) < MISCALIBRATED
