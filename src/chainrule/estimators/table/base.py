"""What the two table estimators share: raw rows to coded ones, presets, fitting, and looks at what was learned."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from chainrule.engine.expansion import F32, Coded
from chainrule.engine.mixture import Mixture
from chainrule.engine.threads import resolve as threads_of
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators import rules
from chainrule.estimators.bases import with_callbacks
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.fitted import learned, reads_once
from chainrule.estimators.prepare import Call, begun, check_answer, in_form
from chainrule.estimators.table import fitting, importance, presets, rows
from chainrule.estimators.table.coming import Coming
from chainrule.estimators.table.pilot import Best
from chainrule.estimators.table.weights import weights_of
from chainrule.models.answers import Answer
from chainrule.models.fit import INTERRUPTED
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.models.several import AnyFit
from chainrule.models.truth import Truth
from chainrule.models.writing import Prediction, Written, write
from chainrule.tables import files
from chainrule.tables.encoder import Encoder
from chainrule.training.batches import Data
from chainrule.training.callbacks.base import Audience, Callback
from chainrule.training.checkpoints import Checkpoints, State
from chainrule.training.elsewhere import in_use

Array = NDArray[Any]


@dataclass(eq=False, repr=False, kw_only=True)
class BaseTable(Estimator):
    """Everything of `TableClassifier` and `TableRegressor` but what a target is."""

    preset: str = "default"
    columns: Mapping[str, str] | None = None
    numbers: str | None = None
    missing: Any = None
    decimal: str | None = None
    hidden_layer_sizes: Any = None
    activation: Any = None
    dropout: float | None = None
    n_members: int | None = None
    learning_rate_init: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    max_iter: int | None = None
    n_iter_no_change: float | None = None
    validation_fraction: float | None = None
    bins: int | None = None
    n_folds: int | None = None
    random_state: Any = None
    n_threads: int | None = None
    verbose: Any = False
    callbacks: Sequence[Any] | None = None
    memory: int | str = "auto"
    probes: bool = True
    scoring: Any = None
    score_training: bool = False
    validation_split: Any = None
    checkpoints: Checkpoints | None = None
    calibration: bool = False
    warm_start: bool = False
    time_limit: float | None = None
    monotone: Mapping[str, int] | None = None

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        rules.check(
            cls.__name__, {k: v for k, v in parameters.items() if v is not None or k not in fitting.FROM_PRESET}
        )

    def _chosen(self) -> dict[str, Any]:
        outlook = self.model_.progress.outlook
        if outlook is None:
            return super()._chosen()
        assert isinstance(self.model_.input, ColumnInput)
        preset, made = fitting.preset_of(self, outlook.rows + outlook.held_out), self.model_.input.encoder
        preset = presets.as_in(self.model_.network, preset)
        found = {name: getattr(preset, name) for name in fitting.FROM_PRESET}
        if isinstance(self.model_.predictor, Mixture):
            del found["learning_rate_init"], found["weight_decay"]  # each kind of networks has its own
        found |= {"numbers": made.how or "piecewise", "n_members": self.model_.predictor.members}
        if found["numbers"] == "piecewise":
            found["bins"] = made.bins or preset.bins
        else:
            del found["bins"]
        return {name: found[name] for name in sorted(found) if getattr(self, name) is None} | super()._chosen()

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
        """Learn from rows of a table.

        Parameters
        ----------
        X : frame of pandas, polars or Arrow; dict of arrays; array of shape (rows, columns); or a source: the path of a
            file (CSV, also compressed, Parquet, Arrow), of a folder of them, a pattern such as `data/*.csv`, a list of
            these, a URL such as s3://bucket/data, a dataset of pyarrow, or a lazy frame of polars that gives the same
            rows in the same order each time. A column that one of several files lacks is missing there; folders named
            key=value are columns. Where a source is larger than `memory`, it is read by parts, and y has to be a name:
            the coded rows are kept where those fit, else read in every epoch
        y : array of shape (rows,), or the name of a column of X
        sample_weight : array of shape (rows,), a number for all, the name of a column of X, or None; a weight of 2
            counts a row twice, and what all are multiplied by changes nothing
        X_val, y_val, sample_weight_val : rows to validate on, of the same form and columns; without them,
            `validation_fraction` of the rows is held out. Training stops on them, and the best weights are kept
        groups : array of shape (rows,), or the name of a column of X, for a `validation_split` that keeps groups
            together
        resume_from : a checkpoint, or a folder of them, of a fit with the same parameters and data: this fit goes on
            from there and ends with the bits that the other would have ended with

        Returns
        -------
        self

        Raises
        ------
        InputError, InputTypeError
            A `ValueError`, a `TypeError`: a parameter out of range, or rows that cannot be used. The estimator is then
            unfitted.
        DivergenceError
            A `ValueError`: training left the finite numbers.

        Notes
        -----
        Other threads may use a fitted estimator while it is fitted again; see `MLPClassifier.fit`.
        """
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, groups=groups, resume_from=resume_from)

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

        Behind a `fit` without warm_start, which does not keep them, moments begin anew. The first call learns the
        encoding of the columns, and the scale of a regressor's target, from its rows: give it rows of all kinds.
        Parameters and errors are those of `fit`; a file that is larger than `memory` is refused.
        """
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, incremental=True)

    def _fit(self, given: Any, held_out: Any, **call: Any) -> Self:
        super()._fit(given, held_out, **call)
        if not (self.warm_start or call.get("incremental")):
            self._model.continuation.take()  # buffers as large as the table's batches, for what nobody will go on with
        return self

    def _prepared(self, given: rows.GivenTable, held_out: rows.GivenTable, call: Call) -> AnyFit:
        self._check_parameters(self.get_params(deep=False))

        def begin(before: Model | None, resumed: State | None, told: Sequence[Callback]) -> AnyFit:
            best = Best()
            try:
                made = fitting.begun(self, given, held_out, call, before, resumed, told, best)
            except KeyboardInterrupt:
                if best.fit is None:
                    raise
                audience, outlook = Audience(told), best.fit.training.progress.outlook
                assert outlook is not None
                audience.begin(outlook)
                audience.end(INTERRUPTED)
                return best.fit.broken_off()
            made.spare = best.fit
            return made

        return begun(self, call, begin, given)

    def _given(self, X: Any, y: Any, weight: Any = None) -> rows.GivenTable:
        return rows.GivenTable(X, y, weight)

    def _unseen(self, given: rows.GivenTable, suffix: str, where: str) -> Data:
        return self._others(given, self.model_.input, self.model_.answer, suffix).rows()

    def _others(self, given: rows.GivenTable, source: Any, answer: Answer, suffix: str) -> Coming:
        """Other rows than those to train on, coded, in the form of the answer's loss."""
        name, where = type(self).__name__, rows.where(self, given.X, f"X{suffix}")
        if given.X is None:
            raise InputError(f"{name}: X{suffix}", f"rows for y{suffix} and its weights", None, "They go together.")
        table, y, weight, *_ = rows.split(given, where, source)
        true = Truth.of(y, f"{name}: y{suffix}")
        found, values = self._answer(true, answer, True, suffix=suffix, loss=answer.loss)
        check_answer(true.where, answer, found)
        columns = source.encoder.told(table, where)
        if len(values) != len(table):
            raise InputError(
                true.where, f"a value per row, {len(table)}", len(values), "Inconsistent numbers of samples."
            )
        weights = weights_of(name, weight, len(table), suffix)
        answer.loss.check_y(in_form(answer.loss, values, F32), answer.outputs, weights, true.where)
        return Coming(source.encoder.coded(columns, len(table)), values, weights, source, answer, columns=columns)

    def _with_scaled_inputs(self) -> Self:
        """An unfitted clone: its encoder scales every column."""
        return clone(self)

    # What was learned -------------------------------------------------------------------------------------

    @learned
    def encoder_(model: Model) -> Encoder:
        """Encodings of the columns, and the columns left out with the reason."""
        assert isinstance(model.input, ColumnInput)
        return model.input.encoder

    @learned
    def target_name_(model: Model) -> str | None:
        """The name of the column that is predicted, where it has one."""
        assert isinstance(model.input, ColumnInput)
        return model.input.target

    @reads_once
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the network's inputs: of a number's bins, of a category's levels."""
        check_is_fitted(self)
        return np.array(self.encoder_.feature_names(), object)

    def _check_X(self, X: Any) -> Coded:
        check_is_fitted(self)
        if isinstance(X, Coded):
            return X
        return self.model_.input.read(X, f"{type(self).__name__}: X", F32)

    def _to_score(self, X: Any, y: Any, weight: Any) -> tuple[Coded, Any, Any]:
        """Rows to predict, what is true of them, and weights."""
        check_is_fitted(self)
        if isinstance(X, Coded):
            return X, y, weight
        where, source = rows.where(self, X), self.model_.input
        assert isinstance(source, ColumnInput)
        table, y, weight, *_ = rows.split(self._given(X, y, weight), where, source)
        return source.encoder.code(table, where), y, weight

    def _check_of_files(self, proba: bool, keep: Sequence[str], overwrite: bool) -> None:
        """Refuse what is said of files where none are written."""
        if proba or keep or overwrite:
            raise InputError(
                f"{type(self).__name__}.predict(proba=, keep=, overwrite=)", "none of them without to=", "one",
                "They are of files: name a folder, or use predict_proba.",
            )  # fmt: skip

    def _write(self, X: Any, to: str | os.PathLike[str], proba: bool, keep: Sequence[str], overwrite: bool) -> Written:
        """Predict the rows of a source into a folder."""
        check_is_fitted(self)
        where = f"{type(self).__name__}.predict"
        file = files.source(X, f"{type(self).__name__}: X")
        if file is None:
            raise InputTypeError(
                f"{where}(X, to=)", "a path, a list of them, a URL, a dataset or a lazy frame", type(X).__name__,
                "Leave to= out, and write what predict returns.",
            )  # fmt: skip
        model, cluster = self.model_, in_use()
        if proba and not model.answer.gives_probabilities:
            raise InputError(f"{where}(proba=)", "a model that gives probabilities", model.loss.name, "Leave it out.")
        threads = threads_of(self.n_threads) if cluster is None else cluster.division.threads
        return write(Prediction(model, file, to, proba, tuple(keep), threads), overwrite)

    @reads_once
    def importances(
        self, X: Any, y: Any = None, n_repeats: int = 5, random_state: int = 0
    ) -> list[importance.Importance]:
        """How much worse the model does where a column's values are shuffled (Breiman 2001), column by column.

        Parameters
        ----------
        X, y : rows as in `fit`, best of those that training did not see
        n_repeats : shuffles of each column
        random_state : seed of the shuffles

        Returns
        -------
        list of (name, mean, deviation), the greatest loss of score first: of accuracy, or of R2
        """
        model, (coded, y, _) = self.model_, self._to_score(X, y, None)
        self._answer(y, model.answer, True, loss=model.loss)  # which refuses what cannot be
        true = model.answer.true(y, f"{type(self).__name__}: y")

        def score(X: Coded) -> float:
            return model.answer.score_said(model.raw(X, self.n_threads), true)

        return importance.by_shuffling(self.encoder_, coded, score, n_repeats, random_state)

    @reads_once
    def attributions(self, X: Any) -> Array:
        """What each column adds to a prediction to first order: gradient times input, summed over its inputs.

        Of each row, the slope in each of the network's inputs, times that input (Shrikumar et al. 2017), of the
        predicted class's z; of a label's; or of a regressor's prediction, in deviations of the target (with a log link,
        of its logarithm; of 'gaussian' the mean, of quantiles the one nearest the median). Units of an embedding count
        as inputs.

        Parameters
        ----------
        X : rows as in `predict`

        Returns
        -------
        array of shape (rows, columns), in the order of `encoder_.names`; of several targets or labels, (rows, columns,
            targets)
        """
        return self.model_.attributions(self._check_X(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
