"""Pilots: short fits of small networks on some of the rows.

They tell which encoding suits the numbers of a table, by the rows held out, and how long a network takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine.expansion import F32
from chainrule.engine.network import Network
from chainrule.estimators.held_out import Indices
from chainrule.estimators.table import presets
from chainrule.estimators.table.clock import Clock
from chainrule.estimators.table.coming import Coming
from chainrule.estimators.table.presets import Preset
from chainrule.models.answers import Answer, Classes
from chainrule.models.fit import INTERRUPTED, Fit
from chainrule.models.inputs import ColumnInput
from chainrule.models.training import Training
from chainrule.models.validation import Parts
from chainrule.network.losses import Loss, SquaredError
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
    clock: Clock,
    taught: Part,
    held_out: Part,
) -> Encoder:
    """The encoder whose pilot has the best score: of numbers first, if clearly, then of categories of very many levels.

    Pilots learn from some of the rows to train on, and are judged by some of those held out. Where the estimator's own
    scoring refuses these few, the loss judges.

    Parameters
    ----------
    estimator : whose threads and scoring they take
    preset : that the fit to come will have
    weighed : gives both parts the weights that training takes
    seed : of weights, batches and what is drawn
    clock : where pilots may not take all the time that they want; it is told what the encoder's takes
    taught, held_out : of the first, `others` are the encoders that may suit better
    """
    coming = taught[0]
    parts = [(whole, _weighing(whole, part)) for whole, part in (taught, held_out)]
    others = coming.others
    if others is None or not len(parts[1][1]) or sum(len(part) for _, part in parts) < presets.ENOUGH:
        return coming.input.encoder
    training, judges = (whole.some(drawn(whole, part, seed)) for whole, part in parts)

    def best_of_all(by_loss: bool = False) -> Encoder:
        told = dict[int, Told]()

        def told_of(made: Encoder) -> Told:
            if id(made) not in told:
                coded = training.by(made)
                parts = weighed(coded, judges.by(made))
                told[id(made)] = fly(estimator, preset, coded.input, coming.answer, parts, seed, clock, by_loss)
            return told[id(made)]

        def better(rival: Encoder, best: Encoder) -> bool:
            return clock.allows_pilots and told_of(best).score < told_of(rival).score

        best = first = coming.input.encoder
        bar = _bar(estimator, coming.answer.loss, by_loss)
        for other in others:
            if better(other, best) and told_of(other).score >= told_of(first).score * bar:
                best = other
        fewer = encoder.fewer_levels(best, coming.columns)
        if fewer is not None and better(fewer, best):
            best = fewer
        if (clock.allows_pilots and clock.limit is not None) or id(best) in told:
            clock.per_row = told_of(best).seconds
        return best

    try:
        return best_of_all()
    except Exception:
        if estimator.scoring is None:
            raise
        return best_of_all(by_loss=True)


def _bar(estimator: Any, loss: Loss, by_loss: bool) -> float:
    """What the first score is multiplied by, and another encoding's has to be above: a loss is below 0 as a score."""
    if not by_loss and estimator.scoring not in (None, "loss"):
        return 1.0
    return presets.CLEARLY ** (2 if isinstance(loss, SquaredError) else 1)


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


class Told(NamedTuple):
    """What a pilot tells.

    Attributes
    ----------
    score : the best that it reached on the rows held out
    seconds : that an epoch takes a network for each of its rows; infinite where none ended in time
    """

    score: float
    seconds: float


def fly(
    estimator: Any,
    preset: Preset,
    source: ColumnInput,
    answer: Answer,
    parts: Parts,
    seed: int,
    clock: Clock,
    by_loss: bool = False,
) -> Told:
    """A short fit.

    Parameters
    ----------
    estimator : whose threads and scoring it takes
    preset : that the fit to come will have
    source : columns by the encoding that is tried
    answer : what outputs mean
    parts : rows to train on and rows held out, `drawn`, as `source` codes them
    seed : of weights and batches; the same for all that are compared
    clock : of the fit to come
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
    if Fit(recipe, begun, source, answer, parts, until=clock.end_of_a_pilot).run().reason == INTERRUPTED:
        raise KeyboardInterrupt
    best = -math.inf if begun.stopping is None else begun.stopping.best_score
    whole = [record.seconds for record in begun.progress.records[:-1]]  # the last may have been broken off
    return Told(best, min(whole, default=math.inf) / (few.n_members * len(parts.training)))
