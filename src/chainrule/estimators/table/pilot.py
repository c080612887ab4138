"""Pilots: which encoding suits the numbers of a table is told by short fits of small networks, on the rows held out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import F32
from chainrule.engine.network import Network
from chainrule.estimators.table import presets
from chainrule.estimators.table.presets import Preset
from chainrule.models.answers import Answer
from chainrule.models.fit import INTERRUPTED, Fit
from chainrule.models.inputs import ColumnInput
from chainrule.models.training import Training
from chainrule.models.validation import Parts

Array = NDArray[Any]

#: Rows that a pilot learns from, and that it is judged by, at most.
MOST_ROWS = 10_000


def drawn(rows: Array, seed: int) -> Array:
    """So many of these numbers of rows at most, in their order."""
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False))]


def small(preset: Preset) -> Preset:
    """What a pilot of a fit is: two narrow networks, some epochs."""
    return replace(
        preset, hidden_layer_sizes=(64, 64), dropout=0.0, n_members=2, learning_rate_init=8e-3, weight_decay=0.0,
        max_iter=8, n_iter_no_change=8, cycles=(1,),
    )  # fmt: skip


def score(estimator: Any, preset: Preset, source: ColumnInput, answer: Answer, parts: Parts, seed: int) -> float:
    """The best score that a short fit reaches on the rows held out: what stops the estimator's own fit, too.

    Parameters
    ----------
    estimator : whose threads and scoring it takes
    preset : that the fit to come will have
    source : columns by the encoding that is tried
    answer : what outputs mean
    parts : rows to train on and rows held out, `drawn`, as `source` codes them
    seed : of weights and batches; the same for all that are compared

    Raises
    ------
    KeyboardInterrupt
        Where it is broken off: nothing has been learned yet.
    """
    made, few = source.encoder, small(preset)
    network = Network(presets.layers(few, made, answer.outputs), made.expansion.width)
    recipe = replace(presets.recipe(estimator, few, len(parts.training)), score_training=False, probes=False)
    begun = Training.begin(network, answer.loss, F32, seed, few.n_members)
    if Fit(recipe, begun, source, answer, parts).run().reason == INTERRUPTED:
        raise KeyboardInterrupt
    return -math.inf if begun.stopping is None else begun.stopping.best_score
