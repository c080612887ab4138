"""Which rows are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv, train_test_split

from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.models.validation import Parts
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.streams import Streams

Indices = NDArray[np.intp]


def split(estimator: Any, streams: Streams, loss: Loss, data: Data, groups: Any) -> Parts:
    """Cut the data as `validation_split` says, or, with early_stopping, `validation_fraction`."""
    name = type(estimator).__name__
    if estimator.validation_split is not None:
        parts = by_splitter(estimator, data, groups)
    else:
        parts = _by_fraction(estimator, streams, loss, data)
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


def _by_fraction(estimator: Any, streams: Streams, loss: Loss, data: Data) -> tuple[Indices, Indices]:
    # A single column of 0 and 1 is stratified, as in scikit-learn; multi-label and multi-class are not.
    binary = loss.link == "sigmoid" and data.y.ndim == 2 and data.y.shape[1] == 1
    where = f"{type(estimator).__name__}(validation_fraction=)"
    with one_form(where, "a share of the rows to validate on", data.X):
        training, validation = train_test_split(
            np.arange(len(data)),
            random_state=streams.split,
            test_size=estimator.validation_fraction,
            stratify=np.where(data.y[:, 0] > 0, "True", "False") if binary else None,
        )
    return training, validation


def by_splitter(estimator: Any, data: Data, groups: Any) -> tuple[Indices, Indices]:
    """The last cut of a splitter: of a time-ordered one, the latest rows."""
    where = f"{type(estimator).__name__}(validation_split=)"
    with one_form(where, "a splitter of scikit-learn, or pairs of row numbers", estimator.validation_split):
        # y is what the loss sees: class codes serve a stratified splitter as well as labels do
        y = data.y[:, 0] if data.y.ndim == 2 and data.y.shape[1] == 1 else data.y
        *_, (training, validation) = check_cv(estimator.validation_split).split(np.empty(len(data)), y, groups)
        return np.arange(len(data))[training], np.arange(len(data))[validation]
