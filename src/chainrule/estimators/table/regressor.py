"""`TableRegressor`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, column_or_1d

from chainrule.errors import InputError
from chainrule.estimators.bases import RegressorMixin
from chainrule.estimators.fitted import learned, reads_once
from chainrule.estimators.inputs import one_form
from chainrule.estimators.regressor import Regressing
from chainrule.estimators.table.base import BaseTable
from chainrule.models.answers import Answer, Numbers
from chainrule.models.as_numbers import numbers
from chainrule.models.model import Model
from chainrule.models.truth import Truth
from chainrule.network.losses import Loss
from chainrule.tables.targets import TargetScale

Array = NDArray[Any]


@dataclass(eq=False, repr=False)
class TableRegressor(Regressing, RegressorMixin, BaseTable):
    """Numbers from raw tables; parameters and attributes are those of `TableClassifier`, but for the following.

    Parameters
    ----------
    loss : 'squared_error', or another loss of `chainrule.losses` for numbers, such as 'huber', 'gaussian' or
        losses.Quantile((0.1, 0.9)); or your own, losses.custom(...). With a log link, such as 'poisson', y stays in
        its own units
    log_target : learn the logarithm of y, which then must be above 0
    monotone : as there, of the prediction; of one target, and of a loss with one output

    Attributes
    ----------
    target_ : how y is scaled for the network: by the first call, where others go on. Predictions stay within the range
        of y in all of them; the ends of intervals do not

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

    @learned
    def target_(model: Model) -> TargetScale | None:
        """How y is scaled for the network, or None with a loss that has a log link."""
        assert isinstance(model.answer, Numbers)
        return model.answer.scale

    def predict(
        self,
        X: Any,
        return_std: bool = False,
        samples: int | None = None,
        to: str | os.PathLike[str] | None = None,
        keep: Sequence[str] = (),
        overwrite: bool = False,
    ) -> Any:
        """Predicted values, as an array or as files.

        Parameters
        ----------
        X, return_std, samples : as in `MLPRegressor.predict`
        to, keep, overwrite : as in `TableClassifier.predict`; files have the values alone

        Returns
        -------
        as in `MLPRegressor.predict`; of files as in `TableClassifier.predict`
        """
        if to is None:
            self._check_of_files(False, keep, overwrite)
            return super().predict(X, return_std, samples)
        if return_std or samples is not None:
            raise InputError(
                f"{type(self).__name__}.predict(to=)", "values alone in files", "return_std= or samples=",
                "Leave them out, or leave to= out.",
            )  # fmt: skip
        return self._write(X, to, False, keep, overwrite)

    @reads_once
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """R2 of the predicted values; of several quantiles, of the one nearest the median.

        Parameters are those of `TableClassifier.score`.
        """
        return super().score(*self._to_score(X, y, sample_weight))

    def _answer(
        self,
        y: Any,
        known: Answer | None,
        incremental: bool,
        classes: Any = None,
        suffix: str = "",
        loss: Loss | None = None,
    ) -> tuple[Answer, Array]:
        given, name = Truth.of(y, f"{type(self).__name__}: y{suffix}"), type(self).__name__
        found, loss = self._as_numbers(given), loss or self._loss_of_numbers()
        answer = Numbers(loss, loss.outputs(found.shape[1]))
        before = known.scale if isinstance(known, Numbers) and known.fits(answer) else None
        log = self.log_target if known is None else before is not None and before.log
        if log and loss.link != "identity":
            raise InputError(
                f"{name}(log_target=)", "False with a loss that has a log link", True, "One of them is enough."
            )
        if log and found.min() <= 0:
            least = f"{found.min():g} in row {given.row(int(found.min(axis=1).argmin()))}"
            raise InputError(f"{name}(log_target=)", f"targets above 0 in y{suffix}", least, "Leave it False.")
        if before is not None:
            answer = replace(answer, scale=before.widened(found))
        elif known is None and loss.link == "identity":
            answer = replace(answer, scale=TargetScale.of(found, log))
        return answer, answer.form(found)

    def _as_numbers(self, given: Truth) -> Array:
        given.check_given()
        found = numbers(given)
        with one_form(given.where, "a finite number for every row", found):
            found = check_array(found, ensure_2d=False, dtype=np.float64, input_name="y")
            return found if found.ndim == 2 and found.shape[1] > 1 else column_or_1d(found, warn=True)[:, None]
