"""`MLPClassifier`, and what every classifier does with the classes of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from chainrule.errors import InputError
from chainrule.estimators import kinds
from chainrule.estimators.base import BaseMLP, goes_in_steps
from chainrule.estimators.bases import ClassifierMixin
from chainrule.estimators.class_weights import weights_of
from chainrule.estimators.estimator import Estimator, Weigher
from chainrule.estimators.fitted import reads_once
from chainrule.estimators.inputs import one_form
from chainrule.estimators.recipes import CLASS_LOSSES, class_loss
from chainrule.models.answers import Answer, Classes, Labels, OfClasses
from chainrule.models.as_labels import labels
from chainrule.models.truth import Truth
from chainrule.network.losses import Loss

Array = NDArray[Any]


def gives_probabilities(estimator: Any) -> bool:
    """Whether there is a predict_proba, by the model where it is fitted; otherwise the attribute is missing."""
    model = vars(estimator).get("_model")
    loss = estimator.loss if model is None else model.loss
    link = loss.link if isinstance(loss, Loss) else "identity" * ("hinge" in str(loss))
    if link == "identity":
        raise AttributeError("A hinge gives no probabilities: use decision_function, or loss='auto'.")
    return True


def gives_decisions(estimator: Any) -> bool:
    """Whether there is a decision_function instead."""
    try:
        return not gives_probabilities(estimator)
    except AttributeError:
        return True


class Classifying(Estimator):
    """What classifiers do, whatever they read."""

    loss: str | Loss
    class_weight: Any
    label_smoothing: float

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        kinds.loss_name(f"{cls.__name__}(loss=)", parameters["loss"], CLASS_LOSSES)
        super()._check_parameters(parameters)

    def _named(self, classes: Any) -> Any:
        """The classes that a partial_fit names, or None; the first has to."""
        first, known = not self.__sklearn_is_fitted__(), None
        if first and classes is None:
            raise InputError(
                "partial_fit(classes=)", "all classes, in the first call", None,
                "For example classes=np.unique(all_y): classes must be passed on the first call.",
            )  # fmt: skip
        if classes is not None:
            with one_form("partial_fit(classes=)", "a list of classes", classes):
                known = unique_labels(labels(Truth(classes, "partial_fit(classes=)")))
            if not (first or np.array_equal(self.classes_, known)):
                raise InputError(
                    "partial_fit(classes=)", f"the classes of the first call, {self.classes_}", known,
                    "Leave classes out after the first call, or start with a new estimator.",
                )  # fmt: skip
        return known

    def _weigher(self, y: Array, classes: Array | None, incremental: bool) -> Weigher:
        if self.class_weight is None:
            return super()._weigher(y, classes, incremental)
        where = f"{type(self).__name__}(class_weight=)"
        if incremental and isinstance(self.class_weight, str):
            raise InputError(
                where, "a dict of weights in partial_fit", repr(self.class_weight),
                "What is balanced only all rows could tell: compute_class_weight('balanced', classes=..., y=all_y).",
            )  # fmt: skip
        if y.ndim == 2:
            raise InputError(
                where, "None for several labels at once", repr(self.class_weight), "Use sample_weight instead."
            )
        every = np.asarray(classes)
        of_classes = weights_of(where, self.class_weight, every, y)

        def weigh(y: Array, weight: Array | None) -> Array | None:
            found = of_classes[np.searchsorted(every, y)]
            return found if weight is None else found * weight

        return weigh

    def _answer(
        self,
        y: Any,
        known: Answer | None,
        incremental: bool,
        classes: Any = None,
        suffix: str = "",
        loss: Loss | None = None,
    ) -> tuple[Answer, Array]:
        given = Truth.of(y, f"{type(self).__name__}: y{suffix}")
        y, name = self._labels(given, known.every if isinstance(known, OfClasses) else classes), given.where
        with one_form(name, "classes, or a 0/1 matrix of labels", y):
            check_classification_targets(y)
            kind = type_of_target(y, input_name=f"y{suffix}")
            if kind == "multiclass-multioutput":
                raise ValueError("Several columns of classes: use one classifier per column, MultiOutputClassifier.")
            found = unique_labels(y)
        every = known.every if isinstance(known, OfClasses) else found if classes is None else classes
        if not incremental and set(found) != set(every):
            raise InputError(
                name, f"the classes of the fit before, {every}", found,
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {every}, `y` has {found}",
            )  # fmt: skip
        many = kind == "multilabel-indicator"
        if many and len(found) != len(every):
            raise InputError(name, f"{len(every)} labels, as in fit", len(found), "Give a column of 0 and 1 for each.")
        if not set(found) <= set(every):
            first_call = loss is None and "with partial_fit, name all classes in its first call"
            raise _strange(given, y, every, f", or, {first_call}" if first_call else "")
        loss = loss or class_loss(self, several=len(every) > 2 and not many)
        if many:
            return Labels(loss, y.shape[1]), y
        answer = Classes.of(loss, every)
        return answer, answer.form(np.searchsorted(every, y))

    def _labels(self, given: Truth, like: Array | None) -> Any:
        """y as an array, where `_given` has not made it one; `like` are the classes, where they are known."""
        return given.values

    @property
    def _known(self) -> OfClasses:
        """The classes of the fitted model."""
        answer = self.model_.answer
        assert isinstance(answer, OfClasses)
        return answer

    @property
    def temperature_(self) -> float:
        """What z of the last layer is divided by before it becomes probabilities; 1 until `calibrate`."""
        return float(self.model_.predictor.temperature)

    @reads_once
    def predict(self, X: Any) -> Array:
        """The most probable class of each row, shape (rows,), or a 0/1 matrix (rows, labels)."""
        return self.model_.answer.said(self._raw(X))

    @available_if(gives_probabilities)  # type: ignore[untyped-decorator]
    @reads_once
    def predict_proba(self, X: Any, samples: int | None = None, return_std: bool = False) -> Any:
        """Probabilities of shape (rows, classes), in the order of `classes_`; of labels, one column each.

        They are at `temperature_`, as are those of `predict_function`.

        Parameters
        ----------
        X : rows as fit takes them
        samples : passes with dropout and noise drawn as in training (Monte-Carlo dropout); their mean is predicted
        return_std : also the deviation of the passes, or of the members where n_members is above 1; of the same shape
        """
        p, spread = self._sampled(X, samples)
        if not return_std:
            return self._known.probabilities(p)
        if spread is None:
            raise self._without_deviation("predict_proba", samples)
        return self._known.probabilities(p), self._known.deviations(spread)

    @available_if(gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(gives_decisions)  # type: ignore[untyped-decorator]
    @reads_once
    def decision_function(self, X: Any) -> Array:
        """Decision values of a hinge: (rows,) for two classes, above 0 for the second, else (rows, classes)."""
        values = self._raw(X)
        return values[:, 0] if values.shape[1] == 1 else values

    @reads_once
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the rows whose class, or whose labels, are predicted.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`

        Returns
        -------
        float from 0 to 1
        """
        predicted = self.predict(X)
        true, weight = self._true(y, sample_weight, len(predicted))
        return float(accuracy_score(true, predicted, sample_weight=weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _strange(given: Truth, y: Array, every: Array, mend: str) -> InputError:
    """The error for the first class that is none of those that there are."""
    place = int((~np.isin(y, every)).argmax())
    listed = ", ".join(map(repr, every.tolist()))
    return given.refused(
        (place,), f"one of the classes {listed}"[:200], repr(y[place : place + 1].tolist()[0]),
        f"Leave rows of other classes out{mend}.",
    )  # fmt: skip


@dataclass(eq=False, repr=False)
class MLPClassifier(Classifying, ClassifierMixin, BaseMLP):
    """A multi-layer perceptron that predicts classes: two, many, or many labels at once.

    Every parameter and attribute of `sklearn.neural_network.MLPClassifier` with the same meaning and default, and
    the parts that it lacks.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, units of each hidden layer
    activation : name (see `chainrule.activations.table()`), `activations.custom(...)`, or one per hidden layer
    solver : 'adam', 'sgd' or 'lbfgs'; or one of `chainrule.optimisers`, such as Lion(1e-4), which then says all of
        itself: its rate, its momentum, its weight decay; or its name, such as 'lion', which stands for its defaults
    alpha : float, scikit-learn's L2: alpha / 2 * sum(W^2), divided by the weight sum of the batch. See `l2`.
    batch_size : int or 'auto', which is min(200, rows)
    learning_rate : 'constant', or with solver 'sgd' 'invscaling' or 'adaptive'; or, with any solver but lbfgs, one of
        `chainrule.schedules`, such as Cosine() or 'cosine', whose factor multiplies the rate at every batch
    learning_rate_init : float, of the solvers 'adam' and 'sgd'
    power_t : float, exponent of 'invscaling'
    max_iter : int, most epochs (iterations of lbfgs)
    shuffle : bool, new order of the rows in every epoch
    random_state : None, int or NumPy generator
    tol : float, smallest improvement that counts (gradient tolerance of lbfgs)
    verbose : bool or int, a line per epoch
    warm_start : bool, fit goes on from the last weights and, where its settings stay, with the same optimiser
    momentum, nesterovs_momentum : of solver 'sgd'
    early_stopping : bool, stop on a held-out part and keep the best weights
    validation_fraction : float in [0, 1), size of that part
    beta_1, beta_2, epsilon : of solver 'adam'
    n_iter_no_change : int or inf, epochs without improvement that are waited for
    max_fun : int, most loss evaluations of lbfgs
    layers : sequence of layers, in place of hidden_layer_sizes, activation, norm, residual and dropout; the output
        layer is added
    norm : None, 'batch', 'layer' or 'rms', between each hidden product and its activation
    residual : bool, a skip connection around each hidden layer
    dropout : float in [0, 1), share of hidden units dropped in training
    l1 : float, l1 * sum|W|, by the proximal step: weights become exactly 0
    l2 : float, l2 / 2 * sum(W^2), whatever the batch
    weight_decay : float, decoupled (AdamW)
    loss : 'auto' is the cross-entropy; 'focal' for rare classes; 'hinge', 'squared_hinge' (two classes) give decision
        values instead of probabilities; or one of `chainrule.losses`
    label_smoothing : float in [0, 1), share of every target that is spread over all classes; of the cross-entropy
    class_weight : None, 'balanced', or a dict from class to weight, which multiply the rows' weights in training,
        validation and scores
    init : name, 'auto' or initialiser; see `chainrule.network.initialisers`
    dtype : None (float32 stays, all else becomes float64, as in scikit-learn), 'float32' or 'float64'.
        'float32' halves time and memory.
    n_threads : int or None, threads at most; None takes what this process may use. Small networks take one
    scoring : what is watched of held-out rows: None (accuracy; R2 of a regressor), 'loss', or a scorer of scikit-learn
    score_training : bool, take the score of the training rows, too, behind every epoch; both want held-out rows
    validation_split : None, or a splitter of scikit-learn whose last cut holds out rows: GroupShuffleSplit() keeps
        groups together, TimeSeriesSplit() takes the latest; or a list of one pair (training rows, validation rows)
    callbacks : None, or a list of `chainrule.callbacks`, or of functions of a record that return True to stop
    checkpoints : None, or Checkpoints(folder), which a later fit(..., resume_from=folder) goes on from
    clip_norm, clip_value, max_norm, rate_factors, averaging : see `chainrule.StepOptions`: gradients clipped, weights
        bounded, rates per parameter, and EMA() or SWA(start) of the weights, which then is the model
    input_noise : float, deviation of normal noise added to the inputs in training
    mixup : float, alpha of mixup: trains between the rows; 0.2 is a common choice
    calibration : bool, fit ends with `calibrate` on its held-out rows: early_stopping's, validation_split's, X_val
    n_members : int, networks that are trained at once, on the same batches, from other first weights and with other
        dropout masks; what is predicted is the mean of what they predict. They stop together
    time_limit : None, or seconds from the call of fit on: a schedule of the learning rate then ends by that time, and
        training ends with the batches at hand, also within an epoch. The best weights on held-out rows are kept, and
        without such rows the last. How far it comes depends on the machine, and so do the bits. partial_fit has none

    Attributes
    ----------
    classes_ : array of shape (classes,)
    coefs_, intercepts_ : lists of arrays of shape (inputs, units) and (units,), with a leading axis of members where
        there are several
    loss_, best_loss_, loss_curve_ : objective of the last epoch, the lowest, of every epoch
    validation_scores_, best_validation_score_ : accuracy on the held-out part, with early_stopping
    history_ : list of records, one per epoch or iteration of lbfgs: loss, learning rate (NaN for lbfgs, which chooses
        its own steps), seconds, score and loss of held-out rows, score of training rows
    outlook_ : what the last fit set out with: rows, rows held out, epochs at most; None of a loaded model
    n_iter_, t_, n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_ : as in scikit-learn
    temperature_ : what z of the last layer is divided by before it becomes probabilities; 1 until `calibrate`
    network_, parameters_ : the network as a value, and all parameters by name

    Notes
    -----
    A `y` of a single class is accepted, as in scikit-learn, and always predicted. Labels may come as a sparse 0/1
    matrix; predictions are dense.

    Between calls of partial_fit, or of fit with warm_start, parameters may be changed: a new rate, solver or penalty
    counts from the next call on, with fresh moments. What would make another network is refused.

    Ctrl-C ends a fit with a warning. The best weights so far stay: by validation score with early_stopping, by loss
    with lbfgs, and else those behind the epoch with the lowest loss, as its batches met it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import scale
    >>> from chainrule import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((32,), norm="layer", learning_rate_init=0.01, tol=1e-3, random_state=0)
    >>> bool(model.fit(scale(X), y).score(scale(X), y) > 0.9)
    True
    """

    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
    loss: str | Loss = "auto"
    class_weight: Any = None
    label_smoothing: float = 0.0

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
    ) -> Self:
        """Go once through X and y, from where the last call ended: weights, moments, shuffles.

        With early_stopping or held-out rows, the call that exhausts the patience puts the best weights back and sets
        `stopped_`; the next one counts anew. Ctrl-C is not held back as it is in `fit`.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val : as in `fit`
        classes : all classes that will ever come; needed in the first call
        """
        known = self._named(classes)
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, incremental=True, classes=known)
