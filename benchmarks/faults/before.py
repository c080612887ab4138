"""Faults that are there before training: in the data, and in how the network is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.faults.data import Split
from benchmarks.faults.planting import Fault, Setting
from benchmarks.faults.proofs import BUILT_IN, LOUD, STUCK
from chainrule import Activation, BatchNorm, Dense, Dropout
from chainrule.network.initialisers import Normal

Columns = NDArray[np.float64]
Spoil = Callable[[Split, Setting], Split]


def columns(change: Callable[[Columns, np.random.Generator], Columns]) -> Spoil:
    """Changes all of X."""
    return lambda split, setting: split.over_columns(lambda X: change(X, setting.random))


def beside(extra: Callable[[Columns, np.random.Generator], Columns]) -> Spoil:
    """Puts columns beside X."""
    return columns(lambda X, random: np.column_stack([X, extra(X, random)]))


def times(share: float, factor: float) -> Spoil:
    """Multiplies this share of the columns, at least one."""

    def change(X: Columns, random: np.random.Generator) -> Columns:
        many = max(1, round(share * X.shape[1]))
        X[:, random.permutation(X.shape[1])[:many]] *= factor
        return X

    return columns(change)


def far(X: Columns, random: np.random.Generator) -> Columns:
    """Every column 30 to 300 deviations from zero."""
    return X + random.uniform(30, 300, X.shape[1]) * random.choice([-1, 1], X.shape[1])


def leak(noise: float) -> Spoil:
    """A column that is the target in other units, with this much noise."""

    def change(split: Split, setting: Setting) -> Split:
        y = np.concatenate([split.y, split.y_held]).astype(float)
        y = (y - y.mean()) / y.std() + noise * setting.random.normal(size=len(y))
        return split.over_columns(lambda X: np.column_stack([X, y]))

    return change


def shuffled(share: float) -> Spoil:
    """The targets of this share of the rows, in another order."""

    def change(split: Split, setting: Setting) -> Split:
        def mix(y: NDArray[Any]) -> NDArray[Any]:
            random, mixed = setting.random, y.copy()
            some = random.permutation(len(y))[: round(share * len(y))]
            mixed[some] = y[random.permutation(some)]
            return mixed

        return split.over_target(mix)

    return change


def counts(split: Split, setting: Setting) -> Split:
    """Numbers as rates of counts with a long tail."""
    return split.over_target(lambda y: setting.random.poisson(np.exp(np.clip(1.5 * y, -6, 4))).astype(np.float32))


def far_target(factor: float, offset: float) -> Spoil:
    """Numbers in other units, far from zero."""
    return lambda split, setting: split.over_target(lambda y: (factor * (y + offset)).astype(np.float32))


@dataclass(frozen=True)
class Stack:
    """Parameters with layers: those in front, and then what repeats `depth` times."""

    front: tuple[Any, ...]
    again: tuple[Any, ...]
    end: tuple[Any, ...] = ()

    def __call__(self, setting: Setting) -> dict[str, Any]:
        made = [*self.front, *self.again * setting.depth, *self.end]
        return {"layers": [one(setting) if callable(one) else one for one in made]}


def dense(activation: str) -> Callable[[Setting], Dense]:
    """A Dense of the setting's width."""
    return lambda setting: Dense(setting.width, activation)


def last(activation: str) -> Callable[[Setting], Dense]:
    """A Dense as wide as the output, in front of it."""
    return lambda setting: Dense(setting.split.outputs, activation)


def init(std: float | None, activation: str = "relu") -> Callable[[Setting], dict[str, Any]]:
    """Normal weights of this deviation, or zeros."""
    return lambda setting: {"activation": activation, "init": "zeros" if std is None else Normal(std)}


