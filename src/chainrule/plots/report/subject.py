"""What a report is about: a fitted estimator, how its training went, what was found, how well it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.findings import Findings
from chainrule.errors import InputError
from chainrule.estimators.diagnosis import experiments
from chainrule.estimators.diagnosis.diagnose import diagnose
from chainrule.estimators.table.base import BaseTable
from chainrule.estimators.table.importance import Importance
from chainrule.models.answers import Numbers, OfClasses
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.models.selection import by_loss
from chainrule.models.truth import Truth
from chainrule.plots import reading
from chainrule.plots.report.course import Course
from chainrule.plots.report.explained import Explained, explained
from chainrule.tables.encoder import Encoder
from chainrule.training.validation import loss_of

Array = NDArray[Any]

#: How near a loss is to another one that counts as the same: float32 adds up in some order.
SAME = 1e-4

#: Rows by which columns are told to matter, shuffles of each, and columns from which on one has to do.
LEANING_ROWS, REPEATS, MANY = 2_000, 3, 100


@dataclass(frozen=True, eq=False)
class ScoredClasses:
    """Rows that were scored: codes of their true and their predicted classes, probabilities where there are any."""

    codes: Array
    predicted: Array
    shares: Array | None


@dataclass(frozen=True, eq=False)
class ScoredNumbers:
    """Rows that were scored: true and predicted values, (rows, targets)."""

    true: Array
    predicted: Array


Scored = ScoredClasses | ScoredNumbers


@dataclass(frozen=True, eq=False)
class Subject:
    """All that the sections read.

    Attributes
    ----------
    estimator, model : what was given, and what it has learned
    encoder : of the columns, where the estimator takes tables
    course : of the training
    findings : of diagnosis
    scored : None where no rows were given
    stopped : whether these rows are those that stopped training, whose scores are a little too good
    importances : of the columns of a table for these rows, the greatest first
    explained : single predictions of these rows; None where that takes too long, and of sequences
    """

    estimator: Any
    model: Model
    encoder: Encoder | None
    course: Course
    findings: Findings
    scored: Scored | None
    stopped: bool = False
    importances: Sequence[Importance] = ()
    explained: Explained | None = None

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def target(self) -> str | None:
        """The name of what is predicted, where it has one."""
        return self.model.input.target if isinstance(self.model.input, ColumnInput) else None

    @property
    def classes(self) -> list[str] | None:
        """The classes as words, or None of numbers."""
        if not isinstance(self.model.answer, OfClasses):
            return None
        return [_word(label) for label in self.model.answer.every.tolist()]


def subject(estimator: Any, X: Any = None, y: Any = None, findings: Findings | None = None) -> Subject:
    """Everything about a fitted estimator; see `report` for the parameters."""
    estimator = reading.fitted("report", estimator)
    model = estimator.model_
    by_loss = isinstance(estimator, BaseTable)  # where nothing else is said
    scored_as = model.answer.scored_as if estimator.scoring is None and not by_loss else "score"
    course = Course(model.history, model.probes, model.units, scored_as)
    scored = None if X is None else _scored(estimator, model, X, y)
    if findings is None:
        findings = diagnose(estimator, X_val=X, y_val=y)
    return Subject(
        estimator,
        model,
        model.input.encoder if isinstance(model.input, ColumnInput) else None,
        course,
        findings,
        scored,
        X is not None and _stopped(estimator, X, y),
        () if X is None else _importances(estimator, X, y),
        None if X is None else explained(model, model.input.split(X, y, f"{model.kind}: X")[0], estimator.n_threads),
    )


def _stopped(estimator: Any, X: Any, y: Any) -> bool:
    """Whether rows are as many as were held out, and have the very loss of the best epoch."""
    model = estimator.model_
    outlook, best = model.progress.outlook, Course(model.history).best
    if outlook is None or best is None or best.validation_loss is None:
        return False
    rows = experiments.rows_of(estimator, X, y)
    if len(rows) != outlook.held_out:
        return False
    known, predictor = best.validation_loss, model.predictor.at(1.0)
    if model.progress.mixed is None:
        found = loss_of(predictor, rows, estimator.n_threads)
    else:
        known, score = model.progress.mixed, by_loss(model.answer, rows, estimator.n_threads)
        found = -score(predictor(rows.X, estimator.n_threads, rows.subset))
    return bool(abs(found - known) <= SAME * abs(known))


def _importances(estimator: Any, X: Any, y: Any) -> list[Importance]:
    """Of a table, by some of the rows."""
    if not isinstance(estimator, BaseTable):
        return []
    coded, y, _ = estimator._to_score(X, y, None)
    rows, columns = coded.shape[0], len(estimator.encoder_.encodings)
    some = slice(None, None, -(-rows // LEANING_ROWS))
    true = Truth.of(y, "report(y)").array()[some]
    return estimator.importances(coded[some], true, 1 if columns > MANY else REPEATS)


def _scored(estimator: Any, model: Model, X: Any, y: Any) -> Scored:
    X, y = model.input.split(X, y, f"{model.kind}: X")
    if y is None:
        raise InputError("report(y=)", "the truth of the rows of X", "None", "Give y, or leave X out.")
    true = np.asarray(model.answer.true(y, "report(y)"))
    if isinstance(model.answer, Numbers):  # one for each target, of several quantiles too
        predicted = model.answer.point_in_units(model.raw(model.read(X)))
    else:
        predicted = np.asarray(estimator.predict(X))
    if true.shape != predicted.shape and true.size != predicted.size:
        raise InputError("report(y=)", f"shape {predicted.shape}, as predicted", true.shape, "Give a value per row.")
    true = true.reshape(predicted.shape)
    if not isinstance(model.answer, OfClasses):
        return ScoredNumbers(true.reshape(len(true), -1).astype(np.float64), predicted.reshape(len(true), -1))
    shares = np.asarray(estimator.predict_proba(X)) if model.answer.gives_probabilities else None
    if predicted.ndim == 2:  # several labels a row: each is there or not
        return ScoredClasses(true.astype(int), predicted.astype(int), shares)
    known = np.isin(true, estimator.classes_)
    if not known.all():
        raise InputError("report(y=)", "classes of the fit", repr(true[~known][0])[:80], "Leave such rows out.")
    codes, said = (np.searchsorted(estimator.classes_, labels) for labels in (true, predicted))
    return ScoredClasses(codes, said, shares)


def _word(label: Any) -> str:
    """A class as a user writes it: 1 rather than 1.0."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
