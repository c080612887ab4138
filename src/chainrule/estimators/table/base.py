"""What the two table estimators share: raw rows to coded ones, presets, fitting, and looks at what was learned."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from chainrule.engine.expansion import Coded
from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.estimators import rules
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.inputs import check_weight
from chainrule.estimators.saving import Saved
from chainrule.estimators.table import documents, importance, presets, rows, streaming
from chainrule.estimators.table.held_out import split
from chainrule.estimators.table.inside import Stream
from chainrule.estimators.table.streaming import FileSource
from chainrule.formats.document import Document
from chainrule.tables import encoder, files, survey
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import TableFile
from chainrule.tables.table import Table

Array = NDArray[Any]


class Part(NamedTuple):
    """Rows in the form of the estimator inside."""

    X: Any
    y: Array
    weight: Array | None

    def take(self, chosen: Any) -> Part:
        return Part(self.X[chosen], self.y[chosen], None if self.weight is None else self.weight[chosen])


def _check_size(where: str, table: Table) -> None:
    if not table.names:
        raise InputError(
            where, "columns to learn from", "none",
            f"Found array with 0 feature(s) (shape=({len(table)}, 0)) while a minimum of 1 is required.",
        )  # fmt: skip
    if len(table) < 2:
        raise InputError(where, "at least 2 rows", f"{len(table)} sample", "n_samples = 1 teaches nothing.")


#: Parameters that the preset chooses where they are None.
FROM_PRESET = {field.name for field in fields(presets.Preset)}


@dataclass(eq=False, repr=False, kw_only=True)
class BaseTable(BaseEstimator, Saved):  # type: ignore[misc]
    """Everything of `TableClassifier` and `TableRegressor` but what a target is."""

    preset: str = "default"
    columns: Mapping[str, str] | None = None
    numbers: str = "piecewise"
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
    random_state: Any = None
    n_threads: int | None = None
    verbose: Any = False
    callbacks: Sequence[Any] | None = None
    memory: int | str = "auto"

    _inside: ClassVar[type[BaseMLP]]

    @abstractmethod
    def _learn_target(self, y: Any) -> Array:
        """Learn classes or scale of y, and give it as the estimator inside wants it."""

    @abstractmethod
    def _target(self, y: Any) -> Array:
        """Another y, as the estimator inside wants it."""

    @abstractmethod
    def _extra(self) -> dict[str, Any]:
        """Parameters of the estimator inside that only this kind of estimator has."""

    # Files ------------------------------------------------------------------------------------------------

    def _document(self) -> Document:
        return documents.of(self)

    @classmethod
    def _from_document(cls, document: Document) -> Self:
        return documents.estimator(cls, document)

    @classmethod
    def _check_parameters(cls, parameters: Mapping[str, Any]) -> None:
        rules.check(cls.__name__, {k: v for k, v in parameters.items() if v is not None or k not in FROM_PRESET})

    @abstractmethod
    def _check_learned(self) -> None:
        """Refuse what was read from a file and no fit of this estimator ends with."""

    # Fitting ----------------------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Learn from rows of a table.

        Parameters
        ----------
        X : frame of pandas, polars or Arrow; dict of arrays; array of shape (rows, columns); or the path of a file
            (CSV, also compressed, Parquet, Arrow) or of a folder of Parquet files. Where it is larger than `memory`,
            it is read by parts, and y has to be a name: the coded rows are kept where those fit, else read in every
            epoch
        y : array of shape (rows,), or the name of a column of X
        sample_weight : array of shape (rows,), a number for all, the name of a column of X, or None; a weight of 2
            counts a row twice
        X_val, y_val, sample_weight_val : rows to validate on, of the same form; without them, `validation_fraction`
            of the rows is held out. Training stops on them, and the best weights are kept

        Returns
        -------
        self

        Raises
        ------
        InputError, InputTypeError
            A `ValueError`, a `TypeError`: a parameter out of range, or rows that cannot be used.
        DivergenceError
            A `ValueError`: training left the finite numbers.
        """
        for done in ("model_", "encoder_"):
            self.__dict__.pop(done, None)
        self._check_parameters(self.get_params(deep=False))
        if isinstance(X, (str, os.PathLike)):
            X = files.open_file(X)
        if isinstance(X, TableFile) and X.raw_bytes() > streaming.budget(self.memory):
            return self._fit_stream(X, y, sample_weight, X_val)
        where = self._where(X)
        whole = rows.table(X, where)
        table, y, self.target_name_ = rows.split_target(whole, y, where)
        table, sample_weight = rows.split_weight(table, sample_weight, where)
        rows.learn_names(self, X if table is whole else table, table)
        _check_size(where, table)
        target = self._learn_target(y)
        if len(target) != len(table):
            raise InputError(
                f"{type(self).__name__}: y", f"a value per row, {len(table)}", len(target),
                "Found inconsistent numbers of samples.",
            )  # fmt: skip
        made = self._encoder(table, where, len(table))
        part = Part(made.code(table, where), target, self._weights(sample_weight, len(table)))
        if X_val is None:
            training, validation = self._divided(part)
        else:
            training, validation = part, self._unseen(made, X_val, y_val, sample_weight_val)
        return self._fit_inside(made, len(training.y), training, validation, self._extra())

    def _fit_stream(self, file: TableFile, y: Any, sample_weight: Any, X_val: Any) -> Self:
        """`fit` on a file that is too large to hold."""
        name = type(self).__name__
        if not isinstance(y, str) or not isinstance(sample_weight, str | None) or X_val is not None:
            raise InputError(
                f"{name}.fit", "a path, and the names of its target and its weights, of a file that is too large",
                "y, weights, or rows to validate on, in memory", "Raise memory=, or leave them out.",
            )  # fmt: skip
        made, source, training, validation = self._surveyed(file, y, sample_weight)
        extra = {name: value for name, value in self._extra().items() if name != "class_weight"}  # now of the rows
        return self._fit_inside(made, source.rows, training, validation, extra)

    def _surveyed(self, file: TableFile, y: str, weight: str | None) -> tuple[Encoder, FileSource, Part, Part]:
        """What one pass learns: the encoder, the rows to train on as a source and for `fit`, the rows held out."""
        where, seed = str(file.path), presets.seed(self.random_state)
        found = survey.survey(file, y, seed)
        table, target, self.target_name_ = rows.split_target(found.sample, y, where)
        table, _ = rows.split_weight(table, weight, where)
        rows.learn_names(self, table, table)
        _check_size(where, table)
        self._learn_target(np.concatenate([target, rows.values(found.distinct)]))
        made = self._encoder(table, where, found.rows)

        def prepare(whole: Table) -> tuple[Table, Array, Array | None]:
            table, target, _ = rows.split_target(whole, y, where)
            table, weights = rows.split_weight(table, weight, where)
            return table, *self._prepared(target, weights)

        sample = Part(made.code(table, where), *prepare(found.sample)[1:])
        others, held_out = streaming.divided(found, self._preset(found.rows).validation_fraction, seed)
        source = FileSource(file, made, prepare, found, held_out)
        if source.bytes <= streaming.budget(self.memory):
            training = Part(*streaming.held(source))
        else:
            few = sample.take(others)
            training = Part(Stream(source, few.X), few.y, few.weight)
        return made, source, training, sample.take(held_out)

    def _prepared(self, y: Any, weight: Array | None) -> tuple[Array, Array | None]:
        """Targets of a file in the form of the estimator inside, and weights of their rows."""
        return self._target(y), None if weight is None else weight.astype(np.float32)

    def _where(self, X: Any, what: str = "X") -> str:
        """How errors call rows: by their file, or by the parameter."""
        return rows.path_of(X) or f"{type(self).__name__}: {what}"

    def _weights(self, weight: Any, count: int, suffix: str = "") -> Array | None:
        return check_weight(type(self).__name__, weight, count, np.dtype(np.float32), suffix)

    def _encoder(self, table: Table, where: str, count: int) -> Encoder:
        """The encoder that suits a table, or a sample of one with so many rows."""
        return encoder.fit(table, where, self.columns, self.numbers, self._preset(count).bins)

    def _preset(self, count: int) -> presets.Preset:
        """The preset for this many rows, with what was said in its place."""
        said = {name: getattr(self, name) for name in FROM_PRESET if getattr(self, name) is not None}
        if "hidden_layer_sizes" in said:
            said["hidden_layer_sizes"] = tuple(np.atleast_1d(said["hidden_layer_sizes"]).tolist())
        return replace(presets.PRESETS[self.preset](count), **said)

    def _divided(self, whole: Part) -> tuple[Part, Part]:
        """Rows to train on, and rows held out."""
        share = self._preset(len(whole.y)).validation_fraction
        training, validation = map(whole.take, split(whole.y, share, self.random_state, self._stratifies))
        if validation.weight is not None and not validation.weight.any():
            raise InputError(
                f"{type(self).__name__}: sample_weight", "weights above zero among the rows held out", "none",
                "Give X_val and y_val, or another random_state.",
            )  # fmt: skip
        return training, validation

    def _unseen(self, made: Encoder, X: Any, y: Any, weight: Any) -> Part:
        """Rows to validate on that were given."""
        where = self._where(X, "X_val")
        table = rows.table(X, where)
        if self.target_name_ in table.names and (y is None or isinstance(y, str)):
            table, y, _ = rows.split_target(table, self.target_name_, where)
        return Part(made.code(table, where), self._target(y), self._weights(weight, len(table), "_val"))

    def _fit_inside(
        self, made: Encoder, count: int, training: Part, validation: Part, extra: Mapping[str, Any]
    ) -> Self:
        """Train the estimator inside on `count` rows."""
        preset = self._preset(count + len(validation.y))
        model = self._inside(
            layers=presets.layers(preset, made),
            random_state=self.random_state,
            n_threads=self.n_threads,
            verbose=self.verbose,
            callbacks=self.callbacks,
            **presets.training(preset, count),
            **extra,
        )
        model.fit(*training, *validation)
        model._session.rest()
        self.encoder_, self.model_ = made, model
        return self

    # What was learned -------------------------------------------------------------------------------------

    @property
    def n_iter_(self) -> int:
        return int(self.model_.n_iter_)

    @property
    def history_(self) -> list[Any]:
        """Records, one per epoch: loss, score and loss of the rows held out, seconds."""
        return self.model_.history_

    @property
    def network_(self) -> Network:
        """The network as a value, without the encoding in front of it."""
        check_is_fitted(self)
        return self.model_.network_

    def __sklearn_is_fitted__(self) -> bool:
        return "model_" in vars(self)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the network's inputs: of a number's bins, of a category's levels."""
        check_is_fitted(self)
        return np.array(self.encoder_.feature_names(), object)

    def _coded(self, X: Any) -> Coded:
        """Rows to predict, coded."""
        check_is_fitted(self)
        where = self._where(X)
        table = rows.check_names(self, X, rows.table(X, where), self.target_name_)
        return self.encoder_.code(table, where)

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
        where = self._where(X)
        table = rows.table(X, where)
        if y is None or isinstance(y, str):
            table, y, _ = rows.split_target(table, y or self.target_name_ or "", where)
        coded = self.encoder_.code(table, where)
        target = self._target(y)
        return importance.by_shuffling(self.encoder_, coded, lambda X: self._score(X, target), n_repeats, random_state)

    @abstractmethod
    def _score(self, coded: Coded, target: Array) -> float:
        """Accuracy or R2 of coded rows against a target in the form of the estimator inside."""

    def attributions(self, X: Any) -> Array:
        """What each column adds to a prediction to first order: gradient times input, summed over its inputs.

        Of each row, the slope of the winning class's z (of a regressor's prediction, in deviations of the target) in
        each of the network's inputs, times that input (Shrikumar et al. 2017). Columns of embeddings have 0.

        Parameters
        ----------
        X : rows as in `predict`

        Returns
        -------
        array of shape (rows, columns), in the order of `encoder_.names`
        """
        return importance.by_gradient(self.encoder_, self._coded(X), self.model_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags
