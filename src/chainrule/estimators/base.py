"""`BaseMLP`: everything of `MLPClassifier` and `MLPRegressor` but what a target is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metaestimators import available_if

from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.estimators import rules
from chainrule.estimators.bases import with_callbacks
from chainrule.estimators.estimator import Estimator, Weigher
from chainrule.estimators.held_out import split
from chainrule.estimators.inputs import Given, check_X
from chainrule.estimators.prepare import Call, Start, begun, check_answer, check_same, in_form, in_type, ready
from chainrule.estimators.recipes import layers_of, recipe_of
from chainrule.models import resume, sizes
from chainrule.models.answers import Answer, OfClasses
from chainrule.models.inputs import Input, RowInput
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe
from chainrule.models.several import AnyFit
from chainrule.models.training import Training
from chainrule.models.validation import Parts
from chainrule.network.layers import Layer
from chainrule.training.averaging import Averaging
from chainrule.training.batches import Data, Rows
from chainrule.training.callbacks.base import Callback
from chainrule.training.checkpoints import Checkpoints, State
from chainrule.training.optimisers import Optimiser
from chainrule.training.schedules import Schedule
from chainrule.warn import warn

Array = NDArray[Any]


def goes_in_steps(estimator: Any) -> bool:
    """Whether the solver has a partial_fit; otherwise the attribute is missing, as scikit-learn has it."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit needs a stochastic solver such as 'adam' or 'sgd'; solver='lbfgs' has none.")
    return True


@dataclass(eq=False, repr=False, kw_only=True)
class BaseMLP(Estimator):
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
    time_limit: float | None = None

    # What items are: rows of numbers, but for the estimators of sequences -----------------------------------

    _takes: ClassVar[type[Given]] = Given

    def _given(self, X: Any, y: Any, weight: Any = None) -> Given:
        return self._takes(X, y, weight)

    def _check_X(self, X: Any) -> Any:
        return check_X(self, X, self.model_.dtype)

    def _input(self) -> Input:
        """How X comes in, from what a check of X has set on this draft."""
        names = getattr(self, "feature_names_in_", None)
        return RowInput(int(self.n_features_in_), None if names is None else tuple(map(str, names)))

    def _layers(self, outputs: int) -> tuple[Layer, ...]:
        return layers_of(self, outputs)

    def _data(self, X: Any, y: Array, weight: Array | None) -> Data:
        return Rows(X, y, weight)

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        rules.check(cls.__name__, parameters)

    # Fitting ----------------------------------------------------------------------------------------------

    @with_callbacks
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

    def _prepared(self, given: Given, held_out: Given, call: Call) -> AnyFit:
        name = type(self).__name__
        self._check_parameters(vars(self))
        rules.check_optimiser(name, vars(self))
        if self.solver == "lbfgs" and not (held_out.nothing and call.resume_from is None):
            raise InputError(
                f"{name}.fit(X_val=, resume_from=)", "none of them with solver='lbfgs'", "one",
                "L-BFGS has no epochs to choose from: use solver='adam' or 'sgd'.",
            )  # fmt: skip
        if call.incremental and held_out.nothing and self.early_stopping:
            raise InputError(
                f"{name}(early_stopping=)", "False in partial_fit, or rows to validate on", True,
                "partial_fit does not support early_stopping=True without them: give X_val and y_val.",
            )  # fmt: skip

        def begin(before: Model | None, resumed: State | None, told: Sequence[Callback]) -> AnyFit:
            return self._begun(given, held_out, call, before, resumed, told)

        return begun(self, call, begin, given)

    def _begun(
        self,
        given: Given,
        held_out: Given,
        call: Call,
        before: Model | None,
        resumed: State | None,
        told: Sequence[Callback],
    ) -> AnyFit:
        name, draft = type(self).__name__, self._unfitted() if before is None else self._of(before)
        X, y, weight = given.checked(draft, self.dtype if before is None else before.dtype, reset=before is None)
        known = None if before is None else before.answer
        answer, values = draft._answer(y, known, call.incremental, call.classes)
        answer.loss.check_y(values, answer.outputs, weight, f"{name}: y")
        network, recipe = Network(self._layers(answer.outputs), X.shape[1]), recipe_of(self)
        training: Training | Model
        if before is None:
            sizes.check(f"{name}.fit", network, recipe.rows_of_a_batch(X.shape[0]), X.dtype, recipe.n_members)
            training = Training.begin(network, answer.loss, X.dtype, self.random_state, recipe.n_members)
        else:
            training = before
            check_same(name, before, network, answer, recipe.n_members)
        if resumed is not None:
            training.streams.load(resume.first(resumed)["trainer"]["streams"])  # one of which chooses the held-out rows
        weigh = self._weigher(y, answer.every if isinstance(answer, OfClasses) else None, call.incremental)
        data = self._data(X, in_form(answer.loss, values, X.dtype), in_type(X.dtype, weigh(y, weight)))
        if not held_out.nothing:
            parts = Parts(data, self._others(held_out, draft, answer, weigh, X.dtype, "_val", "fit"))
        elif call.incremental or recipe.optimiser is None or not self._holds_out:
            parts = Parts(data, None)
        else:
            parts = split(self, training.streams, answer, data, call.groups)
        self._check_batch(recipe, len(parts.training))
        source = draft._input() if before is None else before.input
        return ready(self, [Start(recipe, training, source, parts)], answer, call, resumed, told)

    @property
    def _holds_out(self) -> bool:
        """Whether rows are to be cut off to validate on."""
        return self.validation_split is not None or self.early_stopping

    def _check_batch(self, recipe: Recipe, rows: int) -> None:
        if recipe.optimiser is not None and self.batch_size != "auto" and self.batch_size > rows:
            warn(f"batch_size={self.batch_size} is larger than the {rows} training rows and is clipped to them.")

    def _others(
        self, given: Given, draft: Any, answer: Answer, weigh: Weigher, dtype: Any, suffix: str, where: str
    ) -> Data:
        """Other rows than those to train on, checked against this draft, in the form of the answer's loss."""
        name = type(self).__name__
        X, y, weight = given.checked(draft, dtype, reset=False, suffix=suffix, where=where)
        found, values = self._answer(y, answer, True, suffix=suffix, loss=answer.loss)
        check_answer(f"{name}.{where}(y{suffix}=)", answer, found)
        found.loss.check_y(values, found.outputs, weight, f"{name}: y{suffix}")
        return self._data(X, in_form(found.loss, values, dtype), in_type(dtype, weigh(y, weight)))

    def _unseen(self, given: Given, suffix: str, where: str) -> Data:
        model = self.model_
        return self._others(given, self, model.answer, lambda _, weight: weight, model.dtype, suffix, where)

    def _with_scaled_inputs(self) -> Pipeline:
        """An unfitted estimator that standardises its inputs, with this one after them."""
        return make_pipeline(StandardScaler(), clone(self))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
