"""What the two estimators share: parameters, fitting, and the attributes that scikit-learn's MLP has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from chainrule.checks import COUNT
from chainrule.estimators import architecture, documents, prepare, room, rules
from chainrule.estimators.inputs import Given, check_X, one_form
from chainrule.estimators.learned import Learned
from chainrule.estimators.one_value import reads_once
from chainrule.estimators.protocol import CallbackSupportMixin, with_callbacks
from chainrule.estimators.saving import Saved
from chainrule.estimators.session import Calibration
from chainrule.estimators.target import Target
from chainrule.formats.document import Document
from chainrule.network.layers import Layer
from chainrule.network.losses import Loss
from chainrule.training.averaging import Averaging
from chainrule.training.batches import Data, Rows
from chainrule.training.checkpoints import Checkpoints
from chainrule.training.optimisers import Optimiser
from chainrule.training.schedules import Schedule

Array = NDArray[Any]


def goes_in_steps(estimator: BaseMLP) -> bool:
    """Whether the solver has a partial_fit; otherwise the attribute is missing, as scikit-learn has it."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit needs a stochastic solver such as 'adam' or 'sgd'; solver='lbfgs' has none.")
    return True


@dataclass(eq=False, repr=False, kw_only=True)
class BaseMLP(CallbackSupportMixin, Learned, BaseEstimator, Saved):  # type: ignore[misc]
    """Everything of `MLPClassifier` and `MLPRegressor` but what a target is.

    scikit-learn reads the parameters off the signature of an `__init__` that does nothing but store them: that of
    a dataclass. The first, positional ones are the subclasses'.
    """

    solver: str | Optimiser = "adam"
    alpha: float = 0.0001
    batch_size: Any = "auto"
    learning_rate: str | Schedule = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: Any = None
    tol: float = 1e-4
    verbose: Any = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: float = 10
    max_fun: int = 15000
    layers: Sequence[Any] | None = None
    norm: str | None = None
    residual: bool = False
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    init: Any = "auto"
    dtype: Any = None
    n_threads: int | None = None
    scoring: Any = None
    score_training: bool = False
    validation_split: Any = None
    callbacks: Sequence[Any] | None = None
    checkpoints: Checkpoints | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    max_norm: float | None = None
    rate_factors: Mapping[str, float] | None = None
    averaging: Averaging | None = None
    input_noise: float = 0.0
    mixup: float = 0.0
    calibration: bool = False
    n_members: int = 1
    probes: bool = True

    # What a subclass says of its target -------------------------------------------------------------------

    @abstractmethod
    def _target(self, y: Array, goes_on: bool, incremental: bool) -> Target:
        """y as the loss wants it: a whole number per row, or one column per output."""

    @abstractmethod
    def _as_given(self, y: Array) -> Array:
        """y as it was given to fit, from the loss's form."""

    @abstractmethod
    def _score_rows(self, prediction: Array, y: Array, weight: Array | None) -> float:
        """Validation score, higher is better, of raw predictions against y in the loss's form."""

    # What items are: rows of a table, but for the estimators of sequences -----------------------------------

    _given: ClassVar[type[Given]] = Given

    def _check_X(self, X: Any) -> Any:
        return check_X(self, X, self.parameters_.vector.dtype)

    def _layers(self, outputs: int) -> tuple[Layer, ...]:
        return architecture.build(self, outputs)

    def _data(self, X: Any, y: Array, weight: Array | None) -> Data:
        return Rows(X, y, weight)

    @abstractmethod
    def _check_calibration(self, where: str, loss: Loss) -> None:
        """Refuse a loss whose predictions cannot be calibrated."""

    @abstractmethod
    def _calibration(self, rows: Data) -> Calibration:
        """Find, on rows in the loss's form that training did not see, what prediction needs beside the weights."""

    # Files ------------------------------------------------------------------------------------------------

    def _document(self) -> Document:
        return documents.of(self)

    @classmethod
    def _from_document(cls, document: Document) -> Self:
        return documents.estimator(cls, document)

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        rules.check(cls.__name__, parameters)

    @abstractmethod
    def _check_learned(self, loss: Loss, outputs: int) -> None:
        """Refuse a loss and outputs, read from a file, that no fit of this estimator ends with."""

    # Fitting ----------------------------------------------------------------------------------------------

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
        resume_from: Any = None,
    ) -> Self:
        """Train on X and y.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of shape (rows,) or (rows, outputs)
        sample_weight : array of shape (rows,), a number for all, or None; a weight of 2 counts a row twice
        X_val, y_val, sample_weight_val : rows to validate on, of the same form. Training then stops on them as with
            early_stopping, and the best weights are restored
        groups : array of shape (rows,), for a `validation_split` that keeps groups together
        resume_from : a checkpoint, or a folder of them, of a fit with the same parameters and data: this fit goes on
            from there and ends with the bits that the other would have ended with

        Returns
        -------
        self

        Raises
        ------
        InputError, InputTypeError
            A `ValueError`, a `TypeError`: a parameter out of range, or X, y, weights that cannot be used. The
            estimator can be fitted again; without warm_start it is then unfitted.
        DivergenceError
            A `ValueError`: training left the finite numbers; the best weights before are kept. With held-out rows
            that is a warning.
        CheckpointError
            A `ValueError`: the checkpoint is not whole, or was changed.

        Notes
        -----
        Other threads may use a fitted estimator while it is fitted again: until the end they have the model of before,
        and then the new one, with all attributes that belong to it. Where the fit breaks off before any epoch is
        over, the model of before stays.
        """
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, groups=groups, resume_from=resume_from)

    @available_if(goes_in_steps)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Go once through X and y, from where the last call ended: weights, moments, shuffles.

        Parameters and errors are those of `fit`. With early_stopping or held-out rows, the call that exhausts the
        patience puts the best weights back and sets `stopped_`; the next one counts anew. Scores are comparable from
        call to call where X_val stays the same. Ctrl-C is not held back as it is in `fit`: it leaves the model of
        before, and the next call begins with fresh moments. Calls from several threads at once all go on from the
        model of before, and what the last to end has learned stays: let them take turns.
        """
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, incremental=True)

    def _fit(self, given: Given, held_out: Given, **call: Any) -> Self:
        """A call of fit or partial_fit; see `prepare.fitting`."""
        with room.told(f"{type(self).__name__}.fit"):
            fitting = prepare.fitting(self, given, held_out, **call)
            try:
                fitting.run()
                fitting.calibrate()
            finally:
                if fitting.settled and (fitting.learned or not self.__sklearn_is_fitted__()):
                    self._put_in_place(fitting.finished())
        return self

    def calibrate(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows that training did not see how sure predictions are; weights of the network stay.

        A classifier finds its temperature, a regressor the margins of its intervals. Training on, or anew, forgets
        them. With `calibration=True`, fit does this by itself on its held-out rows.

        Parameters
        ----------
        X : array or sparse matrix of shape (rows, features)
        y : array of the form that fit took
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
        draft = self._draft(goes_on=True)
        session, given = draft._session, self._given(X, y, sample_weight)
        draft._check_calibration(f"{type(self).__name__}.calibrate()", session.predictor.loss)
        rows = prepare.unseen(draft, given, session, lambda _, weight: weight, "", "calibrate")
        draft._session = session.calibrated(draft._calibration(rows))
        self._put_in_place(draft)
        return self

    def _with_scaled_inputs(self) -> Pipeline:
        """An unfitted estimator that standardises its inputs, with this one behind."""
        return make_pipeline(StandardScaler(), clone(self))

    def _weigher(self, y: Array, incremental: bool) -> Callable[[Array, Array | None], Array | None]:
        """A function from y and its row weights to the weights that training and validation take."""
        return lambda _, weight: weight

    # Prediction -------------------------------------------------------------------------------------------

    def _raw(self, X: Any) -> Array:
        """What the network predicts for rows: (rows, outputs), through the link."""
        X = self._check_X(X)
        return self._session.predictor(X, self.n_threads)

    def _sampled(self, X: Any, samples: int | None) -> tuple[Array, Array | None]:
        """The prediction and, where there are several members, their deviation; or both of passes that draw."""
        X = self._check_X(X)
        session = self._session
        if samples is None:
            if session.predictor.members == 1:
                return session.predictor(X, self.n_threads), None
            return session.predictor.spread(X, self.n_threads)
        return session.predictor.sample(X, samples, session.streams.dropout, self.n_threads)

    @reads_once
    def predict_function(self, rows: int = 1) -> Callable[[Any], Array]:
        """A function of exactly `rows` rows without any check of its input: what a server in a hurry calls.

        Parameters
        ----------
        rows : int, how many rows every call brings

        Returns
        -------
        function : from an array of shape (rows, features) to the network's predictions, (rows, outputs):
            probabilities of a classifier (of the second class, where there are two), values of a regressor.
            Threads may share it. It stays with the model at hand: after another fit, ask for another one.

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
        with room.told(where), one_form(where, "as many rows as memory can hold", rows):
            return self._session.predictor.bound(int(rows))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
