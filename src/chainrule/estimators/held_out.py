"""Held-out rows: which they are, and what is seen of them behind every epoch."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv, train_test_split

from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.estimators.session import Session
from chainrule.training.batches import Data
from chainrule.training.validation import Evaluator, Watched

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

Indices = NDArray[np.intp]


class Parts(NamedTuple):
    """Rows to train on, and rows to validate on, if any. No row is copied."""

    training: Data
    validation: Data | None


def split(estimator: BaseMLP, session: Session, data: Data, groups: Any) -> Parts:
    """Cut the data where `validation_split` or, with early_stopping, `validation_fraction` says so."""
    name = type(estimator).__name__
    if estimator.validation_split is not None:
        parts = _by_splitter(estimator, data, groups)
    elif estimator.early_stopping:
        parts = _by_fraction(estimator, session, data)
    else:
        return Parts(data, None)
    if not len(parts[0]):
        raise InputError(f"{name}(validation_split=)", "rows to train on", "none", "Hold out fewer.")
    if len(parts[1]) < 2:
        raise InputError(
            f"{name}(validation_fraction=)", "at least 2 rows to validate on", len(parts[1]),
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset.",
        )  # fmt: skip
    if data.weight is not None and not all(data.weight[part].any() for part in parts):
        raise InputError(
            f"{name}: sample_weight", "weights above zero in the training and in the validation part",
            "a part without", "Use another random_state, or early_stopping=False.",
        )  # fmt: skip
    return Parts(*(data.part(np.sort(part)) for part in parts))


def _by_fraction(estimator: BaseMLP, session: Session, data: Data) -> tuple[Indices, Indices]:
    # A single column of 0 and 1 is stratified, as in scikit-learn; multi-label and multi-class are not.
    binary = session.predictor.loss.link == "sigmoid" and data.y.ndim == 2 and data.y.shape[1] == 1
    where = f"{type(estimator).__name__}(validation_fraction=)"
    with one_form(where, "a share of the rows to validate on", data.X):
        training, validation = train_test_split(
            np.arange(len(data)),
            random_state=session.streams.split,
            test_size=estimator.validation_fraction,
            stratify=np.where(data.y[:, 0] > 0, "True", "False") if binary else None,
        )
    return training, validation


def _by_splitter(estimator: BaseMLP, data: Data, groups: Any) -> tuple[Indices, Indices]:
    """The last cut of a splitter: of a time-ordered one, the latest rows."""
    where = f"{type(estimator).__name__}(validation_split=)"
    with one_form(where, "a splitter of scikit-learn, or pairs of row numbers", estimator.validation_split):
        # y is what the loss sees: class codes serve a stratified splitter as well as labels do
        y = data.y[:, 0] if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
        *_, (training, validation) = check_cv(estimator.validation_split).split(np.empty(len(data)), y, groups)
        return np.arange(len(data))[training], np.arange(len(data))[validation]


class Judge:
    """What the loop watches of an estimator: score and loss of held-out rows, and of training rows where asked."""

    def __init__(self, estimator: BaseMLP, session: Session, training: Data, validation: Data) -> None:
        self.estimator = estimator
        self.session = session
        self.training = training
        self.validation = validation
        self.evaluator = Evaluator.of(session.predictor)
        self._scorer = None
        if estimator.scoring not in (None, "loss"):
            where = f"{type(estimator).__name__}(scoring=)"
            with one_form(where, "None, 'loss', or a scorer of scikit-learn", estimator.scoring):
                self._scorer = check_scoring(estimator, scoring=estimator.scoring)

    def __call__(self) -> Watched:
        loss = self.evaluator(self.validation, self.estimator.n_threads)
        score = -loss if self.estimator.scoring == "loss" else self._score(self.validation)
        if not self.estimator.score_training:
            return Watched(score, loss)
        if self.estimator.scoring == "loss":
            return Watched(score, loss, -self.evaluator(self.training, self.estimator.n_threads))
        return Watched(score, loss, self._score(self.training))

    def _score(self, rows: Data) -> float:
        """The score of rows, NaN where the network has left the finite numbers."""
        estimator = self.estimator
        y, weight = rows.counted()
        prediction = self.session.predictor(rows.X, estimator.n_threads, rows.subset)
        if not np.isfinite(prediction).all():
            return math.nan
        if self._scorer is None:
            return float(estimator._score_rows(prediction, y, weight))
        bare = copy.copy(estimator)
        bare.__dict__.pop("feature_names_in_", None)  # these rows have lost their columns' names
        given = {} if weight is None else {"sample_weight": weight}
        X = rows.X if rows.subset is None else rows.X[rows.subset]
        score = self._scorer(bare, X, estimator._as_given(y), **given)
        if not (isinstance(score, (int, float, np.number)) and math.isfinite(score)):
            raise InputError(
                f"{type(estimator).__name__}(scoring=)", "a scorer that gives a finite number",
                f"{score!r} behind epoch {len(estimator.history_) + 1}",
                "Choose another scorer, or more rows to validate on; the best weights so far are kept.",
            )  # fmt: skip
        return float(score)