BEFORE: tuple[Fault, ...] = (
    Fault("unscaled-inputs", "one column times 10,000", BUILT_IN, spoil=times(0, 1e4)),
    Fault("unscaled-inputs", "half of the columns times 1,000", BUILT_IN, spoil=times(0.5, 1e3)),
    Fault("unscaled-inputs", "all columns times 300", BUILT_IN, spoil=times(1, 300)),
    Fault("unscaled-inputs", "columns 30 to 300 deviations from zero", BUILT_IN, spoil=columns(far)),
    Fault("constant-columns", "a column of zeros", BUILT_IN, spoil=beside(lambda X, random: np.zeros(len(X)))),
    Fault("constant-columns", "three columns of one value each", BUILT_IN,
          spoil=beside(lambda X, random: np.tile(random.normal(size=3), (len(X), 1)))),
    Fault("duplicate-columns", "a column twice", BUILT_IN, spoil=beside(lambda X, random: X[:, 0])),
    Fault("duplicate-columns", "a column in other units, too", BUILT_IN,
          spoil=beside(lambda X, random: 0.5 - 2 * X[:, 1])),
    Fault("duplicate-columns", "three columns twice", BUILT_IN, spoil=beside(lambda X, random: X[:, 1:4])),
    Fault("label-leak", "the target as a column", BUILT_IN, spoil=leak(0.0)),
    Fault("label-leak", "the target as a column, with 1 % of noise", BUILT_IN, spoil=leak(0.01)),
    Fault("shuffled-labels", "all targets", BUILT_IN, spoil=shuffled(1.0)),
    Fault("shuffled-labels", "19 of 20 targets", BUILT_IN, spoil=shuffled(0.95)),
    Fault("initial-loss", "ReLU, N(0, 1)", LOUD, init(1.0), depths=(2, 3)),
    Fault("initial-loss", "tanh, N(0, 3)", LOUD, init(3.0, "tanh"), depths=(1, 2, 3)),
    Fault("initial-loss", "a target 5 deviations from zero", LOUD, spoil=far_target(1, 5), tasks=("numbers",)),
    Fault("initial-loss", "a target 20 deviations from zero, in thousands", LOUD, spoil=far_target(1000, 20),
          tasks=("numbers",)),
    Fault("one-batch", "all weights zero", STUCK, init(None)),
    Fault("one-batch", "ten sigmoid layers and more", STUCK, lambda s: {"activation": "logistic"}, depths=(10, 20)),
    Fault("one-batch", "dropout of 0.95", STUCK, lambda s: {"dropout": 0.95}, depths=(2, 4)),
    Fault("one-batch", "l2 of 1", STUCK, lambda s: {"l2": 1.0}),
    Fault("one-batch", "a rate of 1e-7", STUCK, lambda s: {"learning_rate_init": 1e-7}),
    Fault("unfit-initialisation", "ReLU, N(0, 0.01)", BUILT_IN, init(0.01), depths=(3, 6, 10)),
    Fault("unfit-initialisation", "ReLU, N(0, 1)", BUILT_IN, init(1.0), depths=(3, 6, 10)),
    Fault("unfit-initialisation", "tanh, N(0, 0.01)", BUILT_IN, init(0.01, "tanh"), depths=(3, 6, 10)),
    Fault("unfit-initialisation", "tanh, N(0, 1)", BUILT_IN, init(1.0, "tanh"), depths=(3, 6, 10)),
    Fault("unfit-initialisation", "zeros", BUILT_IN, init(None)),
    Fault("unfit-initialisation", "ReLU, Xavier, 15 layers and more", BUILT_IN, lambda s: {"init": "xavier"},
          depths=(15, 30), widths=(32, 64)),
    Fault("linear-stack", "no activation at all", BUILT_IN, lambda s: {"activation": "identity"}, depths=(2, 3, 6)),
    Fault("linear-stack", "two products in a row", BUILT_IN,
          Stack((dense("relu"), dense("identity")), (dense("relu"),))),
    Fault("linear-stack", "no activation in front of the output", BUILT_IN,
          Stack((), (dense("relu"),), (dense("identity"),))),
    Fault("dropout-before-batch-norm", "dropout behind each activation", BUILT_IN,
          Stack((dense("relu"), Dropout(0.5)), (dense("identity"), BatchNorm(), Activation("relu"), Dropout(0.5)))),
    Fault("dropout-before-batch-norm", "dropout right before the norm", BUILT_IN,
          Stack((), (dense("identity"), Dropout(0.3), BatchNorm(), Activation("relu")))),
    Fault("unfit-link", "a ReLU as wide as the output, in front of it", BUILT_IN,
          Stack((), (dense("relu"),), (last("relu"),))),
    Fault("unfit-link", "a sigmoid as wide as the output, in front of it", BUILT_IN,
          Stack((), (dense("relu"),), (last("sigmoid"),))),
    Fault("unfit-link", "squared error of counts with a long tail", BUILT_IN, shared=counts,
          twin=lambda s: {"loss": "poisson"}, tasks=("numbers",)),
)  # fmt: skip
