"""Pilots: short fits of small networks on some of the rows.

They tell which encoding suits the numbers of a table, by the rows held out, and how long a network takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine.expansion import F32
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
from chainrule.network.losses import SquaredError
from chainrule.tables import encoder
from chainrule.tables.encoder import Encoder
from chainrule.training.elsewhere import using

#: Rows that a pilot learns from, and that it is judged by, at most; but there is one of each class.
MOST_ROWS = 10_000

#: Units of its layers.
LAYERS = 64, 64

#: What is tried of categories and dates once numbers are chosen, in words.
OF_LEVELS = {", days as levels": encoder.with_days, ", levels of few rows as one": encoder.fewer_levels}

#: Rows to train on and rows held out: all that there are, and the numbers of these.
Part = tuple[Coming, Indices]


class Refused(Exception):
    """The estimator's own scoring does not take the rows of a pilot."""


class Interrupted(KeyboardInterrupt):
    """A pilot was broken off.

    Attributes
    ----------
    fit : of it, with what it has learned
    """

    def __init__(self, fit: Fit) -> None:
        super().__init__()
        self.fit = fit


@dataclass
class Best:
    """The best pilot so far, which is better than nothing where all is broken off before networks have learned."""

    fit: Fit | None = None

    def see(self, fit: Fit) -> None:
        """Keep a pilot if it has learned, and is the best."""
        if fit.learned and (self.fit is None or _score_of(fit) > _score_of(self.fit)):
            self.fit = fit


class Told(NamedTuple):
    """What a pilot tells.

    Attributes
    ----------
    score : the best that it reached on the rows held out
    seconds : that an epoch takes a network for each of its rows; infinite where none ended in time
    fit : with what it has learned
    """

    score: float
    seconds: float
    fit: Fit | None = None


class Suited(NamedTuple):
    """An encoder that pilots found good.

    Attributes
    ----------
    encoder : of the columns
    per_row : seconds that an epoch takes a network for each row; 0 where no pilot told
    """

    encoder: Encoder
    per_row: float = 0.0


@dataclass
class Pilots:
    """Pilots of one fit, each flown once.

    Attributes
    ----------
    estimator : whose threads and scoring they take
    preset : that the fit to come will have
    weighed : gives rows to train on and rows held out the weights that training takes
    seed : of weights and batches
    clock : where pilots may not take all the time that they want
    tell : is told what is tried
    best : is told of all pilots
    training, judges : rows that pilots learn from, and are judged by
    by_loss : whether the loss judges, not what stops the estimator's own fit
    """

    estimator: Any
    preset: Preset
    weighed: Callable[[Coming, Coming | None], Parts]
    seed: int
    clock: Clock
    tell: Callable[[str], None]
    best: Best
    training: Coming
    judges: Coming
    by_loss: bool = False
    _told: dict[int, Told] = field(default_factory=dict)

    def told(self, made: Encoder, said: str = "") -> Told:
        """What the pilot of an encoder tells, which is `said` to differ from others by more than numbers."""
        if id(made) not in self._told:
            self.tell(f"pilot {len(self._told) + 1}: {made.said}{said}")
            coded = self.training.by(made)
            parts = self.weighed(coded, self.judges.by(made))
            try:
                told = self._told[id(made)] = fly(
                    self.estimator, self.preset, coded.input, coded.answer, parts, self.seed, self.clock, self.by_loss
                )
            except Interrupted as broken:
                self.best.see(broken.fit)
                raise
            except Exception as error:
                if self.by_loss or self.estimator.scoring is None:
                    raise
                raise Refused from error
            if told.fit is not None:
                self.best.see(told.fit)
        return self._told[id(made)]

    def better(self, rival: Encoder, best: Encoder, by: float = 1.0, said: str = "") -> bool:
        """Whether one, which is `said` to be so, scores so many times better; False where there is no time to try."""
        if not self.clock.allows_pilots:
            return False
        than = self.told(best)
        return _as_good(self.told(rival, said), than, self._factor(by), more=True)

    def near(self, one: Encoder, best: Encoder) -> bool:
        """Whether one was tried and is nearly as good as another."""
        by = presets.NEAR_OF_FIRST if one is self.training.input.encoder else presets.NEAR
        return id(one) in self._told and _as_good(self.told(one), self.told(best), self._factor(by))

    def suited(self, encoder: Encoder, like: Encoder | None = None) -> Suited:
        """An encoder, and how long a network takes by it, or by one that is like it."""
        timed = encoder if like is None else like
        if id(timed) in self._told or (self.clock.limit is not None and self.clock.allows_pilots):
            return Suited(encoder, self.told(timed).seconds)
        return Suited(encoder)

    def _factor(self, by: float) -> float:
        """A factor of an error as one of the loss."""
        return by ** (2 if isinstance(self.training.answer.loss, SquaredError) else 1)


