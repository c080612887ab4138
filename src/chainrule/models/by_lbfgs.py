"""A fit by L-BFGS: one smooth function of all rows at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from chainrule.engine.parameters import Parameters
from chainrule.models.recipe import Recipe
from chainrule.models.training import Training
from chainrule.training import lbfgs
from chainrule.training.batches import Data
from chainrule.training.records import Record


def run(recipe: Recipe, training: Training, data: Data, take_note: Callable[[Record], bool]) -> tuple[bool, str | None]:
    """Lower the objective, and tell of every iteration as of an epoch; `take_note` may end it.

    Returns
    -------
    whether the objective stayed finite, else the weights before are put back; and why it did not converge, or None

    Raises
    ------
    KeyboardInterrupt
        With the best weights in place.
    """
    predictor, progress = training.predictor, training.progress
    parameters = predictor.parameters
    assert isinstance(parameters, Parameters)  # the rules refuse an ensemble
    before, started = parameters.vector.copy(), time.perf_counter()

    def note(loss: float) -> bool:
        nonlocal started
        now = time.perf_counter()
        seconds, started = now - started, now
        return take_note(Record(len(progress.records) + 1, loss, rate=math.nan, seconds=seconds))

    outcome = lbfgs.minimise(
        predictor.network, parameters, data, predictor.loss, recipe.penalty, max_iter=recipe.epochs,
        max_fun=recipe.evaluations, tol=recipe.tol, n_threads=recipe.n_threads, on_iteration=note,
    )  # fmt: skip
    finite = math.isfinite(outcome.loss) and bool(np.isfinite(parameters.vector).all())
    progress.epochs, progress.loss = outcome.iterations, outcome.loss if finite else math.nan
    if not finite:
        parameters.vector[...] = before
        return False, None
    if progress.best_loss is not None:
        progress.best_loss = min(progress.best_loss, outcome.loss)
    said = f"lbfgs failed to converge after {outcome.iterations} iteration(s): {outcome.message}. "
    return True, None if outcome.message is None else f"{said}Raise max_iter or max_fun, or scale the data."
