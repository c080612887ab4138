"""`MLPRegressor`, and what every regressor does with the numbers of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sklearn.metrics import r2_score

from chainrule.errors import InputError
from chainrule.estimators import kinds
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.bases import RegressorMixin
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.fitted import reads_once
from chainrule.models.answers import Answer, Numbers
from chainrule.models.document import KINDS, OF_NUMBERS
from chainrule.network import losses
from chainrule.network.losses import Custom, Loss

Array = NDArray[Any]


class Regressing(Estimator):
    """What regressors do, whatever they read."""

    loss: str | Loss

    def _answer(
        self,
        y: Any,
        known: Answer | None,
        incremental: bool,
        classes: Any = None,
        suffix: str = "",
        loss: Loss | None = None,
    ) -> tuple[Answer, Array]:
        loss, columns = loss or self._loss_of_numbers(), y.reshape(len(y), -1)
        return Numbers(loss, loss.outputs(columns.shape[1])), columns

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        names = ("auto", *(name for name, loss in losses.LOSSES.items() if loss.domain in OF_NUMBERS))
        kinds.loss_name(f"{cls.__name__}(loss=)", parameters["loss"], names)
        super()._check_parameters(parameters)

    def _loss_of_numbers(self) -> Loss:
        loss = losses.get("squared_error" if self.loss == "auto" else self.loss)
        if loss.target == "classes" or not (isinstance(loss, Custom) or loss.domain in OF_NUMBERS):
            raise InputError(
                f"{type(self).__name__}(loss=)", "a loss for numbers", repr(self.loss),
                f"Classes have {_kind(self).replace('Regressor', 'Classifier')}.",
            )  # fmt: skip
        return loss

    @property
    def _numbers(self) -> Numbers:
        """The answer of the fitted model."""
        answer = self.model_.answer
        assert isinstance(answer, Numbers)
        return answer

    @reads_once
    def predict(self, X: Any, return_std: bool = False, samples: int | None = None) -> Any:
        """Predicted values.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        return_std : also the deviation: with loss='gaussian' the one that was learned, else with `samples` that of the
            passes, or with `n_members` above 1 that of the members
        samples : passes with dropout and noise drawn as in training (Monte-Carlo dropout); their mean is predicted

        Returns
        -------
        values : array of shape (rows,), or (rows, targets) where there are several; of a Quantile with several levels,
            (rows, levels), or (rows, targets, levels), ascending
        deviation : array of the same shape, with return_std
        """
        mean, spread = self._sampled(X, samples)
        values = self._numbers.said(mean)
        if not return_std:
            return values
        deviation = self._numbers.deviation(mean, spread)
        if deviation is None:
            raise self._without_deviation("predict", samples, "loss='gaussian'; or one value per target, and ")
        return values, deviation

    @reads_once
    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[Array, Array]:
        """Between which ends y lies with this probability.

        After `calibrate`, by split conformal prediction (Vovk, Gammerman and Shafer 2005; Lei et al. 2018): around the
        prediction by as much as calibration rows asked for, with loss='gaussian' in units of the predicted deviation,
        with a Quantile of several levels around its lowest and highest (Romano, Patterson and Candes 2019). New rows
        drawn as the calibration rows were are covered with at least this probability, on the average over rows and
        calibrations. The rows that `calibration=True` takes have also chosen the epoch, so that there it holds nearly:
        89 % of 90 % with 50 such rows, no less with thousands. Several targets are covered each by itself.

        Without calibration, what the loss says of itself: the quantiles of a Quantile that has the two levels, or the
        mean and deviation of 'gaussian' as of a normal distribution. No more is guaranteed than that loss learned.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        coverage : float in (0, 1)

        Returns
        -------
        lower, upper : arrays of shape (rows,), or (rows, targets) where there are several, in units of y

        Raises
        ------
        InputError
            Without calibration for any other loss, or with fewer rows than the coverage needs: coverage / (1 -
            coverage), that is 9 for 0.9 and 99 for 0.99.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor, losses
        >>> x = np.linspace(0, 1, 200)[:, None]
        >>> model = MLPRegressor(loss=losses.Quantile((0.05, 0.95)), tol=0.1, random_state=0)
        >>> lower, upper = model.fit(x, x[:, 0]).predict_interval(x[:3])
        >>> lower.shape, bool((lower <= upper).all())
        ((3,), True)
        """
        return self._numbers.interval(self._raw(X), coverage)

    @reads_once
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2 of the predicted values; of several quantiles, of the one nearest the median."""
        numbers = self._numbers
        found = numbers.point_in_units(self._raw(X))
        true, weight = self._true(y, sample_weight, len(found))
        return float(r2_score(true, found, sample_weight=weight))


def _kind(estimator: Any) -> str:
    """Its name, or that of the estimator of ours that it derives from."""
    return next(kind.__name__ for kind in type(estimator).__mro__ if kind.__name__ in KINDS)


@dataclass(eq=False, repr=False)
class MLPRegressor(Regressing, RegressorMixin, BaseMLP):
    """A multi-layer perceptron that predicts numbers, one or several per row.

    Every parameter and attribute of `sklearn.neural_network.MLPRegressor` with the same meaning and default, and the
    parts that it lacks.

    Parameters
    ----------
    loss : name or Loss, see `chainrule.losses.table()`: 'squared_error', 'absolute_error', 'huber', 'log_cosh',
        'quantile', 'gaussian' (mean and variance), or with a log link 'poisson', 'gamma', 'tweedie'; with numbers of
        its own for example losses.Huber(0.5), losses.Quantile((0.05, 0.5, 0.95)); or your own, losses.custom(...)
    hidden_layer_sizes ... n_members : as in `MLPClassifier`

    Attributes
    ----------
    validation_scores_, best_validation_score_ : R2 on the held-out part, with early_stopping
    coefs_ ... parameters_ : as in `MLPClassifier`

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import MLPRegressor, losses
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> y = np.sin(X).ravel()
    >>> model = MLPRegressor(hidden_layer_sizes=(32, 32), activation="tanh", solver="lbfgs", random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    >>> between = MLPRegressor(loss=losses.Quantile((0.05, 0.95)), learning_rate_init=0.01, tol=0.01, random_state=0)
    >>> between.fit(X, y).predict(X[:3]).shape
    (3, 2)
    """

    loss: str | Loss = "squared_error"
    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
