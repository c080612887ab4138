"""`SequenceClassifier` and `SequenceRegressor`: one answer for a whole sequence, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if

from chainrule.engine.feeds import Packed, check_lengths, pack
from chainrule.errors import InputError
from chainrule.estimators.base import BaseMLP, goes_in_steps
from chainrule.estimators.classifier import MLPClassifier, gives_decisions, gives_probabilities
from chainrule.estimators.fitted import learned
from chainrule.estimators.inputs import Given, GivenItems, finite, one_form
from chainrule.estimators.recipes import pooled_layers_of
from chainrule.estimators.regressor import MLPRegressor
from chainrule.models.inputs import SequenceInput
from chainrule.models.model import Model
from chainrule.network.layers import Layer
from chainrule.training.batches import Data
from chainrule.training.sequences import Sequences

Array = NDArray[Any]


class GivenSequences(GivenItems):
    """Sequences as a user gives them to fit."""

    noun = "sequence"

    def items(self, estimator: Any, dtype: Any, reset: bool, what: str) -> Packed:
        return _checked(estimator, self.X, dtype, reset, what)


def _checked(estimator: Any, X: Any, dtype: Any, reset: bool, what: str) -> Packed:
    """Sequences packed, finite, of as many features as in fit, in the float type of the network."""
    name = type(estimator).__name__
    found = pack(X, where=f"{name}: {what}")
    wanted = (found.dtype if found.dtype == np.float32 else np.float64) if dtype is None else dtype
    with one_form(f"{name}: {what}", "sequences of numbers", X):
        found = pack(found, dtype=wanted)
    finite(name, what, found)
    if reset:
        estimator.n_features_in_, estimator.padded_ = found.shape[1], found.padded
    elif found.shape[1] != estimator.n_features_in_:
        raise InputError(
            f"{name}: {what}", f"{estimator.n_features_in_} features, as in fit", found.shape[1],
            "The last axis of a sequence holds the features.",
        )  # fmt: skip
    return found


@dataclass(eq=False, repr=False, kw_only=True)
class OverSequences(BaseMLP):
    """What the estimators of sequences do in place of those of tables: layers, checks, and `lengths`."""

    pool: str = "mean"
    head_layer_sizes: Any = ()

    _takes = GivenSequences

    def fit(  # type: ignore[override]
        self,
        X: Any,
        y: Any,
        lengths: Any = None,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        lengths_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
        resume_from: Any = None,
    ) -> Self:
        """Train on sequences X and y, one per sequence.

        Parameters
        ----------
        X : list of arrays of shape (time, features), or an array of shape (batch, time, features) padded with anything
        y : array of shape (batch,) or (batch, outputs)
        lengths : (batch,) whole numbers, the steps that are real; without them all steps of an array count. Who gives
            them here gives them wherever such an array is given; `chainrule.pack(X, lengths)` is both in one, where a
            function or a method takes X alone
        sample_weight, groups : per sequence; these and `resume_from` as in `MLPClassifier.fit`
        X_val, y_val, lengths_val, sample_weight_val : sequences to validate on, of the same form

        Raises
        ------
        InputError, InputTypeError, DivergenceError, CheckpointError
            As in `MLPClassifier.fit`; also for a sequence without steps, or lengths beyond the time axis.
        """
        if self.mixup:
            raise InputError(
                f"{type(self).__name__}(mixup=)", "0", self.mixup, "Sequences of different lengths cannot be mixed."
            )
        packed = self._packed(X, lengths, self.warm_start and self._padded)
        held_out = self._held_out(X_val, lengths_val, packed.padded)
        return super().fit(packed, y, sample_weight, held_out, y_val, sample_weight_val, groups, resume_from)

    def calibrate(self, X: Any, y: Any, sample_weight: Any = None, *, lengths: Any = None) -> Self:
        """Learn from sequences that training did not see how sure predictions are; see `MLPClassifier.calibrate`.

        Parameters
        ----------
        X, y, sample_weight, lengths : as in `fit`
        """
        return super().calibrate(self._packed(X, lengths), y, sample_weight)

    @learned
    def padded_(model: Model) -> bool:
        """Whether fit was given padded arrays and their lengths."""
        assert isinstance(model.input, SequenceInput)
        return model.input.padded

    @property
    def _padded(self) -> bool:
        return self.__sklearn_is_fitted__() and self.padded_

    def _packed(self, X: Any, lengths: Any = None, padded: bool | None = None, what: str = "X") -> Packed:
        """X and its lengths as one; an array alone is refused where sequences are `padded`: None asks what fit saw."""
        where, padded = f"{type(self).__name__}: {what}", self._padded if padded is None else padded
        return pack(check_lengths(where, X) if padded and lengths is None else X, lengths, where=where)

    def _held_out(self, X: Any, lengths: Any, padded: bool) -> Packed | None:
        """The same of sequences to validate on, where there are any."""
        if X is None and lengths is not None:
            raise InputError(
                f"{type(self).__name__}.fit(lengths_val=)", "None without X_val", "some", "Give X_val and y_val, too."
            )
        return None if X is None else self._packed(X, lengths, padded, "X_val")

    def _given(self, X: Any, y: Any, weight: Any = None) -> Given:
        return super()._given(None if X is None else self._packed(X), y, weight)

    def _check_X(self, X: Any) -> Packed:
        return _checked(self, self._packed(X), self.model_.dtype, False, "X")

    def _input(self) -> SequenceInput:
        return SequenceInput(int(self.n_features_in_), self.padded_)

    def _layers(self, outputs: int) -> tuple[Layer, ...]:
        return pooled_layers_of(self, outputs)

    def _data(self, X: Any, y: Array, weight: Array | None) -> Data:
        return Sequences(X, y, weight=weight)

    def predict_function(self, rows: int = 1) -> Any:
        raise AttributeError("predict_function is for rows of a table: sequences have lengths.")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


@dataclass(eq=False, repr=False)
class SequenceClassifier(OverSequences, MLPClassifier):
    """Predicts the class of a sequence: hidden layers for each step, a pool over the steps, a head, the output layer.

    The order of the steps does not matter to it: give positions as features where it should.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, units of the layers that see each step, before the pool
    pool : 'mean', 'max' or 'sum' over the steps of a sequence
    head_layer_sizes : int or sequence of int, units of the layers between the pool and the output layer
    activation : name or custom, or one per hidden layer, those of the head behind the others
    layers : sequence of layers in place of `hidden_layer_sizes`; pool, head and output layer are added
    others : as in `MLPClassifier`; batches, weights, held-out parts are of whole sequences. No mixup

    Examples
    --------
    Does a set hold a number above 0.9?

    >>> import numpy as np
    >>> from chainrule import SequenceClassifier
    >>> generator = np.random.default_rng(0)
    >>> sets = [generator.random((n, 1)) for n in generator.integers(1, 9, 400)]
    >>> y = [s.max() > 0.9 for s in sets]
    >>> model = SequenceClassifier((32,), pool="max", learning_rate_init=0.02, tol=1e-3, random_state=0)
    >>> model.fit(sets, y).score(sets, y) > 0.9
    True
    """

    def predict(self, X: Any, lengths: Any = None) -> Array:
        """The most probable class of each sequence.

        Parameters
        ----------
        X : list of arrays (steps, features), or an array (batch, steps, features) padded to the longest
        lengths : steps of each sequence of a padded array, or None

        Returns
        -------
        array of shape (batch,), or a 0/1 matrix of shape (batch, labels)
        """
        return super().predict(self._packed(X, lengths))

    @available_if(gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, lengths: Any = None, samples: int | None = None, return_std: bool = False) -> Any:
        """Probabilities of shape (batch, classes); see `MLPClassifier.predict_proba`."""
        return super().predict_proba(self._packed(X, lengths), samples, return_std)

    @available_if(gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any, lengths: Any = None) -> Array:
        """Logarithms of `predict_proba`."""
        return np.asarray(super().predict_log_proba(self._packed(X, lengths)))

    @available_if(gives_decisions)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any, lengths: Any = None) -> Array:
        """Decision values of a hinge; see `MLPClassifier.decision_function`."""
        return np.asarray(super().decision_function(self._packed(X, lengths)))

    @available_if(goes_in_steps)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        *,
        lengths: Any = None,
        lengths_val: Any = None,
    ) -> Self:
        """Go once through X and y, from where the last call ended; see `MLPClassifier.partial_fit`.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val, lengths, lengths_val : as in `fit`
        classes : all classes that will ever come; needed in the first call
        """
        packed = self._packed(X, lengths)
        held_out = self._held_out(X_val, lengths_val, packed.padded)
        made: Self = super().partial_fit(packed, y, sample_weight, classes, held_out, y_val, sample_weight_val)
        return made

    def score(self, X: Any, y: Any, lengths: Any = None, sample_weight: Any = None) -> float:  # type: ignore[override]
        """Share of the sequences whose class is predicted.

        Parameters
        ----------
        X : list of arrays (steps, features), or an array (batch, steps, features) padded to the longest
        y : array of shape (batch,) or (batch, outputs)
        lengths : steps of each sequence of a padded array, or None
        sample_weight : array of shape (batch,), or None for 1 each

        Returns
        -------
        float from 0 to 1
        """
        return float(super().score(self._packed(X, lengths), y, sample_weight))


@dataclass(eq=False, repr=False)
class SequenceRegressor(OverSequences, MLPRegressor):
    """Predicts numbers of a sequence; parameters are those of `SequenceClassifier` and the loss of `MLPRegressor`.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import SequenceRegressor
    >>> generator = np.random.default_rng(0)
    >>> sets = [generator.random((n, 1)) for n in generator.integers(1, 9, 200)]
    >>> sums = [s.sum() for s in sets]
    >>> model = SequenceRegressor(hidden_layer_sizes=(8,), pool="sum", solver="lbfgs", random_state=0)
    >>> bool(model.fit(sets, sums).score(sets, sums) > 0.99)
    True
    """

    def predict(  # type: ignore[override]
        self, X: Any, lengths: Any = None, return_std: bool = False, samples: int | None = None
    ) -> Any:
        """Predicted values.

        Parameters
        ----------
        X : list of arrays (steps, features), or an array (batch, steps, features) padded to the longest
        lengths : steps of each sequence of a padded array, or None
        return_std : whether the deviation is given too: of an ensemble, of passes that draw, or of a Gaussian
        samples : passes that draw what dropout drops, or None for none

        Returns
        -------
        array of shape (batch,) or (batch, outputs), or two of them
        """
        return super().predict(self._packed(X, lengths), return_std, samples)

    def predict_interval(self, X: Any, coverage: float = 0.9, *, lengths: Any = None) -> tuple[Array, Array]:
        """Between which ends y lies with this probability; see `MLPRegressor.predict_interval`.

        Parameters
        ----------
        X, lengths : as in `predict`
        coverage : float in (0, 1)

        Returns
        -------
        lower, upper : arrays of shape (batch,) or (batch, outputs), in units of y
        """
        return super().predict_interval(self._packed(X, lengths), coverage)

    @available_if(goes_in_steps)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        *,
        lengths: Any = None,
        lengths_val: Any = None,
    ) -> Self:
        """Go once through X and y, from where the last call ended; see `MLPRegressor.partial_fit`.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val, lengths, lengths_val : as in `fit`
        """
        packed = self._packed(X, lengths)
        held_out = self._held_out(X_val, lengths_val, packed.padded)
        made: Self = super().partial_fit(packed, y, sample_weight, held_out, y_val, sample_weight_val)
        return made

    def score(self, X: Any, y: Any, lengths: Any = None, sample_weight: Any = None) -> float:  # type: ignore[override]
        """R2 of the predicted values.

        Parameters
        ----------
        X : list of arrays (steps, features), or an array (batch, steps, features) padded to the longest
        y : array of shape (batch,) or (batch, outputs)
        lengths : steps of each sequence of a padded array, or None
        sample_weight : array of shape (batch,), or None for 1 each

        Returns
        -------
        float of at most 1
        """
        return super().score(self._packed(X, lengths), y, sample_weight)
