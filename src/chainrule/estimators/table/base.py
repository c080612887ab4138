"""What the two table estimators share: raw rows to coded ones, presets, fitting, and looks at what was learned."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from chainrule.diagnosis.probes import Probes
from chainrule.engine.expansion import Coded
from chainrule.engine.network import Network
from chainrule.estimators import room, rules
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.one_value import Learner, learned, reads_once
from chainrule.estimators.saving import Saved
from chainrule.estimators.table import documents, fitting, importance, rows
from chainrule.formats.document import Document
from chainrule.tables.encoder import Encoder

Array = NDArray[Any]


class Learned(Learner):
    """What fit sets."""

    encoder_: Encoder = learned()
    model_: BaseMLP = learned()
    target_name_: str | None = learned()
    n_features_in_: int = learned()
    feature_names_in_: NDArray[np.object_] = learned()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")


@dataclass(eq=False, repr=False, kw_only=True)
class BaseTable(Learned, BaseEstimator, Saved):  # type: ignore[misc]
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
    probes: bool = True

    _inside: ClassVar[type[BaseMLP]]
    #: Whether classes keep their shares among the rows held out.
    _stratifies: ClassVar[bool]

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
        rules.check(
            cls.__name__, {k: v for k, v in parameters.items() if v is not None or k not in fitting.FROM_PRESET}
        )

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
            A `ValueError`, a `TypeError`: a parameter out of range, or rows that cannot be used. The estimator is then
            unfitted.
        DivergenceError
            A `ValueError`: training left the finite numbers.

        Notes
        -----
        Other threads may use a fitted estimator while it is fitted again; see `MLPClassifier.fit`.
        """
        draft = self._draft(goes_on=False)
        try:
            draft._check_parameters(draft.get_params(deep=False))
            with room.told(f"{type(self).__name__}.fit"):
                fitting.fit(draft, X, y, sample_weight, (X_val, y_val, sample_weight_val))
        except Exception:
            if not draft.__sklearn_is_fitted__():
                self._forget()
            raise
        finally:
            if draft.__sklearn_is_fitted__() and (fitting.has_learned(draft) or not self.__sklearn_is_fitted__()):
                self._put_in_place(draft)
        return self

    def _with_scaled_inputs(self) -> Self:
        """An unfitted clone: its encoder scales every column."""
        return clone(self)

    def _prepared(self, y: Any, weight: Array | None) -> tuple[Array, Array | None]:
        """Targets of a file in the form of the estimator inside, and weights of their rows."""
        return self._target(y), None if weight is None else weight.astype(np.float32)

    # What was learned -------------------------------------------------------------------------------------

    @property
    def n_iter_(self) -> int:
        return int(self.model_.n_iter_)

    @property
    def history_(self) -> list[Any]:
        """Records, one per epoch: loss, score and loss of the rows held out, seconds."""
        return self.model_.history_

    @property
    def probes_(self) -> Probes | None:
        """What was measured of every layer while it trained; None with `probes=False`."""
        check_is_fitted(self)
        return self.model_.probes_

    @property
    def network_(self) -> Network:
        """The network as a value, without the encoding in front of it."""
        check_is_fitted(self)
        return self.model_.network_

    @reads_once
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the network's inputs: of a number's bins, of a category's levels."""
        check_is_fitted(self)
        return np.array(self.encoder_.feature_names(), object)

    def _coded(self, X: Any) -> Coded:
        """Rows to predict, coded."""
        check_is_fitted(self)
        where = rows.where(self, X)
        table = rows.check_names(self, X, rows.table(X, where), self.target_name_)
        return self.encoder_.code(table, where)

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
        where = rows.where(self, X)
        table = rows.table(X, where)
        if y is None or isinstance(y, str):
            table, y, _ = rows.split_target(table, y or self.target_name_ or "", where)
        coded = self.encoder_.code(table, where)
        target = self._target(y)
        return importance.by_shuffling(self.encoder_, coded, lambda X: self._score(X, target), n_repeats, random_state)

    @abstractmethod
    def _score(self, coded: Coded, target: Array) -> float:
        """Accuracy or R2 of coded rows against a target in the form of the estimator inside."""

    @reads_once
    def attributions(self, X: Any) -> Array:
        """What each column adds to a prediction to first order: gradient times input, summed over its inputs.

        Of each row, the slope of the winning class's z (of a regressor's prediction, in deviations of the target) in
        each of the network's inputs, times that input (Shrikumar et al. 2017). Units of an embedding count as inputs.

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
        return tags
