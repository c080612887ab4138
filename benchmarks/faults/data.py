"""The data sets, generated and real, in two halves: thresholds are set on one and reported on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets as known
from sklearn.preprocessing import OrdinalEncoder

from chainrule import datasets as ours

Task = Literal["classes", "numbers"]
Half = Literal["chosen", "reported"]
HALVES: tuple[Half, ...] = ("chosen", "reported")

#: Rows to train on, at most, and rows held out, at most: enough of these that two points of a score are no accident.
TRAINED, HELD_OUT = 1500, 1500

DIAMONDS = Path(__file__).parents[1] / "data" / "diamonds.csv.gz"


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to train on and rows held out, whatever X holds them; y class codes or numbers."""

    task: Task
    X: Any
    y: NDArray[Any]
    X_held: Any
    y_held: NDArray[Any]

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.y.max()) + 1

    def over_target(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """With all of y changed by a function."""
        y = change(np.concatenate([self.y, self.y_held]))
        return replace(self, y=y[: len(self.y)], y_held=y[len(self.y) :])

    def first(self, rows: int) -> Self:
        """With fewer rows to train on."""
        return replace(self, X=self.X[:rows], y=self.y[:rows])


@dataclass(frozen=True, eq=False)
class Split(Rows):
    """Rows of numbers: X float32, (rows, features); y class codes or standardised numbers."""

    X: NDArray[np.float32]
    X_held: NDArray[np.float32]

    @property
    def outputs(self) -> int:
        """Units of a network's last layer: one for a number and for two classes."""
        return self.classes if self.task == "classes" and self.classes > 2 else 1

    def over_columns(self, change: Callable[[NDArray[np.float64]], NDArray[Any]]) -> Split:
        """With all of X, training rows above held-out rows, changed by a function."""
        X = change(np.vstack([self.X, self.X_held]).astype(np.float64)).astype(np.float32)
        return replace(self, X=X[: len(self.X)], X_held=X[len(self.X) :])


Source = Callable[[np.random.Generator], tuple[NDArray[Any], NDArray[Any]]]


@dataclass(frozen=True)
class DataSet:
    """A name, what y is, the half it belongs to, whether it is of the real world, and what makes X and y."""

    name: str
    task: Task
    half: Half
    real: bool
    make: Source


def blobs(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Six normal clouds in ten dimensions that touch."""
    y = random.integers(0, 6, 3000)
    return random.normal(0, 1.4, (6, 10))[y] + random.normal(size=(3000, 10)), y


def xor(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Whether the signs of two of six columns differ: no single column says anything."""
    X = random.uniform(-1, 1, (3000, 6))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def moons(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two half moons, with two columns of noise beside them."""
    X, y = known.make_moons(3000, noise=0.2, random_state=int(random.integers(2**31)))
    return np.hstack([X, random.normal(size=(3000, 2))]), y


def gaussians(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Twelve classes of two normal clouds each, in sixteen dimensions."""
    cloud = random.integers(0, 24, 3000)
    return random.normal(0, 1.2, (24, 16))[cloud] + random.normal(size=(3000, 16)), cloud % 12


def friedman(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Friedman's first function of five of ten columns (Friedman 1991)."""
    return known.make_friedman1(3000, noise=1.0, random_state=int(random.integers(2**31)))


def sparse_linear(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """A linear function of five of twelve columns, with noise."""
    X = random.normal(size=(3000, 12))
    return X, X[:, :5] @ np.array([3.0, -2.0, 1.5, 1.0, -1.0]) + random.normal(size=3000)


def adult(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """UCI Adult, its categories as columns of 0 and 1, one less than there are values: two would be duplicates."""
    table = ours.load_adult()
    some = random.permutation(len(table.target))[: TRAINED + HELD_OUT]
    X = pd.get_dummies(pd.DataFrame({name: column[some] for name, column in table.columns.items()}), drop_first=True)
    frequent = X.loc[:, [X[name].astype(float).gt(0).sum() >= 60 for name in X]]  # a rare one is near a constant
    return frequent.to_numpy(np.float64), (table.target[some] == ">50K").astype(int)


def california(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """California housing, its four long-tailed columns as logarithms."""
    table = ours.load_california_housing()
    X = np.column_stack([table.columns[name] for name in table.numbers]).astype(np.float64)
    tailed = [table.numbers.index(name) for name in ("AveRooms", "AveBedrms", "Population", "AveOccup")]
    X[:, tailed] = np.log(X[:, tailed])
    return X, table.target


def diamonds(random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logarithms of the prices of diamonds, their grades as numbers."""
    table = pd.read_csv(DIAMONDS)
    words = ["cut", "color", "clarity"]
    table[words] = OrdinalEncoder().fit_transform(table[words])
    return table.drop(columns="price").to_numpy(np.float64), np.log(table["price"].to_numpy(np.float64))


def _bundled(load: Callable[..., Any]) -> Source:
    return lambda random: load(return_X_y=True)


SETS: dict[str, DataSet] = {
    one.name: one
    for one in (
        DataSet("blobs", "classes", "chosen", False, blobs),
        DataSet("xor", "classes", "chosen", False, xor),
        DataSet("friedman", "numbers", "chosen", False, friedman),
        DataSet("digits", "classes", "chosen", True, _bundled(known.load_digits)),
        DataSet("wine", "classes", "chosen", True, _bundled(known.load_wine)),
        DataSet("california", "numbers", "chosen", True, california),
        DataSet("moons", "classes", "reported", False, moons),
        DataSet("gaussians", "classes", "reported", False, gaussians),
        DataSet("sparse linear", "numbers", "reported", False, sparse_linear),
        DataSet("adult", "classes", "reported", True, adult),
        DataSet("breast cancer", "classes", "reported", True, _bundled(known.load_breast_cancer)),
        DataSet("diamonds", "numbers", "reported", True, diamonds),
    )
}


def names(half: Half, tasks: tuple[Task, ...] = ("classes", "numbers"), least: int = 0) -> tuple[str, ...]:
    """The data sets of a half that have one of these tasks and at least so many rows to train on."""
    return tuple(
        one.name
        for one in SETS.values()
        if one.half == half and one.task in tasks and (not least or len(load(one.name).X) >= least)
    )


@cache
def load(name: str) -> Split:
    """The rows of a data set, shuffled, columns and numbers standardised by the rows to train on.

    Columns that are constant in these are left out: they would be a fault that nobody planted.
    """
    chosen = SETS[name]
    random = np.random.default_rng(0)
    X, y = chosen.make(random)
    order = random.permutation(len(y))[: TRAINED + HELD_OUT]
    X, y = X[order].astype(np.float64), y[order]
    trained = min(TRAINED, 2 * len(y) // 3)
    X = X[:, (X[:trained] != X[0]).mean(axis=0) > 0.02]
    X = _standardised(X, trained)
    y = y if chosen.task == "classes" else _standardised(y, trained)
    kind = np.int64 if chosen.task == "classes" else np.float32
    X, y = X.astype(np.float32), y.astype(kind)
    return Split(chosen.task, X[:trained], y[:trained], X[trained:], y[trained:])


def _standardised(values: NDArray[Any], trained: int) -> NDArray[np.float64]:
    return (values - values[:trained].mean(axis=0)) / values[:trained].std(axis=0)
