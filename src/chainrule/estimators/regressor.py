"""`MLPRegressor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from chainrule.errors import InputError
from chainrule.estimators.base import BaseMLP, Target
from chainrule.network import losses

Array = NDArray[Any]


@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A multi-layer perceptron that predicts numbers, one or several per row.

    Every parameter and attribute of `sklearn.neural_network.MLPRegressor` with the same meaning and default, and the
    parts that it lacks.

    Parameters
    ----------
    loss : 'squared_error', half the squared error summed over outputs, or 'poisson', half the Poisson deviance with
        a log link, for y >= 0
    hidden_layer_sizes ... n_threads : as in `MLPClassifier`

    Attributes
    ----------
    validation_scores_, best_validation_score_ : R2 on the held-out part, with early_stopping
    coefs_ ... parameters_ : as in `MLPClassifier`

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> y = np.sin(X).ravel()
    >>> model = MLPRegressor(hidden_layer_sizes=(32, 32), activation="tanh", solver="lbfgs", random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    """

    loss: str = "squared_error"
    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"

    def _target(self, y: Array, goes_on: bool, incremental: bool) -> Target:
        if self.loss == "poisson" and y.min() < 0:
            raise InputError(
                f"{type(self).__name__}: y", "counts or rates >= 0 for loss='poisson'", f"{y.min():g}",
                "Use loss='squared_error'.",
            )  # fmt: skip
        columns = y.reshape(len(y), -1)
        return Target(columns, losses.get(self.loss), columns.shape[1])

    def _as_given(self, y: Array) -> Array:
        return y[:, 0] if y.shape[1] == 1 else y

    def _score_rows(self, prediction: Array, y: Array, weight: Array | None) -> float:
        return float(r2_score(y, prediction, sample_weight=weight))

    def predict(self, X: Any) -> Array:
        """Predicted values, shape (rows,), or (rows, outputs) where there are several."""
        return self._as_given(self._raw(X))
