"""The multi-layer perceptron inside: one that takes coded rows where the public ones take arrays."""

from __future__ import annotations

from typing import Any

from chainrule.engine.expansion import Coded
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.inputs import GivenItems
from chainrule.estimators.regressor import MLPRegressor


class GivenCoded(GivenItems):
    """Coded rows, checked when they were coded."""

    noun = "row"

    def items(self, estimator: Any, dtype: Any, reset: bool, what: str) -> Coded:
        found: Coded = self.X
        if reset:
            estimator.n_features_in_ = found.shape[1]
        return found


class OverCoded(BaseMLP):
    """What the two do in place of those that take arrays."""

    _given = GivenCoded

    def _check_X(self, X: Coded) -> Coded:
        return X


class CodedClassifier(OverCoded, MLPClassifier):
    """`MLPClassifier` of coded rows."""


class CodedRegressor(OverCoded, MLPRegressor):
    """`MLPRegressor` of coded rows."""
