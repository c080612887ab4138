"""A fit by L-BFGS: one smooth function of all rows at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.engine.predictor import Predictor
from chainrule.estimators.session import Session
from chainrule.estimators.words import divergence, interruption, warn
from chainrule.training import lbfgs
from chainrule.training.batches import Data
from chainrule.training.penalty import Penalty
from chainrule.training.records import Record

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP


def run(estimator: BaseMLP, session: Session, data: Data, take_note: Callable[[Record], bool]) -> None:
    """Lower the objective, and tell of every iteration as of an epoch; `take_note` may end it.

    Raises
    ------
    DivergenceError
        Where the objective leaves the finite numbers; the weights before are put back.
    """
    predictor = session.predictor
    assert isinstance(predictor, Predictor)  # the rules refuse an ensemble
    before, started = predictor.parameters.vector.copy(), time.perf_counter()

    def note(loss: float) -> bool:
        nonlocal started
        now = time.perf_counter()
        seconds, started = now - started, now
        return take_note(Record(len(estimator.history_) + 1, loss, rate=math.nan, seconds=seconds))

    try:
        outcome = lbfgs.minimise(
            predictor.network, predictor.parameters, data, predictor.loss,
            Penalty(l2=estimator.l2, alpha=estimator.alpha),
            max_iter=estimator.max_iter, max_fun=estimator.max_fun, tol=estimator.tol,
            n_threads=estimator.n_threads, on_iteration=note,
        )  # fmt: skip
    except KeyboardInterrupt:
        interruption(not np.array_equal(predictor.parameters.vector, before))
        return
    finite = math.isfinite(outcome.loss) and np.isfinite(predictor.parameters.vector).all()
    estimator.n_iter_, estimator.loss_ = outcome.iterations, outcome.loss if finite else math.nan
    if not finite:
        predictor.parameters.vector[...] = before
        raise divergence(estimator)
    estimator.best_loss_ = min(estimator.best_loss_, outcome.loss)
    if outcome.message is not None:
        warn(
            f"lbfgs failed to converge after {outcome.iterations} iteration(s): {outcome.message}. "
            "Raise max_iter or max_fun, or scale the data.",
            ConvergenceWarning,
        )
