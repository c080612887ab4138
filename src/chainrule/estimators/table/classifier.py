"""`TableClassifier`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from chainrule.engine.expansion import Coded
from chainrule.errors import InputError
from chainrule.estimators.inputs import one_form
from chainrule.estimators.one_value import learned, reads_once
from chainrule.estimators.table.base import BaseTable
from chainrule.estimators.table.inside import TableMLPClassifier

Array = NDArray[Any]


@dataclass(eq=False, repr=False)
class TableClassifier(ClassifierMixin, BaseTable):  # type: ignore[misc]
    """Classes from raw tables: numbers, words, truth values and dates, with gaps in them.

    The kind of each column is found (`encoder_` tells it), its encoding is part of the model, and a network of dense
    layers with layer normalisation learns behind it by one-cycle schedules, with an average of its weights, on all
    rows but a part to stop by.

    Parameters
    ----------
    preset : 'fast', 'default' or 'best'. Each parameter below that is None is the preset's
    columns : dict from column to 'number', 'category', 'date' or 'leave out', where the kind that is found is not meant
    numbers : 'piecewise' (bins and a quantile), 'standard', 'robust' (by median and quartiles, clipped smoothly) or
        'quantile'
    hidden_layer_sizes, activation, dropout, n_members, learning_rate_init, weight_decay, batch_size, max_iter,
    n_iter_no_change, validation_fraction : as in `MLPClassifier`; the rate is the peak of the schedule
    bins : of a number with numbers='piecewise', at most
    class_weight : None, 'balanced', or a dict from class to weight
    random_state, n_threads, verbose, callbacks : as in `MLPClassifier`
    memory : bytes that the rows of a file may take, or 'auto', a quarter of what is free. Larger files are streamed

    Attributes
    ----------
    classes_ : array of shape (classes,)
    encoder_ : encodings of the columns, and the columns left out with the reason
    model_ : the multi-layer perceptron behind the encoding
    feature_names_in_, n_features_in_ : columns of fit
    history_, n_iter_ : records of the epochs, their number

    Notes
    -----
    At prediction: a level that fit did not see counts as a rare one where there were any, else as no level. A missing
    number counts as the median, and says so where fit saw any missing. Words where fit saw numbers are read as
    numbers, and refused with their row where they are none. Frames have the columns of fit in the same order, as in
    scikit-learn; files are read by name.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainrule import TableClassifier
    >>> X = pd.DataFrame({"size": [1.0, 2.0, None, 8.0, 9.0, 7.0] * 20, "color": ["red", "blue"] * 60})
    >>> y = ["small", "small", "small", "large", "large", "large"] * 20
    >>> model = TableClassifier(preset="fast", random_state=0).fit(X, y)
    >>> [encoding.kind for encoding in model.encoder_.encodings], model.score(X, y) > 0.9
    (['number', 'category'], True)
    """

    class_weight: Any = None

    classes_ = learned()

    _inside = TableMLPClassifier
    _stratifies = True

    def _extra(self) -> dict[str, Any]:
        weight = self.class_weight
        if isinstance(weight, dict):
            weight = {code: weight[label] for code, label in enumerate(self.classes_.tolist()) if label in weight}
        return {"class_weight": weight}

    def _check_learned(self) -> None:
        codes = self.model_.classes_
        if codes.dtype.kind not in "iu" or codes.min() < 0 or codes.max() >= len(self.classes_):
            raise InputError(
                "content, classes", f"{codes.max() + 1} classes", len(self.classes_), "The file was changed."
            )

    def _prepared(self, y: Any, weight: Array | None) -> tuple[Array, Array | None]:
        codes, weight = super()._prepared(y, weight)
        if self.class_weight is None:
            return codes, weight
        if isinstance(self.class_weight, str):
            raise InputError(
                f"{type(self).__name__}(class_weight=)", "a dict of weights, of a file that is too large for memory",
                repr(self.class_weight), "For example {'no': 1.0, 'yes': 5.0}.",
            )  # fmt: skip
        of_classes = np.array([self.class_weight.get(c, 1.0) for c in self.classes_.tolist()], np.float32)[codes]
        return codes, of_classes if weight is None else of_classes * weight

    def _labels(self, y: Any) -> Array:
        name = f"{type(self).__name__}: y"
        with one_form(name, "a class for every row", y):
            if y is None:
                raise ValueError("requires y to be passed, but the target y is None.")
            y = column_or_1d(check_array(y, ensure_2d=False, dtype=None, input_name="y"), warn=True)
            check_classification_targets(y)
        return np.asarray(y)

    def _learn_target(self, y: Any) -> Array:
        self.classes_, codes = np.unique(self._labels(y), return_inverse=True)
        return codes

    def _target(self, y: Any) -> Array:
        labels = self._labels(y)
        strange = ~np.isin(labels, self.classes_)
        if strange.any():
            raise InputError(
                f"{type(self).__name__}: y", f"classes of {self.classes_}", labels[strange][0], "Fit with all classes."
            )
        return np.searchsorted(self.classes_, labels)

    def _score(self, coded: Coded, target: Array) -> float:
        return float((self._codes(coded) == target).mean())

    def _codes(self, coded: Coded) -> Array:
        return np.asarray(self.model_.predict(coded))

    @reads_once
    def predict(self, X: Any) -> Array:
        """The most probable class of each row, shape (rows,)."""
        coded = self._coded(X)
        return np.asarray(self.classes_[self._codes(coded)])

    @reads_once
    def predict_proba(self, X: Any) -> Array:
        """Probabilities of shape (rows, classes), in the order of `classes_`."""
        coded = self._coded(X)
        found = self.model_.predict_proba(coded)
        if found.shape[1] == len(self.classes_):
            return np.asarray(found)
        whole = np.zeros((len(found), len(self.classes_)), found.dtype)  # a class that no training row has
        whole[:, self.model_.classes_] = found
        return whole

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))