def suited(
    estimator: Any,
    preset: Preset,
    weighed: Callable[[Coming, Coming | None], Parts],
    seed: int,
    clock: Clock,
    tell: Callable[[str], None],
    best: Best,
    taught: Part,
    held_out: Part,
) -> list[Suited]:
    """The encoder whose pilot has the best score, and behind it those that are nearly as good, the best first.

    It is numbers first, another way to encode them than the first if it is clearly better, then single days of dates
    as levels, then categories of very many levels. Pilots learn from some of the rows to train on, and are judged by
    some of those held out. Where the estimator's own scoring refuses these few, the loss judges.

    Parameters
    ----------
    estimator, preset, weighed, seed, clock, tell, best : as of `Pilots`
    taught, held_out : of the first, `others` are the encoders that may suit better
    """
    coming = taught[0]
    parts = [(whole, _weighing(whole, part)) for whole, part in (taught, held_out)]
    others = coming.others
    if others is None or not len(parts[1][1]) or sum(len(part) for _, part in parts) < presets.ENOUGH:
        return [Suited(coming.input.encoder)]
    training, judges = (whole.some(drawn(whole, part, seed)) for whole, part in parts)
    pilots = Pilots(estimator, preset, weighed, seed, clock, tell, best, training, judges)
    try:
        return _ranked(pilots, coming, others)
    except Refused:
        best.fit = None  # its score is of another kind
        return _ranked(replace(pilots, by_loss=True, _told={}), coming, others)


def _ranked(pilots: Pilots, coming: Coming, others: Sequence[Encoder]) -> list[Suited]:
    best = first = coming.input.encoder
    asked = not pilots.by_loss and pilots.estimator.scoring not in (None, "loss")
    for other in others:
        clearly = 1.0 if asked else presets.CLEARLY
        if pilots.better(other, best) and (best is not first or pilots.better(other, first, clearly)):
            best = other
    near = [one for one in (first, *others) if one is not best and pilots.near(one, best)]
    found = [best, *sorted(near, key=lambda one: -pilots.told(one).score)]
    leveled = best
    for said, otherwise in OF_LEVELS.items():
        rival = otherwise(leveled, coming.columns)
        if rival is not None and pilots.better(rival, leveled, said=said):
            leveled = rival
    if leveled is best:
        return [pilots.suited(one) for one in found]
    return [pilots.suited(encoder.levels_as_in(leveled, one), like=one) for one in found]


def _score_of(fit: Fit) -> float:
    """The best that a pilot has reached on the rows held out."""
    stopping = fit.training.stopping
    return -math.inf if stopping is None else stopping.best_score


def _as_good(one: Told, than: Told, factor: float, more: bool = False) -> bool:
    """Whether a score, a loss with its sign turned or one of another kind, is at so many times another's, or more."""
    bar = than.score + (1 - factor) * abs(than.score)
    return one.score > bar if more else one.score >= bar


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
        preset, hidden_layer_sizes=LAYERS, dropout=0.0, n_members=2, learning_rate_init=8e-3, weight_decay=0.0,
        max_iter=8, n_iter_no_change=8, cycles=(1,),
    )  # fmt: skip


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
    Interrupted
        Where it is broken off.
    """
    made, few = source.encoder, small(preset)
    network = presets.network(few, made, answer, type(estimator).__name__)
    recipe = replace(presets.recipe(estimator, few, parts.training), score_training=False, probes=False)
    if by_loss:
        recipe = replace(recipe, scoring="loss")
    begun = Training.begin(network, answer.loss, F32, seed, few.n_members)
    fit = Fit(recipe, begun, source, answer, parts, until=clock.end_of_a_pilot)
    with using(None):  # it is short, and waited for
        ending = fit.run()
    if ending.reason == INTERRUPTED:
        raise Interrupted(fit)
    whole = [record.seconds for record in begun.progress.records[:-1]]  # the last may have been broken off
    best = -math.inf if begun.stopping is None else begun.stopping.best_score
    return Told(best, min(whole, default=math.inf) / (few.n_members * len(parts.training)), fit)
