"""Which rows are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv, train_test_split

from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.models.answers import Answer, Classes
from chainrule.models.validation import Parts
from chainrule.training.batches import Data
from chainrule.training.streams import Streams

Indices = NDArray[np.intp]


def split(estimator: Any, streams: Streams, answer: Answer, data: Data, groups: Any) -> Parts:
    """Cut the data as `validation_split` says, or, with early_stopping, `validation_fraction`."""
    name = type(estimator).__name__
    if estimator.validation_split is not None:
        parts = by_splitter(estimator, data, groups)
    else:
        parts = _by_fraction(estimator, streams, answer, data)
    if not len(parts[0]):
        raise InputError(f"{name}(validation_split=)", "rows to train on", "none", "Hold out fewer.")
    if len(parts[1]) < 2:
        raise InputError(
            f"{name}(validation_fraction=)", "at least 2 rows to validate on", len(parts[1]),
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset. "
            "Of each class, a row stays to train on.",
        )  # fmt: skip
    if data.weight is not None and not all(data.weight[part].any() for part in parts):
        raise InputError(
            f"{name}: sample_weight", "weights above zero in the training and in the validation part",
            "a part without", "Use another random_state, or early_stopping=False.",
        )  # fmt: skip
    return Parts(*(data.part(np.sort(part)) for part in parts))


def _by_fraction(estimator: Any, streams: Streams, answer: Answer, data: Data) -> tuple[Indices, Indices]:
    # A single column of 0 and 1 is stratified, as in scikit-learn; multi-label and multi-class are not.
    binary = answer.loss.link == "sigmoid" and data.y.ndim == 2 and data.y.shape[1] == 1
    codes = _weighing_codes(answer, data)
    if binary and codes is not None and np.bincount(codes[codes >= 0])[codes].min() < 2:
        # one row to validate on is too few in any case, which is told in scikit-learn's words
        binary = estimator.validation_fraction * len(data) <= 1
    where = f"{type(estimator).__name__}(validation_fraction=)"
    with one_form(where, "a share of the rows to validate on", data.X):
        training, validation = train_test_split(
            np.arange(len(data)),
            random_state=streams.split,
            test_size=estimator.validation_fraction,
            stratify=np.where(data.y[:, 0] > 0, "True", "False") if binary else None,
        )
    if codes is not None and len(np.unique(codes[training])) < len(np.unique(codes)):
        return withheld(np.append(validation, training), len(validation), codes)
    return training, validation


def _weighing_codes(answer: Answer, data: Data) -> NDArray[Any] | None:
    """Codes of classes, -1 of rows without weight; None of other targets."""
    if not isinstance(answer, Classes):
        return None
    codes = answer.codes(data.y)
    return codes if data.weight is None else np.where(data.weight > 0, codes, -1)


def by_splitter(estimator: Any, data: Data, groups: Any) -> tuple[Indices, Indices]:
    """The last cut of a splitter: of a time-ordered one, the latest rows."""
    _check_groups(estimator, groups, len(data))
    where = f"{type(estimator).__name__}(validation_split=)"
    with one_form(where, "a splitter of scikit-learn, or pairs of row numbers", estimator.validation_split):
        # y is what the loss sees: class codes serve a stratified splitter as well as labels do
        y = data.y[:, 0] if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
        *_, (training, validation) = check_cv(estimator.validation_split).split(np.empty(len(data)), y, groups)
        return np.arange(len(data))[training], np.arange(len(data))[validation]


def _check_groups(estimator: Any, groups: Any, rows: int) -> None:
    """Refuse other groups than one per row, which splitters tell in words of their own."""
    shape = np.shape(groups)
    if groups is not None and shape != (rows,):
        raise InputError(
            f"{type(estimator).__name__}.fit(groups=)", f"a group per row, shape ({rows},)", f"shape {shape}",
            "Give an array of one dimension, or the name of a column of X.",
        )  # fmt: skip


def withheld(order: Indices, count: int, labels: NDArray[Any] | None = None) -> tuple[Indices, Indices]:
    """Rows in this random order without `count` of them, and those, the first; each part in the rows' own order.

    With `labels`, the last row of each class stays in the first part, and fewer are withheld where others are too few:
    none, where no class has a second row.
    """
    free = order
    if labels is not None:
        _, back = np.unique(labels[order][::-1], return_index=True)
        free = np.delete(order, len(order) - 1 - back)
    return np.setdiff1d(order, free[:count]), np.sort(free[:count])
