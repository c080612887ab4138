"""What a report is about: a fitted estimator, how its training went, what was found, how well it predicts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.findings import Findings
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.diagnosis.diagnose import diagnose
from chainrule.estimators.one_value import at_rest
from chainrule.estimators.table import rows
from chainrule.estimators.table.base import BaseTable
from chainrule.plots.report.course import Course
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import TableFile

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class OfClasses:
    """Rows that were scored: codes of their true and their predicted classes, probabilities where there are any."""

    codes: Array
    predicted: Array
    shares: Array | None


@dataclass(frozen=True, eq=False)
class OfNumbers:
    """Rows that were scored: true and predicted values, (rows, targets)."""

    true: Array
    predicted: Array


Scored = OfClasses | OfNumbers


@dataclass(frozen=True, eq=False)
class Subject:
    """All that the sections read.

    Attributes
    ----------
    estimator, model : what was given, and the multi-layer perceptron in it, the same where it is one
    encoder : of the columns, where the estimator takes tables
    course : of the training
    findings : of diagnosis
    scored : None where no rows were given
    """

    estimator: Any
    model: BaseMLP
    encoder: Encoder | None
    course: Course
    findings: Findings
    scored: Scored | None

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def target(self) -> str | None:
        """The name of what is predicted, where it has one."""
        return self.estimator.target_name_ if self.encoder is not None else None

    @property
    def classes(self) -> list[str] | None:
        """The classes as words, or None of numbers."""
        if not isinstance(self.model, MLPClassifier):
            return None
        return [_word(label) for label in np.asarray(self.estimator.classes_).tolist()]


def subject(estimator: Any, X: Any = None, y: Any = None, findings: Findings | None = None) -> Subject:
    """Everything about a fitted estimator; see `report` for the parameters."""
    if not isinstance(estimator, (BaseTable, BaseMLP)):
        raise InputTypeError("report(estimator)", "an estimator of chainrule", repr(estimator)[:80], "Give one.")
    if not estimator.__sklearn_is_fitted__():
        raise InputError("report(estimator)", "one that is fitted", type(estimator).__name__, "Call fit first.")
    estimator, table = at_rest(estimator), isinstance(estimator, BaseTable)
    model = at_rest(estimator.model_ if table else estimator)
    course = Course(model.history_, model.probes_)
    scored = None if X is None else _scored(estimator, model, X, y)
    if findings is None:
        findings = diagnose(estimator, X_val=X, y_val=y)
    return Subject(estimator, model, estimator.encoder_ if table else None, course, findings, scored)


def _scored(estimator: Any, model: BaseMLP, X: Any, y: Any) -> Scored:
    if isinstance(estimator, BaseTable):
        X, y = _table(estimator, X, y)
    if y is None:
        raise InputError("report(y=)", "the truth of the rows of X", "None", "Give y, or leave X out.")
    true, predicted = np.asarray(y), np.asarray(estimator.predict(X))
    if true.shape != predicted.shape and true.size != predicted.size:
        raise InputError("report(y=)", f"shape {predicted.shape}, as predicted", true.shape, "Give a value per row.")
    true = true.reshape(predicted.shape)
    if not isinstance(model, MLPClassifier):
        return OfNumbers(true.reshape(len(true), -1).astype(np.float64), predicted.reshape(len(true), -1))
    sure = model._loss.link != "identity"  # a hinge gives decision values
    shares = np.asarray(estimator.predict_proba(X)) if sure else None
    if predicted.ndim == 2:  # several labels a row: each is there or not
        return OfClasses(true.astype(int), predicted.astype(int), shares)
    known = np.isin(true, estimator.classes_)
    if not known.all():
        raise InputError("report(y=)", "classes of the fit", repr(true[~known][0])[:80], "Leave such rows out.")
    codes, said = (np.searchsorted(estimator.classes_, labels) for labels in (true, predicted))
    return OfClasses(codes, said, shares)


def _table(estimator: BaseTable, X: Any, y: Any) -> tuple[Any, Any]:
    """Rows of a file in memory, and y taken from its column where that is named or known."""
    inside = isinstance(X, (str, os.PathLike, TableFile))
    if not inside and not isinstance(y, str):
        return X, y
    where = rows.where(estimator, X)
    table, y, _ = rows.split_target(rows.table(X, where), estimator.target_name_ if y is None else y, where)
    return table, y


def _word(label: Any) -> str:
    """A class as a person writes it: 1 rather than 1.0."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
