"""What all six estimators share: fitting, going on, calibrating, saving, and predictions of the model."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from chainrule.checks import COUNT
from chainrule.errors import InputError
from chainrule.estimators import messages, serial
from chainrule.estimators.bases import BaseEstimator, CallbackSupportMixin
from chainrule.estimators.explaining import Explaining
from chainrule.estimators.fitted import reads_once
from chainrule.estimators.inputs import check_weight, one_form
from chainrule.estimators.prepare import Call, check_groups, given_to
from chainrule.models import saving, shown, sizes
from chainrule.models.answers import Answer
from chainrule.models.document import KINDS
from chainrule.models.fit import INTERRUPTED
from chainrule.models.several import AnyFit
from chainrule.network.losses import Loss
from chainrule.training.batches import Data

Array = NDArray[Any]
#: From y and its row weights to the weights that training and validation take.
Weigher = Callable[[Array, Array | None], Array | None]


class Estimator(CallbackSupportMixin, Explaining, BaseEstimator):
    """An estimator of chainrule: parameters as scikit-learn has them, and a model that a fit has made."""

    callbacks: Any
    calibration: bool
    verbose: Any
    warm_start: bool
    n_threads: int | None

    # What kinds of estimators say -------------------------------------------------------------------------

    @abstractmethod
    def _prepared(self, given: Any, held_out: Any, call: Call) -> AnyFit:
        """A call of fit or partial_fit that is ready to run; what it cannot do is refused."""

    @abstractmethod
    def _unseen(self, given: Any, suffix: str, where: str) -> Data:
        """Rows that training did not see, in the form of the fitted model's loss; errors call them by the suffix."""

    @abstractmethod
    def _given(self, X: Any, y: Any, weight: Any = None) -> Any:
        """X, y and weights as they are given to fit."""

    @abstractmethod
    def _check_X(self, X: Any) -> Any:
        """Rows to predict, in the network's form."""

    @abstractmethod
    def _answer(
        self,
        y: Any,
        known: Answer | None,
        incremental: bool,
        classes: Any = None,
        suffix: str = "",
        loss: Loss | None = None,
    ) -> tuple[Answer, Array]:
        """What y means, and y in the loss's form, a column per output or a code per row.

        Parameters
        ----------
        y : an array, one value or one row of values per row
        known : the answer of the model that training goes on with or that is fitted, or None
        incremental : whether a part of the rows is given, so that y need not have all classes
        classes : all that there will be, or None for those of y
        suffix : behind y where errors call it
        loss : that y is for, or None for what the parameters stand for
        """

    def _weigher(self, y: Array, classes: Array | None, incremental: bool) -> Weigher:
        """A function from y and its row weights to the weights that training and validation take."""
        return lambda _, weight: weight

    def _chosen(self) -> dict[str, Any]:
        """What was chosen where the parameters leave it open, by name; of a fitted estimator, as far as it is known."""
        model, open_ = self.model_, self.get_params(deep=False)
        found: dict[str, Any] = {}
        if open_.get("loss") == "auto":
            found["loss"] = model.loss.name
        if open_["batch_size"] in (None, "auto") and model.progress.outlook is not None:
            found["batch_size"] = model.progress.outlook.batch_size
        return found

    @classmethod
    @abstractmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        """Hold parameters, all of them by name, against their rules."""

    # Fitting ----------------------------------------------------------------------------------------------

    def _fit(self, given: Any, held_out: Any, **call: Any) -> Self:
        """A call of fit or partial_fit; see `Call`."""
        with sizes.told(f"{type(self).__name__}.fit"):
            check_groups(self, held_out, call.get("groups"))
            fit = self._prepared(given, held_out, Call(**call))
            progress = fit.training.progress
            alone = not (progress.records or call.get("incremental") or call.get("resume_from"))
            progress.given = given_to(given, held_out, call.get("groups")) if alone else {}
            try:
                ending = fit.run()
                if ending.reason == INTERRUPTED and not fit.learned and fit.spare is not None:
                    fit = fit.spare.broken_off()
                    fit.training.progress.given, ending = progress.given, fit.run()
                messages.tell(self, fit, ending)
                if self.calibration and fit.validation is not None:
                    fit.calibrate()
                    messages.tell_calibrated(fit.model())
            finally:
                if fit.settled and (fit.learned or not self.__sklearn_is_fitted__()):
                    self._put_in_place(fit.model())
        return self

    def calibrate(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows that training did not see how sure predictions are; weights of the network stay.

        A classifier finds its temperature, a regressor the margins of its intervals. Training on, or anew, forgets
        them. With `calibration=True`, fit does this by itself on its held-out rows.

        Parameters
        ----------
        X, y : of the form that fit took
        sample_weight : array of shape (rows,), a number for all, or None. class_weight does not count here

        Returns
        -------
        self

        Raises
        ------
        InputError, InputTypeError
            X, y, weights that cannot be used, or a loss without probabilities.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> x = np.linspace(0, 1, 100)[:, None]
        >>> y = x[:, 0] + np.tile([-0.1, 0.1], 50)
        >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit(x[::3], y[::3]).calibrate(x[1::3], y[1::3])
        >>> low, high = model.predict_interval(x[2::3], coverage=0.8)
        >>> bool(((low <= y[2::3]) & (y[2::3] <= high)).mean() > 0.7)
        True
        """
        check_is_fitted(self)
        rest, name = self._at_rest(), type(self).__name__
        rest.model_.answer.check_calibration(f"{name}.calibrate()")
        rows = rest._unseen(self._given(X, y, sample_weight), "", "calibrate")
        calibrated = rest.model_.calibrated(rows, self.n_threads, f"{name}.calibrate(X)")
        messages.tell_calibrated(calibrated)
        self._put_in_place(calibrated)
        return self

    # Prediction -------------------------------------------------------------------------------------------

    def _raw(self, X: Any) -> Array:
        """What the network predicts for rows: (rows, outputs), through the link."""
        return self.model_.raw(self._check_X(X), self.n_threads)

    def _sampled(self, X: Any, samples: int | None) -> tuple[Array, Array | None]:
        """The prediction and, where there are several members, their deviation; or both of passes that draw."""
        return self.model_.sampled(self._check_X(X), samples, self.n_threads)

    def _true(self, y: Any, weight: Any, rows: int) -> tuple[Any, Array | None]:
        """y and the weights of rows to score, as fit takes them, in the form of what is predicted."""
        name = type(self).__name__
        true = self.model_.answer.true(y, f"{name}: y")
        if len(true) != rows:
            raise InputError(
                f"{name}: y", f"a value per row, {rows}", len(true), "Found inconsistent numbers of samples."
            )  # fmt: skip
        return true, check_weight(name, weight, rows, np.float64)

    def _without_deviation(self, where: str, samples: int | None, instead: str = "") -> InputError:
        """The error for a `return_std` that there is nothing to tell from."""
        model = self.model_
        return InputError(
            f"{type(self).__name__}.{where}(return_std=)",
            f"{instead}n_members above 1, or samples= and a layer that draws",
            f"loss {model.loss.name!r}, n_members={model.predictor.members}, samples={samples}, "
            f"{'a' if model.draws else 'no'} layer that draws",
            "Fit with n_members=8; or fit with dropout=0.1 and give samples=100.",
        )

    @reads_once
    def predict_function(self, rows: int = 1) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows, without any check of an array: what a server in a hurry calls.

        Parameters
        ----------
        rows : int, how many rows every call brings

        Returns
        -------
        function : from an array of shape (rows, features), or rows of a table as `predict` takes them, to an array of
            shape (rows, outputs): probabilities of a classifier (of the second class, where there are two), values of
            a regressor in units of y (with loss='gaussian' means, then logarithms of variances). Threads may share it.
            It stays with the model at hand: after another fit, ask for another one.

        Raises
        ------
        InputError, InputTypeError
            For a number of rows that is none, or that memory cannot hold; from the function of a table, what `predict`
            raises, and for another number of rows.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.linspace(0, 1, 50)[:, None]
        >>> f = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X.ravel()).predict_function()
        >>> f(X[:1]).shape
        (1, 1)
        """
        check_is_fitted(self)
        COUNT("predict_function(rows=)", rows)
        where = f"{type(self).__name__}.predict_function(rows=)"
        with sizes.told(where), one_form(where, "as many rows as memory can hold", rows):
            return self.model_.bound(int(rows))

    # In a notebook ----------------------------------------------------------------------------------------

    def _html(self) -> str:
        """Of a fitted estimator its network and how training went, of others scikit-learn's diagram."""
        rest = self._at_rest()
        if not rest.__sklearn_is_fitted__():
            return str(estimator_html_repr(self))
        return shown.html(rest.model_, type(self).__name__, repr(self))

    @property
    def _repr_html_(self) -> Callable[[], str]:
        """Not there where scikit-learn's `display` is "text"."""
        if get_config()["display"] != "diagram":
            raise AttributeError('_repr_html_ is there where set_config(display="diagram")')
        return self._html

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        found = {"text/plain": repr(self)}
        return found | ({"text/html": self._html()} if get_config()["display"] == "diagram" else {})

    # Files ------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the fitted estimator to a file that `chainrule.load` reads, in the safetensors form, without pickle.

        The file has the parameters, the network, the weights, classes and names of features, calibration, the record
        of training, versions and date. Left out, and listed there as `left_out`: callbacks, checkpoints,
        validation_split, and a random_state, a scoring, a schedule or an initialiser that is code; when loaded, these
        have their defaults. Moments of the optimiser are left out too: training that goes on begins with fresh ones.

        Parameters
        ----------
        path : of the file; it is there whole or not at all, whenever the process ends
        overwrite : whether a file of that name is replaced

        Raises
        ------
        InputError
            A `ValueError`: the name is taken, the folder is missing, a parameter breaks its rule, or the network has
            an activation or a loss of your own, which is code.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import chainrule
        >>> model = chainrule.MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(Path(folder) / "line.model")
        ...     again = chainrule.load(Path(folder) / "line.model")
        >>> bool((again.predict([[0.5]]) == model.predict([[0.5]])).all())
        True
        """
        check_is_fitted(self)
        kind = type(self)
        if kind.__name__ not in KINDS or not kind.__module__.startswith("chainrule.estimators."):
            raise InputError(
                f"{kind.__name__}.save()", f"one of {sorted(KINDS)}", f"{kind.__module__}.{kind.__qualname__}",
                "A class of your own is code: pickle it.",
            )  # fmt: skip
        saving.write(path, self.model_, serial.to_data(self), overwrite)
