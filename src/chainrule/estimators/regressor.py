"""`MLPRegressor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from chainrule.errors import InputError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.intervals import Band, Margins, interval
from chainrule.estimators.one_value import reads_once
from chainrule.estimators.session import Calibration
from chainrule.estimators.target import Target
from chainrule.network import losses
from chainrule.network.losses import Custom, Loss, domains
from chainrule.training.batches import Data

Array = NDArray[Any]

#: y of these can be any numbers, counts, or sizes; that of the others says which class a row has.
OF_NUMBERS = (domains.ANY, domains.NOT_NEGATIVE, domains.POSITIVE)


@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
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

    def _target(self, y: Array, goes_on: bool, incremental: bool) -> Target:
        loss = losses.get("squared_error" if self.loss == "auto" else self.loss)
        if loss.target == "classes" or not (isinstance(loss, Custom) or loss.domain in OF_NUMBERS):
            raise InputError(
                f"{type(self).__name__}(loss=)", "a loss for numbers", repr(self.loss), "Classes have MLPClassifier."
            )
        columns = y.reshape(len(y), -1)
        return Target(columns, loss, loss.outputs(columns.shape[1]))

    def _check_learned(self, loss: Loss, outputs: int) -> None:
        if loss.domain not in OF_NUMBERS:
            raise InputError(f"{type(self).__name__}, loss", "a loss for numbers", repr(loss), "The file was changed.")
        loss.targets(outputs)

    def _as_given(self, y: Array) -> Array:
        return y[:, 0] if y.shape[1] == 1 else y

    def _score_rows(self, prediction: Array, y: Array, weight: Array | None) -> float:
        return float(r2_score(y, self._point(prediction), sample_weight=weight))

    def _point(self, prediction: Array) -> Array:
        """One number per target from what the network predicts: the mean, or the quantile nearest the median."""
        loss = self._loss
        parts = loss.split(loss.predict(prediction))
        levels = np.array(loss.levels) if isinstance(loss, losses.Quantile) else np.array([0.5])
        return parts[int(np.abs(levels - 0.5).argmin())]

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
        loss = self._loss
        if isinstance(loss, losses.Quantile) and loss.per_target > 1:
            by_level = np.stack(loss.split(loss.predict(mean)), axis=2)
            values, deviation = (by_level[:, 0] if by_level.shape[1] == 1 else by_level), None
        elif isinstance(loss, losses.Gaussian):
            values, deviation = map(self._as_given, loss.split(loss.predict(mean)))
        else:
            values = self._as_given(mean)
            deviation = None if spread is None else self._as_given(spread)
        if not return_std:
            return values
        if deviation is None:
            raise InputError(
                "predict(return_std=)",
                "loss='gaussian', samples=, or n_members above 1",
                "none of them",
                "For example samples=100 with dropout.",
            )
        return values, deviation

    def _check_calibration(self, where: str, loss: Loss) -> None:
        """Every loss of numbers has intervals."""

    def _calibration(self, rows: Data) -> Calibration:
        y, weight = rows.counted()
        prediction = self._session.predictor(rows.X, self.n_threads, rows.subset)
        distances = Band.of(self._loss, prediction).distances(y.astype(np.float64))
        return {"margins": Margins.of(distances, weight)}

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
        >>> x = np.linspace(0, 1, 200)[:, None]
        >>> model = MLPRegressor(loss=losses.Quantile((0.05, 0.95)), tol=0.1, random_state=0)
        >>> lower, upper = model.fit(x, x[:, 0]).predict_interval(x[:3])
        >>> lower.shape, bool((lower <= upper).all())
        ((3,), True)
        """
        prediction = self._raw(X)
        lower, upper = interval(self._loss, prediction, self._session.margins, coverage)
        return self._as_given(lower), self._as_given(upper)

    @reads_once
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2 of the predicted values; of several quantiles, of the one nearest the median."""
        return float(r2_score(y, self._as_given(self._point(self._raw(X))), sample_weight=sample_weight))
