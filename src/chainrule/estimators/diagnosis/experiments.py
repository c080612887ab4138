"""Experiments: small trainings that tell what records cannot. None of them changes the estimator."""

from __future__ import annotations

import math
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.diagnosis.observed import Scores
from chainrule.errors import DivergenceError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.diagnosis import scores
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.finder import unwatched
from chainrule.estimators.regressor import MLPRegressor
from chainrule.training.batches import Data

#: Rows of the one batch, and steps on it.
BATCH, STEPS = 64, 300

#: Rows and steps of the plain network.
PLAIN_ROWS, PLAIN_STEPS, PLAIN_BATCH = 2000, 1200, 32

#: Rows that a score must be of.
FEWEST = 10


def fitted(estimator: Any, *rows: Any) -> Any:
    """The estimator itself, a fresh one, trained without a word."""
    # Where it diverges, its weights are the best before.
    with warnings.catch_warnings(), np.errstate(all="ignore"), suppress(DivergenceError):
        warnings.simplefilter("ignore")
        estimator.fit(*rows)
    return estimator


def alone(estimator: Any) -> Any:
    """A clone that nobody follows, and that writes nothing."""
    made = clone(estimator)
    last = made[-1] if isinstance(made, Pipeline) else made
    quiet = {"callbacks": None, "checkpoints": None}
    last.set_params(**{name: value for name, value in quiet.items() if name in last.get_params(deep=False)})
    return made


def few(estimator: Any, **parameters: Any) -> Any:
    """A clone that watches nothing and trains for long, with these parameters."""
    return unwatched(estimator).set_params(**parameters)


def one_batch(estimator: BaseMLP, X: Any, y: Any) -> float | None:
    """Loss that a few rows can be brought to, over that of a constant prediction; None where a constant is right."""
    count = len(y)
    chosen = np.unique(np.linspace(0, count - 1, min(BATCH, count)).astype(np.intp))
    X, y = X[chosen], np.asarray(y)[chosen]
    if len(np.unique(y, axis=0)) < 2:
        return None
    quiet = few(
        estimator, max_iter=STEPS, batch_size=len(chosen), n_iter_no_change=math.inf, probes=True, random_state=0
    )
    made = fitted(quiet, X, y)
    model, data = made.model_, rows_of(made, X, y)
    seen = model.probes.survey if model.probes else None
    constant = None if seen is None else seen.constant_loss
    if not constant:
        return None
    return scores.scores(model, data).loss / constant


def plain(estimator: Any, X: Any, y: Any) -> Scores | None:
    """Scores of a plain network of two layers on a quarter of the rows, trained on the others; None of few rows."""
    chosen = np.random.default_rng(0).permutation(len(y))[:PLAIN_ROWS]
    cut = len(chosen) // 4
    X, y = StandardScaler().fit_transform(np.asarray(X, np.float32)[chosen]), np.asarray(y)[chosen]
    unseen = np.arange(cut)
    if is_classifier(estimator):
        kind: Any = MLPClassifier
        unseen = unseen[np.isin(y[:cut], y[cut:])] if y.ndim == 1 else unseen
    else:
        kind = MLPRegressor
        y = y.astype(np.float32)
        y = (y - y.mean(axis=0)) / np.where(y.std(axis=0) > 0, y.std(axis=0), 1)
    if len(unseen) < FEWEST:
        return None
    epochs = max(1, PLAIN_STEPS * PLAIN_BATCH // (len(y) - cut))
    model = kind(
        hidden_layer_sizes=(64, 64), batch_size=min(PLAIN_BATCH, len(y) - cut), max_iter=epochs,
        n_iter_no_change=math.inf, l2=1e-3, random_state=0, n_threads=1, probes=False,
    )  # fmt: skip
    model = fitted(model, X[cut:], y[cut:])
    return scores.scores(model.model_, rows_of(model, X[unseen], y[unseen]))


def rows_of(estimator: Estimator, X: Any, y: Any) -> Data:
    """Rows in the form of a fitted estimator's loss."""
    return estimator._unseen(estimator._given(X, y), "", "diagnose")
