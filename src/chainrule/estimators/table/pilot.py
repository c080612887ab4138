"""Pilots: which encoding suits the numbers of a table is told by short fits of small networks, on the rows held out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.engine.expansion import F32
from chainrule.engine.network import Network
from chainrule.estimators.table import presets
from chainrule.estimators.table.presets import Preset
from chainrule.models.answers import Answer
from chainrule.models.fit import INTERRUPTED, Fit
from chainrule.models.inputs import ColumnInput
from chainrule.models.training import Training
from chainrule.models.validation import Parts
from chainrule.training.batches import Data, Rows

#: Rows that a pilot learns from, and that it is judged by, at most.
MOST_ROWS = 10_000


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
    parts : rows to train on and rows held out, as `source` codes them
    seed : of weights, batches, and of the rows that are taken of many; the same for all that are compared

    Raises
    ------
    KeyboardInterrupt
        Where it is broken off: nothing has been learned yet.
    """
    made, few = source.encoder, small(preset)
    training, held_out = (_some(part, seed) for part in parts)
    network = Network(presets.layers(few, made, answer.outputs), made.expansion.width)
    recipe = replace(presets.recipe(estimator, few, len(training)), score_training=False, probes=False)
    begun = Training.begin(network, answer.loss, F32, seed, few.n_members)
    if Fit(recipe, begun, source, answer, Parts(training, held_out)).run().reason == INTERRUPTED:
        raise KeyboardInterrupt
    return -math.inf if begun.stopping is None else begun.stopping.best_score


def _some(data: Data | None, seed: int) -> Any:
    """So many of the rows at most, drawn by the seed."""
    if not isinstance(data, Rows) or len(data) <= MOST_ROWS:
        return data
    drawn = np.sort(np.random.default_rng(seed).choice(len(data), MOST_ROWS, replace=False))
    return data.part(drawn if data.subset is None else data.subset[drawn])
