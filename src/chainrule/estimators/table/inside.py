"""The multi-layer perceptron inside: one that takes coded rows where the public ones take arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.inputs import GivenItems
from chainrule.estimators.regressor import MLPRegressor
from chainrule.training.batches import Data
from chainrule.training.streamed import Piece, Source, Streamed

Array = NDArray[Any]


class Stream(NamedTuple):
    """Rows that a source gives in every epoch, and a sample of them in memory, whose y goes to `fit`."""

    source: Source
    sample: Coded

    @property
    def shape(self) -> tuple[int, int]:
        return self.sample.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.sample.dtype


class GivenCoded(GivenItems):
    """Coded rows or a stream of them, checked when they were coded."""

    noun = "row"

    def items(self, estimator: Any, dtype: Any, reset: bool, what: str) -> Coded | Stream:
        found: Coded | Stream = self.X
        if reset:
            estimator.n_features_in_ = found.shape[1]
        return found


class OverCoded(BaseMLP):
    """What the two do in place of those that take arrays."""

    _given = GivenCoded

    def _check_X(self, X: Coded) -> Coded:
        return X

    def _data(self, X: Coded | Stream, y: Array, weight: Array | None) -> Data:
        if isinstance(X, Coded):
            return super()._data(X, y, weight)

        def prepare(y: Array) -> Array:
            return self._target(y, goes_on=True, incremental=True).values_in(X.dtype)

        return Streamed(Prepared(X.source, prepare), Piece(X.sample.values, y, weight))


class Prepared:
    """A source whose y is brought into the form of a loss."""

    def __init__(self, source: Source, prepare: Callable[[Array], Array]) -> None:
        self.rows, self.expansion = source.rows, source.expansion
        self._source, self._prepare = source, prepare

    def pieces(self, generator: np.random.Generator | None) -> Iterator[Piece]:
        for piece in self._source.pieces(generator):
            yield piece._replace(y=self._prepare(piece.y))


class TableMLPClassifier(OverCoded, MLPClassifier):
    """`MLPClassifier` of coded rows."""


class TableMLPRegressor(OverCoded, MLPRegressor):
    """`MLPRegressor` of coded rows."""
