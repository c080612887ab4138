"""`TableRegressor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_array, column_or_1d

from chainrule.engine.expansion import Coded
from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.estimators.one_value import learned, reads_once
from chainrule.estimators.table.base import BaseTable
from chainrule.estimators.table.inside import TableMLPRegressor
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.tables.targets import TargetScale

Array = NDArray[Any]


@dataclass(eq=False, repr=False)
class TableRegressor(RegressorMixin, BaseTable):  # type: ignore[misc]
    """Numbers from raw tables; parameters and attributes are those of `TableClassifier`, but for the following.

    Parameters
    ----------
    loss : 'squared_error', or another loss of `chainrule.losses` for numbers with one output per target, such as
        'absolute_error' or 'huber'
    log_target : learn the logarithm of y, which then must be above 0

    Attributes
    ----------
    target_ : how y is scaled for the network. Predictions stay within the range of y in fit

    Examples
    --------
    >>> import pandas as pd
    >>> from chainrule import TableRegressor
    >>> X = pd.DataFrame({"a": [k % 10 for k in range(200)], "b": ["x", "y"] * 100})
    >>> y = X["a"] + 3.0 * (X["b"] == "y")
    >>> TableRegressor(preset="fast", random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    loss: str | Loss = "squared_error"
    log_target: bool = False

    target_ = learned()

    _inside = TableMLPRegressor
    _stratifies = False

    def _extra(self) -> dict[str, Any]:
        return {"loss": self.loss}

    def _check_learned(self) -> None:
        outputs, scales = self.model_._loss.targets(self.model_.n_outputs_), len(self.target_.center)
        if outputs != scales:
            raise InputError("content, target", f"scales of {outputs} targets", scales, "The file was changed.")

    def _numbers(self, y: Any) -> Array:
        name = f"{type(self).__name__}: y"
        with one_form(name, "a finite number for every row", y):
            if y is None:
                raise ValueError("requires y to be passed, but the target y is None.")
            found = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            return found if found.ndim == 2 and found.shape[1] > 1 else column_or_1d(found, warn=True)[:, None]

    def _learn_target(self, y: Any) -> Array:
        found, loss = self._numbers(y), losses.get(self.loss)
        if loss.link != "identity" or loss.per_target != 1:
            raise InputError(
                f"{type(self).__name__}(loss=)", "a loss with one output per target, without a link", loss.name,
                "Use log_target=True for numbers above 0, or MLPRegressor.",
            )  # fmt: skip
        if self.log_target and found.min() <= 0:
            raise InputError(
                f"{type(self).__name__}(log_target=)", "targets above 0", f"{found.min():g}", "Leave it False."
            )
        self.target_ = TargetScale.of(found, self.log_target)
        return self._scaled(found)

    def _target(self, y: Any) -> Array:
        return self._scaled(self._numbers(y))

    def _scaled(self, y: Array) -> Array:
        found = self.target_(y)
        return found[:, 0] if found.shape[1] == 1 else found

    def _score(self, coded: Coded, target: Array) -> float:
        return float(r2_score(self.target_.back(target.reshape(len(target), -1)), self._values(coded)))

    def _values(self, coded: Coded) -> Array:
        found = self.model_.predict(coded)
        return self.target_.back(found.reshape(len(found), -1))

    @reads_once
    def predict(self, X: Any) -> Array:
        """Predicted values, (rows,), or (rows, targets) where y had several columns; float64, in units of y."""
        found = self._values(self._coded(X))
        return found[:, 0] if found.shape[1] == 1 else found
