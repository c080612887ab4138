"""`TableClassifier`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, column_or_1d

from chainrule.estimators.bases import ClassifierMixin
from chainrule.estimators.classifier import Classifying
from chainrule.estimators.fitted import reads_once
from chainrule.estimators.inputs import one_form
from chainrule.estimators.table.base import BaseTable
from chainrule.models.as_labels import WORDS, check_no_slip, labels
from chainrule.models.truth import Truth
from chainrule.network.losses import Loss

Array = NDArray[Any]

#: How pandas, polars and Arrow call types of classes.
CATEGORIES = ("category", "categorical", "enum", "dictionary")
#: What to do about numbers that are meant as classes.
MEANT = "If the values are names of classes: columns={{{!r}: 'category'}} for a column, y of a categorical type else."


@dataclass(eq=False, repr=False)
class TableClassifier(Classifying, ClassifierMixin, BaseTable):
    """Classes from raw tables: numbers, words, truth values, dates and vectors, with gaps in them.

    The kind of each column is found (`encoder_` tells it), its encoding is part of the model, and a network of dense
    layers with layer normalisation learns behind it by one-cycle schedules, with an average of its weights, on all
    rows but a part to stop by.

    Parameters
    ----------
    preset : 'fast', 'default' or 'best'. Each parameter below that is None is the preset's
    time_limit : None, or seconds from the call of fit on, of which reading and trying encodings take their part; see
        `MLPClassifier`. But for 'fast', there are as many networks as there is time for, from one to twice the
        preset's, where pilots have told how long they take
    columns : dict from column to 'number', 'category', 'text', 'date', 'day first', 'month first' or 'leave out', where
        the kind found is not meant; or to one of `numbers`, for this column only; of a date, for its parts. 'category'
        of the target's column where nearly all of its classes look like numbers
    numbers : 'piecewise' (bins and a quantile), 'standard', 'robust' (by median and quartiles, clipped smoothly),
        'periodic' (as 'robust', and a layer of learned waves behind it), 'quantile', 'log' (sign and logarithm of the
        size) or 'cyclic' (sine and cosine, of what comes round again). None tries bins, many and few, 'robust' and
        'periodic', from 1,000 rows on: a few epochs of small networks, judged by the rows held out. 'fast' then takes
        one, `encoder_.how`; networks of other presets differ, see docs/tables.md
    missing : words that stand for a missing value beside the usual ones ("", "NA", "None", "?", ...), such as
        ['unknown']; or a dict from column to the words that do so there in their place, with the key None for all other
        columns: {'class': []} has a class called "None"
    decimal : '.' or ',', what stands before the decimals of numbers in texts; None finds it
    hidden_layer_sizes, activation, dropout, n_members, learning_rate_init, weight_decay, batch_size, max_iter,
    n_iter_no_change, validation_fraction : as in `MLPClassifier`; the rate is the peak of the schedule
    bins : of a number in bins, at most; where it is given, numbers=None tries nothing
    n_folds : times that networks are trained, each time with another part of the rows held out, until each row was
        once: all rows are learned from, and `calibration` is by predictions of networks that did not see their rows.
        'best' has 5, below 5,000 rows 10, and the default 5 there; but 1 below 1,000 rows, and where
        validation_fraction, validation_split or X_val are given, time_limit or warm_start; so has the default where
        numbers, bins, hidden_layer_sizes or n_members are. Above, the default has 1
    loss, label_smoothing : as in `MLPClassifier`
    class_weight : None, 'balanced', or a dict from class to weight
    monotone : None, or a dict from columns of numbers to 1 or -1: the probability of the second of two classes never
        falls, or never rises, as that column does and all others stay; so for every row that there can be, as weights
        have the signs for it. Such a column is put in bins where others are 'robust', 'periodic' or 'cyclic', networks
        have batch normalisation, and an `activation` has to be one that never falls. See docs/tables.md
    random_state, n_threads, verbose, callbacks, checkpoints, calibration, warm_start : as in `MLPClassifier`
    scoring : what stops training: None is the loss of the rows held out; others as in `MLPClassifier`
    score_training, validation_split : as in `MLPClassifier`
    memory : bytes that the rows of a file may take, as cells and once they are coded (a text by up to 256 codes of 4
        bytes), or 'auto', a quarter of what is free. Larger files are streamed

    Attributes
    ----------
    classes_ : array of shape (classes,)
    encoder_ : encodings of the columns, and the columns left out with the reason
    model_ : what was learned: input, network, parameters, answer; it needs no scikit-learn
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
    loss: str | Loss = "auto"
    label_smoothing: float = 0.0

    mixup = 0.0  # rows of codes cannot be mixed

    def partial_fit(  # type: ignore[override]
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Go once through X and y, from where the last call ended; see `TableRegressor.partial_fit`.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val : as in `fit`
        classes : all classes that will ever come; needed in the first call
        """
        known = self._named(classes)
        given, held_out = self._given(X, y, sample_weight), self._given(X_val, y_val, sample_weight_val)
        return self._fit(given, held_out, incremental=True, classes=known)

    def predict(
        self,
        X: Any,
        to: str | os.PathLike[str] | None = None,
        proba: bool = False,
        keep: Sequence[str] = (),
        overwrite: bool = False,
    ) -> Any:
        """The most probable class of each row, as an array or as files.

        Parameters
        ----------
        X : rows as in `fit`; for files a source: a path, a list of them, a URL, a dataset, a lazy frame
        to : None, or a folder for the predictions, a path or a URL such as s3://bucket/out; where X may have any number
            of rows. It gets a Parquet file for each row group, record batch or file of X, part-000000.parquet and so
            on in their order, each with one row for each row there, in their order. Inside of `cluster()` its machines
            write them
        proba : whether files have a column of the probabilities of each class, named target=class
        keep : columns of X that stand in front of the predictions in files
        overwrite : whether files of the same names are replaced; else the folder has to be new or empty

        Returns
        -------
        array of shape (rows,), or a 0/1 matrix (rows, labels); of files `Written`, (rows, files, seen): how many, and
        the cells that are missing, unknown to the model, outside of its training, or unreadable, by column

        Raises
        ------
        InputError, InputTypeError
            Rows that cannot be read as in fit, X that is no source, or a folder that cannot be written to.
        """
        if to is None:
            self._check_of_files(proba, keep, overwrite)
            return super().predict(X)
        return self._write(X, to, proba, keep, overwrite)

    @reads_once
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Accuracy of `predict`.

        Parameters
        ----------
        X : rows as in `fit`
        y : array of shape (rows,), or the name of a column of X; None for the column that fit learned
        sample_weight : array of shape (rows,), the name of a column of X, or None for 1 each

        Returns
        -------
        float from 0 to 1
        """
        return super().score(*self._to_score(X, y, sample_weight))

    def _labels(self, given: Truth, like: Array | None) -> Array:
        given.check_given()
        found = labels(given)
        with one_form(given.where, "a class for every row", found):
            found = check_array(found, ensure_2d=False, dtype=None, input_name="y")
            found = found if found.ndim == 2 and found.shape[1] > 1 else column_or_1d(found, warn=True)
        if like is None and found.dtype.kind in WORDS and found.ndim == 1 and not self._says_classes(given):
            check_no_slip(given, MEANT.format(given.name or "y"))
        return np.asarray(found)

    def _says_classes(self, given: Truth) -> bool:
        """Whether the user has said that y holds classes, whatever they look like."""
        kind = getattr(given.values, "dtype", getattr(given.values, "type", ""))  # Arrow's arrays have a type
        return (self.columns or {}).get(str(given.name)) == "category" or str(kind).lower().startswith(CATEGORIES)
