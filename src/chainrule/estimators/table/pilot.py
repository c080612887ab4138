"""Pilots: which encoding suits the numbers of a table is told by short fits of small networks, on the rows held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.engine.expansion import F32
from chainrule.engine.network import Network
from chainrule.estimators.held_out import Indices
from chainrule.estimators.table import presets
from chainrule.estimators.table.coming import Coming
from chainrule.estimators.table.presets import Preset
from chainrule.models.answers import Answer, Classes
from chainrule.models.fit import INTERRUPTED, Fit
from chainrule.models.inputs import ColumnInput
from chainrule.models.training import Training
from chainrule.models.validation import Parts
from chainrule.tables import encoder
from chainrule.tables.encoder import Encoder

#: Rows that a pilot learns from, and that it is judged by, at most; but there is one of each class.
MOST_ROWS = 10_000

#: Rows to train on and rows held out: all that there are, and the numbers of these.
Part = tuple[Coming, Indices]


def suited(
    estimator: Any,
    preset: Preset,
    weighed: Callable[[Coming, Coming | None], Parts],
    seed: int,
    taught: Part,
    held_out: Part,
) -> Encoder:
    """The encoder whose pilot has the best score: of numbers first, then of categories of very many levels.

    Pilots learn from some of the rows to train on, and are judged by some of those held out. Where the estimator's own
    scoring refuses these few, the loss judges.

    Parameters
    ----------
    estimator : whose threads and scoring they take
    preset : that the fit to come will have
    weighed : gives both parts the weights that training takes
    seed : of weights, batches and what is drawn
    taught, held_out : of the first, `others` are the encoders that may suit better
    """
    coming = taught[0]
    parts = [(whole, _weighing(whole, part)) for whole, part in (taught, held_out)]
    if coming.others is None or not len(parts[1][1]) or sum(len(part) for _, part in parts) < presets.ENOUGH:
        return coming.input.encoder
    training, judges = (whole.some(drawn(whole, part, seed)) for whole, part in parts)

    def best_of_all(by_loss: bool = False) -> Encoder:
        scores = dict[int, float]()

        def score_of(made: Encoder) -> float:
            if id(made) not in scores:
                coded = training.by(made)
                parts = weighed(coded, judges.by(made))
                scores[id(made)] = score(estimator, preset, coded.input, coming.answer, parts, seed, by_loss)
            return scores[id(made)]

        first, others = coming.input.encoder, coming.others
        best = max((first, *others), key=score_of) if others else first
        fewer = encoder.fewer_levels(best, coming.columns)
        return best if fewer is None or score_of(fewer) <= score_of(best) else fewer

    try:
        return best_of_all()
    except Exception:
        if estimator.scoring is None:
            raise
        return best_of_all(by_loss=True)


def _weighing(whole: Coming, part: Indices) -> Indices:
    """Those of a part that weigh something."""
    return part if whole.weight is None else part[whole.weight[part] != 0]


def drawn(whole: Coming, part: Indices, seed: int) -> Indices:
    """So many of a part at most, in their order, and one row of each class that is in it."""
    if len(part) <= MOST_ROWS:
        return part
    some = part[np.sort(np.random.default_rng(seed).choice(len(part), MOST_ROWS, replace=False))]
    if not isinstance(whole.answer, Classes):
        return some
    codes = whole.answer.codes(whole.y)
    if codes.ndim > 1:  # labels, of which a row has several
        return some
    classes, first = np.unique(codes[part], return_index=True)
    return np.union1d(some, part[first[~np.isin(classes, codes[some])]])


def small(preset: Preset) -> Preset:
    """What a pilot of a fit is: two narrow networks, some epochs."""
    return replace(
        preset, hidden_layer_sizes=(64, 64), dropout=0.0, n_members=2, learning_rate_init=8e-3, weight_decay=0.0,
        max_iter=8, n_iter_no_change=8, cycles=(1,),
    )  # fmt: skip


def score(
    estimator: Any, preset: Preset, source: ColumnInput, answer: Answer, parts: Parts, seed: int, by_loss: bool = False
) -> float:
    """The best score that a short fit reaches on the rows held out.

    Parameters
    ----------
    estimator : whose threads and scoring it takes
    preset : that the fit to come will have
    source : columns by the encoding that is tried
    answer : what outputs mean
    parts : rows to train on and rows held out, `drawn`, as `source` codes them
    seed : of weights and batches; the same for all that are compared
    by_loss : whether the loss judges, not what stops the estimator's own fit

    Raises
    ------
    KeyboardInterrupt
        Where it is broken off: nothing has been learned yet.
    """
    made, few = source.encoder, small(preset)
    network = Network(presets.layers(few, made, answer.outputs), made.expansion.width)
    recipe = replace(presets.recipe(estimator, few, len(parts.training)), score_training=False, probes=False)
    if by_loss:
        recipe = replace(recipe, scoring="loss")
    begun = Training.begin(network, answer.loss, F32, seed, few.n_members)
    if Fit(recipe, begun, source, answer, parts).run().reason == INTERRUPTED:
        raise KeyboardInterrupt
    return -math.inf if begun.stopping is None else begun.stopping.best_score
